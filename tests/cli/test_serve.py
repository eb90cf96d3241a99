"""``ttsgate serve`` at the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ttsgate.cli.serve import _announce, command
from ttsgate.errors import UsageError


class TestServe:
    def test_lists(self) -> None:
        """Faults and fidelity are listed as text and as JSON, without starting anything."""
        for option in ("--list-faults", "--fidelity"):
            text = CliRunner().invoke(command, [option])
            data = CliRunner().invoke(command, [option, "--json"])

            assert (0, 0) == (text.exit_code, data.exit_code)
            assert len(text.output) > 5_000
            assert json.loads(data.output)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--fault", "stal"], "did you mean 'stall'"),
            (["--fault", "stall:fro=1s"], "did you mean 'for'"),
            (["--switch", "idle-second=3"], "did you mean 'idle-seconds'"),
            (["--extra-model", "x=nothing-like-it"], "nothing-like-it"),
            (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        ],
    )
    def test_refused(self, arguments: list[str], says: str) -> None:
        """What cannot be served is a usage error with the remedy."""
        result = CliRunner().invoke(command, arguments)

        assert isinstance(result.exception, UsageError)
        assert says in str(result.exception)

    @pytest.mark.parametrize(
        "arguments", [["--port", "70000"], ["--pace", "0"], ["--seed", "x"], ["--free-tier", "-1"]]
    )
    def test_bad_values(self, arguments: list[str]) -> None:
        """Values out of range end with 2."""
        assert 2 == CliRunner().invoke(command, arguments).exit_code

    def test_first_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        """stdout has one line of JSON; stderr tells people how to point each SDK here."""
        told = {
            "ws_url": "ws://127.0.0.1:1/api-ws/v1/realtime",
            "http_url": "http://127.0.0.1:1/api/v1",
            "compatible_url": "http://127.0.0.1:1/compatible-mode/v1",
            "api_key": "sk-emulator",
            "ca": "/tmp/ca.pem",
        }
        _announce(told)
        out, err = capsys.readouterr()

        assert 1 == out.count("\n")
        assert told.items() <= json.loads(out).items()
        for needle in (told["ws_url"], told["http_url"], "Java SDK", "emulated, not live", "SSL_CERT_FILE=/tmp/ca.pem"):
            assert needle in err
