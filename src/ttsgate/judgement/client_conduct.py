"""Checks on a program: does it come, end, tell the truth about how it went, and keep its key to itself."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.trials import Connection, TrialView
from ttsgate.result.record import Evidence

__all__: list[str] = []

REASON = 24
"""So much of the service's words is looked for: the end may be cut off."""
PAUSE_S = 0.2
"""Shortest pause before a connection is tried again that can do any good."""


@check(
    "B-key",
    sentence="The key stands in the Authorization header and nowhere else.",
    why="Queries end up in access logs, frames and output in other people's; who reads the key speaks at your cost.",
    stage="client",
    subject="trial",
    levels=(),
)
def _key(view: TrialView) -> Iterator[Problem]:
    for place in view.record.key_seen:
        yield Problem(f"its key stands in {place}", (view.said(),), cause="client.key", party="client")


@check(
    "B-elsewhere",
    sentence="The program speaks to the service it was given, and to nobody else.",
    why="An address that is built in is met again on the day of the outage; telemetry may carry texts. Seen only where "
    "a program honours HTTP_PROXY.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
)
def _elsewhere(view: TrialView) -> Iterator[Problem]:
    for request in view.record.elsewhere:
        yield Problem(f"it also asked for {request}", (view.said(),), cause="client.key", party="client")


@check(
    "B-connects",
    sentence="The program comes to the address it was given, with the key it was given.",
    why="Everything else can only be seen of a program that uses them; a built-in address is a finding of its own.",
    stage="client",
    subject="trial",
    levels=(),
)
def _connects(view: TrialView) -> Iterator[Problem]:
    if not view.connections:
        how = f"it ended with exit code {view.record.exit}" if view.ended else "it was ended at its deadline"
        words = f"; its last words: {view.record.said}" if view.record.said else ""
        yield Problem(
            f"no connection came with its key; {how}{words}", (view.said(),), cause="client.start", party="client"
        )


@check(
    "B-ends",
    sentence="The program comes to an end by itself, whatever the service does.",
    why="A service that stops in the middle is ordinary; a client that then waits for ever is an outage of its own.",
    stage="client",
    subject="trial",
    levels=(),
)
def _ends(view: TrialView) -> Iterator[Problem]:
    if view.ended:
        return
    last = view.connections[-1] if view.connections else None
    yield Problem(
        f"it still ran after {view.record.deadline_s:g} s, {_state(last)} ({view.record.service})",
        (*((last.where(len(last.transcript.entries) - 1),) if last else ()), view.said()),
        cause="client.hang",
        party="client",
    )


def _state(last: Connection | None) -> str:
    if last is None:
        return "having made no connection"
    refused = last.note("refused")
    if refused is not None:
        return f"its last handshake refused with {refused.get('status')}"
    if not last.upgraded:
        return "its handshake unanswered"
    closed = last.note("closed")
    if closed is not None and closed.get("by") == "service":
        return f"the connection closed by the service ({closed.get('code')})"
    heard = [e.type for e in last.transcript.entries if e.dir == "in" and e.type]
    return f"the last event from the service being {heard[-1] if heard else 'none'}"


@check(
    "B-exit",
    sentence="The exit code says what happened: 0 for all of the speech, another one for a failure.",
    why="Scripts and schedulers read nothing else; a failure that looks like success is found by the listener.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-ends",),
)
def _exit(view: TrialView) -> Iterator[Problem]:
    record = view.record
    words = f"; its last words: {record.said}" if record.said else ""
    if record.exit is not None and record.exit < 0:
        yield Problem(
            f"it died of signal {-record.exit}{words}", (view.said(),), cause="client.brittle", party="client"
        )
    elif record.expects == "speech" and record.exit != 0:
        yield Problem(
            f"exit code {record.exit}, although all it met was this: {record.service}{words}",
            (view.said(),),
            cause="client.brittle",
            party="client",
        )
    elif record.expects == "failure" and record.exit == 0:
        yield Problem(
            f"exit code 0, although it could not succeed: {record.service}",
            (view.said(),),
            cause="client.silent-failure",
            party="client",
        )


@check(
    "B-says",
    sentence="A program that fails says a word about it.",
    why="Who is called at night starts from that line.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-ends",),
)
def _says(view: TrialView) -> Iterator[Problem]:
    if view.succeeded:
        raise NotApplicable
    if not view.record.said:
        yield Problem(
            f"exit code {view.record.exit} without a word on standard error or output ({view.record.service})",
            (view.said(),),
            cause="client.silent-failure",
            party="client",
        )


@check(
    "B-reason",
    sentence="What a failing program says holds the service's own reason: its code, its words or its status.",
    why="'No audio' tells nothing of a voice that does not exist; what the service said does.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-says",),
)
def _reason(view: TrialView) -> Iterator[Problem]:
    if view.succeeded or not view.ended or not view.connections:
        raise NotApplicable
    one = view.connections[-1]
    reasons = [r for r in one.reasons if r]
    if not reasons:
        raise NotApplicable
    said = view.record.said.casefold()
    if not any(r.casefold()[:REASON] in said for r in reasons):
        yield Problem(
            f"the service's reason ({reasons[0]}) does not stand in what it says: {said[-160:]}",
            (view.said(),),
            cause="client.silent-failure",
            party="client",
        )


@check(
    "B-reconnects",
    sentence="The program opens no more connections than help.",
    why="The service allows three new sessions a second; clients that come back without end keep it down for all.",
    stage="client",
    subject="trial",
    levels=(),
    needs=("B-connects",),
)
def _reconnects(view: TrialView) -> Iterator[Problem]:
    count, most = len(view.connections), view.record.most_connections
    if count > most:
        yield Problem(
            f"{count} connections, at most {most} help here: {view.record.service}",
            (view.connections[most].where(0),),
            cause="client.reconnects",
            party="client",
        )


@check(
    "B-pauses",
    sentence="The program pauses before it connects again after a failure.",
    why="A service that throttles or is overloaded is not helped by the same request a millisecond later.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-connects",),
)
def _pauses(view: TrialView) -> Iterator[Problem]:
    if len(view.connections) < 2:
        raise NotApplicable
    for one, two in zip(view.connections, view.connections[1:], strict=False):
        if one.finished or one.text != two.text:
            continue
        pause = float((two.note("dial") or {}).get("since_last_s", PAUSE_S))
        if pause < PAUSE_S:
            yield Problem(
                f"it connected again {pause * 1000:.0f} ms after the failure of {one.id}",
                (two.where(0),),
                cause="client.reconnects",
                party="client",
            )


@check(
    "B-closes",
    sentence="The program leaves by the closing handshake of the websocket (RFC 6455, 7.1.2).",
    why="A connection that is merely dropped looks like a network failure on the other side, and is counted as one.",
    stage="client",
    subject="trial",
    severity="warn",
    levels=(),
    needs=("B-connects",),
)
def _closes(view: TrialView) -> Iterator[Problem]:
    judged = [c for c in view.connections if c.finished] if view.ended else []
    if not judged:
        raise NotApplicable
    for one in judged:
        closed = one.note("closed") or {}
        if closed.get("code") == 1006:
            yield Problem(
                f"{one.id}: the connection ended without a close frame from the program",
                (Evidence(file=f"transcripts/{one.id}.jsonl", quote=str(closed)),),
                cause="client.protocol",
                party="client",
            )
