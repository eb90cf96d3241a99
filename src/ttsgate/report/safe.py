"""Making strings inert: whatever a service, an SDK or a script said may end up in a report.

Every rendering passes every string of the result through `clean` (templates do so by
themselves, see `ttsgate.report.templating`), then through the escape of its own format.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

__all__ = ["CAP", "PRE_CAP", "clean", "code_span", "file_name", "link", "markdown"]

CAP = 600
"""Most characters of one value in running text."""
PRE_CAP = 4_000
"""Most characters of one value in a block of its own."""

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|[\x1b][\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # other escapes
    r"|\x9b[0-?]*[ -/]*[@-~]",  # CSI in one byte
    re.DOTALL,
)
_ACCENT = r"[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_ACCENT}{{3}}){_ACCENT}+")
_JOINERS = "\u200c\u200d"  # needed by Persian, Indic scripts and emoji
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SAFE_LINK = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._/-]*\Z")


def clean(value: object, *, cap: int = CAP, lines: bool = False) -> str:
    """Return `value` as text without escapes, controls, bidi overrides or piled-up accents.

    Args:
        value: Anything; None becomes the empty string.
        cap: Most characters kept; the rest is replaced by how many were left out.
        lines: Keep line feeds and tabs; otherwise white space runs become one space.
    """
    text = _plain(value)
    if text.isprintable() and len(text) <= cap and not _PILE.search(text):
        return text if lines else " ".join(text.split())
    left_out = len(text) - cap
    if left_out > 0:
        text = text[: cap + 200]  # escapes may go away, so look a little further than the cap
    text = _ANSI.sub("", text)
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = "".join(
        c for c in text if c in "\n\t" or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    text = _PILE.sub(r"\1", text)
    if not lines:
        text = " ".join(text.split())
    if left_out > 0 or len(text) > cap:
        text = f"{text[:cap]}… ({max(left_out, len(text) - cap):,} more characters)"
    return text


def _plain(value: object) -> str:
    """Data as words: ``yes``, ``a, b``, ``x 1, y 2`` instead of Python's own notation."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(k)} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain(v) for v in value]
        return ", ".join(sorted(items) if isinstance(value, set | frozenset) else items)
    return str(value)


def file_name(name: str) -> str:
    """Return `name` as a file name of ``[A-Za-z0-9._-]``; names that had to change carry a digest."""
    safe = _UNSAFE_NAME.sub("-", name).strip(".-")[:100]
    if safe == name != "":
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe or 'unnamed'}-{digest}"


def link(path: str | None) -> str | None:
    """Return `path` if it may stand in a link of a report, that is, points below the bundle."""
    return path if path and _SAFE_LINK.match(path) else None


_MD_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_MD_OPENING = re.compile(r"\A(?=[#+=-])")
_MD_NUMBERED = re.compile(r"\A(\d{1,9})(?=[.)](?:\s|\Z))")


def markdown(value: object, *, cap: int = CAP) -> str:
    """Return `value` as Markdown that shows it: no markup, links, mentions or issue references."""
    text = clean(value, cap=cap).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MD_SPECIAL.sub(r"\\\1", text)
    text = _MD_NUMBERED.sub(r"\1\\", _MD_OPENING.sub(r"\\", text))
    for trigger, harmless in (("@", "@\u200b"), ("://", ":\u200b//"), ("#", "#\u200b")):
        text = text.replace(trigger, harmless)
    return re.sub(r"(?i)\bwww\.", "www\u200b.", text)


def code_span(value: object, *, cap: int = CAP) -> str:
    """Return `value` as a Markdown code span, also inside a table cell."""
    text = clean(value, cap=cap)
    if not text:
        return ""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
