"""What a client heard against the emulator's own figure."""

from __future__ import annotations

import io
import json
import os
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from ttsgate.emulator.process import Endpoints

__all__ = ["Heard", "duration_s", "environ", "sessions", "speak_with"]

CLIENT = Path(__file__).with_name("sdk_client.py")


@dataclass(frozen=True)
class Heard:
    """One session: what the client has, and what the emulator says that it sent."""

    mode: str
    format: str
    finished: bool
    error: str
    bytes: int
    seconds: float
    sent_bytes: int
    sent_seconds: float

    @property
    def whole(self) -> bool:
        """Whether nothing is missing: the same bytes, which last as long as was spoken."""
        # A stream of mp3 carries no figures about its padding: it plays up to 0.15 s longer.
        slack = 0.15 if self.format == "mp3" else 0.001
        same = self.bytes == self.sent_bytes and abs(self.seconds - self.sent_seconds) <= slack
        return self.finished and not self.error and same and self.seconds > 1


def sessions(endpoints: Endpoints) -> dict[str, dict[str, Any]]:
    """The emulator's own figures by the session's id."""
    trusted = ssl.create_default_context(cafile=endpoints.ca) if endpoints.ca else None
    with urllib.request.urlopen(f"{endpoints.admin_url}/sessions", timeout=10, context=trusted) as answer:
        return {figures["id"]: figures for figures in json.load(answer)}


def environ(endpoints: Endpoints) -> dict[str, str]:
    """Our own, with a key and, for TLS, the authority to trust, in each variable that somebody reads."""
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {
        **os.environ,
        "DASHSCOPE_API_KEY": endpoints.api_key,
        **(dict.fromkeys(trust, endpoints.ca) if endpoints.ca else {}),
    }


def duration_s(data: bytes, audio_format: str) -> float:
    """Seconds that it plays."""
    if audio_format == "pcm":
        return len(data) / 2 / 24000
    if not data:
        return 0.0
    samples, rate = soundfile.read(io.BytesIO(data))
    return float(len(samples) / rate)


def speak_with(python: str | Path, endpoints: Endpoints, folder: Path) -> list[Heard]:
    """Both modes and every format with the SDK of that interpreter."""
    argv = [str(python), "-I", str(CLIENT), endpoints.ws_url, str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=environ(endpoints))
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    sent, found = sessions(endpoints), []
    # The SDK prints of its own.
    for line in (line for line in done.stdout.splitlines() if line.startswith('{"mode"')):
        told = json.loads(line)
        data = (folder / f"{told['mode']}.{told['format']}").read_bytes()
        figures = sent.get(told["session"], {"audio_bytes": -1, "audio_s": -1.0})
        found.append(
            Heard(
                mode=told["mode"],
                format=told["format"],
                finished=told["finished"],
                error=told["error"],
                bytes=len(data),
                seconds=duration_s(data, told["format"]),
                sent_bytes=figures["audio_bytes"],
                sent_seconds=figures["audio_s"],
            )
        )
    return found
