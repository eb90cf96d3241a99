"""``ttsgate replay``: a recording as a service, and what can be said of recordings without serving them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate import __version__
from ttsgate.errors import UsageError
from ttsgate.report.safe import clean

if TYPE_CHECKING:
    from ttsgate.recorder.serving import ReplayServer

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", metavar="[RECORDING]", required=False)
@click.argument("program", nargs=-1, metavar="[-- COMMAND...]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--speed", default="1", show_default=True, metavar="N|max", help="Times faster than recorded.")
@click.option("--tls", is_flag=True, help="Serve over TLS with a throw-away CA, whose file the first line names.")
@click.option("--intercept", is_flag=True, help="As of `ttsgate record`: catch a COMMAND that has a fixed address.")
@click.option("--allow-expired", is_flag=True, help="Serve a recording whose last day is over, with a warning.")
@click.option("--report", type=click.Path(dir_okay=False), metavar="FILE", help="Write what became of each connection.")
@click.option("--until-stdin-closes", is_flag=True, help="End when stdin closes.")
@click.option("--against", metavar="BUNDLE", help="Serve nothing: tell what a run saw otherwise than the recording.")
@click.option("--list", "listing", metavar="DIR", help="Serve nothing: list the recordings below DIR, and orphans.")
@click.option("--used-in", multiple=True, metavar="DIR", help="With --list: recordings not named there are orphans.")
@click.option("--json", "as_json", is_flag=True, help="With --against or --list: as JSON.")
def command(
    *,
    folder: str | None,
    program: tuple[str, ...],
    host: str,
    port: int,
    speed: str,
    tls: bool,
    intercept: bool,
    allow_expired: bool,
    report: str | None,
    until_stdin_closes: bool,
    against: str | None,
    listing: str | None,
    used_in: tuple[str, ...],
    as_json: bool,
) -> int:
    """Serve a recording: it says what the recorded service said, to a client that sends what the recorded one sent.

    A client that sends something else gets an error event with the first difference, and close code 1008. With
    -- COMMAND a program is run against it, as by `ttsgate record`; without, it serves until it is interrupted, and the
    first line on stdout is JSON with its addresses. A model's sessions are given in recorded order.

    Exit codes: 0 all clients followed (or nothing has drifted, or no orphan), 1 one strayed or the program failed (or
    something drifted or is an orphan), 2 usage or expired, 5 no client came.
    """
    if listing is not None:
        return _list(Path(listing), used_in, as_json=as_json)
    if folder is None:
        raise UsageError("name a recording, e.g. ttsgate replay recordings/greeting, or --list DIR")
    if against is not None:
        return _against(Path(folder), against, as_json=as_json)
    if intercept and (tls or not program):
        raise UsageError("--intercept works through variables of a program: give -- COMMAND, and leave --tls out")
    from ttsgate.config import key_variables
    from ttsgate.recorder.service import line, refuse_expired, replay, write_report
    from ttsgate.recorder.serving import ReplayServer

    server = ReplayServer(
        Path(folder), speed=_speed(speed), told=lambda o: click.echo(clean(line(o), lines=True), err=True)
    )
    warning = refuse_expired(server.recording, datetime.now(UTC).date(), allowed=allow_expired)
    if warning is not None:
        click.echo(f"ttsgate: warning: {warning}", err=True)
    code = asyncio.run(
        replay(
            server,
            host=host,
            port=port,
            tls=tls,
            intercept=intercept,
            announce=_announce,
            program=program,
            environ=os.environ,
            keys=key_variables(os.environ),
            until_stdin_closes=until_stdin_closes,
        )
    )
    if report is not None:
        write_report(Path(report), server)
    return _exit(server, code)


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 1000:
        raise UsageError(f"--speed is {text!r}, expected a number from 0.01 to 1000, or max")
    return speed


def _announce(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({**told, "pid": os.getpid(), "version": __version__}) + "\n")
    sys.stdout.flush()
    recorded = told["recorded"]
    click.echo(
        f"ttsgate replay {__version__}: {told['claim']} (recorded {recorded['created'][:10]}: {recorded['claim']})\n"
        f"  websocket   {told['ws_url']}?model=...  (Authorization: Bearer {told['api_key']})",
        err=True,
    )


def _exit(server: ReplayServer, program: int | None) -> int:
    outcomes = [o.outcome for o in server.outcomes]
    bad = sum(o in ("strayed", "not-recorded") for o in outcomes)
    followed = outcomes.count("followed")
    unused = server.unused()
    rest = f"; nobody asked for {', '.join(r.id for r in unused)}" if unused else ""
    click.echo(f"ttsgate: replayed, not live: {followed} followed, {bad} strayed{rest}", err=True)
    if program:
        click.echo(f"the program ended with {program}", err=True)
    if bad or program:
        return 1
    return 0 if followed else 5


def _list(base: Path, used_in: tuple[str, ...], *, as_json: bool) -> int:
    from ttsgate.recorder.inventory import inventory

    if not base.is_dir():
        raise UsageError(f"--list names {str(base)!r}, which is not a folder")
    found = inventory(base, [Path(u) for u in used_in], today=datetime.now(UTC).date())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    for one in found if not as_json else ():
        click.echo(f"{one['state']:9} {one['path']}  {one['words']}")
        for name in one["orphans"]:
            click.echo(f"  orphan  {name}")
    return 1 if any(one["orphans"] or one["state"] in ("orphan", "broken") for one in found) else 0


def _against(folder: Path, bundle: str, *, as_json: bool) -> int:
    import msgspec

    from ttsgate.cli.bundles import named
    from ttsgate.recorder.drift import compare
    from ttsgate.store.recordings import header_of, read_session

    recording = header_of(folder)
    run = named(bundle, None)
    recorded = [read_session(folder, s) for s in recording.sessions if s.level == "frames"]
    now = [run.session(s)[0] for s in run.result.sessions if s.transcript and s.level == "frames"]
    report = compare(recorded, now)
    if not report.compared:
        raise UsageError(f"{folder} and {bundle} have no session of one model, mode and format in common")
    if as_json:
        sides = {"recorded": recording.source.claim, "now": run.result.target.claim}
        click.echo(json.dumps({**sides, **msgspec.to_builtins(report)}, ensure_ascii=False, indent=1))
    else:
        click.echo(
            f"recorded: {recording.id} ({recording.source.claim}); now: {run.result.run} ({run.result.target.claim})"
        )
        for drift in report.drifts:
            click.echo(clean(drift.line(), lines=True))
        for words in report.first_audio:
            click.echo(words)
        for words in report.only_recorded:
            click.echo(f"{words}: recorded, not in the run")
        click.echo(f"{len(report.drifts)} differences in {len(report.compared)} of model, mode and format")
    return 1 if report.drifts else 0
