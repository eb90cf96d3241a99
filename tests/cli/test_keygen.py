"""``ttsgate keygen``: a private key for one, an entry for everybody."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.bundle.runs import ttsgate
from ttsgate.bundle.signers import read_signers
from ttsgate.bundle.signing import SigningKey


class TestKeygen:
    def test_makes_a_pair(self, tmp_path: Path) -> None:
        """The private key is readable by its owner alone and never printed; the entry names its public half."""
        done = ttsgate("keygen", str(tmp_path / "k"), "--name", "release bot")
        pem = (tmp_path / "k").read_bytes()
        (signer,) = read_signers(tmp_path / "k.pub")

        assert (0, "") == (done.returncode, done.stderr)
        assert 0o600 == stat.S_IMODE((tmp_path / "k").stat().st_mode)
        assert ("release bot", SigningKey(pem).public) == (signer.name, signer.public)
        assert pem.splitlines()[1].decode() not in done.stdout + (tmp_path / "k.pub").read_text()

    def test_overwrites_nothing(self, tmp_path: Path) -> None:
        """A file that is there stays, be it the key's or the entry's."""
        for name in ("k", "l.pub"):
            (tmp_path / name).write_text("mine")
            done = ttsgate("keygen", str(tmp_path / name.removesuffix(".pub")))
            assert (2, True) == (done.returncode, "exists already" in done.stderr)
            assert "mine" == (tmp_path / name).read_text()
        assert ["k", "l.pub"] == sorted(p.name for p in tmp_path.iterdir())
