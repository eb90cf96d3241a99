"""Files appear whole or not at all, also when the process is killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ttsgate.errors import UsageError
from ttsgate.store import append_line, write_atomic

FOREVER = """
import sys
from pathlib import Path
from ttsgate.store import write_atomic, append_line
path, what = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
n = 0
while True:
    n += 1
    if what == "file":
        write_atomic(path, (b"%d\\n" % n) * 20000)
    else:
        append_line(path, b"x" * 300)
"""


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_content_and_name(tmp_path: Path) -> None:
    """Folders are made, old content is replaced, nothing else is left, permissions follow the umask."""
    path = tmp_path / "a/b/f.txt"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["f.txt"]
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_failure_leaves_the_old_file_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is a usage error that names the path; the old content stands."""
    path = tmp_path / "f.txt"
    write_atomic(path, b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write .*f\.txt: No space left on device"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["f.txt"]


def test_a_line_that_does_not_fit_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a full disk took of a line is taken away again, so that all lines are whole."""
    path = tmp_path / "lines"
    append_line(path, b"first")
    original = io.FileIO.write

    class Short(io.FileIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            return original(self, data[:3])

    monkeypatch.setattr("builtins.open", lambda path, *_, **__: Short(path, "a+"))
    with pytest.raises(UsageError, match="No space left on device"):
        append_line(path, b"second")
    monkeypatch.undo()

    assert b"first\n" == path.read_bytes()


def test_places_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A file in the place of a folder, a folder in the place of the file."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        write_atomic(tmp_path / "file/f.txt", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        write_atomic(tmp_path / "folder", b"x")
    with pytest.raises(UsageError, match="cannot write"):
        append_line(tmp_path / "folder", b"x")
    assert names(tmp_path) == ["file", "folder"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """What a link points at is not ours to overwrite."""
    target = tmp_path / "target"
    target.write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(target)
    write_atomic(tmp_path / "link", b"ours")
    assert (target.read_bytes(), (tmp_path / "link").read_bytes()) == (b"theirs", b"ours")


@pytest.mark.parametrize("what", ["file", "lines"])
def test_killed_at_any_moment(tmp_path: Path, what: str) -> None:
    """The file is one whole version; of a log at most the last line is torn, and the next append ends it."""
    path = tmp_path / "f"
    for _ in range(4):
        command = [sys.executable, "-c", FOREVER, str(path), what]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            before = path.stat().st_mtime_ns if path.exists() else 0
            while not path.exists() or path.stat().st_mtime_ns == before:
                assert child.poll() is None
            child.send_signal(signal.SIGKILL)
        if what == "file":
            assert len(set(path.read_bytes().splitlines())) == 1
            assert len(path.read_bytes().splitlines()) == 20_000
        else:
            append_line(path, b"y")
            *rest, last = path.read_bytes().splitlines()
            assert last == b"y"
            assert sum(line not in (b"x" * 300, b"y") for line in rest) <= 4
            assert rest[0] == b"x" * 300


def test_a_torn_line_is_ended_first(tmp_path: Path) -> None:
    """It spoils itself only."""
    path = tmp_path / "log"
    path.write_bytes(b'{"a":1}\n{"b"')
    append_line(path, b'{"c":3}')
    assert path.read_bytes() == b'{"a":1}\n{"b"\n{"c":3}\n'


def test_a_line_is_one_line() -> None:
    """A line break would make two of it."""
    for line in (b"a\nb", b"a\r", b"\n"):
        with pytest.raises(ValueError, match="line break"):
            append_line(Path("/nonexistent/never"), line)


def test_appends_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    """Every line arrives whole."""
    path = tmp_path / "log"

    def write(letter: bytes) -> None:
        for _ in range(10):
            append_line(path, letter * 5000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_bytes().splitlines()) == sorted(
        letter * 5000 for letter in (b"a", b"b", b"c", b"d") for _ in range(10)
    )
