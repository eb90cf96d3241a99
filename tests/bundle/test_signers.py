"""The list of allowed signers is read strictly: a guess here would let somebody in."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bundle.runs import key
from ttsgate.bundle.signers import entry, read_signers
from ttsgate.errors import UsageError

AT = datetime(2026, 11, 24, tzinfo=UTC)


def listed(tmp_path: Path, text: str) -> Path:
    """A list of that text; PUBLIC stands for a key."""
    path = tmp_path / "signers.toml"
    path.write_text(text.replace("PUBLIC", key().public), "utf-8")
    return path


class TestRead:
    def test_entries_of_keygen_make_a_list(self, tmp_path: Path) -> None:
        """What `keygen` writes for a key is a list by itself, and appended to others one of several."""
        (one,) = read_signers(listed(tmp_path, entry('a "b" \\', key().public, AT)))

        assert ('a "b" \\', key().public, AT, False) == (one.name, one.public, one.valid_from, one.revoked)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "empty list would allow nobody"),
            ("signer = []", "empty list would allow nobody"),
            ("[[signer]]\nname = 'a'\npublic = 'PUBLIC'\n[other]\n", "nothing else"),
            ("[[signer]]\nname = 'a'", "signer 1: .*public"),
            ("[[signer]]\nname = 'a'\npublic = '12'", "signer 1: a public key is 64"),
            ("[[signer]]\nname = 'a'\npublic = 'PUBLIC'\nrevoke = true", "unknown field `revoke`"),
            ("[[signer]]\nname = 'a'\npublic = 'PUBLIC'\nvalid_until = 2027-01-01T00:00:00", "needs a time zone"),
            ("[[signer]]\nname = 'a'\npublic = 'PUBLIC'\n" * 2, "lists a key twice"),
            ("[[", "TOML"),
        ],
    )
    def test_refused(self, text: str, says: str, tmp_path: Path) -> None:
        """Anything unclear is refused with its reason."""
        with pytest.raises(UsageError, match=says):
            read_signers(listed(tmp_path, text))

    def test_missing(self, tmp_path: Path) -> None:
        """A list that is not there is named."""
        with pytest.raises(UsageError, match="cannot read the signers in"):
            read_signers(tmp_path / "none.toml")

    def test_names_are_quoted(self) -> None:
        """A name cannot add a line to the list."""
        name = 'x"\nrevoked = false\n[[signer]]\nname = "y'
        found = tomllib.loads(entry(name, key().public, AT))

        assert [{"name": name, "public": key().public, "valid_from": AT}] == found["signer"]
