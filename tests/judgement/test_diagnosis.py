"""One finding a cause, blamed on the right party."""

from __future__ import annotations

from typing import Any

import pytest

from tests.judgement.written import result_of
from ttsgate.judgement.causes import CAUSES
from ttsgate.judgement.diagnosis import diagnose
from ttsgate.result.record import Cell, CheckRecord, Runtime, Target

FLASH = "qwen3-tts-flash-realtime"


def record(
    check: str, cause: str | None, *, client: str | None = "wire", model: str | None = FLASH, **more: Any
) -> CheckRecord:
    outcome = more.pop("outcome", "fail")
    stage = more.pop("stage", "conformance")
    subject = f"{client}-{model}"
    return CheckRecord(
        check=check, stage=stage, subject=subject, outcome=outcome, cause=cause, client=client, model=model, **more
    )


def test_fifty_failures_of_one_cause_are_one_finding() -> None:
    """Models and clients are listed in it."""
    records = [
        record("A-silence", "service.silence", client=c, model=m) for c in ("wire", "sdk-realtime") for m in "abc"
    ]

    (finding,) = diagnose(result_of(checks=records))

    assert ("service", "service.silence") == (finding.diagnosis.party, finding.diagnosis.cause)
    assert (["a", "b", "c"], ["wire", "sdk-realtime"]) == (sorted(finding.models), finding.clients)
    assert 6 == len(finding.checks)
    assert "seen 6 times" in finding.message


def test_what_fails_through_the_sdk_alone_is_the_sdk() -> None:
    """Our own client gets it right: the SDK is named with its release."""
    records = [
        record("C-finished", None, outcome="pass"),
        record("C-finished", "service.hang", client="sdk-realtime", cell="c1", message="gave up"),
    ]
    cell = Cell(id="c1", model=FLASH, client="sdk-realtime", runtime="r", mode="commit", format="pcm")
    runtime = Runtime(id="r", python="3.11.7", executable="python", dashscope="1.25.11")

    (finding,) = diagnose(result_of(checks=records, cells=[cell], runtimes=[runtime]))

    assert ("sdk", "sdk.behaviour") == (finding.diagnosis.party, finding.diagnosis.cause)
    assert "dashscope 1.25.11 on Python 3.11.7" in finding.diagnosis.summary
    assert ["service.hang"] == finding.diagnosis.candidates


def test_what_fails_on_both_is_the_service() -> None:
    """The wire's cause wins, one finding for both."""
    records = [
        record("C-finished", "service.dropped"),
        record("C-finished", "sdk.behaviour", client="sdk-realtime"),
    ]

    assert ["service.dropped"] == [f.diagnosis.cause for f in diagnose(result_of(checks=records))]


def test_what_an_sdk_sends_may_be_refused() -> None:
    """A rejected value through the SDK, while our own client is served, is what that release sends."""
    records = [
        record("C-finished", None, outcome="pass"),
        record("C-finished", "client.request", client="sdk-realtime"),
    ]

    assert ["sdk.refused"] == [f.diagnosis.cause for f in diagnose(result_of(checks=records))]


def test_an_sdk_that_hides_the_reason() -> None:
    """A connect time-out of the SDK is explained by the refusal that our own client saw."""
    records = [record("C-open", "key.invalid"), record("C-open", "sdk.connect", client="sdk-realtime")]

    (finding,) = diagnose(result_of(checks=records))

    assert "key.invalid" == finding.diagnosis.cause
    assert ["key.other-region"] == finding.diagnosis.candidates


def test_without_our_own_client_nothing_is_picked() -> None:
    """The SDK stays a candidate when nobody else was asked."""
    (finding,) = diagnose(result_of(checks=[record("P-order", "service.protocol", client="sdk-realtime")]))

    assert ("service.protocol", ["sdk.behaviour"]) == (finding.diagnosis.cause, finding.diagnosis.candidates)


def test_a_blocked_way_explains_the_sessions() -> None:
    """A refused key at the model list explains every refused session."""
    records = [
        record("N-models", "key.invalid", client=None, model=None, stage="connectivity"),
        record("C-open", "permission.denied"),
        record("C-open", "service.nonsense", client="sdk-realtime"),
    ]

    assert ["key.invalid"] == [f.diagnosis.cause for f in diagnose(result_of(checks=records))]


def test_our_own_emulator_is_our_own_bug() -> None:
    """Without injected faults a finding against the embedded emulator is a harness error."""
    target = Target(kind="emulator", claim="emulated, not live", ws_url="", http_url="")
    records = [record("A-coverage", "service.text"), record("C-open", "key.invalid")]

    found = [f.diagnosis.cause for f in diagnose(result_of(checks=records, target=target))]
    target.faults = ["half"]
    injected = [f.diagnosis.cause for f in diagnose(result_of(checks=records, target=target))]

    assert ["harness.emulator", "key.invalid"] == found
    assert ["key.invalid", "service.text"] == injected


def test_drift_is_no_finding_and_warnings_do_not_block() -> None:
    """Notes are listed elsewhere; warnings and surveyed models are findings that do not block."""
    records = [
        record("P-drift", "service.protocol", severity="note"),
        record("P-usage", "service.usage", severity="warn"),
        record("P-order", "service.protocol", decides=False),
        record("P-order", None, outcome="blocked"),
    ]

    findings = diagnose(result_of(checks=records))

    assert [("service.protocol", False), ("service.usage", False)] == [
        (f.diagnosis.cause, f.blocking) for f in findings
    ]


def test_our_own_broken_check() -> None:
    """Comes first, as a harness error."""
    records = [record("P-order", "service.protocol"), record("A-dc", None, outcome="error", message="our check raised")]

    assert ["harness.check", "service.protocol"] == [f.diagnosis.cause for f in diagnose(result_of(checks=records))]


@pytest.mark.parametrize(("check", "cause"), [("S-compile", "script.syntax"), ("U-mine", "service.protocol")])
def test_a_check_that_names_no_cause(check: str, cause: str) -> None:
    """Its family decides."""
    (finding,) = diagnose(result_of(checks=[record(check, None)]))

    assert cause == finding.diagnosis.cause


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda c: c.id)
def test_every_cause_says_what_to_do(cause: Any) -> None:
    """Two sentences, candidates that exist."""
    assert cause.summary[0].isupper()
    assert cause.next_step.endswith(".")
    assert not cause.summary.endswith(".")
    known = {*CAUSES, "network.slow"}
    assert set(cause.candidates) <= known
