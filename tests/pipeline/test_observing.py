"""What an earlier run saw of the same wrong request, and which run that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ttsgate.config import Config, resolve
from ttsgate.errors import UsageError
from ttsgate.pipeline.observing import earlier
from ttsgate.result.record import Observation, Result, Target

URL = "wss://dashscope.aliyuncs.com/api-ws/v1/realtime"


def observed(outcome: str = "error", **more: Any) -> Observation:
    """What a run saw of one request."""
    return Observation(**{"probe": "bad-json", "model": "m", "sent": "x", "outcome": outcome, **more})


def result(run: str, *seen: Observation, **target: Any) -> Result:
    """A run of a live target."""
    where = {"kind": "live", "claim": "live", "ws_url": URL, "http_url": "https://x", "region": "cn-beijing", **target}
    return Result(
        run=run,
        started="2026-11-24T00:00:00Z",
        target=Target(**where),
        observations=list(seen),
        engine={"ttsgate": "1"},
    )


class Base:
    """A base folder with runs."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "out"

    def add(self, one: Result) -> Path:
        """Write a run's result."""
        folder = self.path / "aliyun-qwen-tts-realtime" / "runs" / one.run
        folder.mkdir(parents=True)
        (folder / "result.json").write_bytes(msgspec.json.encode(one))
        return folder

    def config(self, **given: Any) -> Config:
        """A configuration that writes there."""
        return resolve({"output_dir": str(self.path), **given}, {}, self.path.parent)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """An empty base folder."""
    return Base(tmp_path)


def test_the_newest_run_of_the_same_service(base: Base) -> None:
    """Runs of other targets, regions and hosts, the run itself and broken ones are passed over."""
    base.add(result("20261101T000000Z-0001", observed("closed")))
    base.add(result("20261102T000000Z-0002", observed("ignored"), region="ap-southeast-1"))
    base.add(result("20261103T000000Z-0003", observed("ignored"), kind="custom"))
    base.add(result("20261104T000000Z-0004", observed("ignored"), ws_url="wss://other/x"))
    (base.add(result("20261105T000000Z-0005")) / "result.json").write_text("{", "utf-8")
    now = result("20261106T000000Z-0006", observed())
    base.add(now)

    (before,) = earlier(base.config(), now, now.observations)
    assert before is not None
    assert ("20261101T000000Z-0001", "closed") == (before.run, before.outcome)


def test_only_the_same_request_compares(base: Base) -> None:
    """Another model or wording is another request; what was not observed is passed over for what was."""
    base.add(result("20261101T000000Z-0001", observed("closed", code="c")))
    base.add(result("20261102T000000Z-0002", observed("not-observed")))
    now = result("20261103T000000Z-0003")

    found = earlier(base.config(), now, [observed(), observed(model="other"), observed(sent="y")])
    assert ["20261101T000000Z-0001", None, None] == [b and b.run for b in found]
    assert found[0] is not None
    assert "c" == found[0].code


def test_the_emulator_is_compared_with_itself(base: Base) -> None:
    """Its address changes with each run; its faults and the version of ttsgate must not."""
    same = {"kind": "emulator", "region": None, "ws_url": "ws://127.0.0.1:1/x"}
    base.add(result("20261101T000000Z-0001", observed("closed"), **same))
    base.add(result("20261102T000000Z-0002", observed("closed"), **same, faults=["silence"]))
    now = result("20261103T000000Z-0003", **{**same, "ws_url": "ws://127.0.0.1:2/x"})

    (before,) = earlier(base.config(), now, [observed()])
    assert before is not None
    assert "20261101T000000Z-0001" == before.run
    now.engine = {"ttsgate": "2"}
    assert [None] == earlier(base.config(), now, [observed()])


def test_a_bundle_that_is_named(base: Base) -> None:
    """--baseline is compared with whatever it is; one that is none is a usage error."""
    named = base.add(result("20261101T000000Z-0001", observed("closed"), kind="custom"))
    base.add(result("20261102T000000Z-0002", observed("ignored")))
    now = result("20261103T000000Z-0003")

    (before,) = earlier(base.config(baseline=str(named)), now, [observed()])
    assert before is not None
    assert "closed" == before.outcome
    with pytest.raises(UsageError, match="no bundle"):
        earlier(base.config(baseline="nowhere"), now, [observed()])
