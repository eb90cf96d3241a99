"""What secrets and personal paths look like when nobody told us their value.

Each shape is a pattern that begins with one of a few words; the words are found by substring search
and the pattern is tried there only, so that ten megabytes cost a fraction of a second.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["MASK", "TOKEN", "Shape", "is_secret_name", "masked_shapes", "path_shapes", "secret_shapes"]

MASK = "***"
"""What stands where something was."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern that begins where one of its words stands."""

    words: tuple[str, ...]
    """In lower case; the search does not care about case, the pattern may."""
    pattern: re.Pattern[str]
    """Matched at the word's first character."""
    replacement: str
    """Template, as of `re.sub`."""

    def found(self, text: str) -> bool:
        """Whether there is a match."""
        return any(True for _ in self.matches(text, _lowered(text)))

    def matches(self, text: str, lower: str) -> Iterator[re.Match[str]]:
        """Matches in `text`, in order, none within another; `lower` is the text in lower case."""
        places = set()
        for word in self.words:
            at = lower.find(word)
            while at >= 0:
                places.add(at)
                at = lower.find(word, at + 1)
        done = 0
        for at in sorted(places):
            match = self.pattern.match(text, at) if at >= done else None
            if match:
                yield match
                done = match.end()


def masked_shapes(text: str, shapes: Iterable[Shape]) -> str:
    """`text` with every match of every shape replaced, one shape after the other."""
    lower = _lowered(text)
    for shape in shapes:
        parts, done = [], 0
        for match in shape.matches(text, lower):
            parts += [text[done : match.start()], match.expand(shape.replacement)]
            done = match.end()
        if parts:
            text = "".join((*parts, text[done:]))
            lower = _lowered(text)
    return text


def _lowered(text: str) -> str:
    # U+0130 is the one character whose lower case is longer than itself; places must stay the same.
    return text.replace("\u0130", "i").lower()


_VALUE = r"[^\s\"'\\,;<>(){}\[\]&]"
_HEADERS = ("authorization", "proxy-authorization", "x-api-key", "set-cookie", "cookie")
_FIELDS = (
    "authorization", "api_key", "api-key", "apikey", "access_key", "access-key", "accesskey", "secret", "token",
    "password", "passwd", "passphrase", "credential", "cookie", "private_key", "private-key",
)  # fmt: skip
_PARAMETERS = (
    "signature", "credential", "security-token", "sig", "sign", "ossaccesskeyid", "awsaccesskeyid", "accesskeyid",
    "access_token", "token", "api_key", "apikey", "key",
)  # fmt: skip
_SECRET_NAME = re.compile(
    r"(?:.*[_-])?(?:authorization|api[_-]?key|access[_-]?key(?:[_-]?(?:id|secret))?|secret|secret[_-]?(?:access[_-]?)?key|"
    r"token|password|passwd|passphrase|cookie|private[_-]?key|bearer)\Z",
    re.IGNORECASE,
)

TOKEN = Shape(("sk-", "st-"), re.compile(r"(?<![A-Za-z0-9])s[kt]-[A-Za-z0-9_-]{16,}", re.IGNORECASE), MASK)
"""Keys (``sk-``) and temporary tokens (``st-``) of full length: what no written file may hold."""


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field or header of that name holds a secret."""
    return _SECRET_NAME.match(name) is not None


@functools.cache
def secret_shapes() -> tuple[Shape, ...]:
    """Keys, tokens, credentials in headers and settings, signed URLs."""
    return (
        # Services echo keys masked in the middle, as in sk-ab****cdef.
        Shape(("sk-", "st-"), re.compile(r"(?<![A-Za-z0-9])s[kt]-[A-Za-z0-9_*.\-]{12,}", re.IGNORECASE), MASK),
        Shape(("ltai", "akia", "sts."), re.compile(r"(?<![A-Za-z0-9])(?:LTAI|AKIA|STS\.)[A-Za-z0-9]{12,}"), MASK),
        Shape(
            ("eyj",),
            re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
            MASK,
        ),
        Shape(
            ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-"),
            re.compile(r"(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|glpat-)[A-Za-z0-9_-]{16,}"),
            MASK,
        ),
        Shape(
            ("bearer", "basic"),
            re.compile(
                r"(?<![A-Za-z])(bearer(?:\s|%20|\+|\\[rnt])+(?=[^\s\"'\\]{6})|basic(?:\s|%20)+(?=[A-Za-z0-9+/]{16}))"
                rf"(?!\*\*\*){_VALUE}+",
                re.IGNORECASE,
            ),
            rf"\1{MASK}",
        ),
        # A header as a pair, e.g. ('Authorization', 'Bearer x'), or as bytes.
        Shape(
            _HEADERS,
            re.compile(
                rf"((?:{'|'.join(_HEADERS)})\\{{0,4}}[\"']\s*,\s*[br]{{0,2}}\\{{0,4}}[\"']?(?:(?:bearer|basic)\s+)?)"
                rf"(?!\*\*\*|bearer\b|basic\b){_VALUE}{{4,}}",
                re.IGNORECASE,
            ),
            rf"\1{MASK}",
        ),
        # NAME: value, NAME=value, "NAME": "value", also with a suffix as in API_KEY_CN_BEIJING=.
        Shape(
            _FIELDS,
            re.compile(
                rf"((?:{'|'.join(_FIELDS)})(?:_[A-Za-z0-9]+){{0,4}}\\{{0,4}}[\"']?\s{{0,8}}(?:=>|[:=]|%3d|%3a)"
                rf"\s{{0,8}}[br]{{0,2}}\\{{0,4}}[\"']?(?:(?:bearer|basic)\s+)?)"
                rf"(?!\*\*\*|null\b|none\b|true\b|false\b|bearer\b|basic\b){_VALUE}{{6,}}",
                re.IGNORECASE,
            ),
            rf"\1{MASK}",
        ),
        # Parameters of signed URLs, plain or percent-encoded; Expires is worth keeping.
        Shape(
            tuple(name + equals for name in _PARAMETERS for equals in ("=", "%3d")),
            re.compile(
                r"(?:(?<=[?&;-])|(?<=%3f)|(?<=%26)|(?<=u0026))"
                rf"((?:{'|'.join(_PARAMETERS)})(?:=|%3d))(?!\*\*\*)(?:(?!%26|\\u0026)[^\s\"'<>\\#&])+",
                re.IGNORECASE,
            ),
            rf"\1{MASK}",
        ),
        # user:password@ of a URL.
        Shape(("://",), re.compile(r"(://)[^\s/@:\"'<>]{1,256}:[^\s/@\"'<>]{1,256}@"), rf"\1{MASK}@"),
    )


def path_shapes(home: str | None, user: str | None) -> tuple[Shape, ...]:
    """The home directory of this run, home directories by their place, and the user's name in paths."""
    shapes = []
    home = (home or "").rstrip("/\\")
    if len(home) > 1:
        spelled = {home, home.replace("/", "\\/"), home.replace("\\", "\\\\"), quote(home, safe=""), quote(home)}
        spelled.add(quote(home, safe="").replace("%2F", "%2f"))
        shapes += [
            Shape((s.lower(),), re.compile(rf"(?<![A-Za-z0-9_.-]){re.escape(s)}(?![A-Za-z0-9_.-])"), "~")
            for s in sorted(spelled, key=len, reverse=True)
        ]
    name = r"(?!\*\*\*)[^\\/\s\"'<>:;,%]+"
    shapes += [
        Shape(
            ("/home/", "/users/", "\\/home\\/", "\\/users\\/", "%2fhome%2f", "%2fusers%2f"),
            re.compile(rf"(?<![A-Za-z0-9_.-])((?:/|\\/|%2f)(?:home|users)(?:/|\\/|%2f)){name}", re.IGNORECASE),
            rf"\1{MASK}",
        ),
        Shape(
            (":\\users\\", ":\\\\users\\\\", ":/users/"),
            re.compile(rf"(:[\\/]{{1,4}}users[\\/]{{1,4}}){name}", re.IGNORECASE),
            rf"\1{MASK}",
        ),
    ]
    if user and len(user) > 1:
        shapes.append(
            Shape(
                (user.lower(),),
                re.compile(
                    rf"(?:(?<=[/\\~])|(?<=-of-)|(?<=%2F)|(?<=%2f)|(?<=user=)|(?<![A-Za-z0-9_.-])(?={re.escape(user)}@))"
                    rf"{re.escape(user)}(?![A-Za-z0-9_])"
                ),
                MASK,
            )
        )
    return tuple(shapes)
