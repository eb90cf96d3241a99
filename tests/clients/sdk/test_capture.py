"""What a child prints is kept up to a limit and told apart by request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ttsgate.clients.sdk.capture import MARK, Capture


def captured(pieces: list[bytes], cap: int, work: Callable[[Capture], Coroutine[Any, Any, Any]]) -> str:
    """Feed pieces into a stream, do something with its capture, and return the text."""

    async def main() -> str:
        stream = asyncio.StreamReader()
        capture = Capture(stream, cap)
        for piece in pieces:
            stream.feed_data(piece)
        stream.feed_eof()
        await work(capture)
        text = capture.text()
        await capture.close()
        return text

    return asyncio.run(main())


@given(data=st.binary(max_size=300), cut=st.integers(0, 300), cap=st.integers(0, 200))
def test_any_cut_keeps_the_same_beginning(data: bytes, cut: int, cap: int) -> None:
    """However the bytes arrive, the first `cap` of them are kept, and the mark is always seen."""
    whole = data + b"\0001\0"

    async def work(capture: Capture) -> None:
        await capture.until(1)

    assert MARK.sub(b"", whole[:cap]).decode("utf-8", "replace") == captured([whole[:cut], whole[cut:]], cap, work)


def test_clear_forgets() -> None:
    """The next request starts with an empty page."""

    async def work(capture: Capture) -> None:
        await capture.until(9)
        capture.clear()

    assert "" == captured([b"old"], 100, work)


def test_pipe_is_drained_and_closed() -> None:
    """A pipe can be captured like a stream; its descriptor is closed with it."""

    async def main() -> str:
        reading, writing = os.pipe()
        capture = await Capture.of_pipe(reading, 4)
        await asyncio.to_thread(os.write, writing, b"x" * 65536)
        os.write(writing, b"\0007\0")
        await capture.until(7)
        os.close(writing)
        await capture.close()
        return capture.text()

    assert "xxxx" == asyncio.run(main())
