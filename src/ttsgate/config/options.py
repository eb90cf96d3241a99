"""The one table of options: command line, environment and ``gate.toml`` all read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ttsgate.catalog import CONTESTED_SAMPLE_RATES, LANGUAGES, REGIONS

__all__ = ["DEFAULT_TEXT", "OPTIONS", "Group", "Kind", "Option", "option"]

Kind = Literal[
    "text", "choice", "integer", "number", "money", "flag", "count", "url", "file", "folder", "program", "glob"
]
"""How a value is read.

======== =======================================================================
text     any text that is not empty
choice   one of `Option.choices`
integer  whole number within `Option.least` and `Option.most`
number   decimal number within `Option.least` and `Option.most`
money    amount and currency, e.g. ``2.50CNY``
flag     given or not; ``1/0``, ``true/false``, ``yes/no``, ``on/off`` in the environment
count    how often it is given; a whole number elsewhere
url      absolute URL without user, query or fragment
file     existing file; relative to the working directory, or to the file that names it
folder   folder, relative as above
program  interpreter: a path, or a name looked up in ``PATH``
glob     pattern of files, relative as above
======== =======================================================================
"""

Group = Literal["Where", "What to say", "Under test", "Limits", "Output"]

DEFAULT_TEXT = "Good morning, the gate is open."
"""What is said unless told otherwise: less than 2.5 s of audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option and every way to set it."""

    name: str
    """Key in ``gate.toml`` and of the command line's mapping; hyphens for underscores make the flag."""
    attribute: str
    """Attribute of `Config` that holds the value."""
    kind: Kind
    """How a value is read."""
    group: Group
    """Heading in help."""
    help: str
    """One or two sentences, without the default."""
    default: Any = None
    """Value when nothing sets it, already typed; what applies instead of None stands in `help`."""
    repeatable: bool = False
    """Whether it may be given several times: a list in the file, one a line in the environment."""
    choices: tuple[str, ...] = ()
    """Allowed values, where they are few."""
    least: float | None = None
    """Smallest allowed number."""
    most: float | None = None
    """Largest allowed number."""
    metavar: str | None = None
    """Placeholder of the value in help."""
    short: str | None = None
    """One-letter flag."""
    in_file: bool = True
    """Whether a file may set it."""
    guarded: bool = False
    """Never taken from a file under CI: a pull request could change the file."""
    also_env: str | None = None
    """An established variable that is read when ``TTSGATE_…`` is not set; empty counts as not set."""

    @property
    def flag(self) -> str:
        """Long flag, e.g. ``--ws-url``."""
        return "--" + self.name.replace("_", "-")

    @property
    def env(self) -> str:
        """Variable, e.g. ``TTSGATE_WS_URL``."""
        return "TTSGATE_" + self.name.upper()


_TABLE = (
    Option(
        name="target", attribute="target", kind="choice", group="Where", default="emulator",
        choices=("emulator", "live", "custom", "replay"),
        help="Where the service is: our emulator, the live service, URLs of your own, or a recording.",
    ),
    Option(
        name="recording", attribute="recording", kind="folder", group="Where", metavar="DIR",
        help="Recording to replay, with --target replay; it says what to ask for unless you do.",
    ),
    Option(
        name="allow_expired", attribute="allow_expired", kind="flag", group="Where", default=False, in_file=False,
        help="Replay a recording whose last day is over.",
    ),
    Option(
        name="region", attribute="region", kind="choice", group="Where", choices=tuple(REGIONS),
        help="Region of the live service; required with --target live. Keys belong to one region.",
    ),
    Option(
        name="workspace", attribute="workspace", kind="text", group="Where", metavar="ID",
        help="Workspace: its own host where the region has one, else sent as a header.",
    ),
    Option(
        name="vantage", attribute="vantage", kind="text", group="Where", metavar="NAME",
        help="Where you measure from, e.g. fra-office: part of every live figure.",
    ),
    Option(
        name="ws_url", attribute="ws_url", kind="url", group="Where", guarded=True, metavar="URL",
        help="Websocket URL of a target of your own, without query; implies --target custom.",
    ),
    Option(
        name="http_url", attribute="http_url", kind="url", group="Where", guarded=True, metavar="URL",
        help="HTTP base of a target of your own, ending in /api/v1; derived from --ws-url if left out.",
    ),
    Option(
        name="custom_key_env", attribute="custom_key_env", kind="text", group="Where", guarded=True, metavar="NAME",
        help="Variable with the key for a host that is neither the service's nor this machine; no other goes there.",
    ),
    Option(
        name="proxy", attribute="proxy", kind="url", group="Where", in_file=False, metavar="URL",
        help="HTTP proxy on the way to the service. Default: HTTPS_PROXY (HTTP_PROXY for ws), ALL_PROXY, NO_PROXY; "
        "none for this machine.",
    ),
    Option(
        name="ca_file", attribute="ca_file", kind="file", group="Where", in_file=False, metavar="FILE",
        help="Trust these certificate authorities (PEM) instead of the public ones; what they alone vouch for is "
        "`intercepted`, not live. Default: SSL_CERT_FILE.",
    ),
    Option(
        name="ip_version", attribute="ip_version", kind="choice", group="Where", choices=("4", "6"),
        help="Reach the service over IPv4 or IPv6 only. Default: both, whichever answers first.",
    ),
    Option(
        name="connect_to", attribute="connect_to", kind="text", group="Where", repeatable=True, in_file=False,
        metavar="HOST=ADDRESS:PORT",
        help="Rehearse: connect there instead of resolving HOST. Such evidence never counts as live.",
    ),
    Option(
        name="temporary_key", attribute="temporary_key", kind="flag", group="Where", default=False,
        help="Speak with a temporary key (st-...) made from yours, which then never reaches the SDK's process.",
    ),
    Option(
        name="require_target", attribute="require_target", kind="choice", group="Where",
        choices=("emulator", "live", "custom", "replay"),
        help="Refuse to run against anything else.",
    ),
    Option(
        name="yes", attribute="yes", kind="flag", group="Where", default=False, in_file=False, short="-y",
        help="Consent to the billed plan without being asked.",
    ),
    Option(
        name="allow_mutating", attribute="allow_mutating", kind="flag", group="Where", default=False,
        help="Allow creating (and deleting) temporary custom voices in a real account; the emulator always does.",
    ),
    Option(
        name="fault", attribute="faults", kind="text", group="Where", repeatable=True, metavar="SPEC",
        help="Make the embedded emulator misbehave, e.g. timing.stall.",
    ),
    Option(
        name="model", attribute="models", kind="text", group="What to say", repeatable=True, metavar="NAME",
        help="Exact model string; the ones named decide a live verdict. Default: the five of the catalogue.",
    ),
    Option(
        name="client", attribute="clients", kind="choice", group="What to say", repeatable=True,
        choices=("wire", "sdk-realtime", "sdk-http", "sdk-client"), default=("wire", "sdk-realtime", "sdk-http"),
        help="What speaks to the service.",
    ),
    Option(
        name="text", attribute="texts", kind="text", group="What to say", repeatable=True, metavar="TEXT",
        help=f"What to say. Default: {DEFAULT_TEXT!r}.",
    ),
    Option(
        name="texts", attribute="text_files", kind="file", group="What to say", repeatable=True,
        metavar="FILE", help="File with one text a line (UTF-8; empty lines are left out).",
    ),
    Option(
        name="voice", attribute="voices", kind="text", group="What to say", repeatable=True, metavar="[MODEL=]NAME",
        help="Voice, for all models or one; a custom voice for vd and vc models. Default: the model's own.",
    ),
    Option(
        name="voice_sample", attribute="voice_sample", kind="file", group="What to say", metavar="FILE",
        help="Recording from which a temporary voice is cloned for vc models (needs --allow-mutating).",
    ),
    Option(
        name="instruction", attribute="instruction", kind="text", group="What to say", metavar="TEXT",
        help="How to say it; goes to instruct models only, elsewhere the report says that it was ignored.",
    ),
    Option(
        name="language_type", attribute="language_type", kind="choice", group="What to say", choices=LANGUAGES,
        help="Language of the text. Default: left to the service.",
    ),
    Option(
        name="mode", attribute="modes", kind="choice", group="What to say", repeatable=True,
        choices=("server_commit", "commit"), default=("server_commit",),
        help="Who decides when synthesis starts.",
    ),
    Option(
        name="format", attribute="formats", kind="choice", group="What to say", repeatable=True,
        choices=("pcm", "wav", "mp3", "opus"), default=("pcm",),
        help="Audio format.",
    ),
    Option(
        name="sample_rate", attribute="sample_rate", kind="choice", group="What to say", metavar="HZ",
        choices=tuple(map(str, sorted((8_000, 16_000, 24_000, 48_000, *CONTESTED_SAMPLE_RATES)))),
        help="Sample rate; 22050 and 44100 stand in SDK comments only. Default: left to the service, 24000.",
    ),
    Option(
        name="repeat", attribute="repeat", kind="integer", group="What to say", default=1, least=1, most=10_000,
        metavar="N", help="Sessions of each cell.",
    ),
    Option(
        name="compare", attribute="compare", kind="choice", group="What to say", repeatable=True,
        choices=("instruction", "voice", "rate", "alias", "none"), default=("instruction", "voice", "rate"),
        help="What else to say the first text with, over our own client, to be compared: an instruction, another "
        "voice, another sample rate, the dated model behind an alias.",
    ),
    Option(
        name="skip_probes", attribute="skip_probes", kind="flag", group="What to say", default=False,
        help="Leave out the wrong requests that cost nothing: bad key, unknown model, unknown voice, empty commit, ...",
    ),
    Option(
        name="baseline", attribute="baseline", kind="text", group="Under test", in_file=False, metavar="BUNDLE",
        help="Bundle to compare with what the service did with wrong requests. Default: the newest earlier run of "
        "the same target in the output folder.",
    ),
    Option(
        name="asr", attribute="asr", kind="flag", group="Under test", default=False,
        help="Have a speech recogniser write down what was said, and compare it with the text (extra asr).",
    ),
    Option(
        name="asr_model", attribute="asr_model", kind="folder", group="Under test", metavar="DIR",
        help="Whisper for CTranslate2 to use with --asr. Default: the one that the extra brings.",
    ),
    Option(
        name="quality", attribute="quality", kind="flag", group="Under test", default=False,
        help="Predict how people would rate the sound, by DNSMOS (extra quality).",
    ),
    Option(
        name="quality_model", attribute="quality_model", kind="file", group="Under test", metavar="FILE",
        help="DNSMOS sig_bak_ovr.onnx to use with --quality. Default: the one that the extra brings.",
    ),
    Option(
        name="python", attribute="pythons", kind="program", group="Under test", repeatable=True, metavar="PATH",
        help="Interpreter whose dashscope is under test. Default: the one that runs ttsgate, and the report says so.",
    ),
    Option(
        name="scripts", attribute="scripts", kind="glob", group="Under test", repeatable=True, metavar="GLOB",
        help="Scripts to compile. Default: the packaged stand-alone script.",
    ),
    Option(
        name="script_python", attribute="script_pythons", kind="text", group="Under test", repeatable=True,
        metavar="VERSION",
        help="Python version to compile scripts for, e.g. 3.9. Default: ours; 3.8 for our own script.",
    ),
    Option(
        name="subject", attribute="subject", kind="text", group="Under test", metavar="NAME=DIGEST",
        help="What is being released: NAME=sha256:… or [NAME=]git:COMMIT.",
    ),
    Option(
        name="policy", attribute="policy", kind="text", group="Under test", metavar="NAME",
        help="Policy that decides.",
    ),
    Option(
        name="policy_sha256", attribute="policy_sha256", kind="text", group="Under test", in_file=False,
        metavar="DIGEST", help="Refuse to run unless the policy, with its known failures, has this digest.",
    ),
    Option(
        name="checks", attribute="checks", kind="folder", group="Under test", metavar="DIR",
        help="Suites to run instead of the packaged ones.",
    ),
    Option(
        name="config", attribute="config_file", kind="file", group="Under test", in_file=False, metavar="FILE",
        help="Configuration file. Default: the nearest gate.toml or pyproject.toml with [tool.ttsgate], upward.",
    ),
    Option(
        name="max_chars", attribute="max_chars", kind="integer", group="Limits", default=20_000, least=1, metavar="N",
        help="Most billable characters that the run may send; 5000 on live.",
    ),
    Option(
        name="max_sessions", attribute="max_sessions", kind="integer", group="Limits", default=500, least=1,
        metavar="N",
        help="Most sessions that the run may open; 100 on live.",
    ),
    Option(
        name="max_cost", attribute="max_cost", kind="money", group="Limits", metavar="AMOUNT",
        help="Highest price of the run by the catalogue's list, with currency, e.g. 2.50CNY. Default: no cap.",
    ),
    Option(
        name="max_seconds", attribute="max_seconds", kind="number", group="Limits", least=1, metavar="S",
        help="Longest duration of the run. Default: 600 on live, else no cap beyond the deadlines of each step.",
    ),
    Option(
        name="max_rate", attribute="max_rate", kind="number", group="Limits", default=2.5, least=0.01, metavar="R",
        help="Most new sessions a second and model; the service allows 3 to a whole account. 0.5 on live, less where "
        "the service allows a model less.",
    ),
    Option(
        name="shards", attribute="shards", kind="integer", group="Limits", default=1, least=1, most=1000, metavar="N",
        help="How many runs share the account at this time: each takes its part of --max-rate.",
    ),
    Option(
        name="output_dir", attribute="output_dir", kind="folder", group="Output", default="output", metavar="DIR",
        also_env="OUTPUT_DIR", help="Base folder of everything that is written.",
    ),
    Option(
        name="templates", attribute="templates", kind="folder", group="Output", metavar="DIR",
        help="Report templates to use instead of the packaged ones.",
    ),
    Option(
        name="keep_audio", attribute="keep_audio", kind="choice", group="Output", default="all",
        choices=("all", "failed", "none"), help="Whose audio the bundle keeps.",
    ),
    Option(
        name="sign_key", attribute="sign_key", kind="file", group="Output", in_file=False, metavar="FILE",
        help="Private key of `ttsgate keygen` to sign the bundle with.",
    ),
    Option(
        name="json", attribute="json", kind="flag", group="Output", default=False, in_file=False,
        help="Print one JSON document on stdout, nothing else.",
    ),
    Option(
        name="quiet", attribute="quiet", kind="flag", group="Output", default=False, in_file=False, short="-q",
        help="Print the last line only.",
    ),
    Option(
        name="verbose", attribute="verbose", kind="count", group="Output", default=0, in_file=False, short="-v",
        help="Print more.",
    ),
)  # fmt: skip

OPTIONS: dict[str, Option] = {o.name: o for o in _TABLE}
"""All options by name, in order of help."""


def option(name: str) -> Option:
    """The option of that name; KeyError if there is none."""
    return OPTIONS[name]
