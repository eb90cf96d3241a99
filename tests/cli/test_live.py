"""The live way, rehearsed: the emulator over TLS in the service's place.  All runs as for live; nothing says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.tunnel import tunnel
from tests.e2e.command import FLASH, Ran, ttsgate
from ttsgate.emulator.process import EmulatorProcess, Endpoints

HOST = "dashscope.aliyuncs.com"
INSTRUCT = "qwen3-tts-instruct-flash-realtime"
KEY = {"DASHSCOPE_API_KEY": "sk-rehearsal-0123456789"}
LIVE = (
    *("--target", "live", "--region", "cn-beijing", "--text", "Good morning.", "--model", FLASH),
    *("--compare", "none", "--skip-probes"),
)


@pytest.fixture(scope="module")
def service() -> Iterator[Endpoints]:
    """The emulator over TLS with the service's name in its certificate; one model is throttled."""
    faults = [f"quota.throttled@{INSTRUCT}"]
    extra = ["--tls", "--tls-name", HOST, "--pace", "8"]
    with EmulatorProcess(api_keys=[KEY["DASHSCOPE_API_KEY"]], faults=faults, extra=extra) as process:
        assert process.endpoints is not None
        yield process.endpoints


@pytest.fixture(scope="module")
def way(service: Endpoints) -> list[str]:
    """Words that lead a live run to the emulator."""
    assert service.ca is not None
    return ["--connect-to", f"{HOST}=127.0.0.1:{port_of(service)}", "--ca-file", service.ca]


@pytest.fixture(scope="module")
def rehearsal(way: list[str], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A live run of two clients with a temporary key, rehearsed."""
    base = tmp_path_factory.mktemp("rehearsal") / "out"
    clients = ("--client", "wire", "--client", "sdk-realtime")
    return ttsgate("validate", *LIVE, *clients, *way, "--yes", "--temporary-key", base=base, env=KEY)


def port_of(service: Endpoints) -> int:
    """The emulator's port."""
    port = urlsplit(service.ws_url).port
    assert port is not None
    return port


def every_text(bundle: Path) -> str:
    """All of a bundle but its audio."""
    files = [p for p in bundle.rglob("*") if p.is_file() and p.suffix != ".wav"]
    return "\n".join(p.read_text("utf-8", "replace") for p in files)


class TestRehearsal:
    def test_everything_runs(self, rehearsal: Ran) -> None:
        """Our client and the SDK's process reach the service's own name over verified TLS."""
        assert 0 == rehearsal.exit, rehearsal.out + rehearsal.err
        assert {"pass"} == {c["state"] for c in rehearsal.result["cells"]}
        assert {"wire", "sdk-realtime"} == {c["client"] for c in rehearsal.result["cells"]}
        assert f"wss://{HOST}/api-ws/v1/realtime" == rehearsal.result["target"]["ws_url"]
        steps = {s["name"]: s["outcome"] for s in rehearsal.result["connectivity"]}
        assert {"name", "tcp", "tls", "models", "session"} <= steps.keys()
        assert {"pass"} == set(steps.values())

    def test_and_does_not_say_live(self, rehearsal: Ran) -> None:
        """Kind and claim are those of a rehearsal, in each file that states one."""
        target = rehearsal.result["target"]

        assert ("custom", "rehearsed over names of our own, not live") == (target["kind"], target["claim"])
        assert True is target["facts"]["intercepted"]
        assert HOST in target["facts"]["connect_to"]
        assert "target=custom" in rehearsal.latest
        assert "claim=rehearsed over names of our own, not live" in rehearsal.latest
        text = every_text(rehearsal.bundle)
        assert "target=live" not in text
        assert 'claim": "live' not in text
        assert 'kind": "live' not in text
        assert "rehearsed over names of our own, not live" in (rehearsal.bundle / "report.html").read_text("utf-8")

    def test_release_refuses_it(self, rehearsal: Ran) -> None:
        """A gate that requires live evidence says what this is instead."""
        ran = ttsgate("gate", rehearsal.bundle, "--policy", "release", base=rehearsal.base)

        assert 1 == ran.exit
        assert "it is rehearsed over names of our own, not live (target custom)" in ran.out

    def test_live_caps_hold_by_default(self, rehearsal: Ran) -> None:
        """100 sessions, 5000 characters, ten minutes, and a sixth of the rate that the service says the account has."""
        limits = rehearsal.result["intent"]["limits"]

        assert {"chars": 5000, "sessions": 100, "rate": 0.5, "seconds": 600} == limits
        assert any("180 sessions a minute and model; this run opens at most 30" in n for n in rehearsal.result["notes"])
        assert "CNY" in rehearsal.result["intent"]["worst_cost"]

    def test_the_key_stays_at_home(self, rehearsal: Ran) -> None:
        """Neither the key nor the temporary one made from it is in the bundle."""
        text = every_text(rehearsal.bundle)

        assert KEY["DASHSCOPE_API_KEY"] not in text
        assert "spoken with a temporary key" in text
        assert '"st-' not in text
        assert "Bearer st-" not in text


def test_throttling_stops_that_model_alone(way: list[str], tmp_path: Path) -> None:
    """After one throttled session the model is left alone, `blocked: quota`; another model goes on."""
    both = (*LIVE, "--model", INSTRUCT, "--client", "wire", "--repeat", "3", "--max-rate", "2")
    ran = ttsgate("validate", *both, *way, "--yes", base=tmp_path / "out", env=KEY)

    cells = {c["model"]: c for c in ran.result["cells"]}
    assert 3 == len(cells[FLASH]["sessions"])
    assert 1 == len(cells[INSTRUCT]["sessions"])
    assert ["quota"] == [s["code"] for s in ran.result["skips"]]
    assert "To many requests" in ran.result["skips"][0]["why"]
    blocked = {c["subject"] for c in ran.result["checks"] if c["reason"] == "quota"}
    assert 2 == len(blocked)
    assert ran.exit in (7, 8)


class TestIntercepted:
    """Through a proxy that leads to the emulator: no name is overridden, but the authority is private."""

    @pytest.fixture(scope="class")
    def ran(self, service: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ran, Any]]:
        with tunnel(port_of(service)) as proxy:
            env = {
                **KEY,
                "HTTPS_PROXY": proxy.url.replace("://", "://door:s3cret-of-the-proxy@"),
                "SSL_CERT_FILE": service.ca or "",
            }
            clients = ("--client", "wire", "--client", "sdk-realtime")
            base = tmp_path_factory.mktemp("intercepted") / "out"
            yield ttsgate("validate", *LIVE, *clients, "--yes", base=base, env=env), proxy

    def test_does_not_say_live(self, ran: tuple[Ran, Any]) -> None:
        """`intercepted` stands in the facts, the claim is none of live evidence, and a gate for live refuses it."""
        done, _ = ran
        assert 0 == done.exit, done.out + done.err
        target = done.result["target"]
        assert "through a private certificate authority (intercepted), not established as live" == target["claim"]
        assert True is target["facts"]["intercepted"]

        gated = ttsgate("gate", done.bundle, "--policy", "release", base=done.base)
        verified = ttsgate("verify", done.bundle, "--require-target", "live", base=done.base)

        assert 1 == gated.exit
        assert "not established as live (target live)" in gated.out
        assert 6 == verified.exit
        assert "not established as live" in verified.out

    def test_everything_went_through_the_proxy(self, ran: tuple[Ran, Any]) -> None:
        """Our client, the HTTP calls and the SDK's process; the proxy's password is nowhere."""
        done, proxy = ran
        assert {f"CONNECT {HOST}:443 HTTP/1.1"} == set(proxy.asked)
        assert 1 == len({login.split(" ", 1)[1] for login in proxy.logins})
        assert {"pass"} == {c["state"] for c in done.result["cells"]}
        assert "(environment HTTPS_PROXY)" in done.result["target"]["facts"]["proxy"]
        assert "s3cret-of-the-proxy" not in every_text(done.bundle)


def test_a_proxy_that_refuses_is_named(service: Endpoints, tmp_path: Path) -> None:
    """Not the service, and not the key: the way, and nothing was judged."""
    with tunnel(port_of(service), refuse=True) as proxy:
        ran = ttsgate("validate", *LIVE, "--proxy", proxy.url, "--yes", base=tmp_path / "out", env=KEY)

    assert 4 == ran.exit, ran.out + ran.err
    assert ["network.proxy"] == ran.causes


def test_an_outage_is_no_pass_under_ci(tmp_path: Path) -> None:
    """The policy lets neither network nor service block, yet nothing was judged: 4, as without a policy."""
    words = ("--connect-to", f"{HOST}=127.0.0.1:9", "--policy", "ci", "--yes")
    ran = ttsgate("validate", *LIVE, "--client", "wire", *words, base=tmp_path / "out", env=KEY)

    assert 4 == ran.exit, ran.out + ran.err
    assert "py_compile_ok" not in ran.latest
    gated = ttsgate("gate", ran.bundle, "--policy", "ci", base=ran.base)
    assert 4 == gated.exit, gated.out


@pytest.mark.parametrize(("fault", "code"), [("handshake.busy", 8), ("session.close-mid", 0)])
def test_an_incident_of_the_service_under_ci(tmp_path: Path, fault: str, code: int) -> None:
    """Sessions that ran and failed by the service's fault are a warning; where none ran, nothing is known."""
    words = ("--client", "wire", "--model", FLASH, "--compare", "none", "--skip-probes", "--policy", "ci")
    ran = ttsgate("validate", *words, "--fault", fault, base=tmp_path / "out")

    assert code == ran.exit, ran.out + ran.err
    assert {"service"} == {f["diagnosis"]["party"] for f in ran.result["findings"]}
    assert ("py_compile_ok" in ran.latest) == (code == 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "a live run is billed: pass --yes"),
        (["--yes", "--connect-to", f"{HOST}=192.0.2.1"], "only this machine may be named"),
        (["--yes", "--connect-to", f"{HOST}=127.0.0.1", "--require-target", "live"], "never counts as live"),
        (["--yes", "--connect-to", HOST], "expected HOST=ADDRESS"),
        (["--yes", "--max-cost", "0.0001CNY"], "over --max-cost"),
        (["--yes", "--repeat", "101", "--client", "wire"], "over --max-sessions 100"),
    ],
)
def test_refused_before_the_first_byte(tmp_path: Path, words: list[str], told: str) -> None:
    """Without consent, over a cap or a price, or where the key could go astray, nothing is sent."""
    with tunnel(9) as proxy:
        env = {**KEY, **({} if "--connect-to" in words else {"HTTPS_PROXY": proxy.url})}
        ran = ttsgate("validate", *LIVE, *words, base=tmp_path / "out", env=env)

    assert ran.exit in (2, 7), ran.out + ran.err
    assert told in ran.err
    assert [] == proxy.asked


def test_an_unknown_price_refuses_a_cap_on_cost(tmp_path: Path) -> None:
    """What is not known cannot be promised to stay below anything; the plan prints it as unknown."""
    words = ("--target", "live", "--region", "ap-southeast-1", "--model", INSTRUCT, "--client", "wire")
    plan = ttsgate("plan", *words, "--json", base=tmp_path / "out")
    ran = ttsgate("validate", *words, "--max-cost", "5USD", "--yes", base=tmp_path / "out", env=KEY)

    assert "unknown" == json.loads(plan.out)["intent"]["worst_cost"]
    assert 2 == ran.exit
    assert "unknown" in ran.err
