"""Frames of a websocket, read from outside."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

from ttsgate.recorder.frames import Control, FrameReader, Message, deflate_of

Sent = tuple[bytes, bool, list[bytes]]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces."""
    edges = [0, *sorted(p % (len(data) + 1) for p in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def wire(messages: list[Sent], *, mask: bool, deflate: PerMessageDeflate | None = None) -> bytes:
    """Messages as bytes, each in the fragments given."""
    out = b""
    for _, text, parts in messages:
        for n, part in enumerate(parts):
            first = Opcode.TEXT if text else Opcode.BINARY
            frame = Frame(first if n == 0 else Opcode.CONT, part, fin=n == len(parts) - 1)
            out += frame.serialize(mask=mask, extensions=[deflate] if deflate else [])
    return out


messages = st.lists(
    st.tuples(st.booleans(), st.lists(st.text(max_size=40), min_size=1, max_size=4)).map(
        lambda m: ("".join(m[1]).encode(), m[0], [p.encode() for p in m[1]])
    ),
    max_size=5,
)


class TestFrameReader:
    @given(sent=messages, masked=st.booleans(), places=st.lists(st.integers(0, 10_000), max_size=8))
    def test_messages_are_whole_however_the_bytes_came(self, sent: list[Sent], masked: bool, places: list[int]) -> None:
        """What was sent is found, with the size of each fragment, wherever the stream was cut."""
        reader = FrameReader(masked=masked)
        found = [f for piece in cut(wire(sent, mask=masked), places) for f in reader.feed(piece)]

        assert [(p, text, tuple(map(len, parts))) for p, text, parts in sent] == [
            (f.payload, f.text, f.fragments) for f in found if isinstance(f, Message)
        ]
        assert reader.broken is None

    @given(sent=messages, from_client=st.booleans(), fresh=st.booleans())
    def test_compressed_messages_are_read(self, sent: list[Sent], from_client: bool, fresh: bool) -> None:
        """permessage-deflate is undone in both directions, with context takeover and without."""
        header = "permessage-deflate" + ("; server_no_context_takeover; client_no_context_takeover" if fresh else "")
        sender = PerMessageDeflate(fresh, fresh, 15, 15)
        reader = FrameReader(masked=from_client, deflate=deflate_of(header))
        found = reader.feed(wire(sent, mask=from_client, deflate=sender))

        assert [p for p, _, _ in sent] == [f.payload for f in found if isinstance(f, Message)]
        assert all(f.compressed for f in found if isinstance(f, Message))

    @given(data=st.binary(max_size=300), masked=st.booleans())
    def test_garbage_breaks_nothing(self, data: bytes, masked: bool) -> None:
        """Bytes that are no frames are told as such, and never raised."""
        reader = FrameReader(masked=masked, deflate="permessage-deflate")
        reader.feed(data)
        reader.feed(data)

        assert reader.broken is None or isinstance(reader.broken, str)

    def test_controls_between_fragments(self) -> None:
        """A ping in the middle of a message is told by itself; a close tells code and reason."""
        data = Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=False)
        data += Frame(Opcode.PING, b"!").serialize(mask=False)
        data += Frame(Opcode.CONT, b"b").serialize(mask=False)
        data += Frame(Opcode.CLOSE, Close(1011, "busy").serialize()).serialize(mask=False)

        assert [
            Control("ping", b"!"),
            Message(b"ab", text=True, fragments=(1, 1), compressed=False),
            Control("close", Close(1011, "busy").serialize(), 1011, "busy"),
        ] == FrameReader(masked=False).feed(data)

    def test_bytes_that_cannot_be_decompressed(self) -> None:
        """A frame marked as compressed whose bytes are not is told as broken."""
        reader = FrameReader(masked=False, deflate="permessage-deflate")
        reader.feed(b"\xc1\x04\xff\xff\xff\xff")

        assert reader.broken is not None


@pytest.mark.parametrize(
    ("header", "negotiated"),
    [
        (None, False),
        ("", False),
        ("permessage-deflate", True),
        ("x-other, permessage-deflate; server_max_window_bits=10", True),
        ("x-other", False),
        (";;;", False),
    ],
)
def test_what_was_negotiated(header: str | None, negotiated: bool) -> None:
    """Only a readable header that names it negotiates compression."""
    assert negotiated is (deflate_of(header) is not None)
