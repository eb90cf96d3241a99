"""Bundles for tests: one real run, kept for the whole session, and honest and dishonest ways to change it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from ttsgate import report
from ttsgate.bundle.attestation import statement
from ttsgate.bundle.manifest import (
    ATTESTATION,
    MANIFEST,
    SUMS,
    UNLISTED,
    FileEntry,
    Manifest,
    canonical,
    digest,
    sums,
)
from ttsgate.bundle.reading import Bundle, FolderFiles, MemoryFiles
from ttsgate.bundle.signing import SigningKey
from ttsgate.result.reading import read_result
from ttsgate.result.record import Result

NOW = datetime.now(UTC).replace(microsecond=0)
MODEL = "qwen3-tts-flash-realtime"


def ttsgate(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a child."""
    return subprocess.run(
        [sys.executable, "-m", "ttsgate", *arguments],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@lru_cache(maxsize=2)
def real_run(*more: str) -> Path:
    """The bundle of one real run of the wire client, of one session unless `more` options say otherwise."""
    base = Path(tempfile.mkdtemp(prefix="ttsgate-test-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    options = more or ("--compare", "none", "--skip-probes")
    done = ttsgate("validate", "-q", "--client", "wire", "--model", MODEL, *options, "--output-dir", str(base))
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (base / "aliyun-qwen-tts-realtime" / "runs").iterdir()
    return folder


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    files = FolderFiles(real_run())
    return {name: files.read(name) for name in files.names()}


def real_files() -> dict[str, bytes]:
    """The files of that run by name."""
    return dict(_files())


@lru_cache(maxsize=1)
def key() -> SigningKey:
    """A key to sign with."""
    return SigningKey.generate()[0]


def bundle_of(files: dict[str, bytes]) -> Bundle:
    """A bundle in memory."""
    return Bundle(MemoryFiles(files), label="test")


def result_of(files: dict[str, bytes]) -> Result:
    """Its result, read anew."""
    return read_result(files["result.json"])


def signed(files: dict[str, bytes], by: SigningKey, at: datetime = NOW) -> dict[str, bytes]:
    """The files with an honest signature."""
    content = statement(result_of(files), files[MANIFEST], public=by.public, at=at)
    return {**files, ATTESTATION: by.envelope(canonical(content))}


def resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with all digests repaired; a signature stays as it was."""
    entries = [
        FileEntry(name=name, bytes=len(data), sha256=digest(data))
        for name, data in sorted(files.items())
        if name not in UNLISTED
    ]
    manifest = Manifest(run=result_of(files).run, files=entries)
    return {**files, SUMS: sums(manifest), MANIFEST: manifest.encode()}


def forged(files: dict[str, bytes], change: Callable[[Result], None]) -> dict[str, bytes]:
    """A forger's best: the result changed, everything rendered again, all digests repaired."""
    result = result_of(files)
    change(result)
    files = {**files, "result.json": msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"}
    files.update(report.render_all(result, audio=files.get))
    return resealed(files)


def written(files: dict[str, bytes], folder: Path) -> Path:
    """The files as a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
