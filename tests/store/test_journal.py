"""The journal of changes survives whoever writes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.errors import UsageError
from ttsgate.result.record import Mutation
from ttsgate.store import Journal

URL = "http://127.0.0.1:1/api/v1"

HOLDER = """
import sys
from pathlib import Path
from ttsgate.result.record import Mutation
from ttsgate.store import Journal
journal = Journal(Path(sys.argv[1]))
journal.intend(Mutation(id="theirs", what="voice-design", name="n", run="run-b"), "http://127.0.0.1:1/api/v1")
journal.created("theirs", "voice-theirs")
print("held", flush=True)
sys.stdin.read()
"""


def mutation(id: str = "m1", run: str = "run-a") -> Mutation:
    """A voice that is about to be made."""
    return Mutation(id=id, what="voice-design", name="gate_1", run=run)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test lies."""
    return tmp_path / "base/journal.jsonl"


def states(journal: Journal) -> dict[str, str]:
    return {p.mutation.id: p.mutation.state for p in journal.entries()}


def test_what_is_intended_is_on_disk_before_anything_is_sent(path: Path) -> None:
    """Another process, or the next run, sees it at once."""
    Journal(path).intend(mutation(), URL)
    with Journal(path) as reader:
        (found,) = reader.entries()
    assert (found.mutation, found.url) == (mutation(), URL)
    assert found.at.endswith("Z")


def test_the_way_of_a_change(path: Path) -> None:
    """Intended and created are pending, deleted and refused are not; the service's id is kept."""
    with Journal(path) as journal:
        for name in "abcd":
            journal.intend(mutation(name), URL)
        for name in "bc":
            journal.created(name, f"voice-{name}")
        journal.deleted("c")
        journal.failed("d", "InvalidParameter")
        assert [(p.mutation.id, p.mutation.resource) for p in journal.pending()] == [("a", None), ("b", "voice-b")]
        assert states(journal) == {"a": "intended", "b": "created", "c": "deleted", "d": "failed"}


def test_a_failed_deletion_stays_pending(path: Path) -> None:
    """The voice is still there; why is kept for the message."""
    with Journal(path) as journal:
        journal.intend(mutation(), URL)
        journal.created("m1", "voice-1")
        journal.failed("m1", "503")
        (found,) = journal.pending()
        assert (found.mutation.state, found.mutation.resource, found.why) == ("created", "voice-1", "503")
        journal.deleted("m1")
        assert journal.pending() == []


def test_pending_by_url(path: Path) -> None:
    """Voices of one service are not looked for at another."""
    with Journal(path) as journal:
        journal.intend(mutation("a"), URL)
        journal.intend(mutation("b"), "https://elsewhere/api/v1")
        assert [p.mutation.id for p in journal.pending(URL)] == ["a"]
        assert [p.mutation.id for p in journal.pending()] == ["a", "b"]


def test_no_journal_is_an_empty_one(path: Path) -> None:
    """Reading makes no file."""
    assert Journal(path).pending() == []
    assert not path.parent.exists()


def test_a_run_that_ended_leaves_its_work_to_the_next(path: Path) -> None:
    """Closed properly: the entry is anybody's, and no lock file is left."""
    with Journal(path) as journal:
        journal.intend(mutation(), URL)
    assert [p.mutation.id for p in Journal(path).pending()] == ["m1"]
    assert os.listdir(path.parent) == ["journal.jsonl"]


def test_a_living_run_keeps_its_own_and_a_killed_one_does_not(path: Path) -> None:
    """Another run's voices are in use until it ends, however it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with Journal(path) as journal:
            journal.intend(mutation("ours"), URL)
            assert [p.mutation.id for p in journal.pending()] == ["ours"]
            assert set(states(journal)) == {"theirs", "ours"}
            child.kill()
            child.wait()
            assert [(p.mutation.id, p.mutation.resource) for p in journal.pending()] == [
                ("theirs", "voice-theirs"),
                ("ours", None),
            ]


def test_a_run_may_open_its_journal_twice(path: Path) -> None:
    """Both are the same run; neither waits for the other, and one owner is enough to keep it alive."""
    with Journal(path) as second:
        with Journal(path) as first:
            first.intend(mutation("a"), URL)
            second.intend(mutation("b"), URL)
            assert [p.mutation.id for p in first.pending()] == ["a", "b"]
        assert Journal(path).pending() == []
    assert [p.mutation.id for p in Journal(path).pending()] == ["a", "b"]


def test_a_torn_last_line_costs_itself_only(path: Path) -> None:
    """Whatever was cut off, the lines before it count and the next line is read."""
    with Journal(path) as journal:
        journal.intend(mutation("a"), URL)
        journal.intend(mutation("b"), URL)
        whole = path.read_bytes()
        for cut in range(1, len(whole.splitlines()[-1]) + 1):
            path.write_bytes(whole[:-cut])
            assert "a" in states(journal)
            journal.created("a", "voice-a")
            assert states(journal)["a"] == "created"


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")),
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5),
                lambda inner: st.dictionaries(
                    st.sampled_from(["op", "id", "url", "at", "what", "name", "resource"]), inner
                ),
            ).map(msgspec.json.encode),
            st.sampled_from([b'{"op":"created","id":"x"}', b'{"op":"intend"}', b'{"op":"what","id":"good"}', b"[]"]),
        ),
        max_size=6,
    )
)
def test_foreign_lines_are_passed_over(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """Nothing that stands in the file hides a good entry or stops a clean-up."""
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    good = msgspec.json.encode(
        {"at": "2026-11-22T00:00:00Z", "op": "intend", "url": URL, **msgspec.to_builtins(mutation("good"))}
    )
    path.write_bytes(b"\n".join([*lines, good, *lines]) + b"\n")
    assert "good" in {p.mutation.id for p in Journal(path).pending()}


def test_where_nothing_can_be_written_nothing_may_be_sent(tmp_path: Path) -> None:
    """The intention raises before the request could leave."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        Journal(tmp_path / "file/journal.jsonl").intend(mutation(), URL)
