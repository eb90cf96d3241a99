"""Builders of realistic results: what runs really leave, in small."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

from ttsgate.result.record import (
    Cell,
    CheckRecord,
    CompileRecord,
    ConnectivityStep,
    Diagnosis,
    Evidence,
    Finding,
    Intent,
    ModelFacts,
    Mutation,
    Outcome,
    Result,
    Runtime,
    SessionRecord,
    Setting,
    Skip,
    Target,
    Verdict,
)
from ttsgate.result.transcript import Utterance

FIVE = (
    "qwen3-tts-flash-realtime",
    "qwen3-tts-instruct-flash-realtime",
    "qwen3-tts-instruct-flash-realtime-2026-01-22",
    "qwen3-tts-vd-realtime-2026-01-15",
    "qwen3-tts-vc-realtime-2026-01-15",
)
CLAIM = "emulated, not live"
CONTESTED = [
    {
        "says": "ends on 2026-10-10 00:00 UTC+8; calls then return no result",
        "source": "third-party transcription of notices 2000 and 2009",
        "date": "2026-10-01",
    },
    {"says": "still listed with quota in the console", "source": "console paste, Singapore", "date": "2026-10-03"},
]
SENTENCES = {
    "C-compiles": "Every script compiles under every Python that it must run on.",
    "N-session": "The service opens a session and says so first.",
    "P-first-event": "session.created is the first event of a session.",
    "P-response-done": "Every response ends with response.done before the session is finished.",
    "A-silence": "The audio is not digital silence.",
    "A-coverage": "The audio is long enough to hold the text.",
    "T-stall": "No gap between two deltas of a response is longer than one second.",
    "K-same-voice": "The same voice sounds alike over every client.",
}
STAGES = {
    "C": "compile",
    "N": "connectivity",
    "P": "conformance",
    "A": "audio",
    "T": "timing",
    "K": "compatibility",
}
HOSTILE = (
    "</style><script>alert(1)</script><img src=x onerror=alert(1)> \x1b[31mred\x1b]0;title\x07 "
    "\u202egnp.exe\u202c NUL\x00 | pipe `tick` [link](https://evil.example) @octocat #1 {{ 7*7 }} {% raw %} "
    "::error::x %0A ]]> &amp; \"q\" 'q' www.evil.example \u2028 next"
)


def wave(columns: int = 240, *, seed: int = 1, level: float = 0.6) -> list[list[float]]:
    """Columns that look like speech."""
    shape = []
    for i in range(columns):
        word = abs(math.sin(i / 17 + seed)) ** 1.5 * (0.35 + 0.65 * abs(math.sin(i / 61 + seed)))
        jitter = 0.6 + 0.4 * abs(math.sin(i * 12.9898 + seed * 78.233))
        high = level * word * jitter if 8 < i < columns - 10 else 0.0
        shape.append([round(-high * 0.9, 4), round(high, 4)])
    return shape


def wav(*, seconds: float = 0.4, rate: int = 24_000) -> bytes:
    """A real WAV file."""
    import numpy
    import soundfile

    samples = (numpy.sin(numpy.arange(int(seconds * rate)) / rate * 2 * math.pi * 220) * 9_000).astype("int16")
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV")
    return out.getvalue()


def runtime(dashscope: str = "2.0.2", python: str = "3.11.7", *, given: bool = False) -> Runtime:
    """A Python with a dashscope."""
    return Runtime(
        id=f"py{'.'.join(python.split('.')[:2])}-dashscope{dashscope}",
        python=python,
        executable="~/.venv/bin/python",
        dashscope=dashscope,
        given=given,
        import_ms=412.0,
        packages={"websocket-client": "1.9.2", "aiohttp": "3.14.5"},
    )


def session(
    cell: Cell, *, seed: int = 1, text: str = "今天天气真好，我们去公园散步吧。", **changes: object
) -> SessionRecord:
    """A session that went well, or as `changes` say."""
    voice = cell.voice or "Cherry"
    fields: dict[str, object] = {
        "id": f"{cell.id}-1",
        "cell": cell.id,
        "attempt": 1,
        "level": "frames" if cell.client == "wire" else "sdk-events",
        "utterance": Utterance(text=text, voice=voice, mode=cell.mode, format=cell.format),
        "started": f"2026-11-22T02:00:{10 + seed % 40:02d}.104Z",
        "ended": f"2026-11-22T02:00:{12 + seed % 40:02d}.611Z",
        "finish_reason": "stop",
        "sample_rate": 24_000,
        "audio_bytes": 115_680,
        "audio_ms": 2_410.0,
        "audio_sha256": "9f" * 32,
        "chunks": 25,
        "service_ids": {"session": [f"sess_{seed:04d}"], "response": [f"resp_{seed:04d}"]},
        "timing": {
            "connect_ms": 6.2 + seed,
            "session_ms": 9.1 + seed * 1.5,
            "first_audio_ms": 188.0 + seed * 7,
            "cold_first_audio_ms": 201.0 + seed * 8.5,
            "gap_max_ms": 84.1,
            "deliver_ms": 1_911.0 + seed,
            "finish_ms": 31.0,
            "close_ms": 4.0,
            "total_ms": 2_201.0 + seed * 11,
        },
        "usage": {"characters": 30},
        "close_code": 1000,
        "transcript": f"transcripts/{cell.id}-1.jsonl",
        "transcript_sha256": "4e" * 32,
        "audio": f"audio/{cell.id}-1.wav",
        "waveform": wave(seed=seed),
    }
    return SessionRecord(**{**fields, **changes})  # type: ignore[arg-type]


def refusal(cell: Cell) -> SessionRecord:
    """A realtime model refused over HTTP, which is what should happen."""
    return session(
        cell,
        level="http",
        finish_reason=None,
        audio_bytes=0,
        audio_ms=None,
        audio_sha256=None,
        chunks=0,
        audio=None,
        waveform=[],
        timing={"total_ms": 12.4},
        usage={},
        service_ids={"request": ["req_0001"]},
        close_code=None,
        http_status=400,
        code="InvalidParameter",
        message="Invalid message type: ",
        error_class="refused",
        error="HTTP 400 InvalidParameter",
    )


def record(check: str, subject: str, outcome: Outcome = "pass", **changes: object) -> CheckRecord:
    """One check record."""
    stages = {
        "C": "compile",
        "N": "connectivity",
        "P": "conformance",
        "A": "audio",
        "T": "timing",
        "K": "compatibility",
    }
    return CheckRecord(check=check, stage=stages[check[0]], subject=subject, outcome=outcome, **changes)  # type: ignore[arg-type]


def build(
    *,
    models: tuple[str, ...] = FIVE,
    clients: tuple[str, ...] = ("wire", "sdk-realtime", "sdk-http"),
    runtimes: tuple[Runtime, ...] = (),
    kind: str = "emulator",
    claim: str = CLAIM,
) -> Result:
    """A complete run in which everything held."""
    runtimes = runtimes or (runtime(),)
    target = Target(
        kind=kind,  # type: ignore[arg-type]
        claim=claim,
        ws_url="ws://127.0.0.1:40123/api-ws/v1/realtime",
        http_url="http://127.0.0.1:40123/api/v1",
        region="cn-beijing" if kind == "live" else None,
        vantage="fra-runner-3" if kind == "live" else None,
        facts={"version": "0.1.0", "seed": 7},
    )
    result = Result(
        status="complete",
        run="20261122T020000Z-3f9a",
        engine={"version": "0.1.0", "git": "b71886b", "dirty": False, "requirements": "2026-11"},
        started="2026-11-22T02:00:00.000Z",
        finished="2026-11-22T02:00:17.300Z",
        command=["ttsgate", "validate"],
        target=target,
        intent=Intent(
            summary="Survey five models over three clients against the embedded emulator.",
            mutating=True,
            sessions=20,
            characters=600,
            identifiers=list(models),
            limits={"sessions": 60, "chars": 5_000, "seconds": 80},
        ),
        settings=[
            Setting(name="target", value=kind, origin="default"),
            Setting(name="model", value=list(models), origin="default"),
            Setting(name="output-dir", value="output", origin="environment OUTPUT_DIR"),
        ],
        environment={"python": "3.11.7", "platform": "Linux x86_64", "packages": {"websockets": "17.4"}},
        credential={"origin": "made up for the emulator", "fingerprint": "sk-e…5f1c"},
        models=[
            ModelFacts(
                name=name,
                required=True,
                sibling="qwen3-tts-flash",
                lifecycle=[] if name == FIVE[0] else CONTESTED,
            )
            for name in models
        ],
        runtimes=list(runtimes) if set(clients) - {"wire"} else [],
        scripts=[
            CompileRecord(
                script="scripts/realtime_tts_demo.py", python="3.8", how="approximate (ast)", ok=True, sha256="ab" * 32
            ),
            CompileRecord(
                script="scripts/realtime_tts_demo.py", python="3.11", how="interpreter", ok=True, sha256="ab" * 32
            ),
        ],
        connectivity=[
            ConnectivityStep(name="name", url=target.ws_url, outcome="pass", ms=0.3, detail="127.0.0.1"),
            ConnectivityStep(name="tcp", url=target.ws_url, outcome="pass", ms=0.2, detail="127.0.0.1:40123"),
            ConnectivityStep(name="tls", url=target.ws_url, outcome="skipped", detail="ws, not wss: nothing to verify"),
            ConnectivityStep(
                name="models",
                url=f"{target.http_url}/models",
                outcome="pass",
                ms=3.9,
                status=200,
                detail="5 of 5 models listed",
            ),
            ConnectivityStep(
                name="session", url=target.ws_url, outcome="pass", ms=6.8, detail="session.created after 6.8 ms"
            ),
        ],
        mutations=[
            Mutation(id="m1", what="voice-design", name="ttsgate3f9a", resource="v-design-3f9a", state="deleted"),
            Mutation(id="m2", what="voice-clone", name="ttsgate3f9b", resource="v-clone-3f9b", state="deleted"),
        ],
        cost={"sessions": 15, "characters": 450, "price": "nothing billed"},
        requirements=SENTENCES,
    )
    result.checks = [
        *(record("C-compiles", f"{s.script} {s.python}") for s in result.scripts),
        *(record("N-session", s.name, s.outcome) for s in result.connectivity),
    ]
    seed = 0
    for model in models:
        for client in clients:
            for one in runtimes if client != "wire" else (None,):
                seed += 1
                cell = Cell(
                    id=f"{model}.{client}" + (f".{one.id}" if one else ""),
                    model=model,
                    client=client,
                    runtime=one.id if one else None,
                    mode="server_commit",
                    format="pcm",
                    voice={"vd": "v-design-3f9a", "vc": "v-clone-3f9b"}.get(model.split("-")[2], "Cherry"),
                    state="pass",
                    expectation="refusal" if client == "sdk-http" else "speech",
                )
                talk = refusal(cell) if client == "sdk-http" else session(cell, seed=seed)
                if client == "sdk-realtime":
                    talk.probe = {"realtime_probe": {"ok": True, "sdk_first_audio_delay_ms": 183.0 + seed * 7}}
                cell.sessions = [talk.id]
                result.cells.append(cell)
                result.sessions.append(talk)
                about: dict[str, Any] = {"model": model, "client": client, "cell": cell.id}
                if client != "sdk-http":
                    checks = ("P-first-event", "P-response-done", "A-silence", "A-coverage", "T-stall")
                    result.checks += [record(check, talk.id, **about) for check in checks]
                result.checks.append(record("K-same-voice", cell.id, **about))
    return decided(result, "pass", 0, "none", "every deciding check held")


def decided(result: Result, name: str, code: int, cause: str, summary: str) -> Result:
    """Put a verdict on a result."""
    warnings = sum(not f.blocking for f in result.findings)
    result.verdict = Verdict(name=name, exit_code=code, cause=cause, summary=summary, warnings=warnings)  # type: ignore[arg-type]
    return result


def break_cell(result: Result, cell_id: str, check: str, message: str, outcome: Outcome = "fail") -> None:
    """Let one check of one cell come out otherwise."""
    cell = result.cell(cell_id)
    cell.state = outcome
    for c in result.checks:
        if c.cell == cell_id and c.check == check:
            c.outcome, c.message = outcome, message
            c.evidence = [
                Evidence(file=f"transcripts/{cell_id}-1.jsonl", frame=41, quote='{"type":"session.finished"}')
            ]


def failing() -> Result:
    """The service leaves out response.done; a warning of the SDK stands beside it."""
    result = build()
    result.target.faults = ["no-response-done"]
    broken = [c.id for c in result.cells if c.client == "wire"]
    for cell in broken:
        break_cell(result, cell, "P-response-done", "1 response.created, 0 response.done before session.finished")
    result.findings = [
        Finding(
            diagnosis=Diagnosis(
                party="sdk",
                cause="sdk.stdout-noise",
                summary="dashscope prints on standard output while it connects",
                next_step="Pin dashscope >= 1.26.1, or read the report from a file.",
            ),
            checks=["K-stdout@qwen3-tts-flash-realtime.sdk-realtime.py3.11-dashscope2.0.2"],
            blocking=False,
            clients=["sdk-realtime"],
        ),
        Finding(
            diagnosis=Diagnosis(
                party="service",
                cause="service.no-response-done",
                summary="Responses end without response.done",
                next_step="Report the session ids to the vendor; clients that wait for response.done hang until now.",
                candidates=["service.truncated", "network.dropped"],
            ),
            checks=[f"P-response-done@{cell}-1" for cell in broken],
            message="5 of 5 sessions over wire saw session.finished without response.done",
            evidence=[
                Evidence(file=f"transcripts/{broken[0]}-1.jsonl", frame=41, quote='{"type":"session.finished"}'),
                Evidence(file=f"audio/{broken[0]}-1.wav", sample=57_840),
            ],
            models=list(FIVE),
            clients=["wire"],
        ),
    ]
    result.notes = ["The catalogue is 12 days old."]
    return decided(result, "fail", 8, "service", "Responses end without response.done")


def key_refused() -> Result:
    """A live run whose key is refused at the first authenticated step."""
    result = build(kind="live", claim="live, cn-beijing")
    result.target.ws_url = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"
    result.sessions = []
    result.mutations = []
    result.checks = [c for c in result.checks if c.stage in ("compile", "connectivity")]
    for step in result.connectivity[3:]:
        step.outcome = "blocked"
    models = result.connectivity[3]
    models.outcome, models.status, models.code = "fail", 401, "InvalidApiKey"
    models.message, models.cause, models.detail = "Invalid API-key provided.", "key.invalid", "refused"
    for cell in result.cells:
        cell.state, cell.reason, cell.sessions = "blocked", "key.invalid: the key was refused", []
    result.findings = [
        Finding(
            diagnosis=Diagnosis(
                party="key",
                cause="key.invalid",
                summary="The key was refused in cn-beijing",
                next_step="Create a key in that region's console, or pass the --region that the key belongs to.",
                candidates=["key.other-region", "key.deleted"],
            ),
            checks=["N-session@models"],
            evidence=[Evidence(quote='401 {"code":"InvalidApiKey","message":"Invalid API-key provided."}')],
        )
    ]
    return decided(result, "fail", 7, "key", "The key was refused in cn-beijing")


def harness_error() -> Result:
    """A check of ours raised."""
    result = build(models=FIVE[:1])
    break_cell(result, result.cells[0].id, "A-silence", "ValueError: cannot convert float NaN to integer", "error")
    return decided(result, "error", 3, "harness", "a check of ours broke; see the checks with outcome error")


def inconclusive() -> Result:
    """Too few samples."""
    result = build(models=FIVE[:1])
    break_cell(result, result.cells[0].id, "T-stall", "3 samples, 20 needed", "inconclusive")
    return decided(result, "inconclusive", 9, "samples", "some deciding checks could not be decided")


def interrupted() -> Result:
    """Ctrl-C after the first cell."""
    result = build()
    result.status, result.finished, result.verdict = "interrupted", None, None
    keep = result.cells[0]
    result.sessions = [s for s in result.sessions if s.cell == keep.id]
    result.checks = [c for c in result.checks if c.cell in (None, keep.id)]
    for cell in result.cells[1:]:
        cell.state, cell.sessions = None, []
    return result


def running() -> Result:
    """What stands on disk while a run is under way, or after kill -9."""
    result = interrupted()
    result.status = "started"
    return result


def script_error() -> Result:
    """A script that does not compile blocks what runs it, nothing else."""
    result = build()
    bad = CompileRecord(
        script="tools/say.py", python="3.11", how="interpreter", ok=False, error="SyntaxError: invalid syntax", line=12
    )
    result.scripts.append(bad)
    result.checks.append(record("C-compiles", "tools/say.py 3.11", "fail", message="line 12: invalid syntax"))
    result.findings = [
        Finding(
            diagnosis=Diagnosis(
                party="script",
                cause="script.syntax",
                summary="tools/say.py does not compile under Python 3.11",
                next_step="Fix line 12: invalid syntax.",
            ),
            checks=["C-compiles@tools/say.py 3.11"],
        )
    ]
    return decided(result, "fail", 1, "script", "tools/say.py does not compile under Python 3.11")


def twenty_cells() -> Result:
    """Five models over four clients, skips and surveyed models among them."""
    result = build(clients=("wire", "sdk-realtime", "sdk-http", "sdk-client"))
    for cell in result.cells:
        if cell.model == FIVE[4] and cell.client == "sdk-client":
            cell.state, cell.reason, cell.sessions = "skipped", "needs-voice: no voice for vc was given", []
            result.sessions = [s for s in result.sessions if s.cell != cell.id]
            result.checks = [c for c in result.checks if c.cell != cell.id]
            result.checks.append(
                record("K-same-voice", cell.id, "skipped", reason="needs-voice", model=cell.model, cell=cell.id)
            )
            result.skips.append(Skip(subject=cell.id, code="needs-voice", why="no voice for vc was given"))
    result.models[3].required = False
    return result


def two_runtimes() -> Result:
    """The user's own SDK beside another one."""
    return build(runtimes=(runtime("1.25.11", "3.10.13", given=True), runtime()))


def nothing_ran() -> Result:
    """Nothing was planned."""
    result = build(models=(), clients=())
    result.checks = []
    return decided(result, "fail", 5, "nothing-ran", "nothing was judged")


def hostile() -> Result:
    """Every string that a service, an SDK or a script can put into a result is an attack."""
    result = failing()
    result.models[0].name = "../../etc/passwd\x00<b>"
    result.cells[0].model = result.models[0].name
    result.cells[0].reason = HOSTILE
    result.target.claim = CLAIM
    result.target.facts = {HOSTILE: HOSTILE, "list": [HOSTILE]}
    result.notes = [HOSTILE]
    result.findings[0].diagnosis.summary = HOSTILE
    result.findings[0].diagnosis.cause = HOSTILE
    result.findings[0].evidence = [Evidence(file="../../secret", frame=1, quote=HOSTILE)]
    result.findings[1].message = "A" * 10_000_000
    talk = result.sessions[0]
    talk.service_ids = {HOSTILE: [HOSTILE, "../../../x"]}
    talk.usage = {HOSTILE: {HOSTILE: HOSTILE}}
    talk.message, talk.code, talk.error = HOSTILE, HOSTILE, HOSTILE
    talk.transcript = "javascript:alert(1)"
    talk.audio = "/etc/passwd"
    result.checks[0].message = HOSTILE
    result.checks[0].outcome = "fail"
    result.checks[0].subject = HOSTILE
    result.connectivity[0].message = HOSTILE
    result.connectivity[0].detail = HOSTILE
    result.scripts[0].error, result.scripts[0].ok, result.scripts[0].script = HOSTILE, False, HOSTILE
    result.runtimes[0].packages = {HOSTILE: HOSTILE}
    result.environment = {"packages": {HOSTILE: HOSTILE}, HOSTILE: HOSTILE}
    result.skips = [Skip(subject=HOSTILE, code=HOSTILE, why=HOSTILE)]
    result.mutations[0].resource = HOSTILE
    return decided(result, "fail", 8, "service", HOSTILE)


SAMPLES: dict[str, Callable[[], Result]] = {
    "pass": build,
    "fail": failing,
    "key": key_refused,
    "harness": harness_error,
    "inconclusive": inconclusive,
    "interrupted": interrupted,
    "running": running,
    "script": script_error,
    "twenty": twenty_cells,
    "two-runtimes": two_runtimes,
    "nothing": nothing_ran,
    "hostile": hostile,
}
