"""Whether a bundle is what was sealed: every file there, none else, none changed."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ttsgate.bundle.manifest import MANIFEST, SUMS, UNLISTED, Manifest, digest, is_safe, sums
from ttsgate.bundle.reading import Bundle
from ttsgate.errors import EvidenceError
from ttsgate.result.record import Result
from ttsgate.result.writing import encoded

__all__ = ["integrity"]


def integrity(bundle: Bundle) -> list[str]:
    """Everything that does not hold, each beginning with the name of a file; empty when the bundle is whole."""
    problems = list(bundle.files.problems)
    try:
        manifest = bundle.manifest
    except EvidenceError as exc:
        return [*problems, str(exc)]
    problems += _sealed(bundle, manifest)
    if problems:
        return problems  # nothing in a changed bundle is believed, so nothing in it is compared
    try:
        result = bundle.result
        _refuse_doubles(bundle.read("result.json"), result)
    except EvidenceError as exc:
        return [*problems, str(exc)]
    if result.run != manifest.run:
        problems.append(f"{MANIFEST}: seals run {manifest.run}, result.json is of run {result.run}")
    listed = {f.name: f.sha256 for f in manifest.files}
    for seen in result.observations:
        if seen.transcript is not None and listed.get(seen.transcript) != seen.transcript_sha256:
            problems.append(f"{seen.transcript}: not the transcript that result.json names for {seen.probe}")
    for session in result.sessions:
        for name, sha in ((session.transcript, session.transcript_sha256), (session.audio, None)):
            if name is not None and name not in listed:
                problems.append(f"{name}: named by session {session.id} in result.json, but not sealed")
            elif name is not None and sha is not None and listed[name] != sha:
                problems.append(f"{name}: not the transcript that result.json names")
    return problems


def _files(bundle: Bundle, manifest: Manifest) -> list[str]:
    problems = []
    present = set(bundle.files.names())
    for entry in manifest.files:
        if entry.name not in present:
            if not any(p.startswith(f"{entry.name}:") for p in bundle.files.problems):
                problems.append(f"{entry.name}: missing")
            continue
        data = bundle.read(entry.name)
        if len(data) != entry.bytes:
            problems.append(f"{entry.name}: {len(data)} bytes, sealed with {entry.bytes}")
        elif digest(data) != entry.sha256:
            problems.append(f"{entry.name}: changed: its SHA-256 is not the one that was sealed")
    for name in sorted(present - {e.name for e in manifest.files} - UNLISTED):
        problems.append(f"{name if is_safe(name) else ascii(name)}: extra: it was not sealed")
    return problems


def _sealed(bundle: Bundle, manifest: Manifest) -> list[str]:
    """Files against manifest and ``SHA256SUMS``: where two agree against the third, the third was changed."""
    by_manifest = _files(bundle, manifest)
    try:
        written = bundle.read(SUMS)
    except EvidenceError as exc:
        return [*by_manifest, str(exc)]
    if written == sums(manifest):
        return by_manifest
    if not by_manifest and _run(bundle) == manifest.run:
        return [f"{SUMS}: changed: it does not repeat {MANIFEST}"]
    if _agree(bundle, written):
        return [f"{MANIFEST}: changed: the files are those of {SUMS}"]
    return [*by_manifest, f"{SUMS}: does not repeat {MANIFEST}"]


def _run(bundle: Bundle) -> str | None:
    try:
        return bundle.result.run
    except EvidenceError:
        return None


def _agree(bundle: Bundle, written: bytes) -> bool:
    """Whether ``SHA256SUMS`` lists exactly the files that are there, with their digests."""
    lines: dict[str, str] = {}
    for line in written.decode("ascii", "replace").splitlines():
        sha, _, name = line.partition("  ")
        lines[name] = sha
    lines.pop(MANIFEST, None)
    names = set(bundle.files.names()) - UNLISTED
    return set(lines) == names and all(digest(bundle.read(name)) == sha for name, sha in lines.items())


def _refuse_doubles(data: bytes, result: Result) -> None:
    """Two readers may see two values where a key stands twice."""
    # As a run writes it, a result is what its values give when they are written again; that is seen ten times faster.
    at = 0
    for piece in encoded(result):
        if not data.startswith(piece, at):
            break
        at += len(piece)
    else:
        if at == len(data):
            return
    # Of an older version, or by somebody else: this way holds it a second time.
    if msgspec.json.format(msgspec.json.encode(msgspec.json.decode(data)), indent=1) == data.removesuffix(b"\n"):
        return

    def pairs(found: list[tuple[str, Any]]) -> None:
        # Gives back nothing, so that a large result is not held a second time.
        if len({name for name, _ in found}) != len(found):
            raise EvidenceError("result.json: a key stands twice")

    try:
        json.loads(data, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as exc:
        raise EvidenceError(f"result.json: not JSON: {exc}") from exc
