"""Connections that never say anything."""

from __future__ import annotations

import asyncio

from tests.emulator.realtime_service import Talk, address, one, run, running, talk
from ttsgate.emulator.gate import Gate, raise_file_limit


class TestGate:
    def test_silent_connections_end(self) -> None:
        """Connections that send nothing, or half a request, are dropped in time; sessions stay."""

        async def go() -> tuple[list[bytes], Talk, int]:
            async with running(handshake_timeout_s=0.3, pace=2.0) as emulator:
                speaking = asyncio.ensure_future(talk(address(emulator), one()))
                streams = [await asyncio.open_connection("127.0.0.1", emulator.port) for _ in range(50)]
                for _, writer in streams[:25]:
                    writer.write(b"GET /api-ws/v1/realtime?model=x HTTP/1.1\r\nHost: x\r\n")
                ends = await asyncio.gather(*(_end(reader) for reader, _ in streams))
                for _, writer in streams:
                    writer.close()
                assert emulator.gate is not None
                return ends, await speaking, emulator.gate.dropped

        ends, spoken, dropped = run(go())

        assert [b""] * 50 == ends
        assert 1000 == spoken.code
        assert 50 == dropped

    def test_oldest_give_way(self) -> None:
        """Above the number that may wait, the oldest silent connection is dropped for a new one."""

        class Waiting(asyncio.Protocol):
            def __init__(self) -> None:
                self.transport = _Transport()

        async def go() -> list[bool]:
            gate = Gate(Waiting, timeout_s=60, most=2)
            made = [gate() for _ in range(4)]
            gate.served(made[2])
            gate()
            gate.close()
            return [protocol.transport.aborted for protocol in made]  # type: ignore[attr-defined]

        assert [True, True, False, False] == run(go())

    def test_file_limit(self) -> None:
        """The limit of open files is raised as far as the system allows."""
        import resource

        assert raise_file_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class _Transport:
    aborted = False

    def abort(self) -> None:
        self.aborted = True


async def _end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""
