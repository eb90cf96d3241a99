"""Small results that were judged: cells, sessions, checks and the findings that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ttsgate.judgement.diagnosis import diagnose
from ttsgate.result.record import (
    Cell,
    CheckRecord,
    ModelFacts,
    Outcome,
    Result,
    Runtime,
    SessionRecord,
    Target,
    TargetKind,
)
from ttsgate.result.transcript import Utterance
from ttsgate.verdict.evidence import Bundle

FLASH = "qwen3-tts-flash-realtime"
INSTRUCT = "qwen3-tts-instruct-flash-realtime"
SUBJECT = {"name": "app", "git": "abcdef1234"}
STARTED = "2026-11-24T02:00:00.000Z"


def judged(
    outcomes: Mapping[tuple[str, str], Sequence[Outcome]] | None = None,
    *,
    check: str = "C-finished",
    cause: str = "service.dropped",
    kind: TargetKind = "live",
    times: Sequence[float] = (),
    run: str = "20261124T020000Z-0001",
    started: str = STARTED,
    region: str | None = "cn-beijing",
    subject: dict[str, str] | None = None,
    dashscope: str = "2.0.2",
) -> Result:
    """A run with one cell for each ``(model, client)``, and a session for each outcome of `check` in it.

    Sessions that pass are fast unless `times` says otherwise; what was skipped or blocked leaves no session.
    """
    live = kind == "live"
    runtime = Runtime(id="rt", python="3.11.7", executable="python", dashscope=dashscope)
    result = Result(
        run=run,
        started=started,
        status="complete",
        target=Target(
            kind=kind,
            claim="live" if live else f"{kind}, not live",
            ws_url="wss://dashscope.aliyuncs.com/x" if live else "ws://127.0.0.1:9/x",
            http_url="https://dashscope.aliyuncs.com/api/v1",
            region=region if live else None,
        ),
        runtimes=[runtime],
        subject=subject,
    )
    for (model, client), cell_outcomes in (outcomes or {(FLASH, "wire"): ["pass"]}).items():
        cell = Cell(
            id=f"{client}.{model}",
            model=model,
            client=client,
            runtime=None if client == "wire" else "rt",
            mode="server_commit",
            format="pcm",
        )
        result.cells.append(cell)
        if model not in {m.name for m in result.models}:
            result.models.append(ModelFacts(name=model, required=True))
        for n, outcome in enumerate(cell_outcomes):
            name = f"{cell.id}-{n}"
            if outcome not in ("skipped", "blocked"):
                first = times[n] if n < len(times) else 500.0 + n
                timing = {"first_audio_ms": first, "session_ms": 300.0} if outcome == "pass" else {}
                cell.sessions.append(name)
                result.sessions.append(
                    SessionRecord(
                        id=name,
                        cell=cell.id,
                        attempt=n + 1,
                        level="frames",
                        utterance=Utterance(text="x", voice="Cherry"),
                        started=started,
                        ended=started,
                        timing=timing,
                    )
                )
            result.checks.append(
                CheckRecord(
                    check=check,
                    stage="synthesis",
                    subject=name,
                    outcome=outcome,
                    message="" if outcome == "pass" else "seen",
                    cause=cause if outcome == "fail" else None,
                    model=model,
                    client=client,
                    cell=cell.id,
                )
            )
    result.findings = diagnose(result)
    return result


def bundle(result: Result | None = None, *, verified: bool = True, signers: tuple[str, ...] = ()) -> Bundle:
    """A bundle that verifies, unless told otherwise."""
    result = result or judged(subject=SUBJECT)
    return Bundle(
        name=f"runs/{result.run}",
        result=result,
        verified=verified,
        problem="" if verified else "result.json: changed",
        signers=signers,
        sha256="0" * 64,
    )
