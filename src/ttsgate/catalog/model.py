"""The shapes of the catalogue's entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

__all__ = ["Claim", "Endpoints", "Family", "Model", "Price", "Region"]

Family = Literal["flash", "instruct", "vd", "vc", "legacy"]
"""``vd``: designed voices, ``vc``: cloned voices, ``legacy``: the token-billed predecessors."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about a model's life, by somebody, on a day."""

    says: str
    """What it says, one sentence."""
    source: str
    """URL, or a description where no public copy was found."""
    date: str
    """Day of the statement or of its observation, ISO 8601."""
    basis: Literal["official", "third party", "inferred"] = "official"
    """How much weight it carries."""

    def as_dict(self) -> dict[str, str]:
        """The claim as result records keep it."""
        return {"says": self.says, "source": self.source, "date": self.date, "basis": self.basis}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One exact model string and what it can do."""

    name: str
    """Exact model string."""
    family: Family
    """Which kind of voices and billing."""
    realtime: bool
    """True on the realtime websocket, False on HTTP."""
    sibling: str | None
    """The model of the same family on HTTP, for realtime models; a custom voice does not carry over to it."""
    instructions: bool = False
    """Whether ``instructions`` is accepted."""
    custom_voice: Literal["design", "clone"] | None = None
    """Kind of custom voice that it needs; None where system voices serve."""
    voices: tuple[str, ...] = ()
    """System voices, case-sensitive; empty where only custom voices serve."""
    default_voice: str | None = None
    """Voice of a session that names none."""
    formats: tuple[str, ...] = ("pcm", "wav", "mp3", "opus")
    """Audio formats of the realtime protocol, or of the HTTP answer."""
    sample_rates: tuple[int, ...] = (8_000, 16_000, 24_000, 48_000)
    """Documented sample rates, Hz."""
    native_rate: int = 24_000
    """Sample rate of a session that asks for none, Hz."""
    languages: tuple[str, ...] = ()
    """Values of ``language_type`` besides ``Auto``."""
    snapshot: str | None = None
    """Dated model that an alias points at; None for a dated model or where it is not known."""
    online_since: str | None = None
    """First day of service, ISO 8601."""
    regions: tuple[str, ...] = ("cn-beijing", "ap-southeast-1")
    """Regions in which it is documented."""
    requests_per_minute: int | None = None
    """Documented rate limit of new requests an account, all keys together; may be enforced a second."""
    max_characters: int | None = None
    """Longest text of one request; None where no limit is documented."""
    billing: Literal["characters", "tokens"] = "characters"
    """What is counted."""
    source: str = ""
    """Where these facts were read, URL."""
    date: str = ""
    """When they were last compared with the source, ISO 8601."""
    basis: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Fields that were deduced, not read, with the reason."""
    lifecycle: tuple[Claim, ...] = ()
    """Statements about retirement, oldest first."""
    like: str | None = None
    """Known model whose capabilities were assumed for a string that the catalogue does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where one deployment of the service answers."""

    ws_url: str
    """Websocket URL without the query."""
    http_url: str
    """HTTP base, ending in ``/api/v1``."""
    compatible_url: str
    """Base of the OpenAI-style calls, ending in ``/compatible-mode/v1``."""
    hosts: tuple[str, ...]
    """Hosts of these URLs, without duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One deployment region; keys, hosts and model lists belong to a region and do not mix."""

    id: str
    """Alibaba Cloud region id, e.g. ``cn-beijing``."""
    label: str
    """Name for people."""
    host: str | None
    """Public host; None where only workspace hosts exist."""
    workspace_host: str | None
    """Host of one workspace with ``{workspace}`` in it; None where none is known."""
    documented: bool
    """Whether Qwen-TTS Realtime is documented there."""
    source: str
    """Where this was read, URL."""
    date: str
    """When it was last compared with the source, ISO 8601."""
    basis: str | None = None
    """What was deduced or comes from the field, if anything."""

    @property
    def ws_url(self) -> str | None:
        """Websocket URL on the public host, without the query."""
        return f"wss://{self.host}/api-ws/v1/realtime" if self.host else None

    @property
    def http_url(self) -> str | None:
        """HTTP base on the public host."""
        return f"https://{self.host}/api/v1" if self.host else None

    @property
    def compatible_url(self) -> str | None:
        """Base of the OpenAI-style calls on the public host."""
        return f"https://{self.host}/compatible-mode/v1" if self.host else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A list price."""

    amount: Decimal
    """Price of `per` units."""
    currency: Literal["CNY", "USD"]
    """Currency of the list."""
    per: int
    """Number of units that the amount buys: characters, or created voices."""
    unit: Literal["characters", "voices"]
    """What is counted."""
    source: str
    """Where it was read, URL."""
    date: str
    """When it was read, ISO 8601."""
    basis: str | None = None
    """What was deduced, if anything."""

    @property
    def per_characters(self) -> int:
        """Number of characters that the amount buys.

        Raises:
            ValueError: this price does not count characters.
        """
        if self.unit != "characters":
            raise ValueError(f"a price for {self.unit} has no price per character")
        return self.per

    def of(self, units: int) -> Decimal:
        """Price of that many units, exact, in `currency`."""
        return self.amount * units / self.per
