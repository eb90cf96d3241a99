"""The signed statement: about what is released, and never more than the run says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.runs import MODEL, NOW, bundle_of, key, real_files, result_of, ttsgate, written
from ttsgate.bundle import open_folder
from ttsgate.bundle.attestation import PREDICATE_TYPE, STATEMENT_TYPE, contradictions, sign, signed_at, statement
from ttsgate.bundle.manifest import ATTESTATION, MANIFEST, digest
from ttsgate.bundle.signing import Signed, open_envelope
from ttsgate.errors import EvidenceError
from ttsgate.result.record import CheckRecord, Result


def said(change: Callable[[Result], None] = lambda r: None) -> dict[str, Any]:
    """The statement about the real run, changed."""
    result = result_of(real_files())
    change(result)
    return statement(result, real_files()[MANIFEST], public=key().public, at=NOW)


def ended(name: str, code: int, warnings: int = 0) -> Callable[[Result], None]:
    """Give the run another end."""

    def change(result: Result) -> None:
        assert result.verdict is not None
        result.verdict.name, result.verdict.exit_code, result.verdict.warnings = name, code, warnings  # type: ignore[assignment]

    return change


class TestStatement:
    def test_types_and_facts(self) -> None:
        """An in-toto statement of a test result with what makes the evidence what it is."""
        found = said()
        predicate = found["predicate"]

        assert (STATEMENT_TYPE, PREDICATE_TYPE) == (found["_type"], found["predicateType"])
        assert ("emulator", "emulated, not live") == (predicate["target"]["kind"], predicate["target"]["claim"])
        assert [{"name": MANIFEST, "digest": {"sha256": digest(real_files()[MANIFEST])}}] == predicate["configuration"]
        assert {"ttsgate", "rules", "revision", "dirty"} == set(predicate["harness"])
        assert NOW.isoformat() == predicate["signer"]["claimed_time"]

    @pytest.mark.parametrize(
        ("change", "result"),
        [
            (ended("pass", 0), "PASSED"),
            (ended("pass", 0, warnings=2), "WARNED"),
            (ended("fail", 8), "FAILED"),
            (ended("error", 3), "FAILED"),
            (ended("inconclusive", 9), "FAILED"),
            (ended("fail", 5), "FAILED"),
            (lambda r: setattr(r, "verdict", None), "FAILED"),
        ],
    )
    def test_result(self, change: Callable[[Result], None], result: str) -> None:
        """A pass is PASSED, with warnings WARNED; everything else is FAILED, nothing ran included."""
        assert result == said(change)["predicate"]["result"]

    def test_subject(self) -> None:
        """The subject is what is being released, by file digest or commit; else the bundle."""
        bundle = digest(real_files()[MANIFEST])

        def of(**subject: str) -> Any:
            return said(lambda r: setattr(r, "subject", subject or None))["subject"]

        assert [{"name": "app", "digest": {"sha256": "a" * 64}}] == of(name="app", sha256="a" * 64)
        assert [{"name": "source", "digest": {"gitCommit": "b" * 40}}] == of(name="source", git="b" * 40)
        assert [{"sha256": bundle}] == [s["digest"] for s in of()]

    def test_each_check_stands_once(self) -> None:
        """A check that failed anywhere is not among those that passed; a warning is neither."""

        def change(result: Result) -> None:
            first = result.checks[0]
            result.checks.append(CheckRecord(check=first.check, stage=first.stage, subject="x", outcome="fail"))
            result.checks.append(
                CheckRecord(check="P-slow", stage="timing", subject="x", outcome="fail", severity="warn")
            )

        found = said(change)["predicate"]
        failed = found["failedTests"]

        assert [result_of(real_files()).checks[0].check] == failed
        assert ["P-slow"] == found["warnedTests"]
        assert not {*failed, "P-slow"} & set(found["passedTests"])

    def test_policy(self) -> None:
        """The policy that decided is named with its digest."""
        found = said(lambda r: setattr(r, "policy", {"name": "release", "sha256": "c" * 64, "ci": True}))

        assert {"name": "release", "sha256": "c" * 64} == found["predicate"]["policy"]
        assert "policy" not in said()["predicate"]


class TestContradictions:
    def signed(self, content: dict[str, Any]) -> Signed:
        """As if that had been signed."""
        return Signed(statement=content, public=key().public, key_id=key().id)

    def found(self, content: dict[str, Any]) -> list[str]:
        """What it says otherwise than the real run."""
        return contradictions(self.signed(content), result_of(real_files()), real_files()[MANIFEST])

    def test_none(self) -> None:
        """An honest statement, also one of a later version that says more."""
        content = said()
        content["predicate"]["mood"] = "good"

        assert [] == self.found(content)

    @pytest.mark.parametrize("name", ["result", "run", "finished", "target", "harness", "passedTests"])
    def test_another_fact(self, name: str) -> None:
        """Each fact that differs is named."""
        content = said()
        content["predicate"][name] = "other"

        assert [f"result.json: {name} is not what was signed"] == self.found(content)

    @pytest.mark.parametrize("name", ["result", "run", "finished", "target", "harness"])
    def test_a_missing_fact(self, name: str) -> None:
        """A statement that leaves out what every version says is none."""
        content = said()
        del content["predicate"][name]

        assert [f"{ATTESTATION}: it does not say {name}"] == self.found(content)

    def test_another_kind_of_statement(self) -> None:
        """A signature for another purpose, or about another subject, does not count here."""
        other, about = said(), said()
        other["predicateType"] = "https://slsa.dev/provenance/v1"
        about["subject"] = [{"name": "other", "digest": {"sha256": "d" * 64}}]

        assert "another type" in self.found(other)[0]
        assert [f"{ATTESTATION}: its subject is not the one of result.json"] == self.found(about)

    def test_no_time(self) -> None:
        """A statement without a time, or with one without a zone, is none."""
        for value in (None, "soon", "2026-11-24T00:00:00"):
            content = said()
            content["predicate"]["signer"]["claimed_time"] = value
            with pytest.raises(EvidenceError, match="time of signing"):
                signed_at(self.signed(content))


class TestSign:
    def test_only_a_finished_run_in_a_folder(self, tmp_path: Path) -> None:
        """An archive, and a run without a verdict, are not signed."""
        with pytest.raises(EvidenceError, match="sign the folder"):
            sign(bundle_of(real_files()), key(), at=NOW)
        bundle = open_folder(written(real_files(), tmp_path / "run"))
        bundle.result.verdict = None
        with pytest.raises(EvidenceError, match="no verdict to sign"):
            sign(bundle, key(), at=NOW)

    def test_as_part_of_a_run(self, tmp_path: Path) -> None:
        """`validate --sign-key` leaves a signed bundle about its subject; a key that is none ends it before the run."""
        ttsgate("keygen", str(tmp_path / "key"))
        base, commit = tmp_path / "out", "0123456789" * 4
        arguments = ["--client", "wire", "--model", MODEL, "-q", "--output-dir", str(base)]
        done = ttsgate("validate", *arguments, "--sign-key", str(tmp_path / "key"), "--subject", f"app=git:{commit}")
        assert 0 == done.returncode, done.stdout + done.stderr
        done = ttsgate("verify", "latest", "--output-dir", str(base), "--signers", str(tmp_path / "key.pub"))
        (folder,) = (base / "aliyun-qwen-tts-realtime" / "runs").iterdir()
        opened = open_envelope((folder / ATTESTATION).read_bytes())

        assert 0 == done.returncode, done.stdout
        assert [{"name": "app", "digest": {"gitCommit": commit}}] == opened.statement["subject"]
        refused = ttsgate("validate", *arguments, "--sign-key", str(tmp_path / "key.pub"))
        assert (2, True) == (refused.returncode, "ttsgate keygen" in refused.stderr)
        assert [folder] == list(folder.parent.iterdir())
