"""Choices as data."""

from __future__ import annotations

import pytest

from ttsgate.emulator import behaviours, http_behaviours
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.speech import behaviours as speech_behaviours
from ttsgate.emulator.switches import SWITCHES, all_switches, basis_counts, parse_switches
from ttsgate.errors import UsageError


class TestTable:
    def test_names_are_unique(self) -> None:
        """No behaviour hides another: names are unique over all tables."""
        tables = (behaviours.BEHAVIOURS, http_behaviours.BEHAVIOURS, speech_behaviours.BEHAVIOURS)
        names = [*SWITCHES, *(s.name for table in tables for s in table)]

        assert len(names) == len(set(names)) == len(all_switches())

    def test_counts(self) -> None:
        """The counts by basis cover the whole table."""
        counts = basis_counts()

        assert ["documented", "field", "inferred"] == list(counts)
        assert len(all_switches()) == sum(counts.values())

    @pytest.mark.parametrize("name", SWITCHES)
    def test_said(self, name: str) -> None:
        """Every switch has a source, a question, and values to choose from."""
        switch = SWITCHES[name]

        assert switch.source
        assert switch.description
        assert len(switch.values) > 1
        assert len(switch.values) == len(set(switch.values))


class TestParse:
    def test_values(self) -> None:
        """Named values and numbers are read; the rest keeps its default."""
        config = EmulatorConfig(switches=parse_switches(["cancel=ignored", "delta-ms=40", "quota-edge=served"][:2]))

        assert ("ignored", 40, 23) == (
            config.switch("cancel"),
            config.number("delta-ms"),
            config.number("idle-seconds"),
        )

    @pytest.mark.parametrize(
        ("setting", "says"),
        [
            ("cancle=ignored", "did you mean 'cancel'"),
            ("nothing-like-it-at-all=1", "unknown switch"),
            ("cancel", "cancel=incomplete|ignored"),
            ("cancel=maybe", "takes incomplete or ignored"),
            ("delta-ms=N", "not 'N'"),
            ("delta-ms=-5", "not '-5'"),
            ("delta-ms=1.5", "not '1.5'"),
            ("delta-ms=99999999", "not '99999999'"),
            ("chain=always", "cannot be switched"),
        ],
    )
    def test_refused(self, setting: str, says: str) -> None:
        """What cannot be is refused with what could."""
        with pytest.raises(UsageError) as refused:
            parse_switches([setting])

        assert says in str(refused.value)
