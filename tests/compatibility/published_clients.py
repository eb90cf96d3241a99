"""Clients that others published, unchanged, each in an environment of its own, against the emulator.

    python -m tests.compatibility.published_clients [--tls] [NAME ...]

Environments are kept in .venv-clients/. Prints a line a session and ends with 1 if any client did not get all of its
audio. Without names: every release of `RELEASES` and every client of `CLIENTS`. With ``--tls``: over wss.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.compatibility.comparison import Heard, environ, sessions, speak_with
from ttsgate.emulator.process import EmulatorProcess, Endpoints

RELEASES = ("1.23.9", "1.24.6", "1.25.11", "1.26.0", "1.26.1", "1.27.8", "2.0.2")
"""Of `dashscope`."""

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".venv-clients"


@dataclass(frozen=True)
class Client:
    """A package that speaks the protocol, and the script that uses it as its own examples do."""

    packages: tuple[str, ...]
    script: str
    arguments: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    """Further options of ``ttsgate serve``."""
    python: str = ""
    """Version that it needs; empty for the one that runs this."""


_HTTP = ("httpx", "openai")  # imported by the two plugins, but not required by their packages
CLIENTS = {
    "agentscope-1": Client(
        ("agentscope==1.0.21", "mcp<1.25", "greenlet", "aiosqlite", "tqdm", "aiofiles"), "agentscope_client.py", ("1",)
    ),
    "agentscope-2": Client(("agentscope==2.0.10", "dashscope==2.0.2"), "agentscope_client.py", ("2",)),
    "livekit-plugins-alicloud": Client(("livekit-plugins-alicloud==1.6.2", *_HTTP), "livekit_client.py", ("TTS",)),
    "livekit-plugins-lehui": Client(
        ("livekit-plugins-lehui==0.0.4", *_HTTP), "livekit_client.py", ("QwenTTSRealtime",)
    ),
    "pipecat-dashscope": Client(("pipecat-dashscope==0.2.0", "pipecat-ai==1.0.0"), "pipecat_client.py"),
    "vixio": Client(("vixio==0.1.5", "dashscope==2.0.2"), "vixio_client.py", python="3.12"),
    "@amaster.ai/tts-client": Client(
        ("@amaster.ai/tts-client@1.1.68", "ws@8"),
        "browser_client.mjs",
        serve=("--as-proxy", "qwen3-tts-flash-realtime"),
    ),
}


def environment(name: str, packages: tuple[str, ...], *, version: str = "") -> Path:
    """The interpreter of an environment with these packages, made if it is not there; `uv` finds other versions."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    stamp = folder / "packages.json"
    if stamp.is_file() and json.loads(stamp.read_text()) == list(packages):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    own = Path(sys.executable)
    uv = own.with_name("uv")
    if uv.is_file():
        subprocess.run([uv, "venv", "--quiet", "--python", version or own, folder], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    else:
        subprocess.run([own, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    stamp.write_text(json.dumps(list(packages)))
    return python


def node_folder(name: str, packages: tuple[str, ...]) -> Path:
    """A folder with these packages of the Node index."""
    folder = CACHE / name.replace("/", "-").lstrip("@")
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", folder, *packages], check=True)
    return folder


def told(label: str, heard: Heard) -> bool:
    """Print a line; whether the audio is whole."""
    verdict = "whole" if heard.whole else "NOT WHOLE"
    sys.stdout.write(
        f"{label:<26} {heard.mode:<14} {heard.format:<5} {heard.bytes:>8} of {heard.sent_bytes:>8} bytes"
        f" {heard.seconds:6.2f} s  {verdict} {heard.error}\n"
    )
    sys.stdout.flush()
    return heard.whole


def try_release(release: str, serve: list[str]) -> bool:
    """Both modes and every format with one release of the SDK."""
    python = environment(f"dashscope-{release}", (f"dashscope=={release}",))
    with (
        tempfile.TemporaryDirectory() as folder,
        EmulatorProcess(pace=10, extra=serve) as emulator,
    ):
        assert emulator.endpoints is not None
        heard = speak_with(python, emulator.endpoints, Path(folder))
    results = [told(f"dashscope {release}", one) for one in heard]
    return all(results) and len(results) == 8


def try_client(name: str, serve: list[str]) -> bool:
    """Run a client's script; it prints the bytes of audio that it got in each utterance."""
    client = CLIENTS[name]
    with EmulatorProcess(pace=10, extra=[*serve, *client.serve]) as emulator:
        assert emulator.endpoints is not None
        argv = command(name, client, emulator.endpoints)
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=120, check=False, env=environ(emulator.endpoints)
        )
        sent = list(sessions(emulator.endpoints).values())
    got = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"bytes"')]
    heard, given = sum(one["bytes"] for one in got), sum(one["audio_bytes"] for one in sent)
    whole = done.returncode == 0 and heard == given and all(one["bytes"] > 50_000 for one in got) and len(got) > 1
    last = done.stderr.strip().splitlines()[-1:] if not whole else []
    verdict = "whole" if whole else f"NOT WHOLE {' '.join(last)[:200]}"
    sys.stdout.write(f"{name:<26} {len(got)} utterances {heard:>8} of {given:>8} bytes  {verdict}\n")
    sys.stdout.flush()
    return whole


def command(name: str, client: Client, endpoints: Endpoints) -> list[str]:
    """The command line of a client's script."""
    script = HERE / client.script
    if script.suffix == ".mjs":
        return ["node", str(script), str(node_folder(name, client.packages)), endpoints.ws_url]
    return [
        str(environment(name, client.packages, version=client.python)),
        str(script),
        endpoints.ws_url,
        *client.arguments,
    ]


def main() -> int:
    """Try what was named, or everything."""
    names, serve = sys.argv[1:], ["--unlimited", "--admin"]
    if "--tls" in names:
        names.remove("--tls")
        serve.append("--tls")
    names = names or [*RELEASES, *CLIENTS]
    results = [(try_client if name in CLIENTS else try_release)(name, serve) for name in names]
    sys.stdout.write(f"{sum(results)} of {len(results)} clients got all of their audio\n")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
