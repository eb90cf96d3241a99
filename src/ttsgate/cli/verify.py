"""``ttsgate verify``: is this evidence whole, whose is it, and does it carry its verdict?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ttsgate.cli.bundles import DURATION, bundle_argument, named, output_dir_option

__all__ = ["command"]

SHOWN = 20
"""Notes shown as text; --json has all.  Everything that does not hold is always shown."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@bundle_argument()
@output_dir_option
@click.option(
    "--signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="List of allowed signers (TOML); with it, a bundle that none of them signed is refused.",
)
@click.option(
    "--tsa-roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Root certificates (PEM) of time-stamping authorities; with it, a signature without their token is refused.",
)
@click.option(
    "--require-target",
    type=click.Choice(["emulator", "live", "custom", "replay"]),
    envvar="TTSGATE_REQUIRE_TARGET",
    help="Refuse evidence about anything else.",
)
@click.option("--max-age", type=DURATION, metavar="AGE", help="Refuse older runs: 36h, 30d, 8w.")
@click.option("--model", multiple=True, metavar="NAME", help="Refuse unless this model spoke. Repeatable.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Judge only N sessions again, drawn at random; the others are taken as recorded. For very long runs.",
)
@click.option("--strict", is_flag=True, help="Refuse drift, and sessions that cannot be judged again, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout, nothing else.")
def command(
    bundle: str,
    output_dir: str | None,
    signers: Path | None,
    tsa_roots: Path | None,
    require_target: str | None,
    max_age: timedelta | None,
    model: tuple[str, ...],
    sample: int | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Verify a bundle: integrity, origin and re-judgement, three things apart.

    BUNDLE is a folder, an exported archive, or `latest`. It verifies when every file is as sealed, the signature (if
    there is one, or one is asked for) holds, and the verdict follows again from what was received. A failed run
    verifies, too: this is about the evidence, not about the service. Exit codes: 0 it holds, 2 usage, 6 it does not.
    """
    from ttsgate.bundle.signers import read_signers
    from ttsgate.bundle.timestamp import read_roots
    from ttsgate.bundle.verifying import Demands, Part, Verification, verify
    from ttsgate.errors import EvidenceError

    demands = Demands(
        target=require_target,
        max_age=max_age,
        models=model,
        signers=read_signers(signers) if signers else None,
        authorities=read_roots(tsa_roots) if tsa_roots else None,
        sample=sample,
        strict=strict,
    )
    try:
        done = verify(named(bundle, output_dir), demands, now=datetime.now(UTC))
    except EvidenceError as exc:
        done = Verification(bundle, None, [Part("integrity", "broken", "cannot be opened", [str(exc)])])
    if as_json:
        click.echo(json.dumps(_document(done), ensure_ascii=False))
    else:
        _tell(done)
    return done.exit_code


def _document(done: Any) -> dict[str, Any]:
    return {
        "bundle": done.bundle,
        "verified": done.holds,
        "exit_code": done.exit_code,
        **_about(done),
        **{p.name: {"state": p.state, "says": p.says, "problems": p.problems, "notes": p.notes} for p in done.parts},
    }


def _about(done: Any) -> dict[str, Any]:
    result = done.result
    if result is None:
        return {}
    return {
        "run": result.run,
        "target": result.target.kind,
        "claim": result.target.claim,
        "verdict": result.verdict.name if result.verdict else None,
        "finished": result.finished,
    }


def _tell(done: Any) -> None:
    from ttsgate.report.safe import clean

    for part in done.parts:
        click.echo(f"{part.name:<13} {part.state:<14} {clean(part.says, cap=600)}")
        for problem in part.problems:
            click.echo(f"  ✗ {clean(problem, cap=600)}")
        for note in part.notes[:SHOWN]:
            click.echo(f"  - {clean(note, cap=600)}")
        if len(part.notes) > SHOWN:
            click.echo(f"  - and {len(part.notes) - SHOWN} more: --json has all")
    about = _about(done)
    facts = {
        "exit": done.exit_code,
        "verdict": about.get("verdict") or "none",
        "target": about.get("target", "unknown"),
        "claim": json.dumps(clean(about.get("claim", "unknown")), ensure_ascii=False),
        **{p.name: p.state.replace(" ", "-") for p in done.parts},
    }
    click.echo(
        f"ttsgate: {'VERIFIED' if done.holds else 'REFUSED'} "
        + " ".join(f"{name}={value}" for name, value in facts.items())
    )
