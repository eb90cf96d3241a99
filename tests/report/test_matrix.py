from __future__ import annotations

from tests.report.samples import FIVE, break_cell, build, failing, key_refused, runtime, session, two_runtimes
from ttsgate.report import matrix
from ttsgate.report.index import Index
from ttsgate.result.record import Result


def table(result: Result) -> matrix.Matrix:
    return matrix.build(Index(result))


class TestTable:
    def test_has_a_place_for_every_model_under_every_client(self) -> None:
        """Rows are models, columns clients with their runtime, in the order of the plan."""
        found = table(build())

        assert ["wire", "sdk-realtime", "sdk-http"] == [c.client for c in found.columns]
        assert [None, "2.0.2", "2.0.2"] == [c.runtime.dashscope if c.runtime else None for c in found.columns]
        assert list(FIVE) == [r.model.name for r in found.rows]
        assert all(len(place) == 1 for row in found.rows for place in row.places)

    def test_two_runtimes_are_two_columns(self) -> None:
        """The same client under another SDK release is another column."""
        columns = table(two_runtimes()).columns

        releases = [(c.client, c.runtime.dashscope if c.runtime else None) for c in columns]
        assert [
            ("wire", None),
            ("sdk-realtime", "1.25.11"),
            ("sdk-realtime", "2.0.2"),
            ("sdk-http", "1.25.11"),
            ("sdk-http", "2.0.2"),
        ] == releases

    def test_a_combination_that_was_not_planned_is_empty(self) -> None:
        """A missing cell leaves an empty place, it does not shift the row."""
        result = build()
        gone = result.cells.pop(4)
        row = next(r for r in table(result).rows if r.model.name == gone.model)

        assert [1, 0, 1] == [len(place) for place in row.places]

    def test_modes_and_formats_are_told_apart(self) -> None:
        """Several cells in one place say what they differ in; a lone one needs not."""
        result = build()
        other = build(runtimes=(runtime(),)).cells[0]
        other.id, other.mode, other.format = "other", "commit", "opus"
        result.cells.append(other)
        row = table(result).rows[0]

        assert ["server_commit · pcm", "commit · opus"] == [chip.variant for chip in row.places[0]]
        assert [""] == [chip.variant for chip in row.places[1]]

    def test_a_model_without_facts_is_shown(self) -> None:
        """A cell's model that the result says nothing about still has its row."""
        result = build()
        result.models = result.models[1:]

        assert FIVE[0] in [r.model.name for r in table(result).rows]


class TestChip:
    def test_of_a_pass_shows_the_first_audio(self) -> None:
        """The number that people look for first."""
        assert "first audio 195 ms" == table(build()).rows[0].places[0][0].detail

    def test_of_several_sessions_shows_their_median(self) -> None:
        """Not the first one's number, which says little about the others."""
        result = build()
        cell = result.cells[0]
        times = (195.0, 400.0, 210.0)
        result.sessions = [
            session(cell, id=f"{cell.id}-{n}", attempt=n, timing={"first_audio_ms": ms})
            for n, ms in enumerate(times, 1)
        ]

        assert "first audio 210 ms (median of 3)" == table(result).rows[0].places[0][0].detail

    def test_of_a_failure_shows_the_check(self) -> None:
        """Which check, and what it saw."""
        chip = table(failing()).rows[0].places[0][0]

        assert "P-response-done: 1 response.created, 0 response.done before session.finished" == chip.reason

    def test_of_the_worst_check_only(self) -> None:
        """A cell in error shows our own breakage, not a failure beside it."""
        result = failing()
        break_cell(result, result.cells[0].id, "A-silence", "ValueError: broken", "error")

        assert "A-silence: ValueError: broken" == table(result).rows[0].places[0][0].reason

    def test_of_a_refusal(self) -> None:
        """An expected refusal is called one, with the service's code, and without timing."""
        chip = table(build()).rows[0].places[2][0]

        assert ("refused, as expected", "400 InvalidParameter", "") == (chip.word, chip.reason, chip.detail)

    def test_of_a_blocked_cell(self) -> None:
        """What was blocked gives the reason why."""
        chip = table(key_refused()).rows[0].places[2][0]

        assert ("blocked", "key.invalid: the key was refused") == (chip.word, chip.reason)
