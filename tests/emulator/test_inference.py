"""The vendor's other websocket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulator.realtime_service import Talk, run, running, talk


def asked(message: Any, *, key: str = "sk-emulator") -> Talk:
    async def go() -> Talk:
        async with running() as emulator:
            return await talk(f"ws://127.0.0.1:{emulator.port}/api-ws/v1/inference/", [message], key=key)

    seen: Talk = run(go())
    return seen


class TestInference:
    def test_models_are_not_here(self) -> None:
        """A task for one of our models fails as it was reported, and names the task."""
        task = {"header": {"action": "run-task", "task_id": "t1"}, "payload": {"model": "qwen3-tts-flash"}}
        seen = asked(task)
        header = seen.events[0]["header"]

        assert ("t1", "task-failed", "ModelNotFound") == (header["task_id"], header["event"], header["error_code"])
        assert "Model not found (qwen3-tts-flash)!" == header["error_message"]
        assert 1000 == seen.code

    @pytest.mark.parametrize("message", ["{", "[]", '{"header":5,"payload":[]}', b"\x00", "[" * 50_000], ids=repr)
    def test_nonsense(self, message: str | bytes) -> None:
        """Nonsense fails in the same form."""
        assert "InvalidParameter" == asked(message).events[0]["header"]["error_code"]

    def test_key(self) -> None:
        """The key is checked here as well."""
        seen = asked("{}", key="sk-wrong")

        assert 401 == seen.status
        assert "InvalidApiKey" == json.loads(seen.body)["code"]
