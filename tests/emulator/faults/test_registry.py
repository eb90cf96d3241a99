"""Naming faults: parsing, choosing, modifiers, listings."""

from __future__ import annotations

import json
import random

import pytest

from ttsgate import judgement
from ttsgate.emulator import listing
from ttsgate.emulator.faults.hooks import Context, Outgoing
from ttsgate.emulator.faults.registry import FAULTS, GROUPS, SCENES, Injector, load_all, parse_fault
from ttsgate.errors import UsageError
from ttsgate.judgement.causes import CAUSES
from ttsgate.judgement.registry import CHECKS

load_all()
FIRST_SIX = {
    "silence": ("audio.silence", "A-silence"),
    "half": ("audio.half", "A-coverage"),
    "rate": ("audio.rate", "A-rate"),
    "stall": ("timing.stall", "T-stall"),
    "no-response-done": ("order.no-response-done", "P-response-done"),
    "voice-echo": ("field.voice-echo", "P-voice-echo"),
}
MODEL = "qwen3-tts-flash-realtime"


class TestTable:
    @pytest.mark.parametrize("name", FAULTS)
    def test_described(self, name: str) -> None:
        """Every fault says in one line what the service does, and what should come of it."""
        fault = FAULTS[name]

        assert fault.group in GROUPS
        assert fault.says.endswith(".")
        assert "\n" not in fault.says
        if fault.expect is None:
            assert fault.group in ("benign", "security")
        else:
            assert fault.expect.checks
            assert fault.expect.causes
            assert fault.expect.party in ("service", "network", "key")

    def test_findings_exist(self) -> None:
        """Every finding that a fault promises is one that the gate can make, and every scene is one that is known."""
        judgement.load_all()
        promised = {c for f in FAULTS.values() if f.expect for c in f.expect.checks}
        causes = {c for f in FAULTS.values() if f.expect for c in f.expect.causes}

        assert set() == promised - set(CHECKS)
        assert set() == causes - set(CAUSES)
        assert set(SCENES) == {f.scene for f in FAULTS.values()}

    @pytest.mark.parametrize("alias", FIRST_SIX)
    def test_first_six(self, alias: str) -> None:
        """The six faults of the first hour answer to their short names."""
        name, check = FIRST_SIX[alias]
        found = parse_fault(alias).fault

        assert name == found.name
        assert found.expect is not None
        assert check == found.expect.checks[0]

    def test_every_class_has_some(self) -> None:
        """No class is empty, and there are many."""
        assert set(GROUPS) == {fault.group for fault in FAULTS.values()}
        assert len(FAULTS) > 200

    def test_listings(self) -> None:
        """Text and JSON list every fault, with its parameters and its finding."""
        text, data = listing.faults(as_json=False), json.loads(listing.faults(as_json=True))

        assert set(FAULTS) == {entry["name"] for entry in data}
        assert all(f"  {name}" in text for name in FAULTS)
        (stall,) = [entry for entry in data if entry["name"] == "timing.stall"]
        assert {"after", "for", "then"} == set(stall["params"])
        assert ["T-stall"] == stall["expect"]["checks"]

    def test_fidelity(self) -> None:
        """The fidelity page tells counts, values, basis and source."""
        data = json.loads(listing.fidelity(as_json=True))

        assert sum(data["counts"].values()) == len(data["choices"])
        assert all(choice["source"] and choice["basis"] for choice in data["choices"])
        assert "[incomplete]|ignored" in listing.fidelity(as_json=False)


class TestParse:
    def test_parameters_and_model(self) -> None:
        """Times, names and a model pattern are read; the rest keeps its default."""
        found = parse_fault(" stall:after=1.2s, for=300ms,every=3@qwen3-tts-vd-* ")

        assert {"after": 1.2, "for_": 0.3, "then": "continue"} == found.args
        assert 3 == found.modifiers["every"]
        assert found.matches("qwen3-tts-vd-realtime-2026-01-15")
        assert not found.matches(MODEL)

    @pytest.mark.parametrize(
        ("spec", "says"),
        [
            ("stal", "did you mean 'stall'"),
            ("audio.silense", "did you mean 'audio.silence'"),
            ("", "unknown fault"),
            ("x" * 50, "unknown fault"),
            ("stall:fro=2s", "did you mean 'for'"),
            ("stall:for", "it takes after, for"),
            ("stall:for=soon", "a time such as 1.2s"),
            ("stall:for=-1s", "a time such as 1.2s"),
            ("stall:then=stop", "continue or burst"),
            ("stall:every=often", "whole number"),
            ("audio.clipped:db=loud", "expected a number"),
        ],
    )
    def test_refused(self, spec: str, says: str) -> None:
        """What is unknown or does not fit is refused, with the nearest name or what would fit."""
        with pytest.raises(UsageError) as refused:
            parse_fault(spec)

        assert says in str(refused.value)


def struck(spec: str, sessions: int, *, seed: int = 1, model: str = MODEL) -> list[int]:
    """Numbers of the sessions, from 1, that a fault strikes."""
    injector = Injector([spec], seed=seed)
    return [n for n in range(1, sessions + 1) if injector.for_session(Context(model, number=n)).hooks]


class TestModifiers:
    @pytest.mark.parametrize(
        ("modifiers", "sessions"),
        [
            ("every=3", [3, 6, 9]),
            ("first=2", [1, 2]),
            ("skip=7", [8, 9, 10]),
            ("skip=2,first=4,every=2", [4, 6]),
            ("p=0", []),
            ("p=1", list(range(1, 11))),
        ],
    )
    def test_counting(self, modifiers: str, sessions: list[int]) -> None:
        """Modifiers choose sessions by number."""
        assert sessions == struck(f"silence:{modifiers}", 10)

    def test_chance(self) -> None:
        """A probability is met about as often as it says, and equally with the same seed."""
        once = struck("silence:p=0.2", 500)

        assert 60 < len(once) < 140
        assert once == struck("silence:p=0.2", 500)
        assert once != struck("silence:p=0.2", 500, seed=2)

    def test_other_models_do_not_count(self) -> None:
        """Sessions of other models are neither struck nor counted."""
        injector = Injector([f"silence:every=2@{MODEL}"], seed=1)
        hits = [bool(injector.for_session(Context(m)).hooks) for m in (MODEL, "other", "other", MODEL)]

        assert [False, False, False, True] == hits

    def test_one_response(self) -> None:
        """response=2 leaves the first response alone."""
        ctx = Context(MODEL)
        injection = Injector(["no-response-done:response=2"], seed=1).for_session(ctx)
        left = []
        for ctx.response in (1, 2, 3):
            left.append(len(list(injection.outgoing(Outgoing(event={"type": "response.done"})))))

        assert [1, 0, 1] == left

    def test_composition(self) -> None:
        """Several faults apply in the order in which they were named."""
        injector = Injector(["order.double-finished", "order.no-response-done"], seed=1)
        injection = injector.for_session(Context(MODEL, rng=random.Random(1)))
        kinds = [
            out.type
            for kind in ("response.done", "session.finished")
            for out in injection.outgoing(Outgoing(event={"type": kind, "event_id": "e"}))
        ]

        assert ["session.finished", "session.finished"] == kinds

    def test_replacing(self) -> None:
        """A bad replacement leaves the faults in force."""
        injector = Injector(["silence"], seed=1)
        with pytest.raises(UsageError):
            injector.replace(["half", "nope"])

        assert ["silence"] == injector.names()


def test_faults_compose() -> None:
    """A fault that another one left nothing to work on does nothing, instead of breaking the emulator."""
    injector = Injector(["field.delta-missing", "field.delta-odd", "field.delta-newlines"], seed=1)
    injection = injector.for_session(Context(MODEL))
    item = Outgoing(event={"type": "response.audio.delta", "event_id": "e", "delta": "AAAA"})

    assert [{"type": "response.audio.delta", "event_id": "e"}] == [out.event for out in injection.outgoing(item)]
