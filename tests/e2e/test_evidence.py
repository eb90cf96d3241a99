"""Evidence from end to end: what a hostile service says stays inert, and what runs leave when they die is whole."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import FLASH, QUICK, Ran, argv, surroundings, ttsgate
from tests.e2e.strange_service import CREATED, HABITS, Talk, _models, strange_service
from ttsgate.emulator.process import Endpoints

KEY = {"DASHSCOPE_API_KEY": "sk-right"}
SHORT = ("--compare", "none", "--skip-probes")
EVIL = (
    "\x1b]0;owned\x07\x1b[31m\x00\u202egnp.exe\u202c\u2066 ../../../../etc/passwd <script>alert(1)</script>"
    "<img src=x onerror=alert(2)>]]> {{7*7}} | ` [x](javascript:alert(3)) @everyone\r\n::error::owned\r\n"
    "::set-output name=x::y\r\npy_compile_ok\r\n"
)
LONG = EVIL + "A" * 10_000_000
HOSTILE_IDS = {"session": "../../../../tmp/evil", "response": "..\\..\\evil\x00.json", "item": "/etc/" + "x" * 5000}


def _hostile(talk: Talk) -> None:
    """Everything a service can name or say is an attack on who reads it."""
    if b"multimodal-generation" in talk.head:
        talk.answer(
            "400 Bad Request", json.dumps({"code": EVIL, "message": LONG, "request_id": HOSTILE_IDS["session"]})
        )
        return
    if not talk.websocket:
        _models(talk)
        return
    talk.upgrade()
    session: dict[str, Any] = {**CREATED["session"], "id": HOSTILE_IDS["session"], "voice": EVIL, EVIL: EVIL}  # type: ignore[dict-item]
    talk.event({**CREATED, "event_id": EVIL, "session": session})
    talk.event(
        {"event_id": "e2", "type": "response.created", "response": {"id": HOSTILE_IDS["response"], "status": EVIL}}
    )
    talk.event({"event_id": "e3", "type": "response.output_item.added", "item": {"id": HOSTILE_IDS["item"]}})
    talk.event({"event_id": "e4", "type": EVIL, "delta": {"sha256": "0", "at": 0, "bytes": 1}})
    talk.event({"event_id": "e5", "type": "error", "error": {"code": EVIL, "message": EVIL + "A" * 500_000}})
    talk.event({"event_id": "e6", "type": "error", "error": {"code": "x", "message": LONG}})
    talk.close(1011, EVIL[:40])


class Tags(html.parser.HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def printable(text: str) -> bool:
    """Whether a terminal, and a reader, are shown what stands there and nothing else."""
    return all(c in "\n\t\u200b\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in text)


class TestHostileService:
    @pytest.fixture(scope="class")
    @classmethod
    def ran(cls, tmp_path_factory: pytest.TempPathFactory) -> Ran:
        """A run over every client against it, as GitHub would see it."""
        base = tmp_path_factory.mktemp("hostile") / "in" / "out"
        words = ("--client", "wire", "--client", "sdk-realtime", "--client", "sdk-http", "--model", FLASH)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(HABITS, "hostile", _hostile)
            with strange_service("hostile") as url:
                env = {**KEY, "GITHUB_ACTIONS": "true"}
                return ttsgate("validate", *words, *SHORT, "--text", "Hi.", "--ws-url", url, base=base, env=env)

    def test_it_is_the_service_that_failed(self, ran: Ran) -> None:
        """Not the harness: nothing of it broke a rule of ours."""
        assert 8 == ran.exit, ran.out + ran.err
        assert [] == [c["message"] for c in ran.result["checks"] if c["outcome"] == "error"]

    def test_names_of_files(self, ran: Ran) -> None:
        """No id of theirs names a file: all names are plain, and nothing lies outside the output folder."""
        for path in ran.base.rglob("*"):
            assert re.fullmatch(r"[A-Za-z0-9._-]{1,200}", path.name), path
        assert {ran.base.name, f"{ran.base.name}-scratch"} == {p.name for p in ran.base.parent.iterdir()}

    def test_terminal(self, ran: Ran) -> None:
        """No escape, no override, no command to the CI system, no verdict of theirs."""
        assert printable(ran.out + ran.err)
        lines = [line for line in (ran.out + ran.err).splitlines() if line.startswith(("::", "py_compile_ok"))]
        assert all(re.match(r"::(error|warning|notice) title=", line) for line in lines), lines
        assert "FAIL" == ran.latest[0]
        assert all(re.match(r"[a-z_]+=", line) for line in ran.latest[1:])

    def test_page(self, ran: Ran) -> None:
        """Nothing of theirs is markup, and a message of ten megabytes does not make the page useless."""
        text = (ran.bundle / "report.html").read_text("utf-8")
        page = Tags(text)
        assert not page.tags & {"script", "img", "iframe", "object", "form", "base"}
        assert not [a for a in page.attributes if a[0].startswith("on") or a[1].startswith("javascript:")]
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert len(text) < 3_000_000

    def test_other_renderings(self, ran: Ran) -> None:
        """They parse, are short, and show the words as words."""
        ET.fromstring((ran.bundle / "junit.xml").read_bytes())
        for name in ("ctrf.json", "badge.json", f"evidence/{FLASH}.json"):
            json.loads((ran.bundle / name).read_bytes())
        for name in ("summary.md", f"evidence/{FLASH}.md"):
            text = (ran.bundle / name).read_text("utf-8")
            assert printable(text), name
            prose = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)  # code spans show what they hold
            assert not re.search(r"<(script|img)", prose), name
            assert not re.search(r"(?<!\\)\]\(javascript:", prose), name
            assert len(text) < 1_000_000, name
        assert sum(p.stat().st_size for p in ran.bundle.rglob("*.xml")) < 1_000_000

    def test_verifies(self, ran: Ran) -> None:
        """What they said is kept as it came, and judged again alike."""
        done = ttsgate("verify", ran.bundle, base=ran.base)

        assert 0 == done.exit, done.out
        assert printable(done.out + done.err)


def begin(base: Path, *words: str) -> subprocess.Popen[bytes]:
    """A run that goes on beside the test."""
    base.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        argv("validate", *words),
        env=surroundings(base, KEY),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(folder: Path) -> dict[str, str]:
    """Sessions of a run that have ended, and when they began."""
    records = [json.loads(line) for line in (folder / "sessions.jsonl").read_bytes().splitlines()]
    return {r["id"]: r["started"] for r in records}


class TestResume:
    def test_a_killed_run_is_gone_on_with(self, tmp_path: Path, service: Endpoints) -> None:
        """What has ended is kept and not asked for again; the bundle says so; other options and a whole run are not."""
        base = tmp_path / "out"
        words = ("--ws-url", service.ws_url, "--client", "wire", "--client", "sdk-realtime", "--model", FLASH, *SHORT)
        child = begin(base, *words, "--text", "Good morning.")
        assert child.stderr is not None
        assert any(line.startswith(b"ok ") for line in child.stderr)  # told after it was kept
        child.kill()
        child.wait()
        child.stderr.close()
        (folder,) = (base / "aliyun-qwen-tts-realtime" / "runs").iterdir()
        before = ended(folder)
        assert before

        other = ttsgate("validate", *words, "--text", "Good night.", "--resume", "latest", base=base, env=KEY)
        assert 2 == other.exit
        assert "text was ['Good morning.'], is ['Good night.']" in other.err
        again = ttsgate("validate", *words, "--text", "Good morning.", "--resume", "latest", base=base, env=KEY)
        assert 0 == again.exit, again.out + again.err
        assert {**before} == {s["id"]: s["started"] for s in again.result["sessions"] if s["id"] in before}
        assert 2 == len(again.result["sessions"])
        (resumed,) = again.result["resumed"]
        assert ("started", len(before)) == (resumed["left"], resumed["kept"])
        assert any(resumed["at"] in note for note in again.result["notes"])
        assert not (folder / "sessions.jsonl").exists()
        assert 0 == ttsgate("verify", "latest", "--strict", base=base).exit
        whole = ttsgate("validate", *words, "--text", "Good morning.", "--resume", "latest", base=base, env=KEY)
        assert (2, True) == (whole.exit, "is complete" in whole.err)

    def test_two_at_once(self, tmp_path: Path, service: Endpoints) -> None:
        """Both leave a bundle of their own that verifies; `validate.txt` is of one of them, whole; a run that is
        under way is not gone on with."""
        base = tmp_path / "out"
        words = (*QUICK, *SHORT, "--ws-url", service.ws_url)
        first, second = begin(base, *words), begin(base, *words)
        assert first.stderr is not None
        assert second.stderr is not None
        assert any(b"sessions" in line for line in first.stderr)
        refused = ttsgate("validate", *words, "--resume", "latest", base=base, env=KEY)
        for child in (first, second):
            child.communicate()
        assert [0, 0] == [first.returncode, second.returncode]
        assert (2, True) == (refused.exit, "still running" in refused.err or "is complete" in refused.err)
        runs = list((base / "aliyun-qwen-tts-realtime" / "runs").iterdir())
        assert 2 == len(runs)
        assert {0} == {ttsgate("verify", run, base=base).exit for run in runs}
        lines = (base / "aliyun-qwen-tts-realtime" / "validate.txt").read_text("utf-8").splitlines()
        assert "py_compile_ok" == lines[0]
        assert lines[-1].removeprefix("bundle=runs/") in {run.name for run in runs}


class TestDisk:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        """A small disk of its own."""
        folder = tmp_path / "disk"
        folder.mkdir()
        mount = shutil.which("mount")
        if (
            mount is None
            or subprocess.run(
                [mount, "-t", "tmpfs", "-o", "size=96k", "none", str(folder)], capture_output=True, check=False
            ).returncode
        ):
            pytest.skip("mounting a tmpfs is not permitted here")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)

    def test_full_and_read_only(self, disk: Path, tmp_path: Path, service: Endpoints) -> None:
        """A full disk ends the run with its path and the reason, nothing says pass, nothing is torn; with room it goes
        on. A read-only one is said before anything is asked of the service; what was finished stays."""

        def run(*more: str) -> Ran:
            words = ("validate", *QUICK, *SHORT, "--ws-url", service.ws_url, "--output-dir", str(disk / "out"), *more)
            return ttsgate(*words, base=tmp_path / "unused", env=KEY)

        def remount(options: str) -> None:
            subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)

        home = disk / "out" / "aliyun-qwen-tts-realtime"
        full = run()
        assert 2 == full.exit, full.out + full.err
        assert f"cannot write {disk}" in full.err
        assert "No space left on device" in full.err
        assert "py_compile_ok" not in (home / "validate.txt").read_text("utf-8")
        for path in disk.rglob("*.json"):
            json.loads(path.read_bytes())
        remount("size=8m")
        assert 0 == run("--resume", "latest").exit
        finished = {p.name: p.read_bytes() for p in home.rglob("*") if p.is_file()}
        remount("ro")
        refused = run()

        assert 2 == refused.exit
        assert "Read-only file system" in refused.err
        assert finished == {p.name: p.read_bytes() for p in home.rglob("*") if p.is_file()}
