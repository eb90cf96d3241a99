"""The one thing that a relay may alter."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ttsgate.recorder.hosts import HostRewriter

GET = b"GET /a?model=m HTTP/1.1\r\nhost:  127.0.0.1:99\r\nX-Note: host: kept\r\n\r\n"
POST = b'POST /b HTTP/1.1\r\nA: b\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"Host: y":1'
CHUNKED = b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHost:\r\n0\r\n\r\n"
UPGRADE = b"GET /d HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHost: x\r\n\r\n"
FRAMES = b"\x81\x85Host: zzz\r\n\r\nGET / HTTP/1.1\r\nHost: stays\r\n\r\n"


def through(data: bytes, cuts: list[int]) -> bytes:
    """What arrives of `data` when it comes in pieces."""
    rewriter = HostRewriter("service.example")
    edges = [0, *sorted({c % (len(data) + 1) for c in cuts}), len(data)]
    return b"".join(rewriter.feed(data[a:b]) for a, b in itertools.pairwise(edges))


@given(
    requests=st.lists(st.sampled_from([GET, POST, CHUNKED]), max_size=4),
    cuts=st.lists(st.integers(0, 1000), max_size=9),
)
def test_only_the_header_changes(requests: list[bytes], cuts: list[int]) -> None:
    """In each request of a connection Host is the service's; bodies, other headers and frames stay as they were."""
    new = {
        GET: GET.replace(b"127.0.0.1:99", b"service.example"),
        POST: POST.replace(b"Host: x", b"Host: service.example"),
        CHUNKED: CHUNKED.replace(b"Host: x", b"Host: service.example"),
    }
    data = b"".join(requests) + UPGRADE + FRAMES
    expected = b"".join(new[r] for r in requests) + UPGRADE.replace(b"Host: x", b"Host: service.example") + FRAMES

    assert expected == through(data, cuts)


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_what_is_no_http_passes_as_it_is(data: bytes, cuts: list[int]) -> None:
    """Bytes that are no request are passed on unaltered, or held back where a head may still become complete."""
    assert data.startswith(through(data, cuts)) or b"\r\n\r\n" in data
