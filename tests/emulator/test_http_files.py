"""WAV files at signed addresses that expire."""

from __future__ import annotations

import pytest

from tests.emulator.http_service import Answer, Clock, Service, with_service
from ttsgate.emulator.account import Account
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_files import FileStore


async def wav_url(service: Service) -> str:
    url = await service.speak(text="Hello.")
    address = url.json["output"]["audio"]["url"]
    assert isinstance(address, str)
    return address


def code(answer: Answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"].startswith("application/xml")
    return answer.status, answer.content.decode().split("<Code>")[1].split("</Code>")[0]


@pytest.mark.parametrize(("switch", "expected"), [("403", (403, "AccessDenied")), ("404", (404, "NoSuchKey"))])
def test_an_address_lives_24_hours(switch: str, expected: tuple[int, str]) -> None:
    """The file is there until the day is over, then the object store refuses it."""

    async def scene(service: Service) -> None:
        url = await wav_url(service)
        service.clock.now += 86_399
        assert (await service.ask("GET", url)).status == 200
        service.clock.now += 1
        assert code(await service.ask("GET", url)) == expected

    with_service(scene, switches={"wav-expired": switch})


def test_a_changed_address_is_refused() -> None:
    """The name, the date and the signature belong together."""

    async def scene(service: Service) -> None:
        url = await wav_url(service)
        expires = url.split("Expires=")[1].split("&")[0]
        signature = url.split("Signature=")[1]
        changed = [
            url.replace(expires, str(int(expires) + 1)),
            url.replace("audio_", "audio-"),
            url.replace(signature, signature[::-1]),
            url.split("?")[0],
            url.replace(signature, "%F0%28%8C%28"),
        ]
        for address in changed:
            assert code(await service.ask("GET", address)) == (403, "SignatureDoesNotMatch")

    with_service(scene)


def test_parts_of_a_file() -> None:
    """A player may ask for a part; a part beyond the end is refused."""

    async def scene(service: Service) -> None:
        url = await wav_url(service)
        whole = (await service.ask("GET", url)).content
        head = await service.ask("GET", url, headers={"Range": "bytes=0-3"})
        rest = await service.ask("GET", url, headers={"Range": "bytes=4-"})
        tail = await service.ask("GET", url, headers={"Range": "bytes=-2"})
        beyond = await service.ask("GET", url, headers={"Range": f"bytes={len(whole)}-"})

        assert (head.status, head.content) == (206, b"RIFF")
        assert head.headers["Content-Range"] == f"bytes 0-3/{len(whole)}"
        assert head.content + rest.content == whole
        assert tail.content == whole[-2:]
        assert beyond.status == 416
        for nonsense in ("bytes=a-b", "bytes=--1", "lines=1-2", "bytes=1", "bytes=-", "bytes=1-2,3-4", "bytes=²-"):
            assert (await service.ask("GET", url, headers={"Range": nonsense})).content == whole

    with_service(scene)


def test_the_oldest_file_makes_room() -> None:
    """Files are kept up to a size; the newest is always kept."""
    store = FileStore(Account(EmulatorConfig(), Clock()), max_bytes=10)
    for name, size in (("a", 6), ("b", 6), ("c", 20)):
        store.put(name, b"x" * size, "http://h")

    assert list(store._files) == ["c"]
    assert store._size == 20


def test_same_seed_same_address() -> None:
    """Signatures depend on the seed only, so that two runs can be compared."""
    one, two, other = (FileStore(Account(EmulatorConfig(seed=seed), Clock())) for seed in (1, 1, 2))

    assert one.put("a", b"", "http://h") == two.put("a", b"", "http://h") != other.put("a", b"", "http://h")
