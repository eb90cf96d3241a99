"""Integrity, origin and re-judgement are told apart, and what cannot be known is said."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import msgspec
import pytest

from tests.bundle.runs import MODEL, NOW, bundle_of, forged, key, real_files, result_of, signed
from ttsgate.bundle.manifest import ATTESTATION
from ttsgate.bundle.rejudge import rejudge
from ttsgate.bundle.signers import Signer
from ttsgate.bundle.signing import SigningKey
from ttsgate.bundle.verifying import UNSIGNED, Demands, Verification, verify
from ttsgate.result.record import Result

LATER = NOW + timedelta(hours=2)


def looked_at(files: dict[str, bytes], demands: Demands | None = None) -> Verification:
    """What is found in a bundle two hours after it was signed."""
    return verify(bundle_of(files), demands or Demands(), now=LATER)


def states(done: Verification) -> dict[str, str]:
    """State of each part."""
    return {p.name: p.state for p in done.parts}


def problems(done: Verification) -> list[str]:
    """Everything that does not hold."""
    return [problem for p in done.parts for problem in p.problems]


def trusted(**more: object) -> Demands:
    """Our key is in the list."""
    return Demands(signers=[msgspec.convert({"name": "release", "public": key().public, **more}, Signer)])


def live(result: Result) -> None:
    """Pretend that it was live."""
    result.target.kind, result.target.claim, result.target.region = "live", "live", "cn-beijing"


def last_year(result: Result) -> None:
    """Move the run by a year; the transcripts keep their times, but nobody compares them."""
    result.finished = result.finished and result.finished.replace("20", "19", 1)


def other_transcript(files: dict[str, bytes]) -> dict[str, bytes]:
    """A whole transcript made up, twice as fast, with a result that follows from it."""
    (name,) = (n for n in files if n.startswith("transcripts/"))
    head, *lines = files[name].splitlines()
    entries = [json.loads(line) for line in lines]
    for entry in entries:
        entry["t"] /= 1.25
    files = dict(files)
    files[name] = b"\n".join([head, *(json.dumps(e, separators=(",", ":")).encode() for e in entries)]) + b"\n"

    def point(result: Result) -> None:
        result.sessions[0].transcript_sha256 = hashlib.sha256(files[name]).hexdigest()

    found = rejudge(bundle_of(forged(files, point))).result

    def follow(result: Result) -> None:
        point(result)
        result.sessions, result.checks = found.sessions, found.checks
        result.cells, result.findings, result.verdict = found.cells, found.findings, found.verdict

    return forged(files, follow)


class TestHonest:
    def test_unsigned(self) -> None:
        """A whole bundle without a signature holds, and its origin is said to be unknown."""
        done = looked_at(real_files())

        assert (True, 0) == (done.holds, done.exit_code)
        assert {"integrity": "ok", "origin": "unknown", "re-judgement": "match", "demands": "ok"} == states(done)
        assert UNSIGNED == done.parts[1].says

    def test_signed_by_somebody_trusted(self) -> None:
        """A signature of the list holds; its time is called the signer's own."""
        done = looked_at(signed(real_files(), key()), trusted())

        assert done.holds
        assert "signed" == states(done)["origin"]
        assert "by the signer's own clock by release" in done.parts[1].says

    def test_signed_by_somebody_unknown(self) -> None:
        """Without a list a signature proves nothing about who, and that is said; with one it is refused."""
        files = signed(real_files(), SigningKey.generate()[0])

        assert (True, "unknown") == (looked_at(files).holds, states(looked_at(files))["origin"])
        assert "origin unknown: name the keys" in looked_at(files).parts[1].says
        assert (6, "refused") == (looked_at(files, trusted()).exit_code, states(looked_at(files, trusted()))["origin"])

    def test_unsigned_is_refused_where_signers_are_named(self) -> None:
        """With a list of signers, no signature is a refusal."""
        assert [f"{ATTESTATION}: missing: the bundle is not signed"] == problems(looked_at(real_files(), trusted()))


class TestForged:
    def test_verdict_with_repaired_digests(self) -> None:
        """A changed verdict is refused though every digest holds."""

        def change(result: Result) -> None:
            assert result.verdict is not None
            result.verdict.name, result.verdict.exit_code = "fail", 1

        done = looked_at(forged(real_files(), change))

        assert {"integrity": "ok", "re-judgement": "mismatch"}.items() <= states(done).items()
        assert "result.json: verdict: recorded fail, found pass" in problems(done)

    def test_latency_with_repaired_digests(self) -> None:
        """A changed latency is refused though every digest holds, and is named."""
        done = looked_at(forged(real_files(), lambda r: r.sessions[0].timing.update(first_audio_ms=1.0)))

        assert 6 == done.exit_code
        assert any("timing.first_audio_ms: recorded 1.0, found" in p for p in problems(done))

    @pytest.mark.parametrize("change", [live, last_year])
    def test_target_and_times(self, change: object) -> None:
        """What no transcript can prove shows by the signature; without one, the bundle says that nothing could tell."""
        files = signed(real_files(), key())
        done = looked_at(forged(files, change))  # type: ignore[arg-type]
        unsigned = looked_at(forged(real_files(), change))  # type: ignore[arg-type]

        assert (6, "broken") == (done.exit_code, states(done)["origin"])
        assert any("manifest.json: not the one that was signed" in p for p in problems(done))
        assert (True, UNSIGNED) == (unsigned.holds, unsigned.parts[1].says)

    def test_a_whole_transcript(self) -> None:
        """A made-up session with a result that follows from it: the signature shows it, and nothing else can."""
        unsigned = looked_at(other_transcript(real_files()))
        done = looked_at(other_transcript(signed(real_files(), key())))

        assert (True, UNSIGNED, "match") == (unsigned.holds, unsigned.parts[1].says, states(unsigned)["re-judgement"])
        assert (6, "broken", "match") == (done.exit_code, states(done)["origin"], states(done)["re-judgement"])

    def test_rendering_with_repaired_digests(self) -> None:
        """A report that says something else than the result is refused and named."""
        files = real_files()
        files["summary.md"] = files["summary.md"].replace(b"PASS", b"FAIL")
        done = looked_at(forged_files(files))

        assert ["summary.md: not what ttsgate makes of result.json"] == problems(done)

    def test_signature_of_another_run(self) -> None:
        """An honest signature taken from another bundle is refused."""
        other = signed(forged(real_files(), lambda r: setattr(r, "run", "20260101T000000Z-0000")), key())
        done = looked_at({**real_files(), ATTESTATION: other[ATTESTATION]}, trusted())

        assert "broken" == states(done)["origin"]
        assert "result.json: run is not what was signed" in problems(done)


def forged_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """Digests repaired, nothing rendered again."""
    from tests.bundle.runs import resealed

    return resealed(files)


class TestSigners:
    @pytest.mark.parametrize(
        ("entry", "says"),
        [
            ({"valid_from": NOW + timedelta(hours=1)}, "valid only from"),
            ({"valid_until": NOW - timedelta(hours=1)}, "was valid until"),
            ({"revoked": True}, "was revoked"),
            ({"revoked": NOW + timedelta(days=1)}, "was revoked on"),
        ],
    )
    def test_out_of_time_or_revoked(self, entry: dict[str, object], says: str) -> None:
        """A key outside its time, or revoked at whatever time, counts for nothing."""
        done = looked_at(signed(real_files(), key()), trusted(**entry))

        assert (6, "refused") == (done.exit_code, states(done)["origin"])
        assert says in problems(done)[0]

    def test_in_time(self) -> None:
        """A key within its time counts."""
        entry = {"valid_from": NOW - timedelta(days=1), "valid_until": NOW + timedelta(days=1), "revoked": False}

        assert looked_at(signed(real_files(), key()), trusted(**entry)).holds

    def test_signed_in_the_future(self) -> None:
        """A signature from the future is refused."""
        done = looked_at(signed(real_files(), key(), at=LATER + timedelta(hours=1)), trusted())

        assert "signed in the future" in problems(done)[0]


class TestDemands:
    def test_target(self) -> None:
        """Emulated evidence is never taken for live."""
        done = looked_at(real_files(), Demands(target="live"))

        assert ["result.json: evidence about the target emulator, not live"] == problems(done)
        assert looked_at(real_files(), Demands(target="emulator")).holds

    def test_age(self) -> None:
        """A run older than allowed is refused, and so is one from the future."""
        assert looked_at(real_files(), Demands(max_age=timedelta(hours=3))).holds
        assert "ago; at most 1.0 hours" in problems(looked_at(real_files(), Demands(max_age=timedelta(hours=1))))[0]
        early = verify(bundle_of(real_files()), Demands(max_age=timedelta(days=1)), now=NOW - timedelta(days=1))
        assert "ended in the future" in problems(early)[0]

    def test_models(self) -> None:
        """A model of which nothing was judged is refused by name."""
        assert looked_at(real_files(), Demands(models=[MODEL])).holds
        assert ["result.json: no session of qwen3-tts-vd-realtime-2026-01-15 was judged and passed"] == problems(
            looked_at(real_files(), Demands(models=[MODEL, "qwen3-tts-vd-realtime-2026-01-15"]))
        )


class TestDrift:
    def test_is_not_called_tampering(self) -> None:
        """Another number under another engine is drift: shown, with the way back to that engine, and refused only
        when that is asked for."""

        def change(result: Result) -> None:
            result.sessions[0].timing["first_audio_ms"] += 1
            result.engine.update(rules="0" * 64, revision="abc", dirty=False)

        files = forged(real_files(), change)
        done = looked_at(files)

        assert (True, "drift") == (done.holds, states(done)["re-judgement"])
        assert "git checkout abc, then pip install . numpy==" in done.parts[2].says
        assert ["drift: result.json: " in note for note in done.parts[2].notes] == [True]
        assert 6 == looked_at(files, Demands(strict=True)).exit_code

    def test_another_verdict_is_refused(self) -> None:
        """A verdict that does not follow is refused under any engine: else naming another one would be a way round."""

        def change(result: Result) -> None:
            assert result.verdict is not None
            result.verdict.name, result.verdict.exit_code = "fail", 1
            result.engine["rules"] = "0" * 64

        done = looked_at(forged(real_files(), change))

        assert (6, "drift") == (done.exit_code, states(done)["re-judgement"])
        assert "(drift): recorded fail, found pass" in problems(done)[0]

    def test_same_answers_under_another_engine_match(self) -> None:
        """An engine of other rules that finds the same confirms the bundle, and says that it is another."""
        done = looked_at(forged(real_files(), lambda r: r.engine.update(rules="0" * 64)))

        assert (True, "match") == (done.holds, states(done)["re-judgement"])
        assert "another engine" in done.parts[2].says


class TestBroken:
    def test_nothing_else_is_believed(self) -> None:
        """Of a bundle that is not whole only that is said; signature and re-judgement are not looked at."""
        files = signed(real_files(), key())
        files["summary.md"] += b"x"
        done = looked_at(files, trusted())

        assert {"integrity": "broken", "origin": "unknown", "re-judgement": "not attempted"}.items() <= states(
            done
        ).items()
        assert problems(done)[0].startswith("summary.md: ")
        assert result_of(files).run == (done.result and done.result.run)
