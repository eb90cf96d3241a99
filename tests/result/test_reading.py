"""Results of every version up to ours are read; newer ones are refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bundle.runs import real_files
from ttsgate.errors import EvidenceError
from ttsgate.result import reading
from ttsgate.result.reading import read_result
from ttsgate.result.record import SCHEMA_VERSION, Result


def plain() -> dict[str, Any]:
    """A real result as plain data."""
    found = msgspec.json.decode(real_files()["result.json"])
    assert isinstance(found, dict)
    return found


class TestOurs:
    def test_is_read(self) -> None:
        """A real result is read, whole."""
        assert plain() == msgspec.to_builtins(read_result(real_files()["result.json"]))

    def test_fields_that_came_later(self) -> None:
        """A field that we do not know does not hinder: later releases add some without a new version."""
        data = {**plain(), "mood": "good"}

        assert plain()["run"] == read_result(msgspec.json.encode(data)).run

    def test_fields_that_came_since(self) -> None:
        """A field that an earlier release did not write has its default."""
        data = plain()
        del data["requirements"]

        assert {} == read_result(msgspec.json.encode(data)).requirements


class TestRefused:
    def test_newer(self) -> None:
        """A newer version is refused by name, with the release that wrote it and reads it."""
        data = {**plain(), "schema_version": 99, "engine": {"ttsgate": "9.9.0"}, "checks": "another shape"}

        with pytest.raises(EvidenceError, match=r"version 99 .* newer ttsgate \(9\.9\.0\).* install ttsgate==9\.9\.0"):
            read_result(msgspec.json.encode(data))

    def test_newer_without_a_name(self) -> None:
        """The same where it does not say who wrote it."""
        with pytest.raises(EvidenceError, match="install a newer ttsgate"):
            read_result(msgspec.json.encode({"schema_version": SCHEMA_VERSION + 1}))

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{}",
            b"[]",
            b"\xff",
            b'{"schema_version": "1"}',
            b'{"schema_version": true}',
            b'{"schema_version": 1}',
            b'{"schema_version": 0}',
            b'{"schema_version": -1}',
            b"[" * 100000,
        ],
    )
    def test_broken(self, data: bytes) -> None:
        """What is no result is refused with the file's name."""
        with pytest.raises(EvidenceError, match=r"result\.json: "):
            read_result(data)

    @given(st.binary(max_size=100))
    def test_bytes_of_any_kind(self, data: bytes) -> None:
        """No bytes break the reader in another way than by refusing them."""
        with pytest.raises(EvidenceError):
            read_result(data)


class TestUpgrades:
    def test_are_applied_one_after_the_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A reader of an old version turns its data into those of the next, up to ours."""

        def from_zero(found: dict[str, Any]) -> dict[str, Any]:
            return {**found, "run": found.pop("id")}

        monkeypatch.setitem(reading.UPGRADES, 0, from_zero)
        data = {**plain(), "schema_version": 0, "id": "old"}
        del data["run"]
        result = read_result(msgspec.json.encode(data))

        assert isinstance(result, Result)
        assert ("old", SCHEMA_VERSION) == (result.run, result.schema_version)
