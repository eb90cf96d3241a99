"""The signed statement about a run: an in-toto test result whose subject is what is being released."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ttsgate.bundle.manifest import ATTESTATION, MANIFEST, TOKEN, canonical, digest
from ttsgate.bundle.reading import Bundle
from ttsgate.bundle.signing import Signed, SigningKey
from ttsgate.errors import EvidenceError
from ttsgate.result.record import Result
from ttsgate.store.atomic import write_atomic

__all__ = ["PREDICATE_TYPE", "STATEMENT_TYPE", "contradictions", "sign", "signed_at", "statement"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
"""https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md"""

_ALWAYS = ("result", "configuration", "run", "finished", "target", "harness")
"""What every version's statement says; later ones may say more."""


def statement(result: Result, manifest: bytes, *, public: str, at: datetime) -> dict[str, Any]:
    """The in-toto statement about a run.

    Args:
        result: The run.
        manifest: Bytes of its ``manifest.json``.
        public: Public key of the signer.
        at: Time of signing, by the signer's own clock.
    """
    bundle = {"sha256": digest(manifest)}
    failed = sorted({c.check for c in result.checks if c.outcome in ("fail", "error") and c.severity == "fail"})
    warned = sorted({c.check for c in result.checks if c.outcome == "fail" and c.severity == "warn"} - set(failed))
    passed = sorted({c.check for c in result.checks if c.outcome == "pass"} - set(failed) - set(warned))
    return {
        "_type": STATEMENT_TYPE,
        "subject": [_subject(result, bundle)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": _outcome(result),
            "configuration": [{"name": MANIFEST, "digest": bundle}],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
            **({"url": url} if isinstance(url := result.environment.get("ci_run"), str) else {}),
            # What follows is ours; readers of the predicate type ignore fields that they do not know.
            "run": result.run,
            "finished": result.finished,
            "target": {
                "kind": result.target.kind,
                "claim": result.target.claim,
                "region": result.target.region,
                "vantage": result.target.vantage,
            },
            **({"resumed": [r.at for r in result.resumed]} if result.resumed else {}),
            **({"policy": {k: result.policy.get(k) for k in ("name", "sha256")}} if result.policy else {}),
            "harness": {k: result.engine.get(k) for k in ("ttsgate", "rules", "revision", "dirty")},
            "signer": {"public": public, "claimed_time": at.astimezone(UTC).isoformat()},
        },
    }


def sign(bundle: Bundle, key: SigningKey, *, at: datetime) -> Path:
    """Sign a bundle; an earlier signature is replaced.

    Returns:
        The file written.

    Raises:
        EvidenceError: the bundle is an archive, was not sealed, or its run did not end by itself.
    """
    if bundle.folder is None:
        raise EvidenceError(f"{bundle.label}: an archive cannot be signed: sign the folder, then export it")
    if bundle.result.verdict is None:
        raise EvidenceError(f"{bundle.label}: a run that was {bundle.result.status} has no verdict to sign")
    content = statement(bundle.result, bundle.manifest.encode(), public=key.public, at=at)
    path = bundle.folder / ATTESTATION
    (bundle.folder / TOKEN).unlink(missing_ok=True)  # of an earlier signature
    write_atomic(path, key.envelope(canonical(content)))
    return path


def signed_at(signed: Signed) -> datetime:
    """When it was signed, as the signer says.

    Raises:
        EvidenceError: the statement names no such time.
    """
    try:
        at = datetime.fromisoformat(signed.statement["predicate"]["signer"]["claimed_time"])
    except (KeyError, TypeError, ValueError) as exc:
        raise EvidenceError(f"{ATTESTATION}: it names no time of signing") from exc
    if at.tzinfo is None:
        raise EvidenceError(f"{ATTESTATION}: its time of signing has no zone")
    return at


def contradictions(signed: Signed, result: Result, manifest: bytes) -> list[str]:
    """What a statement says otherwise than the bundle that it lies in, each with the name of a file."""
    at = signed_at(signed)
    expected = statement(result, manifest, public=signed.public, at=at)
    found = signed.statement
    problems = []
    if found.get("_type") != STATEMENT_TYPE or found.get("predicateType") != PREDICATE_TYPE:
        problems.append(f"{ATTESTATION}: a statement of another type: {str(found.get('predicateType'))[:80]!r}")
    if found.get("subject") != expected["subject"]:
        problems.append(f"{ATTESTATION}: its subject is not the one of result.json")
    said = found.get("predicate")
    said = said if isinstance(said, dict) else {}
    if said.get("configuration") != expected["predicate"]["configuration"]:
        problems.append(f"{MANIFEST}: not the one that was signed: files were changed and digests repaired")
    for name, value in expected["predicate"].items():
        if name in said and name != "configuration" and said[name] != value:
            problems.append(f"result.json: {name} is not what was signed")
        elif name in _ALWAYS and name not in said:
            problems.append(f"{ATTESTATION}: it does not say {name}")
    return problems


def _subject(result: Result, bundle: dict[str, str]) -> dict[str, Any]:
    """What is being released; else the bundle itself."""
    named = result.subject or {}
    if "sha256" in named:
        return {"name": named.get("name", "subject"), "digest": {"sha256": named["sha256"]}}
    if "git" in named:
        return {"name": named.get("name", "source"), "digest": {"gitCommit": named["git"]}}
    return {"name": f"ttsgate-run-{result.run}", "digest": bundle}


def _outcome(result: Result) -> str:
    if result.verdict is None or result.verdict.name != "pass" or result.verdict.exit_code != 0:
        return "FAILED"
    return "WARNED" if result.verdict.warnings else "PASSED"
