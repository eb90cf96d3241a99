"""Nothing secret is left, however it is spelled."""

from __future__ import annotations

import base64
import html
import json
import random
import string
import textwrap
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import PurePosixPath
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.result.redact import MASK, Redactor

KEY = "sk-canary-0123456789abcdefghijklmnop"
GATEWAY = "p@ss/w+rd=with&odd\"chars'\\end<>"

KEYS = st.one_of(
    st.text(string.ascii_letters + string.digits + "-_", min_size=8, max_size=60),
    st.text(string.printable[:94], min_size=8, max_size=40),
    st.sampled_from([KEY, GATEWAY]),
)
AROUND = st.text(max_size=20)


def rest_of(text: str, key: str) -> int:
    """Length of the longest run of the key's characters that still stands in the text."""
    return max((n for n in range(len(key) + 1) for i in range(len(key) - n + 1) if key[i : i + n] in text), default=0)


def plain(key: str) -> str:
    return key


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": plain,
    "json": lambda key: json.dumps(key)[1:-1],
    "json in json": lambda key: json.dumps(json.dumps({"k": key})),
    "json in json in json": lambda key: json.dumps(json.dumps(json.dumps(key))),
    "slashes escaped": lambda key: json.dumps(key).replace("/", "\\/"),
    "repr": lambda key: repr({"k": key.encode()}),
    "percent": lambda key: quote(key, safe=""),
    "percent, lower case": lambda key: "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in key),
    "percent, every character": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "percent twice": lambda key: quote(quote(key, safe=""), safe=""),
    "form": quote_plus,
    "html": lambda key: html.escape(key),
    "html, numbers": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "html, hexadecimal": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "unicode escapes": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "byte escapes": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal, upper case": lambda key: key.encode().hex().upper(),
    "wrapped": lambda key: "\n    ".join(textwrap.wrap(key, 7, break_on_hyphens=False, drop_whitespace=False)),
    "wrapped and escaped": lambda key: key[:5] + "\\n" + key[5:],
    "folded header": lambda key: f"Authorization: Bearer {key[:6]}\r\n {key[6:]}",
    "concatenated": lambda key: f"'{key[:6]}'\n   '{key[6:]}'",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(key=KEYS, before=AROUND, after=AROUND)
def test_a_key_is_masked_in_every_spelling(spelling: str, key: str, before: str, after: str) -> None:
    """What software does to a string on its way to a file does not hide it from us."""
    redactor = Redactor([key])
    spelled = SPELLINGS[spelling](key)
    text = before + spelled + after
    masked = redactor.text(text)
    assert MASK in masked
    assert spelled not in masked
    assert key not in masked
    assert not redactor.leaks(masked.encode("utf-8", "surrogatepass"))


@given(
    key=KEYS, before=st.binary(max_size=8), after=st.binary(max_size=8), safe=st.booleans(), width=st.integers(0, 76)
)
def test_a_key_is_masked_inside_base64(key: str, before: bytes, after: bytes, *, safe: bool, width: int) -> None:
    """At each of the three alignments, in both alphabets, wrapped or not; what is left decodes to no part of it."""
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    encoded = encode(before + key.encode() + after).decode()
    text = "\n".join(textwrap.wrap(encoded, width)) if width > 3 else encoded
    redactor = Redactor([key])
    assert redactor.leaks(text.encode())
    masked = redactor.text(text)
    assert not redactor.leaks(masked.encode())
    left = sum(len(part.strip()) for part in masked.split(MASK))
    assert left <= max(0, len(encoded) - len(key))


@given(cut=st.integers(12, len(KEY) - 12), window=st.integers(24, len(KEY)))
def test_a_key_that_was_cut_off_is_masked(cut: int, window: int) -> None:
    """A message shortened in the middle of the key still holds much of it."""
    redactor = Redactor([KEY])
    for text in (f"key {KEY}"[: 4 + window], f"{KEY} refused"[-(window + 8) :]):
        assert rest_of(redactor.text(text), KEY) < 12
    assert rest_of(redactor.text("…" + KEY[cut:]), KEY) < 12 or len(KEY) - cut < 24


@given(key=KEYS)
def test_bytes_are_treated_as_text_and_otherwise_kept(key: str) -> None:
    """What is no UTF-8 comes back byte for byte; a key beside it does not, not even in UTF-16."""
    redactor = Redactor([key])
    noise = b"\xff\xfe\x00RIFF\x80"
    masked = redactor.bytes(noise + key.encode() + noise)
    assert masked.startswith(noise)
    assert masked.endswith(noise)
    assert not redactor.leaks(masked)
    wide = key.encode("utf-16-le")
    assert redactor.leaks(noise + wide)
    assert not redactor.leaks(redactor.bytes(noise + wide))


@given(text=st.text(), key=KEYS)
def test_masking_again_changes_nothing(text: str, key: str) -> None:
    """A redacted text is a fixed point."""
    redactor = Redactor([key], home="/home/alice", user="alice")
    once = redactor.text(text + key)
    assert redactor.text(once) == once


@given(st.text(string.ascii_letters + string.digits + " .,;:-_/\n{}[]\"'", max_size=200))
def test_without_secrets_words_stay_words(text: str) -> None:
    """Nothing is masked where nothing looks like a secret or a home directory."""
    lower = text.lower()
    suspicious = [
        "sk-", "st-", "bearer", "basic", "token", "key", "secret", "pass", "cookie", "cred", "auth", "home",
        "users", "ltai", "akia", "sts.", "eyj", "gh", "://",
    ]  # fmt: skip
    if not any(word in lower for word in suspicious):
        assert Redactor().text(text) == text


def test_nested_data() -> None:
    """Keys and values of mappings, sequences, records and bytes; numbers and None stay what they are."""

    class Record(msgspec.Struct, frozen=True):
        name: str
        count: int = 3

    redactor = Redactor([KEY], home="/home/alice")
    value = {
        "n": 1,
        "f": 1.5,
        "yes": True,
        "none": None,
        f"under {KEY}": [KEY, (KEY, 2), {KEY}],
        "record": Record(f"x {KEY}"),
        "bytes": KEY.encode(),
        "path": PurePosixPath("/home/alice/x"),
        "money": Decimal("1.5"),
        "error": RuntimeError(KEY),
    }
    assert redactor.data(value) == {
        "n": 1,
        "f": 1.5,
        "yes": True,
        "none": None,
        f"under {MASK}": [MASK, (MASK, 2), {MASK}],
        "record": Record(f"x {MASK}"),
        "bytes": MASK.encode(),
        "path": "~/x",
        "money": "1.5",
        "error": MASK,
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(KEY) | st.just(f"x{KEY}y"),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just(KEY), inner, max_size=4)
        ),
    )
)
def test_no_nesting_hides_a_key(value: object) -> None:
    """Whatever the shape, the JSON of the redacted copy holds no key, and the original is untouched."""
    before = json.dumps(value)
    redactor = Redactor([KEY])
    assert not redactor.leaks(json.dumps(redactor.data(value)).encode())
    assert json.dumps(value) == before


def test_fields_that_hold_secrets_are_masked_whole() -> None:
    """By their name, whatever the value looks like; a count of tokens is no token."""
    value = {
        "Authorization": "x",
        "api_key": "short",
        "X-Api-Key": "y",
        "token": "t",
        "total_tokens": 12,
        "key_id": "k",
    }
    assert Redactor().data(value) == {
        "Authorization": MASK, "api_key": MASK, "X-Api-Key": MASK, "token": MASK, "total_tokens": 12, "key_id": "k",
    }  # fmt: skip


def test_tracebacks() -> None:
    """A key in a message, a local variable or the source line does not get out with a traceback."""
    redactor = Redactor([GATEWAY])

    def call(header: str) -> None:
        raise ConnectionError(f"refused: {header!r}")

    try:
        call(f"Bearer {GATEWAY}")
    except ConnectionError as exc:
        text = "".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format())
    assert redactor.leaks(text.encode())
    assert not redactor.leaks(redactor.text(text).encode())


def test_short_secrets_are_not_searched_for() -> None:
    """Three letters cannot be told from a word; an empty secret would mask everything."""
    assert Redactor(["", "  ", "abc"]).text("abc def") == "abc def"


def test_several_keys_that_contain_one_another() -> None:
    """The longer one is masked whole."""
    redactor = Redactor([KEY, KEY[:16], KEY + "-longer"])
    assert redactor.text(f"<{KEY}-longer> <{KEY}> <{KEY[:16]}>") == f"<{MASK}> <{MASK}> <{MASK}>"


@pytest.mark.parametrize(
    "filler", ["base64", "frames", "a", "\n", " ", "\\", "%", "&", '"', ":", "/", "sk-", "token=", "\\n", "/home/"]
)
def test_megabytes_do_not_take_for_ever(filler: str) -> None:
    """Ten megabytes of what is usual, one of what is hostile; the bound is generous, others run beside this one."""
    chance = random.Random(7)
    if filler == "base64":
        body = base64.b64encode(chance.randbytes(7_500_000)).decode()
    elif filler == "frames":
        body = '{"t":1.25,"dir":"in","event":{"event_id":"event_1","type":"response.audio.delta"}}\n' * 120_000
    else:
        body = filler * (1_000_000 // len(filler))
    text = f"{body}{KEY}{body[:1000]}{quote(GATEWAY)}"
    redactor = Redactor([KEY, GATEWAY], home="/home/alice", user="alice")
    began = time.process_time()
    masked = redactor.text(text)
    assert time.process_time() - began < 10
    assert not redactor.leaks(masked.encode())


def test_a_large_file_is_swept_to_its_end() -> None:
    """Wherever it stands, across the borders of what is looked at together too."""
    redactor = Redactor([KEY])
    filler = b"0123456789 " * 400_000
    for at in (0, (1 << 22) - len(KEY) // 2, 1 << 22, len(filler)):
        assert redactor.leaks(filler[:at] + quote(KEY).encode() + filler[at:])
    assert not redactor.leaks(filler)
