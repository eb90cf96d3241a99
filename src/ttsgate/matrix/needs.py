"""What integrators need, and from which release on they have it; what is known upstream; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ttsgate.matrix.grouping import Line, line_up
from ttsgate.matrix.record import Cell, Matrix, Runtime

__all__ = ["ISSUES", "NEEDS", "Issue", "Minimum", "Need", "constraints", "issues_of", "known_good", "minimums"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that an application relies on."""

    id: str
    text: str
    holds: Callable[[Runtime], bool]
    """Whether a measured runtime has it."""


def _is(fact: str, *prefixes: str) -> Callable[[Runtime], bool]:
    def holds(runtime: Runtime) -> bool:
        found = runtime.fact(fact)
        return found is not None and all(o.startswith(prefixes) for o in found.outcomes)

    return holds


def _every(pattern: str, *prefixes: str) -> Callable[[Runtime], bool]:
    known = re.compile(pattern)

    def holds(runtime: Runtime) -> bool:
        found = [f for f in runtime.profile if known.fullmatch(f.id)]
        return bool(found) and all(o.startswith(prefixes) for f in found for o in f.outcomes)

    return holds


def _quiet(runtime: Runtime) -> bool:
    found = runtime.fact("end.noise")
    return found is not None and not any("stdout" in o for o in found.outcomes)


NEEDS: tuple[Need, ...] = (
    Need("import", "import dashscope at all", _is("import", "ok")),
    Need("class", "QwenTtsRealtime, the realtime class", _is("class.QwenTtsRealtime", "present")),
    Need("speech", "whole speech as PCM, both modes", _every(r"speak\.qwen.+\.pcm", "ok")),
    Need("formats", "MP3, Opus and WAV (audio_format)", _every(r"speak\.qwen.+\.(mp3|opus|wav)", "ok")),
    Need("language", "language_type as a named argument", _is("argument.language_type", "named")),
    Need("instructions", "instructions as a named argument", _is("argument.instructions", "named")),
    Need("instructions-sent", "instructions that reach the service", _is("wire.instructions", "sent")),
    Need("custom-voice", "a cloned voice", _is("speak.custom-voice", "ok")),
    Need("workspace", "a workspace", _is("wire.workspace", "as x-dashscope-workspace")),
    Need("sibling", "the non-realtime sibling over MultiModalConversation", _is("http.sibling", "ok")),
    Need("quiet", "nothing printed to stdout by a good session", _quiet),
    Need("malformed", "a session that survives a malformed frame", _is("fault.malformed", "swallows")),
    Need("callback", "a session that survives an exception in the callback", _is("fault.callback-raises", "swallows")),
    Need("after-end", "ConnectionError for text after the end", _is("after-end.append", "raises:ConnectionError")),
    Need("before", "ConnectionError for text before connect", _is("fault.before-connect", "raises:ConnectionError")),
    Need("refused", "the reason of a refused handshake as an exception of its own",
         _is("fault.refused-401", "raises:WebSocketBadStatus", "raises:Authentication", "raises:PermissionError")),
    Need("stall", "a time limit when the service falls silent", _is("fault.stall", "raises", "reports")),
    Need("user-agent", "a user agent that names the true release", _is("wire.user-agent", "own release")),
    Need("client", "dashscope.Client(...).audio.realtime (a preview)", _is("class.Client", "present")),
    Need("client-speaks", "speech over that preview", _every(r"client\.(server_)?commit", "ok")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Minimum:
    """The answer for one need and one Python."""

    need: Need
    python: str
    since: str | None
    """Oldest release from which on every measured one has it; None: the newest has not."""
    first: str | None
    """Oldest release that has it, where a later one lost it again."""
    all: bool
    """Every measured release has it."""


def minimums(matrix: Matrix) -> list[Minimum]:
    """From which release on each need is met, by Python; newest dependencies, without pins."""
    found = []
    for (python, resolution, pins), line in line_up(matrix.runtimes).items():
        if resolution != "newest" or pins:
            continue
        for need in NEEDS:
            having = [need.holds(runtime) for runtime in line]
            since = next((n for n in range(len(line)) if all(having[n:])), None)
            early = having.index(True) if True in having else None
            found.append(
                Minimum(
                    need=need,
                    python=python,
                    since=None if since is None else line[since].dashscope,
                    first=line[early].dashscope if early is not None and early != since else None,
                    all=all(having),
                )
            )
    return found


def known_good(matrix: Matrix) -> dict[Line, Runtime]:
    """For each line the newest release that had no failing cell."""
    failing = {c.runtime for c in matrix.cells if c.state != "pass"}
    having = {c.runtime for c in matrix.cells}
    return {
        line: good[-1]
        for line, runtimes in line_up(matrix.runtimes).items()
        if (good := [r for r in runtimes if r.id in having and r.id not in failing and r.status == "measured"])
    }


def constraints(matrix: Matrix) -> str:
    """Pins of the newest known-good environment of each Python, for ``pip install -c``."""
    lines = [f"# Known-good pins by ttsgate matrix {matrix.id}; {matrix.claim}."]
    for (python, resolution, pins), runtime in known_good(matrix).items():
        if resolution != "newest" or pins:
            continue
        lines.append(f"# Python {python}, measured {(runtime.measured or matrix.started)[:10]}")
        lines += [
            f'{name}=={version} ; python_version == "{python}"' for name, version in sorted(runtime.packages.items())
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that is known upstream."""

    fact: str
    """Pattern of facts' ids."""
    outcomes: str
    """Pattern of answers that it explains."""
    text: str
    url: str


_SDK = "https://github.com/dashscope/dashscope-sdk-python"
ISSUES: tuple[Issue, ...] = (
    Issue(r"fault\.(malformed|callback-raises.*)", r"reports:on_close|raises:TimeoutError",
          "an exception while an event is handled ends the receiving thread; mended on 2026-06-30",
          f"{_SDK}/commit/9ad7bd9"),
    Issue(r"after-end\.append|fault\.before-connect", r"raises:(WebSocket|Attribute)",
          "sending without a connection failed obscurely; mended on 2026-06-30", f"{_SDK}/commit/9ad7bd9"),
    Issue(r"http\.qwen.+-realtime.*", r"refused:400", "realtime models cannot be called over HTTP",
          "https://github.com/AstrBotDevs/AstrBot/issues/6045"),
)  # fmt: skip


def issues_of(fact: str, outcomes: Sequence[str]) -> list[Issue]:
    """What is known about these answers."""
    return [
        issue
        for issue in ISSUES
        if re.fullmatch(issue.fact, fact) and any(re.match(issue.outcomes, o) for o in outcomes)
    ]


def by_runtime(cells: Sequence[Cell]) -> dict[str | None, list[Cell]]:
    """Cells by their runtime."""
    found: dict[str | None, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.runtime, []).append(cell)
    return found
