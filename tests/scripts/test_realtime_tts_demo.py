"""The stand-alone script, through real sockets and a real `dashscope`."""

from __future__ import annotations

import ast
import base64
import io
import json
import math
import os
import re
import socket
import struct
import subprocess
import sys
import time
import wave
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripts.conftest import FLASH, Interpreter, answering, endpoints_at, faulty
from ttsgate import catalog
from ttsgate.emulator.process import Endpoints
from ttsgate.result.transcript import entry_from_line

INSTRUCT = "qwen3-tts-instruct-flash-realtime"


def cli(
    script: Path, *argv: str, cwd: Path, flags: tuple[str, ...] = (), **env: str
) -> tuple[dict[str, Any], int, str]:
    """Run the script as a user does; its JSON, exit code and standard error."""
    done = subprocess.run(
        [sys.executable, *flags, script, *argv],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        input=env.get("STDIN", ""),
    )
    return json.loads(done.stdout), done.returncode, done.stderr


class TestSession:
    def test_good_session_is_ok(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """A session that finishes with speech is ok and says what it was."""
        outcome = sdk.run("--strict", endpoints=emulator)

        assert (0, True, None) == (outcome.exit, outcome.probe["ok"], outcome.probe["error_class"])
        assert {"chunks", "sample_rate", "finish_reason", "instruction_ignored"} <= set(outcome.probe["response"])
        assert (24000, "stop") == (outcome.probe["response"]["sample_rate"], outcome.probe["response"]["finish_reason"])
        assert outcome.probe["response"]["audible_ms"] > 300
        assert 1000 == outcome.probe["close_code"]
        assert outcome.probe["sdk"]["dashscope"]
        assert outcome.probe["ids"]["session"]
        assert None is outcome.report["http_probe"] is outcome.report["fallback"]

    @pytest.mark.parametrize("mode", ["server_commit", "commit"])
    @pytest.mark.parametrize("client", ["sdk-realtime", "sdk-client"])
    def test_events_hold_both_directions(self, sdk: Interpreter, emulator: Endpoints, client: str, mode: str) -> None:
        """The events file is a transcript: what went and what came, in order, on one clock that begins at the dial."""
        outcome = sdk.run(f"--client={client}", f"--mode={mode}", "--include-audio", endpoints=emulator)

        kinds = [entry.name or entry.type for entry in outcome.entries]
        sent = [entry.type for entry in outcome.entries if entry.dir == "out"]
        deltas = [e.event["delta"] for e in outcome.entries if e.event and e.type == "response.audio.delta"]
        commit = ["input_text_buffer.commit"] if mode == "commit" else []
        assert ["session.update", "input_text_buffer.append", *commit, "session.finish"] == sent
        assert ("dial", 0.0, "closed") == (kinds[0], outcome.entries[0].t, kinds[-1])
        assert {"connected", "session.created", "session.updated", "response.done", "session.finished"} <= set(kinds)
        assert deltas == outcome.probe["response"]["audio_base64_pcm_chunks"]
        assert sum(len(base64.b64decode(d)) for d in deltas) == outcome.probe["response"]["audio_bytes"]
        assert all(entry.event["event_id"] for entry in outcome.entries if entry.dir == "out" and entry.event)
        assert emulator.api_key not in outcome.raw_events

    def test_times_agree(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """Our first-audio delay stands beside the SDK's own, and the two agree to a few hundredths of a second."""
        outcome = sdk.run(endpoints=emulator)

        timing = outcome.probe["timing"]
        steps = ["first_text_ms", "first_audio_ms", "response_done_ms", "session_finished_ms"]
        assert sorted(timing[step] for step in steps) == [timing[step] for step in steps]
        assert abs(timing["first_audio_delay_ms"] - outcome.probe["sdk_first_audio_delay_ms"]) < 100

    @pytest.mark.parametrize(("model", "ignored"), [(FLASH, True), (INSTRUCT, False)])
    def test_instruction_goes_to_instruct_models_only(
        self, sdk: Interpreter, emulator: Endpoints, model: str, ignored: bool
    ) -> None:
        """An instruction travels as `instructions`, or is reported as ignored."""
        outcome = sdk.run(f"--model={model}", "--instruction=Calm and slow.", endpoints=emulator)

        update = next(e.event for e in outcome.entries if e.type == "session.update" and e.event)
        assert ignored is outcome.probe["response"]["instruction_ignored"]
        assert (None if ignored else "Calm and slow.") == update["session"].get("instructions")

    def test_settings_travel(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """Voice, language and sample rate are sent as asked, and the confirmed rate is reported."""
        outcome = sdk.run("--voice=Ethan", "--language-type=English", "--sample-rate=16000", endpoints=emulator)

        update = next(e.event for e in outcome.entries if e.type == "session.update" and e.event)["session"]
        assert ("Ethan", "English", 16000) == (update["voice"], update["language_type"], update["sample_rate"])
        assert 16000 == outcome.probe["response"]["sample_rate"]

    def test_status_of_the_service_is_the_finish_reason(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """A response that did not complete shows the service's own status."""
        outcome = sdk.run(f"--model={faulty('field.status')}", endpoints=emulator)

        assert "failed" == outcome.probe["response"]["finish_reason"]

    def test_error_after_the_end_does_not_undo_it(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """What follows session.finished is evidence, not a failure of the probe."""
        outcome = sdk.run(f"--model={faulty('order.after-finished')}", endpoints=emulator)

        assert outcome.probe["ok"]

    @pytest.mark.parametrize("sample", ["frame.broken-json"])
    def test_frame_that_is_no_event_is_kept(self, sdk: Interpreter, emulator: Endpoints, sample: str) -> None:
        """A frame that the SDK swallows still stands in the events, verbatim."""
        outcome = sdk.run(f"--model={faulty(sample)}", endpoints=emulator)

        assert 1 == len([entry for entry in outcome.entries if entry.raw is not None])
        assert ["a raw frame"] == outcome.probe["anomalies"]

    @pytest.mark.parametrize("value", ["NaN", '"\\ud800"', "[" * 600 + "]" * 600])
    def test_odd_values_do_not_break_the_events(self, demo: ModuleType, tmp_path: Path, value: str) -> None:
        """What Python's JSON reads and others refuse is written so that anybody can read it."""
        log = demo.EventLog(str(tmp_path / "e.jsonl"), "sk-canary")
        session = demo.Session(log, "sdk-realtime", "ws://h/sk-canary")
        session.frame("in", f'{{"type":"x","value":{value},"key":"sk-canary"}}', time.perf_counter())
        log.close()

        text = (tmp_path / "e.jsonl").read_text()
        assert ["note", "in"] == [entry_from_line(line).dir for line in text.splitlines()]
        assert "sk-canary" not in text

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_full_disk_does_not_end_the_session(self, demo: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        """Events that cannot be written are said on standard error; the probe goes on."""
        session = demo.Session(demo.EventLog("/dev/full", ""), "sdk-realtime", "ws://h/")
        session.frame("in", '{"type":"session.finished"}', time.perf_counter())

        assert session.over()
        assert 1 == capsys.readouterr().err.count("--events: OSError")

    def test_all_runs_every_client(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """--client all adds the other clients; the realtime session alone decides."""
        outcome = sdk.run("--client=all", "--strict", endpoints=emulator)

        assert 0 == outcome.exit
        assert "sdk-client" == outcome.report["client_probe"]["client"]
        assert "refused_as_expected" == outcome.report["http_probe"]["error_class"]


class TestErrorClasses:
    @pytest.mark.parametrize("client", ["sdk-realtime", "sdk-client"])
    @pytest.mark.parametrize(
        ("fault", "error_class"),
        [
            ("handshake.empty-401", "auth"),
            ("handshake.busy", "throttled"),
            ("handshake.workspace", "no_access"),
            ("handshake.portal", "handshake_refused"),
            ("handshake.reset", "network"),
            ("handshake.bad-accept", "protocol"),
            ("session.silent-close", "model_unknown_or_retired"),
            ("session.close-mid", "dropped"),
            ("session.drop", "dropped"),
            ("session.no-audio", "no_audio"),
            ("session.voice-refused", "voice"),
            ("session.content-refused", "content"),
            ("session.idle-timeout", "timeout_idle"),
            ("session.internal-error", "service_error"),
            ("field.delta-hex", "protocol"),
            ("frame.binary-audio", "protocol"),
            ("frame.not-utf8", "protocol"),
            ("audio.silence", "silent_audio"),
            ("audio.blip", "short_audio"),
            ("quota.arrears", "arrears"),
            ("quota.free-tier", "quota"),
        ],
    )
    def test_fault_has_its_class(
        self, sdk: Interpreter, emulator: Endpoints, client: str, fault: str, error_class: str
    ) -> None:
        """What goes wrong is named for what it is, and is never ok."""
        outcome = sdk.run(f"--model={faulty(fault)}", f"--client={client}", "--strict", endpoints=emulator)

        assert (2, error_class) == (outcome.exit, outcome.probe["error_class"]), outcome.probe["error"]
        assert outcome.probe["error"]

    def test_close_code_tells_throttling(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """Close code 1011 with the service's sentence is throttling, not an unknown model."""
        outcome = sdk.run(f"--model={faulty('quota.throttled')}", endpoints=emulator)

        assert ("throttled", 1011) == (outcome.probe["error_class"], outcome.probe["close_code"])

    @pytest.mark.parametrize(
        ("fault", "error_class", "waiting_for"),
        [
            ("handshake.hang", "timeout_connect", "handshake"),
            ("session.hang-at-start", "timeout_audio", "response.audio.delta"),
            ("session.hang", "stalled", "response.done"),
        ],
    )
    def test_silence_has_a_deadline(
        self, sdk: Interpreter, emulator: Endpoints, fault: str, error_class: str, waiting_for: str
    ) -> None:
        """A service that falls silent is given up at --timeout, and what was missing is said."""
        outcome = sdk.run(f"--model={faulty(fault)}", "--timeout=0.6", endpoints=emulator)

        deadline = next(entry.data for entry in outcome.entries if entry.name == "deadline")
        assert (1, error_class) == (outcome.exit, outcome.probe["error_class"])
        assert {"after_s": 0.6, "waiting_for": waiting_for} == deadline

    @pytest.mark.parametrize(
        ("status", "body", "error_class"),
        [
            ("401 Unauthorized", b'{"code":"InvalidApiKey","message":"Invalid API-key provided."}', "auth"),
            ("403 Forbidden", b"{}", "no_access"),
            ("403 Forbidden", b'{"error":{"code":"Model.AccessDenied","message":"Model access denied."}}', "no_access"),
            ("404 Not Found", b"", "handshake_refused"),
            ("503 Service Unavailable", b"", "throttled"),
            ("500 Internal Server Error", b"oops", "service_error"),
        ],
    )
    def test_refused_handshake(self, sdk: Interpreter, status: str, body: bytes, error_class: str) -> None:
        """The HTTP answer that refused the handshake is recovered, status and body, although the SDK drops it."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        with answering(head.encode() + body) as endpoints:
            outcome = sdk.run(endpoints=endpoints)

        refused = next(entry.data for entry in outcome.entries if entry.name == "refused")
        assert refused is not None
        assert (int(status[:3]), error_class) == (outcome.probe["http_status"], outcome.probe["error_class"])
        assert (int(status[:3]), body.decode()) == (refused["status"], refused["body"])

    def test_nothing_listening_is_said_at_once(self, sdk: Interpreter) -> None:
        """A refused connection is the network's, and nobody waits the SDK's five seconds for it."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoints = endpoints_at(server.getsockname()[1])
        began = time.perf_counter()
        outcome = sdk.run(endpoints=endpoints)

        assert "network" == outcome.probe["error_class"]
        assert "ConnectionRefusedError" in outcome.probe["error"]
        assert time.perf_counter() - began < 4

    def test_wrong_key(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """A wrong key is refused as such, with the service's own words, and appears nowhere."""
        outcome = sdk.run("--events", str(sdk.folder / "events.jsonl"), endpoints=emulator, key="sk-wrong-canary")

        assert ("auth", 401, "InvalidApiKey") == tuple(
            outcome.probe[name] for name in ("error_class", "http_status", "code")
        )
        assert "sk-wrong-canary" not in outcome.raw_events + json.dumps(outcome.report)

    def test_key_in_an_error_message_is_hidden(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """A service that prints the key back does not get it into our evidence."""
        outcome = sdk.run(f"--model={faulty('security.key-in-error')}", endpoints=emulator)

        assert "***" in outcome.probe["message"]
        assert emulator.api_key not in outcome.raw_events + json.dumps(outcome.report)

    def test_every_class_is_documented(self, demo: ModuleType, script: Path) -> None:
        """The docstring lists every class that the code can give, and no other."""
        listed = (demo.__doc__ or "").partition("Error classes")[2].partition("\n\n")[2].splitlines()
        documented = set(
            re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", " ".join(line.partition("   ")[2][:76] for line in listed))
        )
        tree = ast.parse(script.read_text())
        strings = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        given = {"auth", "no_access", "quota", "stalled", "usage", "sdk_error", *(row[0] for row in demo.MEANINGS)}

        assert given <= documented
        assert {name for name in documented if "_" in name} <= strings | {"http_probe"}


class TestHttp:
    def test_realtime_model_is_refused_and_its_sibling_speaks(
        self, sdk: Interpreter, emulator: Endpoints, tmp_path: Path
    ) -> None:
        """Over HTTP the realtime model is refused as expected, and the fallback leaves a WAV that plays."""
        path = tmp_path / "new" / "speech.wav"
        outcome = sdk.run("--client=sdk-http", "--fallback", f"--output={path}", endpoints=emulator)

        probe, fallback = outcome.report["http_probe"], outcome.report["fallback"]
        assert (400, "InvalidParameter", True) == (probe["http_status"], probe["code"], probe["expected"])
        assert "Invalid message type: " == probe["message"]
        assert (0, True, "qwen3-tts-flash") == (outcome.exit, fallback["ok"], fallback["model"])
        with wave.open(str(path)) as file:
            assert (24000, 1, 2) == (file.getframerate(), file.getnchannels(), file.getsampwidth())
            assert file.getnframes() * 1000 // 24000 == fallback["audio_ms"]
        assert [path] == list(path.parent.iterdir())
        assert ["request", "response"] * 2 == [e.name for e in outcome.entries if e.name in ("request", "response")]

    def test_fallback_does_not_make_strict_pass(self, sdk: Interpreter, emulator: Endpoints, tmp_path: Path) -> None:
        """With --strict only the realtime session counts."""
        argv = ["--fallback", f"--output={tmp_path / 'a.wav'}", "--client=sdk-http"]

        assert (2, 0) == (
            sdk.run("--strict", *argv, endpoints=emulator).exit,
            sdk.run(*argv, endpoints=emulator).exit,
        )

    def test_fallback_is_not_asked_when_all_is_well(self, sdk: Interpreter, emulator: Endpoints) -> None:
        """Nothing is spoken twice without need."""
        assert None is sdk.run("--fallback", endpoints=emulator).report["fallback"]

    def test_answer_that_is_no_json(self, sdk: Interpreter) -> None:
        """A page where JSON should be is a matter of protocol."""
        page = b"<html>log in</html>"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(page)}\r\n\r\n"
        with answering(head.encode() + page) as endpoints:
            outcome = sdk.run("--client=sdk-http", "--fallback", endpoints=endpoints)

        assert ("protocol", "protocol") == (
            outcome.report["http_probe"]["error_class"],
            outcome.report["fallback"]["error_class"],
        )

    def test_siblings_are_those_of_the_catalogue(self, demo: ModuleType) -> None:
        """The script's own table and the catalogue do not drift apart."""
        known = {name: model.sibling for name, model in catalog.MODELS.items() if model.realtime and model.sibling}

        assert known == demo.SIBLINGS


class TestCommandLine:
    def test_stdout_is_one_json_object(self, script: Path, emulator: Endpoints, tmp_path: Path) -> None:
        """As a user runs it: the key from standard input, JSON on standard output, exit 0."""
        urls = ["--ws-url", emulator.ws_url, "--base-url", emulator.http_url]
        report, code, _ = cli(
            script,
            "--text",
            "Hello there, world.",
            *urls,
            "--api-key-stdin",
            cwd=tmp_path,
            STDIN=emulator.api_key + "\n",
        )

        assert (0, True) == (code, report["realtime_probe"]["ok"])

    @pytest.mark.parametrize(
        "argv",
        [
            [],
            ["--text", " "],
            ["--text", "a", "--timeout", "0"],
            ["--text", "a", "--ws-url", "https://h/x"],
            ["--text", "a", "--ws-url", "wss://h/x?model=y"],
            ["--text", "a", "--model", "qwen3-tts-vd-realtime-2026-01-15"],
            ["--text", "a", "--client", "java"],
            ["--text", "a", "--events", "no/such/folder/e.jsonl"],
        ],
    )
    def test_wrong_usage_is_64(self, script: Path, tmp_path: Path, argv: list[str]) -> None:
        """A wrong command line is JSON with class usage, a sentence on standard error and exit 64."""
        report, code, errors = cli(script, *argv, cwd=tmp_path, DASHSCOPE_API_KEY="sk-x")

        assert (64, "usage") == (code, report["realtime_probe"]["error_class"])
        assert report["realtime_probe"]["error"] in errors

    @pytest.mark.parametrize("strict", [[], ["--strict"]])
    def test_no_key_names_the_remedy(self, script: Path, tmp_path: Path, strict: list[str]) -> None:
        """Without a key: exit 1, strict or not, and where a key can be."""
        report, code, _ = cli(script, "--text", "a", *strict, cwd=tmp_path)

        assert (1, "no_key") == (code, report["realtime_probe"]["error_class"])
        assert "DASHSCOPE_API_KEY" in report["realtime_probe"]["error"]

    def test_places_of_the_key(self, demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Environment before credentials file before .env; under CI .env is ignored."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".env").write_text("OTHER=1\nexport DASHSCOPE_API_KEY='sk-dotenv'\n")
        found = [demo.find_key(from_stdin=False)]
        (tmp_path / ".alibabacloud").mkdir()
        (tmp_path / ".alibabacloud" / "credentials").write_text(
            "[default]\ndashscope_api_key = sk-default\n[work]\ndashscope_api_key = sk-%work\n"
        )
        found.append(demo.find_key(from_stdin=False))
        monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "work")
        found.append(demo.find_key(from_stdin=False))
        monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-env")
        found.append(demo.find_key(from_stdin=False))
        monkeypatch.delenv("DASHSCOPE_API_KEY")
        monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "missing")
        monkeypatch.setenv("CI", "true")
        found.append(demo.find_key(from_stdin=False))

        assert ["sk-dotenv", "sk-default", "sk-%work", "sk-env", ""] == found

    @pytest.mark.parametrize(
        ("package", "client", "error_class"),
        [
            (None, "sdk-realtime", "sdk_missing"),
            ("raise TypeError('unsupported operand type(s) for |')", "sdk-realtime", "sdk_import"),
            ("import no_such_dependency", "sdk-realtime", "sdk_import"),
            ("print('Hello from the SDK')", "sdk-realtime", "sdk_lacks_realtime"),
            ("print('Hello from the SDK')", "sdk-client", "sdk_lacks_client"),
        ],
    )
    def test_sdk_that_cannot_be_used(
        self, script: Path, tmp_path: Path, package: str | None, client: str, error_class: str
    ) -> None:
        """Not installed, broken on import, too old: three different things, and none of them the service's fault."""
        if package is not None:
            (tmp_path / "dashscope").mkdir()
            (tmp_path / "dashscope" / "__init__.py").write_text(package)
        report, code, errors = cli(
            script, "--text=a", f"--client={client}", "--fallback",
            cwd=tmp_path, flags=("-S",), DASHSCOPE_API_KEY="sk-x", PYTHONPATH=str(tmp_path),
        )  # fmt: skip

        assert (1, error_class) == (code, report["realtime_probe"]["error_class"])
        assert ("Hello" in (package or "")) is ("Hello from the SDK" in errors)

    def test_help_needs_no_key_and_no_sdk(self, script: Path) -> None:
        """--help prints to standard output and exits 0."""
        done = subprocess.run([sys.executable, "-S", script, "--help"], capture_output=True, text=True, check=True)

        assert "--api-key-stdin" in done.stdout

    @pytest.mark.parametrize("name", ["scripts/realtime_tts_demo.py", "src/ttsgate/clients/sdk/runner.py"])
    def test_syntax_of_python_3_8(self, checkout: Path, name: str) -> None:
        """Both files that run in the interpreter under test parse as Python 3.8."""
        assert ast.parse((checkout / name).read_text(), feature_version=(3, 8)).body


def pcm(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


def wav(data: bytes, *, rate: int = 24000, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data)
    return out.getvalue()


class TestSound:
    def test_measure_counts_what_is_not_constant(self, demo: ModuleType) -> None:
        """Half a second of a tone and half a second of a constant are half audible."""
        tone = [round(9000 * math.sin(n / 5)) for n in range(12000)]

        assert {"audio_bytes": 48000, "audio_ms": 1000, "audible_ms": 500} == demo.measure(
            pcm(tone + [7] * 12000), 24000
        )

    @pytest.mark.parametrize(
        ("sound", "error_class"),
        [
            (b"", "no_audio"),
            (pcm([1, -1] * 2400), "short_audio"),
            (bytes(48000), "silent_audio"),
            (pcm([5] * 24000), "silent_audio"),
        ],
    )
    def test_sound_that_is_not_speech(self, demo: ModuleType, sound: bytes, error_class: str) -> None:
        """Nothing, too little and digital silence are told apart."""
        assert error_class == demo.audio_problem(demo.measure(sound, 24000))[0]

    def test_exactly_enough_is_enough(self, demo: ModuleType) -> None:
        """300 ms is the limit and lies on the good side."""
        assert None is demo.audio_problem(demo.measure(pcm([1, -1] * 3600), 24000))

    def test_wav_is_read(self, demo: ModuleType) -> None:
        """A mono 16-bit file gives its rate and length."""
        facts = demo.wav_facts(wav(pcm([1, -1] * 8000), rate=16000))

        assert {"sample_rate": 16000, "audio_bytes": 32000, "audio_ms": 1000, "audible_ms": 1000} == facts

    @pytest.mark.parametrize("data", [b"", b"<html>", wav(b"")[:20], wav(bytes(8), channels=2)])
    def test_what_is_no_wav_is_refused(self, demo: ModuleType, data: bytes) -> None:
        """Pages, stumps and stereo are no WAV as agreed."""
        with pytest.raises(demo.Stop) as caught:
            demo.wav_facts(data)

        assert "bad_wav" == caught.value.report["error_class"]

    @given(
        data=st.binary(max_size=200),
        prefix=st.sampled_from([b"", b"RIFF\xff\xff\xff\xffWAVEfmt ", wav(bytes(40))[:30]]),
    )
    def test_any_bytes_are_survived(self, demo: ModuleType, data: bytes, prefix: bytes) -> None:
        """Whatever a download brings, it is a WAV or a reason, never another exception."""
        try:
            facts = demo.wav_facts(prefix + data)
        except demo.Stop as stop:
            facts = stop.report

        assert facts.get("audio_ms", 0) >= 0
        assert facts.get("error_class") in (None, "bad_wav")


class TestMeaning:
    @pytest.mark.parametrize(
        ("status", "code", "message", "error_class"),
        [
            (401, None, None, "auth"),
            (
                401,
                "NOT AUTHORIZED",
                "Access denied: Either you are not authorized to access this workspace",
                "no_access",
            ),
            (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.", "quota"),
            (400, "Arrearage", "Access denied, please make sure your account is in good standing.", "arrears"),
            (400, "InvalidParameter", "Model not exist.", "model_unknown_or_retired"),
            (
                404,
                "model_not_found",
                "The model x does not exist or you do not have access to it.",
                "model_unknown_or_retired",
            ),
            (None, "invalid_value", "The requested voice 'x' is not supported.", "voice"),
            (None, "CLIENT_ERROR", "[qwen-tts:]Engine return error code: 411", "voice"),
            (429, "Throttling.AllocationQuota", "Allocated quota exceeded, ...", "quota"),
            (None, None, "To many requests. Your requests are being throttled", "throttled"),
            (400, "InvalidParameter", "current user api does not support http call", "wrong_door"),
            (400, "InvalidParameter", "url error, please check url！", "wrong_door"),
            (500, "RequestTimeOut", "Request timed out, please try again later.", "service_error"),
            (400, "InvalidParameter", "request timeout after 23 seconds.", "timeout_idle"),
            (None, "invalid_value", "Session update error: session already started or finished or failed.", None),
            (400, None, None, None),
        ],
    )
    def test_answers_of_the_service(
        self, demo: ModuleType, status: int | None, code: str | None, message: str | None, error_class: str | None
    ) -> None:
        """Documented codes and messages mean what the error page says."""
        assert error_class == demo.meaning(status, code, message)

    @given(status=st.none() | st.integers(), code=st.none() | st.text() | st.integers(), message=st.none() | st.text())
    def test_any_answer_is_survived(self, demo: ModuleType, status: int | None, code: Any, message: Any) -> None:
        """No answer makes the classification itself fail."""
        found = demo.meaning(status, code, message)

        assert found is None or found in {row[0] for row in demo.MEANINGS}
