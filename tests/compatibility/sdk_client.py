"""Speaks through the vendor's SDK, whatever release is installed; needs nothing but `dashscope` and Python 3.8.

    python sdk_client.py WS_URL FOLDER

Speaks in both modes and every format, one session after the other, and leaves FOLDER/MODE.FORMAT with the audio
that the SDK's callback was given. Prints one JSON object a session.
"""

# mypy: ignore-errors

import base64
import json
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import dashscope
from dashscope.audio.qwen_tts_realtime import QwenTtsRealtime, QwenTtsRealtimeCallback

TEXTS = ("The quick brown fox jumps over the lazy dog. ", "Then it ", "sleeps. ", "然后它回家吃晚饭，看了一部电影。")
MODES = ("server_commit", "commit")
FORMATS = ("pcm", "wav", "mp3", "opus")
DEADLINE_S = 60


class Listener(QwenTtsRealtimeCallback):
    """Keeps the audio."""

    def __init__(self) -> None:
        self.audio = b""
        self.ended = threading.Event()
        self.finished = False
        self.session = self.error = ""

    def on_event(self, message):
        """Called by the SDK with each event."""
        kind = message["type"]
        if kind == "session.created":
            self.session = message["session"]["id"]
        elif kind == "response.audio.delta":
            self.audio += base64.b64decode(message["delta"])
        elif kind == "error":
            self.error = json.dumps(message)
        elif kind == "session.finished":
            self.finished = True
            self.ended.set()

    def on_close(self, close_status_code, close_msg):
        """Called by the SDK at the end."""
        self.ended.set()


def speak(ws_url: str, mode: str, audio_format: str) -> Listener:
    """One session in the order of the vendor's examples."""
    listener = Listener()
    client = QwenTtsRealtime(model="qwen3-tts-flash-realtime", callback=listener, url=ws_url)
    client.connect()
    # The enumeration of the SDK has PCM alone; before 1.25 there is no other way to ask for a format.
    client.update_session(
        voice="Cherry", mode=mode, response_format=SimpleNamespace(format=audio_format, sample_rate=24000)
    )
    for text in TEXTS:
        client.append_text(text)
    if mode == "commit":
        client.commit()
    client.finish()
    listener.ended.wait(DEADLINE_S)
    client.close()
    return listener


def main() -> None:
    """Every mode and format."""
    dashscope.api_key = "sk-emulator"
    ws_url, folder = sys.argv[1], Path(sys.argv[2])
    for mode in MODES:
        for audio_format in FORMATS:
            heard = speak(ws_url, mode, audio_format)
            (folder / (mode + "." + audio_format)).write_bytes(heard.audio)
            told = {"mode": mode, "format": audio_format, "finished": heard.finished, "session": heard.session}
            sys.stdout.write(json.dumps({**told, "error": heard.error}) + "\n")


if __name__ == "__main__":
    main()
