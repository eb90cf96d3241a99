"""AgentScope's realtime model of DashScope, as its agents use it: text pushed as it comes, then `synthesize`.

python agentscope_client.py WS_URL 1|2
"""

# mypy: ignore-errors
# What it imports is installed in an environment of its own only.

import asyncio
import base64
import json
import sys

TEXTS = (
    "你好，",
    "世界。今天天气很好，我们一起去公园散步吧。",
    "然后回家吃晚饭。",
    " Good morning! And a second sentence.",
)


async def first(ws_url, stream):
    """Release 1: the text so far, pushed again and again; returns the bytes heard."""
    from agentscope.message import Msg
    from agentscope.tts import DashScopeRealtimeTTSModel

    model = DashScopeRealtimeTTSModel(api_key="sk-emulator", stream=stream, client_kwargs={"url": ws_url})
    await model.connect()
    text = ""
    for piece in TEXTS:
        text += piece
        message = Msg("friend", text, "assistant")
        message.id = "one"
        await model.push(message)
    answer = await model.synthesize(message)
    if stream:
        async for last in answer:
            answer = last
    await model.close()
    return len(base64.b64decode(answer.content["source"]["data"]))


async def second(ws_url, stream):
    """Release 2: pieces of text; audio comes in pieces, behind a WAV header of 44 bytes."""
    import dashscope.audio.qwen_tts_realtime as sdk
    from agentscope.credential import DashScopeCredential
    from agentscope.tts import DashScopeRealtimeTTSModel

    # It offers no address: the SDK's own default is replaced, as a hosts file would.
    if not hasattr(sdk.QwenTtsRealtime, "as_published"):
        sdk.QwenTtsRealtime.as_published = sdk.QwenTtsRealtime.__init__
        sdk.QwenTtsRealtime.__init__ = lambda self, *a, **k: self.as_published(*a, **{**k, "url": ws_url})
    model = DashScopeRealtimeTTSModel(credential=DashScopeCredential(api_key="sk-emulator"), stream=stream)
    await model.connect()
    answers = [await model.push(piece) for piece in TEXTS]
    answer = await model.synthesize()
    answers += [one async for one in answer] if stream else [answer]
    await model.close()
    return sum(len(base64.b64decode(one.content.source.data)) for one in answers if one.content) - 44


async def main():
    """Streaming and not."""
    for stream in (True, False):
        heard = await (first if sys.argv[2] == "1" else second)(sys.argv[1], stream)
        sys.stdout.write(json.dumps({"bytes": heard, "stream": stream}) + "\n")


asyncio.run(main())
