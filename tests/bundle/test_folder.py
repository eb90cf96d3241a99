"""Writing into a bundle: whole files, redacted text, audio once, nothing sealed that holds a secret."""

from __future__ import annotations

import base64
import hashlib
import json
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ttsgate.bundle import BundleFolder, new_run_id, seal
from ttsgate.bundle.folder import redacted
from ttsgate.errors import HarnessError
from ttsgate.result.redact import Redactor
from ttsgate.result.transcript import Entry, Transcript, Utterance

KEY = "sk-canary-5f1e0c7d9b3a48e2a6c4"
PCM = b"\x01\x02" * 4_800


@pytest.fixture
def folder(tmp_path: Path) -> BundleFolder:
    """An empty bundle."""
    return BundleFolder(tmp_path / "run", Redactor([KEY]))


def transcript(session: str = "wire.m-1") -> Transcript:
    """A session of one delta, in which the service repeats the key."""
    delta = {"type": "response.audio.delta", "key": KEY, "delta": base64.b64encode(PCM).decode()}
    return Transcript(
        session=session,
        level="frames",
        model="m",
        client="wire",
        utterance=Utterance(text="Hi.", voice="Cherry"),
        started="2026-11-24T00:00:00.000Z",
        entries=[
            Entry(t=0.0, dir="note", name="dial", data={"url": f"ws://h/?k={KEY}"}),
            Entry(t=0.1, dir="in", raw=f"hello {KEY}"),
            Entry(t=0.2, dir="in", event=delta),
        ],
    )


def test_run_ids_sort_by_time_and_differ() -> None:
    """Two runs of one second have two folders."""
    now = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)

    assert new_run_id(now).startswith("20261122T020000Z-")
    assert 1 < len({new_run_id(now) for _ in range(20)})


def test_audio_stands_once(folder: BundleFolder) -> None:
    """The WAV holds the payload; the transcript points into it and does not repeat it; digests are of what is there."""
    written = folder.write_session(redacted(transcript(), folder.redactor), rate=24_000)

    lines = (folder.path / str(written["transcript"])).read_bytes()
    assert hashlib.sha256(lines).hexdigest() == written["transcript_sha256"]
    assert base64.b64encode(PCM)[:200] not in lines
    with wave.open(str(folder.path / str(written["audio"]))) as file:
        assert (24_000, 1, 2) == (file.getframerate(), file.getnchannels(), file.getsampwidth())
        assert PCM == file.readframes(file.getnframes())
    assert hashlib.sha256(PCM).hexdigest() == written["audio_sha256"]


def test_a_transcript_is_redacted_but_its_audio_is_not(folder: BundleFolder) -> None:
    """Notes, raw frames and events lose the key; the delta stays as it came, and in its place."""
    clean = redacted(transcript(), folder.redactor)

    assert KEY not in repr(clean.entries)
    delta = clean.entries[2].event
    assert delta is not None
    assert ["type", "key", "delta"] == list(delta)
    assert PCM == base64.b64decode(delta["delta"])


def test_a_file_that_goes_leaves_no_empty_folder(folder: BundleFolder) -> None:
    """Audio that is not to be kept goes without a trace: no bundle holds an empty folder."""
    written = folder.write_session(transcript(), rate=24_000)
    folder.remove(str(written["audio"]))
    folder.remove("audio/never-there.wav")

    assert not (folder.path / "audio").exists()
    assert (folder.path / str(written["transcript"])).exists()


@pytest.mark.parametrize("name", ["../up", "a/b", "", "a b", "a\n"])
def test_a_session_cannot_name_a_file_elsewhere(folder: BundleFolder, name: str) -> None:
    """Ids that are no plain names are our own error."""
    with pytest.raises(HarnessError):
        folder.write_session(transcript(name), rate=24_000)


def test_texts_and_commands_are_redacted(folder: BundleFolder) -> None:
    """Logs and command lines lose the key, one JSON object a line."""
    folder.write_text("logs/x.out", f"connecting with {KEY}\n")
    folder.log_command(["python", f"--key={KEY}"], exit=0, started="now", seconds=1.23456)

    assert "connecting with ***\n" == (folder.path / "logs/x.out").read_text("utf-8")
    (line,) = (folder.path / "commands.jsonl").read_text("utf-8").splitlines()
    assert KEY not in line
    assert 1.235 == json.loads(line)["seconds"]


def test_a_bundle_with_a_secret_is_not_sealed(folder: BundleFolder) -> None:
    """Every file with the key is removed, the others stay, and no manifest vouches for them."""
    folder.write_text("good.txt", "fine\n")
    for name in ("bad.txt", "deep/bad.bin"):
        folder.write_bytes(name, b"x" + base64.b64encode(KEY.encode()))

    with pytest.raises(HarnessError, match=r"bad\.txt.*bad\.bin"):
        seal(folder.path, run="r", redactor=folder.redactor)

    assert ["good.txt"] == [p.name for p in folder.path.rglob("*") if p.is_file()]
