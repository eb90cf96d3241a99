"""A service that has a websocket and nothing else, at a path of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from tests.e2e.command import QUICK, ttsgate
from ttsgate.emulator.process import Endpoints

RIGHT = {"DASHSCOPE_API_KEY": "sk-right"}


def pump(source: ServerConnection | ClientConnection, sink: ServerConnection | ClientConnection) -> None:
    """Pass messages on until either side is gone, and close the other as the one was closed."""
    with contextlib.suppress(ConnectionClosed):
        for message in source:
            sink.send(message)
    sink.close()


@pytest.fixture
def websocket_only(service: Endpoints) -> Iterator[str]:
    """The emulator's websocket behind a server that answers everything else with 426 Upgrade Required."""

    def relay(client: ServerConnection) -> None:
        assert client.request is not None
        query = client.request.path.partition("?")[2]
        headers = {"Authorization": client.request.headers["Authorization"]}
        with connect(f"{service.ws_url}?{query}", additional_headers=headers, proxy=None) as upstream:
            down = threading.Thread(target=pump, args=(upstream, client))
            down.start()
            pump(client, upstream)
            down.join()

    with serve(relay, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/x"
        server.shutdown()
        thread.join()


def test_what_is_there_is_judged(tmp_path: Path, websocket_only: str) -> None:
    """Sessions decide; lists and HTTP cells are skipped with a reason that nobody has to allow."""
    words = (*QUICK, "--client", "sdk-http", "--ws-url", websocket_only, "--policy", "ci")
    ran = ttsgate("validate", *words, base=tmp_path / "out", env={**RIGHT, "CI": "1"})

    assert 0 == ran.exit, ran.out + ran.err
    states = {c["client"]: c["state"] for c in ran.result["cells"]}
    assert {"wire": "pass", "sdk-http": "skipped"} == states
    assert {
        ("models", "no-http"),
        (next(c["id"] for c in ran.result["cells"] if c["client"] == "sdk-http"), "no-http"),
    } == {(s["subject"], s["code"]) for s in ran.result["skips"]}
    assert all(s["allowed"] for s in ran.result["skips"])


def test_an_http_side_that_was_named_must_be_there(tmp_path: Path, websocket_only: str) -> None:
    """With --http-url somebody said that there is one: then it is missing."""
    http_url = websocket_only.replace("ws:", "http:").removesuffix("/x") + "/api/v1"
    words = (*QUICK, "--ws-url", websocket_only, "--http-url", http_url)
    ran = ttsgate("validate", *words, base=tmp_path / "out", env=RIGHT)

    assert 8 == ran.exit, ran.out + ran.err
    assert "N-models" in ran.failed()
