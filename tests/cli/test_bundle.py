"""``ttsgate bundle``: from a key to an archive that somebody else verifies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle.runs import real_files, ttsgate, written
from ttsgate.bundle.manifest import ATTESTATION


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A copy of the real run."""
    return written(real_files(), tmp_path / "run")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key with its entry for a list of signers."""
    assert 0 == ttsgate("keygen", str(tmp_path / "key"), "--name", "release").returncode
    return tmp_path / "key"


class TestBundle:
    def test_from_key_to_archive(self, run: Path, key: Path, tmp_path: Path) -> None:
        """Sign, export, verify without unpacking, with the list that `keygen` wrote."""
        archive = tmp_path / "out" / "run.zip"
        done = ttsgate("bundle", "sign", str(run), "--key", str(key))
        assert (0, "") == (done.returncode, done.stderr)
        assert 0 == ttsgate("bundle", "export", str(run), str(archive)).returncode
        done = ttsgate("verify", str(archive), "--signers", f"{key}.pub")

        assert 0 == done.returncode, done.stdout
        assert "by the signer's own clock by release" in done.stdout
        assert "origin=signed" in done.stdout

    def test_key_from_the_environment(self, run: Path, key: Path) -> None:
        """TTSGATE_SIGN_KEY names the key as --key does."""
        assert 0 == ttsgate("bundle", "sign", str(run), TTSGATE_SIGN_KEY=str(key)).returncode
        assert (run / ATTESTATION).is_file()

    def test_what_is_not_whole_is_neither_signed_nor_exported(self, run: Path, key: Path, tmp_path: Path) -> None:
        """A changed file is named, exit 6, and nothing is written."""
        (run / "summary.md").write_text("all is well")

        for arguments in (["sign", str(run), "--key", str(key)], ["export", str(run), str(tmp_path / "x.zip")]):
            done = ttsgate("bundle", *arguments)
            assert (6, True) == (done.returncode, "summary.md: " in done.stderr)
        assert not (run / ATTESTATION).exists()
        assert not (tmp_path / "x.zip").exists()

    def test_no_key(self, run: Path, tmp_path: Path) -> None:
        """A key that is not there, or none, is exit 2."""
        (tmp_path / "none").write_text("no key")

        for name in ("missing", "none"):
            done = ttsgate("bundle", "sign", str(run), "--key", str(tmp_path / name))
            assert (2, True) == (done.returncode, "key" in done.stderr)
