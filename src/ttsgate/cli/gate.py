"""``ttsgate gate``: does the evidence satisfy the policy?"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ttsgate.cli.bundles import named
from ttsgate.config import resolve
from ttsgate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from ttsgate.bundle.signers import Signer
    from ttsgate.verdict.decision import Decision
    from ttsgate.verdict.evidence import Bundle

__all__ = ["DECISION", "command"]

DECISION = "decision.json"
"""File of the decision; beside it ``decision.txt``, and ``decision.dsse.json`` when signed."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("bundles", nargs=-1, metavar="BUNDLE...")
@click.option("--policy", metavar="NAME", help="Policy that decides: your own, or ci, nightly, release.")
@click.option("--policy-sha256", metavar="DIGEST", help="Refuse unless the policy has this digest, in whole.")
@click.option(
    "--baseline",
    multiple=True,
    metavar="BUNDLE",
    help="Compare with this bundle, or with those in this folder. Repeatable.",
)
@click.option(
    "--history",
    multiple=True,
    metavar="BUNDLE",
    help="Earlier bundles, or a folder of them, for limits over several. Repeatable.",
)
@click.option(
    "--signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="List of allowed signers (TOML); with it, every bundle must be signed by one of them.",
)
@click.option(
    "--sign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Private key of `ttsgate keygen` to sign the decision with.",
)
@click.option("--config", metavar="FILE", help="Configuration file with the policy. Default: the nearest gate.toml.")
@click.option("--output-dir", metavar="DIR", help="Base folder of `latest`, and of the decision.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as one JSON document, nothing else.")
def command(
    bundles: tuple[str, ...],
    policy: str | None,
    policy_sha256: str | None,
    baseline: tuple[str, ...],
    history: tuple[str, ...],
    signers: Path | None,
    sign_key: Path | None,
    config: str | None,
    output_dir: str | None,
    as_json: bool,
) -> int:
    """Decide about stored bundles, together, by a policy; write decision.json and decision.txt.

    BUNDLE is a folder, an exported archive, or `latest`; several (shards, regions, runtimes) are joined. The first
    three lines say what was decided about what, on which evidence, and why. Exit codes: 0 accepted, 1 refused by the
    policy, or failed by script, SDK or client, 2 usage, 3 harness error, 5 nothing was judged, 6 a bundle does not
    verify, 7 key or quota, 8 failed by the service, 9 inconclusive.
    """
    given = {"policy": policy, "config": config, "output_dir": output_dir}
    resolved = resolve({k: v for k, v in given.items() if v is not None}, dict(os.environ), Path.cwd())
    if resolved.rules is None:
        raise UsageError("name the policy that decides: --policy release (or ci, nightly, or one of your gate.toml)")
    if not bundles:
        raise UsageError("name the bundles to decide about: an empty list proves nothing")
    digest = resolved.rules.sha256(resolved.expectations)
    if policy_sha256 is not None and policy_sha256.lower().removeprefix("sha256:") != digest:
        raise UsageError(
            f"policy {resolved.rules.name} has the digest {digest}, not {policy_sha256}: it is not the one agreed on"
        )

    # Imported here: --help and usage errors need none of it.
    from ttsgate import judgement
    from ttsgate.report import writing
    from ttsgate.store.atomic import write_atomic
    from ttsgate.verdict.decision import make_decision
    from ttsgate.verdict.telling import tell

    judgement.load_all()
    now = datetime.now(UTC)
    allowed = _allowed(signers, resolved.rules.requires.signers)
    base = resolved.output_dir
    decision = make_decision(
        [_opened(name, base, allowed, now, again=True) for name in bundles],
        resolved.rules,
        resolved.expectations,
        now=now,
        ci=resolved.ci,
        history=[_opened(name, base, allowed, now, again=False) for name in _folders(history)],
        baseline=[_opened(name, base, allowed, now, again=False) for name in _folders(baseline)],
    )
    text = tell(decision)
    folder = base / writing.LATEST
    data = _json(decision)
    write_atomic(folder / DECISION, data)
    write_atomic(folder / "decision.txt", text.encode())
    if sign_key is not None:
        write_atomic(folder / "decision.dsse.json", _signed(decision, data, sign_key, now))
    _for_github(decision)
    if as_json:
        click.echo(data.decode(), nl=False)
    else:
        click.echo(text)
        click.echo(_closing(decision, folder / DECISION))
    return decision.verdict.exit_code


def _allowed(path: Path | None, publics: Sequence[str]) -> list[Signer] | None:
    """Whose signatures count: of the file, else of the policy, else anybody's."""
    from ttsgate.bundle.signers import Signer, read_signers

    if path is not None:
        return list(read_signers(path))
    return [Signer(name=public[:16], public=public) for public in publics] or None


def _folders(names: Sequence[str]) -> list[str]:
    """Bundles, and the bundles in folders of them, oldest first by name."""
    from ttsgate.bundle.reading import run_folders

    found: list[str] = []
    for name in names:
        path = Path(name)
        if not path.is_dir() or (path / "result.json").exists():
            found.append(name)
            continue
        inside = [p for p in sorted(path.iterdir()) if (p / "result.json").is_file()] or run_folders(path)
        if not inside:
            raise UsageError(f"there is no bundle in the folder {name}")
        found += map(str, inside)
    return found


def _opened(name: str, base: Path, allowed: list[Signer] | None, now: datetime, *, again: bool) -> Bundle:
    """A bundle with what verifying it says; `again` judges it again, which takes as long as its audio is."""
    from ttsgate.bundle.integrity import integrity
    from ttsgate.bundle.reading import open_bundle
    from ttsgate.bundle.verifying import Demands, verify
    from ttsgate.verdict.evidence import Bundle

    opened = open_bundle(name, lambda: base) if name == "latest" else named(name, None)
    if again or allowed is not None:
        problems = [p for part in verify(opened, Demands(signers=allowed), now=now).parts for p in part.problems]
    else:
        problems = integrity(opened)
    try:
        sha256 = opened.digest
    except EvidenceError:
        sha256 = None
    return Bundle(
        name=name,
        result=opened.result,
        verified=not problems,
        problem=problems[0] if problems else "",
        signers=_signers(opened) if not problems else (),
        sha256=sha256,
    )


def _signers(opened: Any) -> tuple[str, ...]:
    from ttsgate.bundle.manifest import ATTESTATION
    from ttsgate.bundle.signing import open_envelope

    if ATTESTATION not in opened.files.names():
        return ()
    return (open_envelope(opened.read(ATTESTATION)).public,)


def _json(decision: Decision) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(decision), indent=1) + b"\n"


def _signed(decision: Decision, data: bytes, key_file: Path, now: datetime) -> bytes:
    """A signed in-toto statement: this decision, by this policy, about this subject."""
    from ttsgate.bundle.attestation import PREDICATE_TYPE, STATEMENT_TYPE
    from ttsgate.bundle.keys import read_key
    from ttsgate.bundle.manifest import canonical, digest

    key = read_key(key_file)
    about = decision.subject or {}
    named_digest = {"sha256": about["sha256"]} if "sha256" in about else {"gitCommit": about["git"]} if about else {}
    return key.envelope(
        canonical(
            {
                "_type": STATEMENT_TYPE,
                "subject": [
                    {"name": about.get("name", DECISION), "digest": named_digest or {"sha256": digest(data)}},
                ],
                "predicateType": PREDICATE_TYPE,
                "predicate": {
                    "result": "PASSED" if decision.decision == "accepted" else "FAILED",
                    "configuration": [
                        {"name": f"policy {decision.policy['name']}", "digest": {"sha256": decision.policy["sha256"]}},
                        {"name": DECISION, "digest": {"sha256": digest(data)}},
                        *(
                            {"name": e.run, "digest": {"sha256": e.sha256}}
                            for e in decision.exhibits
                            if e.sha256 is not None
                        ),
                    ],
                    "target": sorted({e.claim for e in decision.exhibits if e.role == "decided"}),
                    "signer": {"public": key.public, "claimed_time": now.isoformat()},
                },
            }
        )
    )


def _for_github(decision: Decision) -> None:
    path = os.environ.get("GITHUB_OUTPUT")
    if not path:
        return
    verdict = decision.verdict
    values = {
        "decision": decision.decision,
        "verdict": verdict.name,
        "exit-code": verdict.exit_code,
        "cause": verdict.cause,
        "policy": decision.policy["name"],
        "policy-sha256": decision.policy["sha256"],
    }
    with Path(path).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())


def _closing(decision: Decision, path: Path) -> str:
    kinds = ",".join(sorted({e.target for e in decision.exhibits if e.role == "decided"})) or "none"
    claims = json.dumps(" and ".join(sorted({e.claim for e in decision.exhibits if e.role == "decided"})) or "none")
    verdict = decision.verdict
    return (
        f"ttsgate: {decision.decision.upper()} exit={verdict.exit_code} cause={verdict.cause} "
        f"policy={decision.policy['name']} target={kinds} claim={claims} decision={path}"
    )
