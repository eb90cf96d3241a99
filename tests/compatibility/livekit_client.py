"""A LiveKit plugin for DashScope: `stream` as an agent uses it, twice, then `synthesize`.

python livekit_client.py WS_URL CLASS
"""

# mypy: ignore-errors
# What it imports is installed in an environment of its own only.

import asyncio
import importlib
import json
import sys

import aiohttp

TEXTS = (
    "你好，",
    "世界。今天天气很好，",
    "我们一起去公园散步吧。",
    "然后回家吃晚饭。",
    " Good morning! And a second sentence.",
)


async def main():
    """Three utterances with one plugin object; the plugin decides whether they share a connection."""
    plugin = getattr(importlib.import_module("livekit.plugins.aliyun"), sys.argv[2])
    async with aiohttp.ClientSession() as http:
        tts = plugin(api_key="sk-emulator", base_url=sys.argv[1], http_session=http)
        for streaming in (True, True, False):
            heard = 0
            if streaming:
                stream = tts.stream()
                for text in TEXTS:
                    stream.push_text(text)
                    await asyncio.sleep(0)
                stream.flush()
                stream.end_input()
            else:
                stream = tts.synthesize("".join(TEXTS))
            async for event in stream:
                heard += len(event.frame.data.tobytes())
            await stream.aclose()
            # The last frame of `synthesize` is filled up with 10 ms of silence by LiveKit.
            sys.stdout.write(json.dumps({"bytes": heard - (0 if streaming else 480), "streaming": streaming}) + "\n")
        await tts.aclose()


asyncio.run(main())
