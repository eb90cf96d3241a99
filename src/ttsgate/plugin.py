"""The internal pytest plugin: turns registered checks and planned subjects into items.

``ttsgate validate`` hands a run over; a bare ``pytest checks/`` in a clone gets the same run
through the root ``conftest.py``.  Outcomes are those of the run, never pytest's own.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from ttsgate.config import key_variables, resolve
from ttsgate.errors import HarnessError, TtsgateError, UsageError
from ttsgate.pipeline import Run, Subject
from ttsgate.result.record import CheckRecord, Outcome

__all__ = ["Judge", "Subject", "SuitePlugin", "adopt", "take_keys"]

Judge = Callable[[Subject], CheckRecord | None]
"""What the fixture ``judge`` gives: the outcome of one check on one subject, told to pytest."""

_NAME = "ttsgate-suite"
_MARKER = "stage(name): the registered checks of a stage, each on every subject of the plan"


def take_keys(environ: dict[str, str], custom: str | None) -> None:
    """Remove every variable that holds a key from our own environment before any suite starts."""
    for name in key_variables(environ, custom):
        os.environ.pop(name, None)


def adopt(config: pytest.Config, checks: Path) -> None:
    """Make ``pytest checks/`` a run of its own, configured by environment and file; do nothing for other tests."""
    asked = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    if config.pluginmanager.has_plugin(_NAME) or not any(p.is_relative_to(checks) for p in asked):
        return
    try:
        environ = dict(os.environ)
        resolved = resolve({}, environ, Path.cwd())
        take_keys(environ, resolved.custom_key_env)
        run = Run(resolved, environ, sys.argv)
        run.open()
    except TtsgateError as exc:
        pytest.exit(f"ttsgate: {exc}", returncode=exc.exit_code)
    plugin = SuitePlugin(run)
    config.pluginmanager.register(plugin, _NAME)


class SuitePlugin:
    """Collects, judges and ends one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.closed = False
        """The run came to its end."""
        self.broke: Exception | None = None
        """What kept it from its end: our own error, or a disk that is full."""
        self._interrupted = False
        self._ours: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", _MARKER)
        config.option.json_report = True
        config.option.json_report_file = ""  # we write it: whole or not at all
        config.option.json_report_omit = ["collectors", "keywords", "streams"]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        marker = metafunc.definition.get_closest_marker("stage")
        if marker is not None:
            subjects = self.run.subjects(marker.args[0])
            metafunc.parametrize("subject", subjects, ids=[f"{s.check.id}:{s.id}" for s in subjects])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self._ours = {i.nodeid for i in items if i.get_closest_marker("stage")}

    @pytest.fixture
    def judge(self) -> Judge:
        """Give the outcome of one check on one subject to pytest."""
        return self._judge

    def _judge(self, subject: Subject) -> CheckRecord | None:
        try:
            record = self.run.judge(subject)
        except Exception as exc:
            self.broke = exc
            pytest.exit(f"{type(exc).__name__}: {exc}")
        if record is None:
            pytest.skip("has nothing to say here")
        elif record.outcome == "error":
            raise HarnessError(record.message)
        elif record.outcome in ("fail", "xpass") and record.severity == "fail":
            pytest.fail(record.message, pytrace=False)
        elif record.outcome == "xfail":
            pytest.xfail(record.message)
        elif record.outcome in ("blocked", "skipped", "inconclusive"):
            pytest.skip(f"{record.outcome}: {record.message}")
        return record

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of the user's own tests."""
        if report.nodeid in self._ours or (report.when != "call" and report.passed):
            return
        outcome: Outcome = "pass" if report.passed else "fail"
        if report.skipped:
            outcome = "xfail" if hasattr(report, "wasxfail") else "skipped"
        self.run.record_user_test(_id_of(report.nodeid), outcome, self._words(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of the user's that cannot be imported is a failed test, not one that is absent."""
        if report.failed:
            self.run.record_user_test(_id_of(report.nodeid), "fail", self._words(report))

    def _words(self, report: pytest.TestReport | pytest.CollectReport) -> str:
        """Why, in at most 300 characters; redacted before it is cut, for half a key is no longer known as one."""
        crash = getattr(report.longrepr, "reprcrash", None)
        whole = crash.message if crash is not None else str(report.longrepr or "")
        text = self.run.redactor.text(whole)
        return text[:300] if crash is not None else text[-300:]

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, as opposed to pytest's own wish to stop."""
        self._interrupted = not isinstance(excinfo.value, pytest.Session.Interrupted | pytest.exit.Exception)

    @pytest.hookimpl(optionalhook=True)
    def pytest_json_modifyreport(self, json_report: dict[str, Any]) -> None:
        """Nothing secret in pytest's own report."""
        clean = self.run.redactor.data(dict(json_report))
        json_report.clear()
        json_report.update(clean)
        try:
            self.run.folder.write_bytes("pytest.json", json.dumps(clean, default=str, indent=1).encode())
        except UsageError as exc:
            self.broke = exc

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        yield
        try:
            if self.broke is not None:
                raise self.broke
            result = self.run.close(interrupted=self._interrupted)
        except Exception as exc:
            self.broke = exc
            self.run.abandon(exc)
            session.exitstatus = exc.exit_code if isinstance(exc, TtsgateError) else HarnessError.exit_code
        else:
            self.closed = True
            session.exitstatus = result.verdict.exit_code if result.verdict else 130


def _id_of(nodeid: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", nodeid.lower()).strip("-")[-80:]
