"""Nothing secret leaves: over-eager rather than under.

Known secrets are found in any spelling that software gives them (escaped, percent-encoded, hexadecimal,
Base64 at any alignment, wrapped over lines, in pieces of a dozen characters); unknown ones by the shapes
in `ttsgate.result.shapes_of_secrets`.

Searching for every spelling at every place of a large transcript would take minutes.  Exact spellings
are therefore found by plain substring search, and the exhaustive pattern runs only where a cheap test
says that one of the others may stand: the letters and digits of the secret in their order.
"""

from __future__ import annotations

import base64
import functools
import itertools
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ttsgate.result.shapes_of_secrets import (
    MASK,
    TOKEN,
    Shape,
    is_secret_name,
    masked_shapes,
    path_shapes,
    secret_shapes,
)

__all__ = ["MASK", "Redactor"]

_Bytes = bytes
_PIECE = 12
_SHORTEST = 4
_BLOCK = 1 << 16
_SWEPT, _LONGEST_TOKEN = 1 << 22, 4096
_SHORT, _REMEMBERED = 200, 20_000
"""A result says the same few short things again and again: so many of them are looked through once only."""
_ALNUM = re.compile(r"[A-Za-z0-9]+")
_NOT_ALNUM = bytes(set(range(256)) - set((string.ascii_letters + string.digits).encode()))

# A line break inside a long value: real or escaped, with the indentation or quotes that wrapping adds.
_WRAP = r"(?:[\"']?[ \t]{0,40}\\{0,4}(?:\r?\n|\\{1,4}r\\{1,4}n|\\{1,4}n)[ \t>|]{0,80}[\"']?)?"
_LONGEST_WRAP = 140


class _Gist:
    """A text as the cheap test sees it."""

    def __init__(self, text: str) -> None:
        self.octets = text.encode("utf-8", "surrogatepass")
        backslash = b"\\" in self.octets
        unwrapped = self.octets.replace(b"\\n", b"").replace(b"\\r", b"") if backslash else self.octets
        self.letters = unwrapped.translate(None, _NOT_ALNUM)
        """Letters and digits only, without escaped line breaks."""
        self.escaped = backslash or b"%" in self.octets or b"&" in self.octets
        """Whether anything may be escaped."""


class _Spelling:
    """One known string, to be found however it is spelled."""

    def __init__(self, text: str, *, every: bool) -> None:
        """With `every`, letters and digits may be escaped as well; Base64 never is."""
        run = max(_ALNUM.findall(text), key=len, default="")
        self._letters = run.encode() if len(run) >= _SHORTEST else None
        self._escapes = _escapes(run[0]) if every and self._letters else ()
        self._text, self._every = text, every
        self.reach = len(text) * (_LONGEST_WRAP + 12)
        """The longest that any spelling of it can be, characters."""

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_WRAP.join(_spellings(c, every=self._every) for c in self._text))

    def spans(self, text: str, gist: _Gist) -> Iterator[tuple[int, int]]:
        """Where it stands in `text`, whose gist is given."""
        if not self._possible(gist):
            return
        if len(text) <= 2 * _BLOCK:
            yield from (m.span() for m in self._pattern.finditer(text))
            return
        done = 0
        for at in range(0, len(text), _BLOCK):
            start, end = max(done, at - self.reach), min(len(text), at + _BLOCK + self.reach)
            if self._possible(_Gist(text[start:end])):
                for match in self._pattern.finditer(text, start, end):
                    yield match.span()
                    done = match.end()

    def _possible(self, gist: _Gist) -> bool:
        if self._letters is None or self._letters in gist.letters:
            return True
        return gist.escaped and any(e in gist.octets for e in self._escapes)


def _spellings(char: str, *, every: bool) -> str:
    """Pattern of one character in the escapings that software applies, alone or one on top of another."""
    code = ord(char)
    ways = [re.escape(char)]
    if char.isascii() and char.isalnum():
        if not every:
            return ways[0]
    else:
        ways.append(r"\\{1,8}" + re.escape(char))
        named = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "'": "apos"}.get(char)
        if named:
            ways.append(f"&(?:amp;){{0,4}}{named};")
        if char == " ":
            ways.append(r"\+")
    octets = char.encode("utf-8", "surrogatepass")
    ways.append("".join(f"%(?:25){{0,4}}{_either_case(f'{o:02x}')}" for o in octets))
    units = char.encode("utf-16-be", "surrogatepass")
    ways.append("".join(rf"\\{{1,8}}u{_either_case(units[i : i + 2].hex())}" for i in range(0, len(units), 2)))
    if code < 0x100:
        ways.append(rf"\\{{1,8}}x{_either_case(f'{code:02x}')}")
    ways.append(f"&(?:amp;){{0,4}}#(?:0{{0,8}}{code}|[xX]0{{0,8}}{_either_case(f'{code:x}')});")
    return f"(?:{'|'.join(ways)})"


def _escapes(char: str) -> tuple[_Bytes, ...]:
    """The escaped forms of a letter or digit, as far as a substring search needs them."""
    digits = f"{ord(char):02x}"
    spelled = {digits, digits.upper()}
    forms = {f"%{d}" for d in spelled} | {f"%25{d}" for d in spelled} | {f"25{d}" for d in spelled}
    forms |= {f"u00{d}" for d in spelled} | {f"\\x{d}" for d in spelled} | {f"{d};" for d in spelled}
    return tuple(f.encode() for f in forms | {f"{ord(char)};"})


def _either_case(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)


def _base64_cores(octets: _Bytes) -> set[str]:
    """The part of each Base64 spelling that depends on nothing but `octets`, at the three alignments."""
    cores = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + octets + b"\0\0").decode()
        core = encoded[-(-8 * shift // 6) : 8 * (shift + len(octets)) // 6]
        cores |= {core, core.translate(str.maketrans("+/", "-_"))}
    return {core for core in cores if len(core) >= _SHORTEST}


def _pieces(secret: str) -> list[str]:
    """The secret cut into pieces that are long enough to be nobody else's; none if it is short."""
    count = len(secret) // _PIECE
    cuts = [round(i * len(secret) / count) for i in range(count + 1)] if count > 1 else []
    return [secret[a:b] for a, b in itertools.pairwise(cuts)]


class Redactor:
    """Removes secrets, tokens and personal paths from text, bytes and nested data.

    `secrets` are the keys of this run; ones shorter than four characters cannot be told from words
    and are ignored.  `home` and `user` are the home directory and the user's name.
    """

    def __init__(self, secrets: Iterable[str] = (), home: str | None = None, user: str | None = None) -> None:
        self._exact: list[str] = []
        self._spelled: list[_Spelling] = []
        self._raw: list[_Bytes] = []
        self._known: dict[str, str] = {}
        self.add(*secrets)
        self._shapes: tuple[Shape, ...] = (*secret_shapes(), *path_shapes(home, user))

    def add(self, *secrets: str) -> None:
        """Remove these, too, from now on: a key that was made during the run."""
        self._known.clear()
        known = sorted({s.strip() for s in secrets if len(s.strip()) >= _SHORTEST}, key=len, reverse=True)
        for secret in known:
            octets = secret.encode("utf-8", "surrogatepass")
            cores = sorted(_base64_cores(octets))
            self._exact += [secret, *cores, octets.hex(), octets.hex().upper(), *_pieces(secret)]
            self._spelled.append(_Spelling(secret, every=True))
            self._spelled += [_Spelling(core, every=False) for core in cores]
        self._raw += [s.encode(form, "surrogatepass") for s in known for form in ("utf-16-le", "utf-16-be")]

    def text(self, text: str) -> str:
        """`text` with ``***`` for every secret and ``~`` for the home directory."""
        if (known := self._known.get(text)) is not None:
            return text if known == text else known
        clean = self._clean(text)
        if clean == text:
            clean = text
        if len(text) <= _SHORT:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = clean
        return clean

    def _clean(self, text: str) -> str:
        text = _masked(text, self._exact_spans(text))
        if self._spelled:
            # What masking takes away afterwards cannot make anything appear, so that one gist serves all.
            gist = _Gist(text)
            for spelling in self._spelled:
                text = _masked(text, spelling.spans(text, gist))
        return masked_shapes(text, self._shapes)

    def bytes(self, data: _Bytes) -> _Bytes:
        """`data` redacted as text; bytes that are no UTF-8 stay as they are."""
        for raw in self._raw:
            data = data.replace(raw, MASK.encode())
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def data(self, value: Any) -> Any:
        """Nested data redacted: mappings, lists, tuples, sets, records, text and bytes.

        Nothing of `value` is changed; what holds nothing to redact is given back as it is.  Text under a key
        such as ``Authorization`` or ``api_key`` is masked whole.  Numbers, booleans and None stay; anything else
        becomes its redacted text.
        """
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes | bytearray):
            return self.bytes(_Bytes(value))
        if isinstance(value, Mapping):
            pairs = {self.data(k): self._under(k, v) for k, v in value.items()}
            same = type(value) is dict and all(k in pairs and pairs[k] is v for k, v in value.items())
            return value if same and len(pairs) == len(value) else pairs
        if isinstance(value, list):
            if all(type(v) is float for v in value):  # of which there are many: the columns of waveforms
                return value
            items = [self.data(v) for v in value]
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, set | frozenset):
            return {self.data(v) for v in value}
        if isinstance(value, tuple):
            return tuple(self.data(v) for v in value)
        if isinstance(value, msgspec.Struct):
            changed = {}
            for field in value.__struct_fields__:
                old = getattr(value, field)
                if old is not None and (new := self._under(field, old)) is not old:
                    changed[field] = new
            return msgspec.structs.replace(value, **changed) if changed else value
        return self.text(str(value))

    def leaks(self, data: _Bytes) -> bool:
        """Whether a known secret, in any spelling, or a token by its shape is still in `data`."""
        if any(raw in data for raw in self._raw):
            return True
        # In blocks that overlap by the longest that anything can be: a large file is not to stand here four times.
        reach = max((s.reach for s in self._spelled), default=0) + _LONGEST_TOKEN
        return any(self._leaks_in(data[at : at + _SWEPT + reach]) for at in range(0, len(data), _SWEPT))

    def _leaks_in(self, data: _Bytes) -> bool:
        text = data.decode("utf-8", "surrogateescape")
        if any(exact in text for exact in self._exact):
            return True
        gist = _Gist(text)
        return any(True for spelling in self._spelled for _ in spelling.spans(text, gist)) or TOKEN.found(text)

    def _under(self, key: object, value: Any) -> Any:
        if isinstance(value, str | bytes) and value and isinstance(key, str) and is_secret_name(key):
            return MASK if isinstance(value, str) else MASK.encode()
        return self.data(value)

    def _exact_spans(self, text: str) -> list[tuple[int, int]]:
        spans = []
        for exact in self._exact:
            at = text.find(exact)
            while at >= 0:
                spans.append((at, at + len(exact)))
                at = text.find(exact, at + len(exact))
        return spans


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """`text` with the spans masked, each widened over the characters beside it that may belong to the same token.

    What a cut, or a neighbouring group of Base64, leaves of a secret is not to stand there either.
    """
    parts, done = [], 0
    for first, last in sorted(spans):
        if last <= done:
            continue
        start, end = max(first, done), last
        while start > done and first - start < 64 and _is_token(text[start - 1]):
            start -= 1
        while end < len(text) and end - last < 64 and _is_token(text[end]):
            end += 1
        parts += [text[done:start], MASK]
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _is_token(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in "+/_=-")
