"""Old runs go; the newest, the signed and the unfinished stay unless they are forced out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ttsgate.bundle.manifest import ATTESTATION, MANIFEST
from ttsgate.bundle.pruning import choose, remove
from ttsgate.store.holding import hold

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Six sealed runs, five days to none old; the second is signed."""
    folders = []
    for days in (5, 4, 3, 2, 1, 0):
        folder = tmp_path / f"{(NOW - days * DAY).strftime('%Y%m%dT%H%M%SZ')}-000{days}"
        folder.mkdir()
        (folder / "result.json").write_text("{}")
        (folder / MANIFEST).write_text("{}")
        folders.append(folder)
    (folders[1] / ATTESTATION).write_text("{}")
    return folders


def gone(
    runs: list[Path], *, keep: int | None = None, older: timedelta | None = None, force: bool = False
) -> list[int]:
    """Places of the runs that go."""
    doomed, _ = choose(runs, keep=keep, older_than=older, force=force, now=NOW)
    return [runs.index(d.folder) for d in doomed]


class TestChoose:
    def test_keep(self, runs: list[Path]) -> None:
        """The N newest stay, and the signed one."""
        assert [0, 2] == gone(runs, keep=3)
        assert [0, 1, 2] == gone(runs, keep=3, force=True)

    def test_older_than(self, runs: list[Path]) -> None:
        """Only older ones go; a run of exactly that age stays."""
        assert [0, 2] == gone(runs, older=2 * DAY)
        assert [] == gone(runs, older=10 * DAY)

    def test_both(self, runs: list[Path]) -> None:
        """With both rules a run goes only if both let it go."""
        assert [0] == gone(runs, keep=1, older=3 * DAY)
        assert [0] == gone(runs, keep=4, older=DAY)

    def test_the_newest_stays(self, runs: list[Path]) -> None:
        """Not even `--keep 0` takes the newest run, unless forced; why something stayed is said."""
        doomed, kept = choose(runs, keep=0, older_than=None, force=False, now=NOW)

        assert runs[5] not in [d.folder for d in doomed]
        assert {runs[1]: "signed", runs[5]: "the newest run"} == {k.folder: k.why for k in kept}
        assert [0, 1, 2, 3, 4, 5] == gone(runs, keep=0, force=True)

    def test_unfinished(self, runs: list[Path]) -> None:
        """A run without seal stays for a day, since it may be gone on with."""
        (runs[0] / MANIFEST).unlink()
        assert 0 in gone(runs, keep=1)

        late = [*runs[:4], runs[5]]
        (runs[5] / MANIFEST).unlink()
        newer = runs[5].with_name("20261124T130000Z-ffff")
        newer.mkdir()
        doomed, kept = choose([*late, newer], keep=0, older_than=None, force=False, now=NOW + timedelta(hours=1))

        assert runs[5] not in [d.folder for d in doomed]
        assert any(k.folder == runs[5] and k.why.startswith("not sealed") for k in kept)

    def test_running(self, runs: list[Path]) -> None:
        """Nothing that some process writes into is deleted, forced or not."""
        held = hold(runs[0])
        assert held is not None
        for force in (False, True):
            doomed, kept = choose(runs, keep=0, older_than=None, force=force, now=NOW)
            assert runs[0] not in [d.folder for d in doomed]
            assert "still running" in [k.why for k in kept if k.folder == runs[0]]
        held.release()

    def test_strange_names(self, runs: list[Path], tmp_path: Path) -> None:
        """A folder whose name tells no time is never old."""
        strange = tmp_path / "0-mine"
        strange.mkdir()
        doomed, _ = choose([strange, *runs], keep=None, older_than=DAY, force=True, now=NOW)

        assert strange not in [d.folder for d in doomed]


class TestRemove:
    def test_leaves_nothing(self, runs: list[Path], tmp_path: Path) -> None:
        """A run is gone with everything in it, and the others stay."""
        remove(runs[0])

        assert sorted(runs[1:]) == sorted(tmp_path.iterdir())
