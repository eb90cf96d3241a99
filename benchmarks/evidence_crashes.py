"""What is left when runs die: killed at any moment, on a disk that is full, read-only, and two at once.

    python benchmarks/evidence_crashes.py [KILLS] [SEED]

Every run speaks three sessions with an emulator of its own lane. After each death: no verdict that did not happen,
no torn file, no file that nobody names; every fifth run is gone on with, must pass, verify, and must not have asked
again for what had ended. A disk that is full is a small tmpfs; without the right to mount one, that part says so.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from ttsgate.bundle.reading import Bundle, FolderFiles
from ttsgate.emulator.process import EmulatorProcess
from ttsgate.result.reading import read_result
from ttsgate.result.record import SessionRecord

KILLS, SEED, LANES, RESUMED = 200, 20261124, 2, 5
MODEL = "qwen3-tts-flash-realtime"
HOME = "aliyun-qwen-tts-realtime"
WORDS = ("validate", "-q", "--client", "wire", "--model", MODEL, "--text", "Good morning.", "--repeat", "3",
         "--compare", "none", "--skip-probes")  # fmt: skip


class Lane:
    """One folder, one emulator, one run after the other."""

    def __init__(self, base: Path, url: str) -> None:
        self.base, self.url = base, url
        self.seen: Counter[str] = Counter()

    def start(self, *more: str, base: Path | None = None) -> subprocess.Popen[bytes]:
        """Begin a run."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TTSGATE_", "DASHSCOPE_"))}
        env |= {"OUTPUT_DIR": str(base or self.base), "DASHSCOPE_API_KEY": "sk-right"}
        argv = [sys.executable, "-m", "ttsgate", *WORDS, "--ws-url", self.url, *more]
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def whole(self, *more: str, base: Path | None = None) -> tuple[int, str]:
        """A run to its end: exit code, and what it said."""
        child = self.start(*more, base=base)
        out, err = child.communicate()
        return child.returncode, (out + err).decode()

    def kill(self, after_s: float) -> None:
        """Kill a run after that time and look at what it left."""
        before = set(self.runs())
        latest = self.base / HOME / "validate.txt"
        latest.unlink(missing_ok=True)
        child = self.start()
        try:
            child.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
        verdict = latest.read_text("utf-8").split("\n")[0] if latest.exists() else "none"
        (folder,) = set(self.runs()) - before or (None,)
        sealed = folder is not None and (folder / "manifest.json").exists()
        if verdict == "py_compile_ok" and not (sealed and verified(folder)):
            self.seen["PASS THAT DID NOT HAPPEN"] += 1
        elif verdict not in ("none", "RUNNING", "py_compile_ok"):
            self.seen[f"UNEXPECTED {verdict}"] += 1
        self.seen["torn files"] += len(torn(folder)) if folder else 0
        state = (
            "ended before" if child.returncode != -9 else "sealed" if sealed else "under way" if folder else "unborn"
        )
        self.seen[state] += 1

    def resume(self) -> None:
        """Go on with the newest run, if it was under way."""
        runs = self.runs()
        if not runs or (runs[-1] / "manifest.json").exists() or not (runs[-1] / "result.json").exists():
            return
        kept = {s.id: s.started for s in noted(runs[-1])}
        code, said = self.whole("--resume", "latest")
        result = read_result((runs[-1] / "result.json").read_bytes())
        again = [s.id for s in result.sessions if kept.get(s.id, s.started) != s.started]
        self.seen["resumed"] += 1
        self.seen["sessions kept by resuming"] += len(kept)
        self.seen["SESSIONS PAID TWICE"] += len(again)
        if code or not verified(runs[-1]):
            self.seen["RESUMED BUT NOT WHOLE"] += 1
            sys.stderr.write(said)

    def runs(self) -> list[Path]:
        """Folders of all runs, oldest first."""
        return sorted((self.base / HOME / "runs").glob("2*"))


def noted(folder: Path) -> list[SessionRecord]:
    """Sessions that had ended."""
    path = folder / "sessions.jsonl"
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=SessionRecord))
        except msgspec.MsgspecError:
            continue
    return found


def torn(folder: Path) -> list[str]:
    """Files under their own name that are not whole."""
    bad = []
    for path in (p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".tmp")):
        try:
            data = path.read_bytes()
            if path.suffix == ".json":
                json.loads(data)
            elif path.suffix == ".jsonl":
                for line in data.split(b"\n")[:-1]:
                    json.loads(line)
                if data and not data.endswith(b"\n"):
                    raise ValueError("no end of line")
            elif path.suffix == ".wav" and int.from_bytes(data[4:8], "little") + 8 != len(data):
                raise ValueError("shorter than its header says")
            elif path.suffix == ".html" and not data.rstrip().endswith(b"</html>"):
                raise ValueError("no end")
        except ValueError as exc:
            bad.append(f"{path.relative_to(folder)}: {exc}")
    bundle = Bundle(FolderFiles(folder), label=str(folder))
    for record in noted(folder):
        bundle.session(record)  # raises when a file is not the one that its line names
    for words in bad:
        sys.stderr.write(f"{folder.name}: {words}\n")
    return bad


def verified(folder: Path | None) -> bool:
    """Whether `ttsgate verify` holds."""
    done = subprocess.run(
        [sys.executable, "-m", "ttsgate", "verify", str(folder), "--strict"], capture_output=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout.decode())
    return done.returncode == 0


def kills(lanes: list[Lane], count: int, seed: int) -> None:
    """Kill `count` runs at random moments."""
    began = time.monotonic()
    code, said = lanes[0].whole()
    assert code == 0, said
    took = (time.monotonic() - began) * 1.2

    def work(n: int) -> None:
        chance = random.Random(seed + n)
        for turn in range(count // len(lanes)):
            lanes[n].kill(chance.uniform(0, took))
            if turn % RESUMED == RESUMED - 1:
                lanes[n].resume()

    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(work, range(len(lanes))))
    print(f"{count} kills within {took:.1f} s of the start:", dict(sum((lane.seen for lane in lanes), Counter())))


def full_disk(lane: Lane, folder: Path, seed: int) -> None:
    """Runs on a disk of a few kilobytes, then the same runs with room."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(folder)], check=False).returncode:
        print("full disk: not tried, mounting a tmpfs is not permitted here")
        return
    seen: Counter[str] = Counter()
    chance = random.Random(seed)
    try:
        for _ in range(12):
            size = chance.choice((16, 32, 64, 96, 128, 192, 256, 320, 384, 448, 512, 768))
            subprocess.run(["mount", "-o", f"remount,size={size}k", str(folder)], check=True)
            code, said = lane.whole(base=folder / "out")
            latest = folder / "out" / HOME / "validate.txt"
            first = latest.read_text("utf-8").split("\n")[0] if latest.exists() else "none"
            runs = sorted((folder / "out" / HOME / "runs").glob("2*"))
            seen[f"exit {code} {first}"] += 1
            seen["says that the disk is full"] += "No space left on device" in said
            seen["torn files"] += sum(len(torn(run)) for run in runs)
            subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True)
            if code and runs and (runs[-1] / "result.json").exists():
                again, words = lane.whole("--resume", "latest", base=folder / "out")
                seen["then resumed and whole"] += again == 0 and verified(runs[-1])
                if again:
                    sys.stderr.write(words)
            shutil.rmtree(folder / "out", ignore_errors=True)
        print("full disk:", dict(seen))
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        code, said = lane.whole(base=folder / "out")
        print(f"read-only disk: exit {code}: {said.strip().splitlines()[-1]}")
    finally:
        subprocess.run(["umount", str(folder)], check=False)


def two_at_once(lane: Lane, base: Path, pairs: int) -> None:
    """Pairs of runs in one folder."""
    seen: Counter[str] = Counter()
    for _ in range(pairs):
        children = [lane.start(base=base) for _ in range(2)]
        for child in children:
            child.communicate()
            seen[f"exit {child.returncode}"] += 1
    runs = sorted((base / HOME / "runs").glob("2*"))
    seen["verified"] = sum(map(verified, runs))
    lines = dict(
        line.partition("=")[::2] for line in (base / HOME / "validate.txt").read_text("utf-8").splitlines()[1:]
    )
    found: dict[str, Any] = json.loads((base / HOME / lines["bundle"] / "result.json").read_bytes())
    seen["validate.txt is of one of them"] = int(found["finished"] == lines["finished"])
    print(f"two at once, {pairs} pairs:", dict(seen))


def main() -> None:
    """Print a line a part."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    with tempfile.TemporaryDirectory(prefix="ttsgate-crashes-") as where:
        with EmulatorProcess(api_keys=["sk-right"], pace=8, extra=["--unlimited"]) as emulator:
            assert emulator.endpoints is not None
            lanes = [Lane(Path(where) / f"lane{n}", emulator.endpoints.ws_url) for n in range(LANES)]
            two_at_once(lanes[0], Path(where) / "two", 5)
            full_disk(lanes[0], Path(where) / "disk", seed)
            kills(lanes, count, seed)


if __name__ == "__main__":
    main()
