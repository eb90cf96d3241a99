"""A stored run is judged again from what was received, and what was written about it must follow."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.bundle.runs import bundle_of, forged, real_files, resealed, result_of
from ttsgate.bundle.manifest import digest
from ttsgate.bundle.rejudge import rejudge
from ttsgate.errors import EvidenceError
from ttsgate.result.record import CheckRecord, Result


def session_of(result: Result) -> str:
    """Id of the only session."""
    return result.sessions[0].id


class TestHonest:
    def test_everything_is_found_again(self) -> None:
        """Same outcomes, causes, numbers, findings, cells and verdict; nothing left unread."""
        recorded = result_of(real_files())
        again = rejudge(bundle_of(real_files()))

        assert ([], [], "match") == (again.differences, again.unread, again.state)
        assert again.same_engine
        assert (len(recorded.checks), 1) == (again.outcomes, again.sessions)
        assert again.numbers > 20
        assert recorded.verdict == again.result.verdict
        assert recorded.sessions == again.result.sessions
        assert [(c.check, c.subject, c.outcome) for c in recorded.checks] == [
            (c.check, c.subject, c.outcome) for c in again.result.checks
        ]

    def test_the_recorded_result_stays_as_it_is(self) -> None:
        """Judging again changes nothing of what was read."""
        bundle = bundle_of(real_files())
        rejudge(bundle)

        assert result_of(real_files()) == bundle.result


def fail_verdict(result: Result) -> None:
    assert result.verdict is not None
    result.verdict.name, result.verdict.exit_code = "fail", 8


def better_latency(result: Result) -> None:
    result.sessions[0].timing["first_audio_ms"] -= 5


def latency_in_a_check(result: Result) -> None:
    check = next(c for c in result.checks if c.numbers)
    name = next(iter(check.numbers))
    check.numbers[name] += 0.01


def other_outcome(result: Result) -> None:
    result.checks[-1].outcome = "inconclusive"


def no_such_check(result: Result) -> None:
    result.checks.pop(3)


def more_checks(result: Result) -> None:
    result.checks[0].check = "A-perfect"


def other_text(result: Result) -> None:
    result.sessions[0].chunks += 1


def no_cost(result: Result) -> None:
    result.cost["characters"] = 0


def not_deciding(result: Result) -> None:
    result.checks[-1].decides = not result.checks[-1].decides


def other_state(result: Result) -> None:
    result.cells[0].state = "fail"


def louder(result: Result) -> None:
    result.sessions[0].waveform[10][1] += 0.05


def other_sentence(result: Result) -> None:
    result.requirements["P-usage"] = "Anything goes."


CHANGES: list[tuple[Callable[[Result], None], str]] = [
    (fail_verdict, "verdict"),
    (better_latency, "timing.first_audio_ms"),
    (latency_in_a_check, "@"),
    (other_outcome, "outcome"),
    (no_such_check, "not judged"),
    (more_checks, "A-perfect@"),
    (other_text, "chunks"),
    (no_cost, "cost.characters"),
    (not_deciding, "decides"),
    (other_state, "cell "),
    (louder, "waveform"),
    (other_sentence, "requirements.P-usage"),
]


class TestForged:
    @pytest.mark.parametrize(("change", "named"), CHANGES, ids=lambda v: getattr(v, "__name__", ""))
    def test_is_named(self, change: Callable[[Result], None], named: str) -> None:
        """With every rendering made anew and all digests repaired, recomputing still disagrees and says where."""
        again = rejudge(bundle_of(forged(real_files(), change)))

        assert "mismatch" == again.state
        assert any(named in str(d) for d in again.differences), [str(d) for d in again.differences]

    def test_another_engine_drifts(self) -> None:
        """Where the result names other rules, the same difference is called drift."""

        def change(result: Result) -> None:
            better_latency(result)
            result.engine["rules"] = "0" * 64

        again = rejudge(bundle_of(forged(real_files(), change)))

        assert (False, "drift") == (again.same_engine, again.state)

    def test_a_session_that_never_ran(self) -> None:
        """A pass of a session that left no transcript is not taken over."""

        def change(result: Result) -> None:
            result.sessions.clear()
            result.cells[0].sessions.clear()

        assert "mismatch" == rejudge(bundle_of(forged(real_files(), change))).state

    def test_blocked_is_taken_over_for_sessions_that_did_not_run(self) -> None:
        """A session that ran cannot be called blocked."""

        def change(result: Result) -> None:
            for check in result.checks:
                if check.subject == session_of(result):
                    check.outcome = "blocked"

        assert "mismatch" == rejudge(bundle_of(forged(real_files(), change))).state


class TestTranscript:
    def test_must_be_the_one_named(self) -> None:
        """A transcript of other bytes than the result names is not judged."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("transcripts/"))
        files[name] += b"\n"

        with pytest.raises(EvidenceError, match=r"not the transcript that result\.json names"):
            rejudge(bundle_of(resealed(files)))

    def test_says_what_no_run_can_say(self) -> None:
        """A transcript with a date that is none is refused, and breaks nobody."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("transcripts/"))
        head, _, rest = files[name].partition(b"\n")
        files[name] = re.sub(rb'"started":"[^"]*"', b'"started":"yesterday"', head) + b"\n" + rest
        sha = digest(files[name])

        with pytest.raises(EvidenceError, match=r"cannot be judged again: ValueError"):
            rejudge(bundle_of(forged(files, lambda r: setattr(r.sessions[0], "transcript_sha256", sha))))

    def test_must_be_of_the_session(self) -> None:
        """A transcript that says that it is of another session, model or text is not judged."""
        with pytest.raises(EvidenceError, match="of another session"):
            rejudge(
                bundle_of(
                    forged(real_files(), lambda r: setattr(r.cells[0], "model", "qwen3-tts-instruct-flash-realtime"))
                )
            )

    def test_audio_must_be_the_one_heard(self) -> None:
        """One sample of the audio changed, or its header: the file is named."""
        files = real_files()
        (name,) = (n for n in files if n.startswith("audio/"))
        original = files[name]
        for at, says in ((44 + 2000, "not the audio"), (24, "WAV header")):
            files[name] = original[:at] + bytes([original[at] ^ 1]) + original[at + 1 :]
            with pytest.raises(EvidenceError, match=f"{name}: .*{says}"):
                rejudge(bundle_of(resealed(files)))

    def test_audio_that_was_not_kept(self) -> None:
        """Without its audio a session cannot be judged again; its outcomes stay as recorded, and that is said."""

        def change(result: Result) -> None:
            result.sessions[0].audio = None

        files = {n: d for n, d in real_files().items() if not n.startswith("audio/")}
        again = rejudge(bundle_of(forged(files, change)))

        assert "not attempted" == again.state
        assert ["its audio was not kept (--keep-audio)"] == [u.split(": ")[1] for u in again.unread]
        assert again.result.verdict == result_of(files).verdict

    def test_what_goes_across_sessions_that_were_not_kept(self) -> None:
        """Outcomes of their cell and of the run rest on what is gone: they stand as recorded, too."""

        def change(result: Result) -> None:
            result.sessions[0].audio = None
            cell = result.cells[0]
            across = [("X-intermittent", cell.id, cell.id), ("X-rate", "run", None)]
            result.checks += [
                CheckRecord(check=check, stage="across", subject=subject, outcome="pass", cell=of)
                for check, subject, of in across
            ]

        files = {n: d for n, d in real_files().items() if not n.startswith("audio/")}
        again = rejudge(bundle_of(forged(files, change)))

        assert ([], "not attempted") == (again.differences, again.state)


class TestDrawn:
    def test_only_what_was_drawn_is_judged(self) -> None:
        """The others are taken over as recorded, and it is said how many; the verdict follows from both."""
        recorded = result_of(real_files())
        none = rejudge(bundle_of(real_files()), only=[])
        every = rejudge(bundle_of(real_files()), only=[session_of(recorded)])

        assert ("not attempted", ["1 sessions that were not drawn (--sample)"]) == (none.state, none.unread)
        assert recorded.verdict == none.result.verdict
        assert ("match", []) == (every.state, every.unread)

    def test_a_forged_session_that_is_drawn(self) -> None:
        """It is named as if all had been judged."""

        def change(result: Result) -> None:
            result.sessions[0].timing["first_audio_ms"] = 1.0

        files = forged(real_files(), change)
        again = rejudge(bundle_of(files), only=[session_of(result_of(files))])

        assert any("timing.first_audio_ms" in str(d) for d in again.differences)
