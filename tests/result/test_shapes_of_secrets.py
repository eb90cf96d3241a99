"""Unknown secrets and personal paths, by their looks."""

from __future__ import annotations

import json

import pytest

from ttsgate.result.redact import MASK, Redactor
from ttsgate.result.shapes_of_secrets import is_secret_name

UNKNOWN = "q7Zk3vXw9Lm2"


@pytest.mark.parametrize(
    "text",
    [
        "sk-0123456789abcdef0123456789abcdef",
        "key sk-sp-0123456789abcdef was refused",
        "Incorrect API key provided: sk-ab*************cdef.",
        "token st-0123456789abcdef0123",
        '{"token":"st-0123456789abcdef0123","expires_at":1790000000}',
        "ST-0123456789ABCDEF0123",
        "LTAI5t0123456789abcd",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123",
        "ghp_0123456789abcdefghij",
    ],
)
def test_tokens_by_shape(text: str) -> None:
    """Keys and temporary tokens are masked although nobody named them."""
    masked = Redactor().text(text)
    assert MASK in masked
    assert "0123456789ab" not in masked.lower()
    assert "eyJhb" not in masked
    assert "cdef" not in masked


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {UNKNOWN}",
        f"authorization:bearer {UNKNOWN}",
        f"Authorization: Basic {UNKNOWN}abcdefgh",
        f"Authorization: {UNKNOWN}",
        json.dumps({"Authorization": f"Bearer {UNKNOWN}"}),
        json.dumps(json.dumps({"api_key": UNKNOWN})),
        str({"Authorization": f"Bearer {UNKNOWN}"}),
        str([("authorization", f"Bearer {UNKNOWN}")]),
        str([(b"Authorization", b"Bearer " + UNKNOWN.encode())]),
        str([("X-Api-Key", UNKNOWN)]),
        f"Cookie: {UNKNOWN}",
        f"Set-Cookie: session={UNKNOWN}; Path=/",
        f"DASHSCOPE_API_KEY={UNKNOWN}",
        f"export TTSGATE_API_KEY_CN_BEIJING='{UNKNOWN}'",
        f"dashscope_api_key = {UNKNOWN}",
        f"password: {UNKNOWN}",
        f"access_key_secret={UNKNOWN}",
        f"Client(api_key='{UNKNOWN}', timeout=3)",
        f"curl -H 'Authorization: Bearer {UNKNOWN}' https://h",
        f"Bearer%20{UNKNOWN}",
        f"http://user:{UNKNOWN}@proxy:8080",
        f"https://h/a.wav?Expires=1&OSSAccessKeyId={UNKNOWN}&Signature=abc",
        f"https://h/a.wav?Expires=1&Signature={UNKNOWN}%2B%3D",
        f"https%3A%2F%2Fh%2Fa.wav%3FExpires%3D1%26Signature%3D{UNKNOWN}%26x%3D1",
        f"https://h/a.wav?x-oss-signature={UNKNOWN}&x-oss-expires=60",
        f"https://h/a.wav?x-oss-security-token={UNKNOWN}",
        json.dumps(f"https://h/a?a=1&Signature={UNKNOWN}").replace("&", "\\u0026"),
    ],
)
def test_secrets_by_their_place(text: str) -> None:
    """Headers in every form that programs print, settings, signed URLs, user and password."""
    masked = Redactor().text(text)
    assert UNKNOWN not in masked
    assert MASK in masked


def test_what_is_worth_keeping_stays() -> None:
    """When a link ends, which host it is, and what is around a secret."""
    url = "http://b.oss-cn-beijing.aliyuncs.com/a.wav?Expires=1790000000&OSSAccessKeyId=LTAI0&Signature=x%3D&n=1"
    assert Redactor().text(url) == (
        f"http://b.oss-cn-beijing.aliyuncs.com/a.wav?Expires=1790000000&OSSAccessKeyId={MASK}&Signature={MASK}&n=1"
    )
    assert json.loads(Redactor().text(json.dumps({"token": "st-0123456789abcdef", "expires_at": 5}))) == {
        "token": MASK,
        "expires_at": 5,
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"1-2-3"}',
        '{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}',
        '{"usage":{"total_tokens":123456,"input_tokens":123456}}',
        "event_B7kQz0aXw1Lm2pRt9Yc4d sess_5f1c0e8a77b24d3e resp_9d2b6c4f0a8e1735",
        "the task-list-of-the-test-suite risk-assessment-document",
        "wss://dashscope.aliyuncs.com/api-ws/v1/realtime?model=qwen3-tts-flash-realtime",
        "qwen-tts-vd-demo-voice-20260101000000-ab12",
        "looked for: TTSGATE_API_KEY_CN_BEIJING, DASHSCOPE_API_KEY, dashscope_api_key in ~/.alibabacloud/credentials",
        "Traceback (most recent call last):\n  File \"runner.py\", line 3, in main\n",
        "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "/usr/bin/python3 /opt/home/x /homes/y",
        "ratio 16:9 at 10:30, a@b",
    ],
)  # fmt: skip
def test_evidence_stays_readable(text: str) -> None:
    """The service's own words, ids, digests and model names are not secrets."""
    assert Redactor(["sk-canary-0123456789abcdef"], home="/home/alice", user="alice").text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/home/alice/code/x.py", "~/code/x.py"),
        ("/home/alice", "~"),
        ("/home/alicette/x", "/home/***/x"),
        ("file:///home/alice/x", "file://~/x"),
        ("%2Fhome%2Falice%2Fx", "~%2Fx"),
        ("\\/home\\/alice\\/x", "~\\/x"),
        ("/home/bob/x", "/home/***/x"),
        ("/Users/bob/Library", "/Users/***/Library"),
        ("C:\\Users\\bob\\x", "C:\\Users\\***\\x"),
        ("C:\\\\Users\\\\bob\\\\x", "C:\\\\Users\\\\***\\\\x"),
        ("/tmp/pytest-of-alice/pytest-0", "/tmp/pytest-of-***/pytest-0"),
        ("/mnt/alice/x", "/mnt/***/x"),
        ("alice@build-host", "***@build-host"),
        ("/srv/alice2/x", "/srv/alice2/x"),
        ("malice aforethought", "malice aforethought"),
        ("alice said", "alice said"),
    ],
)
def test_home_and_user_in_paths(text: str, masked: str) -> None:
    """Our home directory is ``~``, others' are known by their place, the user's name goes from paths."""
    assert Redactor(home="/home/alice", user="alice").text(text) == masked


def test_a_home_that_is_the_root_folder_is_none() -> None:
    """``/`` stands in every path; a user called root does not take the word root from texts."""
    assert Redactor(home="/", user="x").text("/usr/lib") == "/usr/lib"
    assert (
        Redactor(home="/root", user="root").text("/root/a, rootdir, the root of it") == "~/a, rootdir, the root of it"
    )


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True),
        ("X-DashScope-Api-Key", True),
        ("apikey", True),
        ("access_key_id", True),
        ("security-token", True),
        ("Set-Cookie", True),
        ("input_tokens", False),
        ("key", False),
        ("keyboard", False),
        ("custom_key_env", False),
        ("credential", False),
    ],
)
def test_names_of_fields(name: str, secret: bool) -> None:
    """Fields that hold secrets, and fields that merely sound alike."""
    assert is_secret_name(name) is secret
