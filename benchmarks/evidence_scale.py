"""What a result of ten thousand sessions costs: time and peak memory of writing, verifying, judging again, rendering.

    python benchmarks/evidence_scale.py [SESSIONS] [FOLDER]

One real session of each of five models is spoken by the emulator; a run is then written as any run is, but for
its collector, which gives those sessions again and again instead of asking a service, and its judge, which judges
each of them once and repeats the outcomes: how long judging takes is measured by benchmarks/judging.py, and here by
the sessions that are drawn to be judged again. Every phase is a process of its own, so that its peak memory is its
own. Without FOLDER everything is deleted afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

SESSIONS = 10_000
DRAWN = 300
"""Sessions judged again: if one in a hundred were forged, nineteen of twenty draws would show it."""
TEXT = "Good day."


def write(base: Path, sessions: int) -> None:
    """Phase 1: a run of so many sessions, from its plan to its seal."""
    from ttsgate import catalog
    from ttsgate.collect.plan import PlannedSession
    from ttsgate.collect.sessions import Collected, Collector
    from ttsgate.config import resolve
    from ttsgate.judgement import engine
    from ttsgate.judgement.registry import Stage
    from ttsgate.judgement.views import SessionView
    from ttsgate.pipeline import Run, speaking
    from ttsgate.result.record import CheckRecord
    from ttsgate.result.transcript import Transcript

    class Repeating(Collector):
        """Asks once for each model, then repeats what it got."""

        async def run(self, sessions: Sequence[PlannedSession]) -> None:
            heard: dict[str, Transcript] = {}
            keep, done = self.keep, self.done

            def remember(collected: Collected) -> None:
                heard[collected.planned.cell.id] = collected.transcript

            self.keep, self.done = remember, lambda planned: None
            await super().run([s for s in sessions if s.attempt == 1])
            for number, planned in enumerate(sessions, start=1):
                like = heard[planned.cell.id]
                entries = [msgspec.structs.replace(e) for e in like.entries]
                again = msgspec.structs.replace(like, session=planned.id, entries=entries)
                keep(Collected(planned=planned, transcript=again))
                done(planned)
                if number % 1000 == 0:
                    print(f"  {number} sessions kept", file=sys.stderr, flush=True)

    judge, first = engine.judge_session, dict[str, tuple[SessionView, list[CheckRecord]]]()

    def judged_once(view: SessionView) -> list[CheckRecord]:
        assert view.cell is not None
        if view.cell.id not in first:
            first[view.cell.id] = view, judge(view)
        like, records = first[view.cell.id]
        for name in ("speech", "levels", "other_rate"):  # what the rules across sessions ask of each
            view.__dict__[name] = getattr(like, name)
        return [
            msgspec.structs.replace(
                record,
                subject=view.id,
                evidence=[msgspec.structs.replace(e, file=f"transcripts/{view.id}.jsonl") for e in record.evidence],
            )
            for record in records
        ]

    engine.judge_session = judged_once  # type: ignore[assignment]
    speaking.Collector = Repeating  # type: ignore[attr-defined]
    models = catalog.FIVE
    given = {
        "client": ("wire",),
        "model": models,
        "text": (TEXT,),
        "repeat": str(sessions // len(models)),
        "max_sessions": str(2 * sessions),
        "max_chars": str(sessions * 100),
        "output_dir": str(base),
    }
    run = Run(resolve(given, {}, base.parent), {}, ["ttsgate", "validate"])
    run.open()
    stages: tuple[Stage, ...] = ("compile", "connectivity", "synthesis", "across")
    for stage in stages:
        for subject in run.subjects(stage):
            run.judge(subject)
    result = run.close()
    assert result.verdict is not None
    print(f"  {len(result.sessions)} sessions, {len(result.checks)} outcomes, {result.verdict.name}", file=sys.stderr)


def measured(name: str, *argv: str) -> tuple[int, str]:
    """Run a phase and print what it took; gives its exit code and what it printed."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        out.seek(0)
        text = out.read().decode()
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{name:<36} {took:8.1f} s {cpu:8.1f} s CPU {usage.ru_maxrss / 1024:8.0f} MiB peak", flush=True)
    return child.returncode, text


def main() -> int:
    """Print a line a phase, then the sizes."""
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
        return 0
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    base = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="ttsgate-scale-"))
    tool = (sys.executable, "-m", "ttsgate")
    try:
        print(f"{sessions} sessions of {TEXT!r}")
        code, _ = measured("write, render, seal", sys.executable, __file__, "--write", str(base), str(sessions))
        if code:
            return code
        (bundle,) = (base / "aliyun-qwen-tts-realtime" / "runs").iterdir()
        code, printed = measured(
            f"verify, {DRAWN} sessions judged again", *tool, "verify", str(bundle), "--sample", str(DRAWN), "--json"
        )
        verified: dict[str, Any] = json.loads(printed)
        print(f"  {verified['re-judgement']['state']}: {verified['re-judgement']['says']}", file=sys.stderr)
        rendered, _ = measured("render again", *tool, "report", str(bundle), str(base / "again"))
        exported, _ = measured("export", *tool, "bundle", "export", str(bundle), str(base / "run.zip"))
        names = ("result.json", "report.html", "summary.md", "junit.xml", "ctrf.json", "manifest.json")
        print("  ".join(f"{name} {(bundle / name).stat().st_size / 1e6:.1f} MB" for name in names))
        files = [p for p in bundle.rglob("*") if p.is_file()]
        print(f"{len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.0f} MB in all")
        return code or rendered or exported
    finally:
        if len(sys.argv) <= 2:
            shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
