"""pipecat-dashscope's realtime service, through the pipeline call `run_tts`.

python pipecat_client.py WS_URL
"""

# mypy: ignore-errors
# What it imports is installed in an environment of its own only.

import asyncio
import json
import sys

import dashscope.audio.qwen_tts_realtime as sdk
from pipecat_dashscope.tts import DashScopeQwenRealtimeTTSService

TEXTS = (
    "你好，世界。今天天气很好，我们一起去公园散步吧。",
    "Good morning to all of you! And a second sentence follows here.",
)

# It offers no address: the SDK's own default is replaced, as a hosts file would.
published = sdk.QwenTtsRealtime.__init__
sdk.QwenTtsRealtime.__init__ = lambda self, *a, **k: published(self, *a, **{**k, "url": sys.argv[1]})


async def main():
    """Two utterances."""
    service = DashScopeQwenRealtimeTTSService(
        api_key="sk-emulator", model="qwen3-tts-flash-realtime", voice="Cherry", sample_rate=24000
    )
    service._sample_rate = 24000  # otherwise set by the start frame of a pipeline
    for text in TEXTS:
        heard = 0
        async for frame in service.run_tts(text, "one"):
            heard += len(getattr(frame, "audio", b""))
        sys.stdout.write(json.dumps({"bytes": heard}) + "\n")


asyncio.run(main())
