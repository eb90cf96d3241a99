"""Turn over every byte of every file of a signed bundle, one after the other; drop, add, rename, swap, truncate.

    python benchmarks/evidence_tampering.py [STEP]

The bundle is one real session against the emulator. Every change must be refused and the file named. STEP > 1 tries
every so many-th byte only. Files that a change leaves alone are hashed once, not each time anew.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ttsgate.bundle import integrity as looking
from ttsgate.bundle.attestation import sign
from ttsgate.bundle.integrity import integrity
from ttsgate.bundle.manifest import ATTESTATION, digest
from ttsgate.bundle.reading import Bundle, FolderFiles, MemoryFiles, run_folders
from ttsgate.bundle.signing import SigningKey, open_envelope
from ttsgate.errors import EvidenceError

MODEL = "qwen3-tts-flash-realtime"
BLOCK = 20_000

Missed = list[tuple[str, str]]


def found(files: dict[str, bytes]) -> list[str]:
    """What is wrong with a bundle of these files."""
    return integrity(Bundle(MemoryFiles(files), label="test"))


def signature(files: dict[str, bytes]) -> list[str]:
    """What is wrong with its signature."""
    try:
        open_envelope(files[ATTESTATION])
    except EvidenceError as exc:
        return [str(exc)]
    return []


def flips(folder: str, name: str, first: int, step: int) -> tuple[int, Missed]:
    """Turn over the bytes of a block of one file; how many, and which were not refused by name."""
    source = FolderFiles(Path(folder))
    files = {n: source.read(n) for n in source.names()}
    known = {id(data): digest(data) for data in files.values()}
    looking.digest = lambda data: known.get(id(data)) or digest(data)  # type: ignore[attr-defined]
    data, missed, count = files[name], Missed(), 0
    for at in range(first, min(first + BLOCK, len(data)), step):
        changed = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        said = (signature if name == ATTESTATION else found)({**files, name: changed})
        count += 1
        if not said or any(not line.startswith(f"{name}:") for line in said):
            missed.append((f"{name} byte {at}", "; ".join(said) or "not refused"))
    return count, missed


def files_as_wholes(files: dict[str, bytes]) -> tuple[int, Missed]:
    """Drop, add, rename, swap, truncate each file of the manifest."""
    tried, missed = 0, Missed()

    def expect(what: str, changed: dict[str, bytes], *names: str) -> None:
        nonlocal tried
        tried += 1
        said = found(changed)
        if not all(any(line.startswith(f"{name}:") for line in said) for name in names):
            missed.append((what, "; ".join(said) or "not refused"))

    names = sorted(set(files) - {ATTESTATION})
    for name in names:
        rest = {n: d for n, d in files.items() if n != name}
        expect(f"drop {name}", rest, name)
        expect(f"rename {name}", {**rest, f"{name}.bak": files[name]}, name)
        expect(f"add beside {name}", {**files, f"{name}.new": b""}, f"{name}.new")
        for left in (0, 1, len(files[name]) // 2, len(files[name]) - 1):
            expect(f"truncate {name} to {left}", {**files, name: files[name][:left]}, name)
        expect(f"longer {name}", {**files, name: files[name] + b"\n"}, name)
    for one, two in itertools.combinations(names, 2):
        if files[one] != files[two]:
            expect(f"swap {one}, {two}", {**files, one: files[two], two: files[one]}, *_swapped(one, two))
    return tried, missed


def _swapped(one: str, two: str) -> list[str]:
    """Which of two swapped files must be named: nothing else is looked at when the manifest is none."""
    own = [name for name in (one, two) if name == "manifest.json"]
    return own or [one, two]


def main() -> int:
    """Print how many changes were tried and what was missed."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ttsgate-tampering-") as base:
        words = f"validate -q --client wire --model {MODEL} --text Hi. --compare none --skip-probes --output-dir {base}"
        os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-m", "ttsgate", *words.split())
        (folder,) = run_folders(Path(base))
        source = FolderFiles(folder)
        sign(Bundle(source, label="test", folder=folder), SigningKey.generate()[0], at=datetime.now(UTC))
        files = {n: FolderFiles(folder).read(n) for n in FolderFiles(folder).names()}
        assert not found(files)
        assert not signature(files)
        tried, missed = files_as_wholes(files)
        print(
            f"dropped, added, renamed, swapped, truncated, longer: {tried} changes, {len(missed)} not refused by name"
        )
        blocks = [(name, first) for name, data in files.items() for first in range(0, len(data), BLOCK)]
        with ProcessPoolExecutor() as pool:
            done = list(
                pool.map(
                    flips,
                    itertools.repeat(str(folder)),
                    *zip(*blocks, strict=True),
                    itertools.repeat(step),
                    chunksize=1,
                )
            )
        count = sum(n for n, _ in done)
        flipped = [m for _, found_missed in done for m in found_missed]
        print(f"one byte turned over: {count} in {len(files)} files, {len(flipped)} not refused by name")
        for what, said in [*missed, *flipped][:40]:
            print(f"  {what}: {said[:200]}")
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if missed or flipped else 0


if __name__ == "__main__":
    sys.exit(main())
