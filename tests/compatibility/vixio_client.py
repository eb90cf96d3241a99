"""vixio's realtime provider: a stream of text in `server_commit`, then two utterances on one connection in `commit`.

python vixio_client.py WS_URL
"""

# mypy: ignore-errors
# What it imports is installed in an environment of its own only.

import asyncio
import importlib
import json
import sys

TEXTS = (
    "你好，",
    "世界。今天天气很好，我们一起去公园散步吧。",
    "然后回家吃晚饭。",
    " Good morning! And a second sentence.",
)


async def pieces():
    """The text as a language model would give it."""
    for text in TEXTS:
        yield text


async def count(audio):
    """Bytes of audio."""
    return sum([len(piece) async for piece in audio])


async def main():
    """Three utterances."""
    provider = importlib.import_module("vixio.providers.qwen.qwen3_tts_flash_realtime").Qwen3TtsFlashRealtimeProvider
    made = {"api_key": "sk-emulator", "base_url": sys.argv[1], "language_type": "Auto"}
    streaming = provider(**made)
    await streaming.initialize()
    told = [await count(streaming.synthesize_stream(pieces()))]
    committing = provider(**made, mode="commit")
    await committing.initialize()
    for text in ("".join(TEXTS[:3]), TEXTS[3]):
        told.append(await count(committing.synthesize(text)))
    for heard in told:
        sys.stdout.write("\n" + json.dumps({"bytes": heard}) + "\n")
    sys.stdout.flush()


asyncio.run(main())
