"""Limits are read strictly, and compared with what the samples can bear."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.errors import UsageError
from ttsgate.verdict.limits import judge_limit, needed_samples, parse_limit
from ttsgate.verdict.metrics import COUNTS, TIMES, Group, Observed, Sample

MODEL = "qwen3-tts-flash-realtime"


def observed(*values: float | None, metric: str = "first_audio_ms", failed: int = 0, **group: object) -> Observed:
    """A live group whose sessions had those values; None gives none; the last `failed` sessions failed."""
    fields = {"model": MODEL, "client": "wire", "target": "live", "region": "cn-beijing", **group}
    samples = [
        Sample(failed=i >= len(values) - failed, numbers={} if v is None else {metric: v}) for i, v in enumerate(values)
    ]
    return Observed(Group(**fields), samples)  # type: ignore[arg-type]


class TestParsing:
    @pytest.mark.parametrize(
        "text",
        ["first_audio_ms.p50 < 900", "failures == 0", "success.rate >= 0.99", "audio_ms.min > 300", "sessions >= 9"],
    )
    def test_reads_back(self, text: str) -> None:
        """An expression prints as it was written."""
        assert text == str(parse_limit(text))

    @given(
        st.sampled_from([*(f"{n}.p50" for n in TIMES), *(f"{n}.max" for n in TIMES), *COUNTS]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(0, 100_000),
        st.sampled_from(["", " ", "   "]),
    )
    def test_every_metric(self, name: str, op: str, bound: int, space: str) -> None:
        """Each named metric can be limited, with or without spaces."""
        limit = parse_limit(f"{space}{name}{space}{op}{space}{bound}{space}")

        assert bound == limit.bound
        assert limit == parse_limit(str(limit)) or bound > 999_999

    @given(st.text(max_size=40))
    def test_never_anything_but_a_usage_error(self, text: str) -> None:
        """Whatever is written either is a limit or is refused in words."""
        refusal = None
        try:
            parse_limit(text)
        except UsageError as exc:
            refusal = str(exc)

        assert refusal is None or repr(text) in refusal

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("first_adio_ms.p50 < 900", "unknown metric 'first_adio_ms'; did you mean 'first_audio_ms'"),
            ("first_audio_ms < 900", "needs a statistic"),
            ("first_audio_ms.mean < 900", "needs a statistic"),
            ("failures.p50 < 1", "leave .p50 out"),
            ("success >= 0.9", "write success.rate"),
            ("success.rate >= 99", "between 0 and 1"),
            ("first_audio_ms.p50 == 900", "counts only"),
            ("first_audio_ms.p00 < 900", "no p00"),
            ("first_audio_ms.p50 < 0x10", "is not a limit"),
            ("first_audio_ms.p50 < 900 and failures == 0", "is not a limit"),
            ("", "is not a limit"),
        ],
    )
    def test_refuses(self, text: str, says: str) -> None:
        """What is not a limit is refused with what to write instead."""
        with pytest.raises(UsageError) as caught:
            parse_limit(text)

        assert says in str(caught.value)


class TestNeeded:
    @pytest.mark.parametrize(
        ("text", "needed"),
        [
            ("first_audio_ms.p50 < 900", 5),
            ("first_audio_ms.p95 < 900", 59),
            ("first_audio_ms.p99 < 900", 299),
            ("first_audio_ms.p999 < 900", 2995),
            ("success.rate >= 0.99", 299),
            ("failure.rate < 0.05", 59),
            ("failures == 0", 1),
            ("first_audio_ms.max < 5000", 1),
            ("success.rate >= 1", None),
            ("success.rate < 0.5", None),
        ],
    )
    def test_fewest(self, text: str, needed: int | None) -> None:
        """How many samples a group needs before a limit can hold; None if it never can."""
        assert needed == needed_samples(parse_limit(text), 0.95)


class TestJudging:
    @pytest.mark.parametrize(
        ("values", "state"),
        [
            ([500.0 + i for i in range(9)], "holds"),
            ([1500.0 + i for i in range(9)], "broken"),
            ([500.0, 600.0, 700.0, 800.0, 890.0, 1000.0, 1100.0, 1200.0, 1300.0], "undecided"),
            ([500.0] * 4, "undecided"),
        ],
    )
    def test_the_bound_decides(self, values: list[float], state: str) -> None:
        """The median of the samples is not enough: its bound must be below the limit."""
        (judged,) = judge_limit(parse_limit("first_audio_ms.p50 < 900"), [observed(*values)], confidence=0.95)

        assert state == judged.state
        assert "95% each way" in judged.why

    @given(st.lists(st.floats(1, 2000), min_size=1, max_size=70), st.integers(1, 2000))
    def test_mirror(self, values: list[float], bound: int) -> None:
        """A limit from above and its opposite never both hold."""
        below = judge_limit(parse_limit(f"first_audio_ms.p50 < {bound}"), [observed(*values)], confidence=0.95)
        above = judge_limit(parse_limit(f"first_audio_ms.p50 >= {bound}"), [observed(*values)], confidence=0.95)

        assert {below[0].state, above[0].state} in ({"holds", "broken"}, {"undecided"})

    def test_metric_that_never_occurred(self) -> None:
        """A metric that no session has is unknown, never satisfied."""
        (judged,) = judge_limit(parse_limit("tls_ms.p50 < 900"), [observed(*[1.0] * 9)], confidence=0.95)

        assert "unknown" == judged.state

    def test_loopback(self) -> None:
        """Latency is not limited on loopback, what a busy machine cannot change is."""
        group = observed(*[1500.0] * 9, failed=2, loopback=True, target="emulator", region=None)

        states = [
            judge_limit(parse_limit(t), [group], confidence=0.95)[0].state
            for t in ("first_audio_ms.p50 < 900", "failures == 0")
        ]

        assert ["not-applicable", "broken"] == states

    def test_failing_does_not_help(self) -> None:
        """Sessions that failed before any audio count as slower than any."""
        group = observed(*[500.0] * 3, *[None] * 6, failed=6)
        (judged,) = judge_limit(parse_limit("first_audio_ms.p50 < 900"), [group], confidence=0.95)

        assert "holds" != judged.state
        assert judged.interval is not None
        assert math.inf == judged.interval.high

    def test_what_a_client_does_not_see(self) -> None:
        """A number that one client cannot give does not count against it, as long as another gives it."""
        wire, sdk = observed(*[50.0] * 9, metric="tcp_ms"), observed(*[None] * 9, client="sdk-realtime")
        states = [j.state for j in judge_limit(parse_limit("tcp_ms.p50 < 90"), [wire, sdk], confidence=0.95)]

        assert ["holds", "not-applicable"] == states

    def test_each_group_by_itself(self) -> None:
        """One slow model is broken although all together would hold."""
        fast, slow = observed(*[500.0] * 30), observed(*[1500.0] * 9, model="other")
        judged = judge_limit(parse_limit("first_audio_ms.p50 < 900"), [fast, slow], confidence=0.95)

        assert {"holds": MODEL, "broken": "other"} == {j.state: j.where.split()[0] for j in judged}

    def test_refusals_are_not_measured(self) -> None:
        """Cells where a refusal is expected give no latency."""
        refused = observed(*[20.0] * 9, client="sdk-http", speech=False)

        assert [] == judge_limit(parse_limit("first_audio_ms.p50 < 900"), [refused], confidence=0.95)

    @pytest.mark.parametrize(("failed", "state"), [(0, "holds"), (3, "undecided"), (40, "broken")])
    def test_rate(self, failed: int, state: str) -> None:
        """A rate is compared with the bound of its interval."""
        (judged,) = judge_limit(
            parse_limit("success.rate >= 0.95"), [observed(*[1.0] * 70, failed=failed)], confidence=0.95
        )

        assert state == judged.state
