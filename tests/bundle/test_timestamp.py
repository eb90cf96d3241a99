"""A time token says when a signature existed; whoever is not trusted, or speaks of something else, says nothing."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bundle.runs import NOW, bundle_of, key, real_files, signed
from tests.bundle.tsa import Authority
from ttsgate.bundle.manifest import ATTESTATION, TOKEN
from ttsgate.bundle.signers import Signer
from ttsgate.bundle.timestamp import ask, check, read_roots
from ttsgate.bundle.verifying import Demands, Part, verify
from ttsgate.errors import EvidenceError, TargetUnreachable, UsageError

DATA = b'{"payload":"..."}'
AUTHORITY = Authority(now=datetime(2026, 11, 20, 12, tzinfo=UTC))


class TestCheck:
    def test_says_when_and_by_whom(self) -> None:
        """Also long after the authority's certificates have run out: they were valid at the time of the token."""
        stamp = check(AUTHORITY.stamp(DATA), DATA, [AUTHORITY.root])

        assert (AUTHORITY.now, "CN=throw-away") == (stamp.at, stamp.authority)

    def test_another_signature(self) -> None:
        """A token about other bytes is refused by its name."""
        with pytest.raises(EvidenceError, match=r"^attestation\.tsr: the time token does not hold"):
            check(AUTHORITY.stamp(DATA), DATA + b" ", [AUTHORITY.root])

    def test_an_authority_that_is_not_trusted(self) -> None:
        """Anybody can make a token."""
        with pytest.raises(EvidenceError, match=r"^attestation\.tsr: "):
            check(Authority().stamp(DATA), DATA, [AUTHORITY.root])

    @given(st.integers(0, len(AUTHORITY.stamp(DATA)) - 20), st.integers(1, 255))
    def test_no_byte_can_be_changed_into_another_time(self, place: int, change: int) -> None:
        """A changed token is refused, or says what it said: some bytes of DER are nobody's."""
        token = bytearray(AUTHORITY.stamp(DATA))
        token[place] ^= change
        with contextlib.suppress(EvidenceError):
            assert AUTHORITY.now == check(bytes(token), DATA, [AUTHORITY.root]).at

    @given(st.binary(max_size=200))
    def test_anything_else(self, data: bytes) -> None:
        """What is no token at all is refused as such."""
        with pytest.raises(EvidenceError):
            check(data, DATA, [AUTHORITY.root])


class TestAsk:
    def test_gives_a_token_about_the_signature(self) -> None:
        """Over HTTP, with a nonce; what comes back is checked against what was asked."""
        with AUTHORITY.serving() as url:
            token = ask(url, DATA)

        assert AUTHORITY.now == check(token, DATA, [AUTHORITY.root]).at

    def test_nobody_there(self) -> None:
        """Nothing listening is the authority's absence, not ours."""
        with pytest.raises(TargetUnreachable, match="time-stamping authority"):
            ask("http://127.0.0.1:9/", DATA)

    def test_no_address(self) -> None:
        """Files and other schemes are refused before anything is opened."""
        with pytest.raises(UsageError, match="http or https"):
            ask("file:///etc/passwd", DATA)


class TestRevokedLater:
    """A key that was revoked at a time counts for what an authority puts before it, and for nothing else."""

    WHEN = datetime(2026, 11, 20, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("at", "attested", "counts"),
        [(-1, True, True), (-1, False, False), (1, True, False), (1, False, False)],
    )
    def test_counts(self, at: int, attested: bool, counts: bool) -> None:
        """Only attested and before."""
        signer = Signer(name="release", public="0" * 64, revoked=self.WHEN)

        assert counts is (signer.refuses(self.WHEN + timedelta(days=at), attested=attested) is None)

    def test_revoked_for_good(self) -> None:
        """Without a time it never counts."""
        signer = Signer(name="release", public="0" * 64, revoked=True)

        assert signer.refuses(self.WHEN, attested=True) is not None


def test_roots_are_read_from_a_file(tmp_path: Path) -> None:
    """PEM; anything else is a usage error that names the file."""
    path = tmp_path / "roots.pem"
    path.write_bytes(AUTHORITY.pem)
    assert [AUTHORITY.root] == read_roots(path)
    path.write_text("nothing", "utf-8")

    with pytest.raises(UsageError, match=r"roots\.pem"):
        read_roots(path)


class TestVerify:
    """`verify` with and without authorities."""

    def origin(self, files: dict[str, bytes], **demands: object) -> Part:
        """What is said of the origin."""
        wanted = Demands(signers=[Signer(name="release", public=key().public)], **demands)  # type: ignore[arg-type]
        return verify(bundle_of(files), wanted, now=NOW + timedelta(minutes=1)).parts[1]

    def test_an_attested_time(self) -> None:
        """The time is the authority's; without its roots it stays the signer's own claim, and says so."""
        authority = Authority(now=NOW)
        files = signed(real_files(), by=key())
        stamped = {**files, TOKEN: authority.stamp(files[ATTESTATION])}

        with_roots = self.origin(stamped, authorities=[authority.root])
        assert "signed" == with_roots.state
        assert "CN=throw-away attests" in with_roots.says
        without = self.origin(stamped)
        assert "by the signer's own clock" in without.says
        assert any(TOKEN in note for note in without.notes)

    def test_a_token_that_is_missing_or_of_something_else(self) -> None:
        """Where authorities are named, both are refused, and the file is named."""
        authority = Authority(now=NOW)
        files = signed(real_files(), by=key())
        for found in (files, {**files, TOKEN: authority.stamp(b"other")}):
            part = self.origin(found, authorities=[authority.root])
            assert ("broken", True) == (part.state, part.problems[0].startswith(f"{TOKEN}: "))

    def test_a_signature_that_claims_a_later_time_than_attested(self) -> None:
        """The token is older than what the signature says of itself: one of them lies."""
        authority = Authority(now=NOW - timedelta(hours=2))
        files = signed(real_files(), by=key())
        part = self.origin({**files, TOKEN: authority.stamp(files[ATTESTATION])}, authorities=[authority.root])

        assert "broken" == part.state
        assert "attests" in part.problems[0]
