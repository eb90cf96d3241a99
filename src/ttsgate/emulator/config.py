"""What one emulator was told to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ttsgate.emulator.switches import SWITCHES

__all__ = ["DEFAULT_KEY", "EmulatorConfig"]

DEFAULT_KEY = "sk-emulator"
"""The only valid key when none is given; deliberately not shaped like a real one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmulatorConfig:
    """Settings of one emulator; the command line fills them (``ttsgate serve --help``)."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 0
    """Port to listen on; 0 lets the system choose."""
    api_keys: tuple[str, ...] = (DEFAULT_KEY,)
    """Keys that are valid."""
    faults: tuple[str, ...] = ()
    """Faults in force from the start, as given, e.g. ``stall:after=1.2s``."""
    seed: int = 7
    """Seeds voices, identifiers and chance; same seed, same bytes."""
    voice_engine: str = "espeak"
    """What speaks: ``espeak``, ``hibari`` or ``file:PATH`` (`speech.synth.BACK_ENDS`)."""
    pace: float = 1.25
    """Audio is sent this many times faster than it plays."""
    switches: Mapping[str, str] = field(default_factory=dict)
    """Switches that differ from their default (`switches.SWITCHES`)."""
    model_states: Mapping[str, str] = field(default_factory=dict)
    """Model name to ``active``, ``retiring``, ``retired`` or ``absent``; others are active."""
    extra_models: Mapping[str, str] = field(default_factory=dict)
    """Model strings that the catalogue does not have, each with a known model that it resembles."""
    custom_voices: tuple[tuple[str, str], ...] = ()
    """Pairs of a vd or vc model and the id of a voice that exists for it from the start."""
    workspaces: tuple[str, ...] = ()
    """Workspace ids that exist; empty accepts any."""
    sessions_per_second: int | None = 3
    """New sessions or requests a second and model (documented: 180 RPM, enforced per second); None for no limit."""
    sessions_per_minute: int | None = 180
    """New sessions or requests a minute and model; None for no limit."""
    character_quota: int | None = None
    """Billed characters that may be spent over all; None for no limit."""
    free_tier: int | None = None
    """Billed characters a model when only the free tier may be used; None when it is paid for."""
    arrears: bool = False
    """The account is overdue: everything billed is refused."""
    handshake_timeout_s: float = 10.0
    """A connection that has not sent a whole request after this long is dropped."""
    send_timeout_s: float = 30.0
    """A client that reads nothing for this long while data waits for it is dropped."""
    close_timeout_s: float = 2.0
    """How long a client may take to answer our close frame."""
    max_message_bytes: int = 1 << 20
    """Largest websocket message that is read."""
    max_buffered_text: int = 200_000
    """Characters that a session may hold unspoken, so that memory stays bounded."""
    proxy_model: str | None = None
    """Also play the proxy that browser clients need: any path before the service's, no key, and this model."""
    admin: bool = False
    """Whether ``/admin`` answers (loopback only)."""
    tls: bool = False
    """Serve over TLS with a throw-away certificate authority."""
    tls_names: tuple[str, ...] = ()
    """Further names in its certificate, e.g. the service's own for a rehearsal."""

    def switch(self, name: str) -> str:
        """The value of a switch in force."""
        return self.switches.get(name, SWITCHES[name].default)

    def number(self, name: str) -> int:
        """The value of a numeric switch in force."""
        return int(self.switch(name))
