"""The supervisor of the SDK's process, over real processes."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ttsgate.clients.sdk import SdkChild, SdkRequest
from ttsgate.clients.sdk.child import CAP_BYTES, read_entries
from ttsgate.errors import UsageError
from ttsgate.result.transcript import Utterance

PYTHON = Path(sys.executable)
FOREVER = "threading.Event().wait()"
Ask = Callable[..., SdkRequest]
T = TypeVar("T")


def with_child(script: Path, work: Callable[[SdkChild], Coroutine[Any, Any, T]], **options: Any) -> T:
    """Run something with a child and close it."""

    async def main() -> T:
        async with SdkChild(PYTHON, script, **options) as child:
            return await work(child)

    return asyncio.run(main())


def is_alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestSurroundings:
    def test_environment_is_allow_listed(self, stub: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """No key, address or path of the caller's reaches the SDK; the home is empty and ours."""
        for name in ("DASHSCOPE_API_KEY", "DASHSCOPE_HTTP_BASE_URL", "HTTPS_PROXY", "PYTHONPATH", "SECRET"):
            monkeypatch.setenv(name, "sk-of-the-caller")
        monkeypatch.setenv("SSL_CERT_FILE", "/certs.pem")

        report = with_child(stub, lambda child: child.run(ask(), deadline_s=10)).report

        assert report is not None
        assert "sk-of-the-caller" not in report["env"].values()
        assert "/certs.pem" == report["env"]["SSL_CERT_FILE"]
        assert report["cwd"] == os.path.realpath(report["env"]["HOME"])
        assert str(stub.parent) not in report["path"]
        assert not Path(report["cwd"]).exists()

    def test_proxies_only_when_asked_for(self, stub: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of proxies the SDK sees what the run uses, not what the caller's environment has."""
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:8")
        variables = {"https_proxy": "http://127.0.0.1:9"}

        report = with_child(stub, lambda child: child.run(ask(), deadline_s=10), variables=variables).report

        assert report is not None
        assert "http://127.0.0.1:9" == report["env"]["https_proxy"]
        assert "http_proxy" not in report["env"]

    def test_key_travels_over_stdin_only(self, stub: Path, ask: Ask) -> None:
        """The key is in no argument, and what is printed of it is hidden."""
        outcome = with_child(
            stub, lambda child: child.run(ask("print(key); print(key, file=sys.stderr)"), deadline_s=10)
        )

        assert "sk-canary" not in " ".join(outcome.argv)
        assert ("***\n", "***\n") == (outcome.stdout_noise, outcome.stderr)
        assert "sk-canary" not in repr(ask())

    def test_argv_can_be_run_by_hand(self, stub: Path, ask: Ask, tmp_path: Path) -> None:
        """The outcome names interpreter, script and arguments with absolute paths."""
        outcome = with_child(stub, lambda child: child.run(ask(), deadline_s=10))

        assert [str(PYTHON), str(stub)] == outcome.argv[:2]
        assert {f"--events={tmp_path}/events.jsonl", "--voice=Cherry", "--mode=server_commit"} <= set(outcome.argv)


class TestRequests:
    def test_one_process_serves_many(self, stub: Path, ask: Ask) -> None:
        """The interpreter starts once; what each request prints is its own."""

        async def work(child: SdkChild) -> list[Any]:
            return [await child.run(ask(f"print({n})"), deadline_s=10) for n in range(3)]

        outcomes = with_child(stub, work)

        assert 1 == len({outcome.report["pid"] for outcome in outcomes})
        assert ["0\n", "1\n", "2\n"] == [outcome.stdout_noise for outcome in outcomes]
        assert [(0, False, None)] * 3 == [(o.exit, o.killed, o.error) for o in outcomes]

    def test_events_are_read_back(self, stub: Path, ask: Ask) -> None:
        """Entries come in order of time; a line that was being written is left out."""
        outcome = with_child(stub, lambda child: child.run(ask(), deadline_s=10))

        assert [0.1, 0.2] == [entry.t for entry in outcome.entries]

    def test_noise_is_capped_not_clogged(self, stub: Path, ask: Ask) -> None:
        """An SDK that prints megabytes neither blocks nor fills our memory."""
        text = "print('x' * 3_000_000); print('y' * 3_000_000, file=sys.stderr)"
        outcome = with_child(stub, lambda child: child.run(ask(text), deadline_s=20))

        assert 0 == outcome.exit
        assert ("x" * CAP_BYTES, "y" * CAP_BYTES) == (outcome.stdout_noise, outcome.stderr)

    @pytest.mark.parametrize("odd", [{"format": "mp3"}, {"speech_rate": 1.5}, {"volume": 80}])
    def test_what_the_script_cannot_do_is_said(self, ask: Ask, odd: dict[str, object]) -> None:
        """An utterance that would silently be spoken otherwise is refused before anything starts."""
        with pytest.raises(UsageError, match=next(iter(odd))):
            ask(**odd).argv()

    def test_script_that_raises(self, stub: Path, ask: Ask) -> None:
        """An exception out of the script is an outcome without a report, and the child lives on."""

        async def work(child: SdkChild) -> list[Any]:
            return [await child.run(ask("1 / 0"), deadline_s=10), await child.run(ask(), deadline_s=10)]

        bad, good = with_child(stub, work)

        assert (None, None) == (bad.report, bad.exit)
        assert "ZeroDivisionError" in bad.error
        assert 0 == good.exit


class TestDeath:
    def test_deadline_kills_the_whole_group(self, stub: Path, ask: Ask, tmp_path: Path) -> None:
        """At the deadline the child and its own children die; the transcript so far stays; the next request works."""
        text = (
            "c = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()']); "
            f"open({str(tmp_path / 'pids')!r}, 'w').write(str(os.getpid()) + ' ' + str(c.pid)); print('before'); "
            "sys.stdout.flush(); " + FOREVER
        )

        async def work(child: SdkChild) -> list[Any]:
            return [await child.run(ask(text), deadline_s=1.5), await child.run(ask(), deadline_s=10)]

        killed, after = with_child(stub, work)

        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert (None, None, True) == (killed.report, killed.exit, killed.killed)
        assert ("before\n", 2) == (killed.stdout_noise, len(killed.entries))
        assert [False, False] == [is_alive(pid) for pid in pids]
        assert 0 == after.exit
        assert after.report["pid"] not in pids

    def test_child_that_dies_is_told_and_replaced(self, stub: Path, ask: Ask) -> None:
        """A crash is not a deadline: the exit code is the child's, and the next request gets a new one."""

        async def work(child: SdkChild) -> list[Any]:
            return [await child.run(ask("os._exit(7)"), deadline_s=10), await child.run(ask(), deadline_s=10)]

        dead, after = with_child(stub, work)

        assert (None, 7, False) == (dead.report, dead.exit, dead.killed)
        assert "ended by itself" in dead.error
        assert 0 == after.exit

    def test_cancelled_run_leaves_no_process(self, stub: Path, ask: Ask, tmp_path: Path) -> None:
        """An interrupt while the SDK works ends the SDK's process, too."""
        pid, go = tmp_path / "pid", tmp_path / "go"
        os.mkfifo(go)

        async def work(child: SdkChild) -> None:
            text = f"open({str(pid)!r}, 'w').write(str(os.getpid())); open({str(go)!r}, 'w').close(); " + FOREVER
            task = asyncio.create_task(child.run(ask(text), deadline_s=30))
            await asyncio.to_thread(go.read_bytes)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        with_child(stub, work)

        assert not is_alive(int(pid.read_text()))


class TestStart:
    def test_runtime_is_reported(self, stub: Path) -> None:
        """The first line says which Python and which packages are there."""
        runtime = with_child(stub, lambda child: child.start(), given=True)

        assert ("{}.{}.{}".format(*sys.version_info[:3]), True, None) == (runtime.python, runtime.given, runtime.error)
        assert runtime.dashscope == runtime.packages["dashscope"]
        assert f"py{sys.version_info[0]}.{sys.version_info[1]}-dashscope{runtime.dashscope}" == runtime.id
        assert "websocket-client" in runtime.packages

    def test_no_interpreter(self, stub: Path) -> None:
        """A path that is no program is wrong usage, and nothing is left behind."""
        before = set(Path(tempfile.gettempdir()).glob("ttsgate-sdk-*"))

        async def main() -> None:
            await SdkChild(stub, stub).start()

        with pytest.raises(UsageError, match="--python"):
            asyncio.run(main())
        assert not set(Path(tempfile.gettempdir()).glob("ttsgate-sdk-*")) - before

    def test_script_that_does_not_load(self, tmp_path: Path, ask: Ask) -> None:
        """A broken script is the runtime's error, not an exception; requests then have no report."""
        script = tmp_path / "broken.py"
        script.write_text("def run(:\n")

        async def work(child: SdkChild) -> tuple[Any, Any]:
            return await child.start(), await child.run(ask(), deadline_s=5)

        runtime, outcome = with_child(script, work)

        assert "SyntaxError" in runtime.error
        assert (None, None) == (outcome.report, outcome.exit)
        assert "SyntaxError" in outcome.error
        assert not (tmp_path / "__pycache__").exists()

    def test_sdk_that_cannot_be_imported_is_still_ready(self, stub: Path, ask: Ask) -> None:
        """An import error is reported with the runtime; the script may still run and say it its own way."""
        stub.write_text(stub.read_text().replace("    pass", "    raise ImportError('no such thing')", 1))

        async def work(child: SdkChild) -> tuple[Any, Any]:
            return await child.start(), await child.run(ask(), deadline_s=5)

        runtime, outcome = with_child(stub, work)

        assert "no such thing" == runtime.error
        assert 0 == outcome.exit

    def test_import_that_hangs(self, stub: Path) -> None:
        """An interpreter that is not ready in time is ended and its error says so."""
        stub.write_text("import threading\nthreading.Event().wait()\n")

        runtime = with_child(stub, lambda child: child.start(), start_timeout_s=0.5)

        assert "not ready within 0.5 s" in (runtime.error or "")


def test_real_script_over_the_real_sdk(tmp_path: Path, checkout: Path) -> None:
    """The supervisor, the stand-alone script, the installed dashscope and the emulator, once end to end."""
    from ttsgate.emulator.process import EmulatorProcess

    async def main() -> Any:
        with EmulatorProcess(pace=50) as process:
            assert process.endpoints is not None
            async with SdkChild(PYTHON, checkout / "scripts" / "realtime_tts_demo.py") as child:
                request = SdkRequest(
                    client="sdk-realtime",
                    model="qwen3-tts-flash-realtime",
                    utterance=Utterance(text="Good morning.", voice="Cherry", mode="commit", sample_rate=16000),
                    ws_url=process.endpoints.ws_url,
                    http_url=process.endpoints.http_url,
                    key=process.endpoints.api_key,
                    timeout_s=10,
                    events=tmp_path / "events.jsonl",
                    output=tmp_path / "out.wav",
                )
                return await child.run(request, deadline_s=20)

    outcome = asyncio.run(main())

    assert (0, "") == (outcome.exit, outcome.stdout_noise)
    assert outcome.report["realtime_probe"]["ok"]
    assert "response.done" in [entry.type for entry in outcome.entries]


def test_missing_events_are_none(tmp_path: Path) -> None:
    """A script that never got as far as opening its events left none."""
    assert [] == read_entries(tmp_path / "none.jsonl")


def test_unreadable_event_is_a_note(tmp_path: Path) -> None:
    """A line that is no entry stands in the transcript as such; it does not end the run."""
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"t": 0.5, "dir": "note", "name": "dial", "data": {}}\n{"t": 1, "dir": "in", "event": NaN}\n{"t": 2, "dir"'
    )

    dial, odd = read_entries(path)

    assert ("dial", 0.5) == (dial.name, odd.t)
    assert odd.data is not None
    assert "UnreadableEvent" == odd.data["class"]
