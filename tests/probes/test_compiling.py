"""Stage compile: by the interpreter, or by `ast` where there is none; nothing is run, nothing is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ttsgate.errors import UsageError
from ttsgate.probes.compiling import OWN_VERSION, compile_scripts, expand_globs, find_interpreter, shown_as

NEWER = f"3.{sys.version_info.minor + 40}"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that would leave a trace if it were run."""
    path = tmp_path / "good.py"
    path.write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\n", "utf-8")
    return path


def write(tmp_path: Path, text: str | bytes) -> Path:
    """A script with that text."""
    path = tmp_path / "script.py"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_good_script_is_not_run(script: Path) -> None:
    """It compiles under our own Python; neither its effects nor bytecode are there afterwards."""
    (record,) = compile_scripts([script], versions=(), show=script.parent)

    assert (True, OWN_VERSION, "interpreter", "good.py") == (record.ok, record.python, record.how, record.script)
    assert ["good.py"] == [p.name for p in script.parent.iterdir()]


def test_the_line_of_a_syntax_error(tmp_path: Path) -> None:
    """Message and line of the compiler, and the digest of what it read."""
    (record,) = compile_scripts([write(tmp_path, "x = 1\n\ndef f(:\n")], versions=(), show=tmp_path)

    assert (False, 3) == (record.ok, record.line)
    assert (record.error or "").startswith("SyntaxError: ")
    assert record.sha256


@pytest.mark.parametrize(
    "text", [b"\0", b"# coding: no-such\n", b"\xff\xfe", b"x = (" + b"(" * 3000, b"-" * 100_000 + b"1"]
)
def test_hostile_sources_fail_alone(tmp_path: Path, script: Path, text: bytes) -> None:
    """NUL, strange encodings and deep nesting are failures of that script; the others are still judged."""
    bad = write(tmp_path, text)
    records = compile_scripts([script, bad], versions=(), show=tmp_path)

    assert [True, False] == [r.ok for r in records]
    assert records[1].error


@pytest.mark.parametrize("version", ["3.8", NEWER])
def test_without_the_interpreter_it_is_approximate(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old syntax rules by `ast`, marked so; syntax that only a newer Python knows cannot be decided."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    assert find_interpreter(version) is None
    newer = write(tmp_path, "match x:\n    case 1:\n        pass\n" if version == "3.8" else "def def\n")
    (record,) = compile_scripts([newer], versions=(version,), show=tmp_path)

    assert "approximate (ast)" == record.how
    assert (False if version == "3.8" else None) is record.ok


def test_versions_are_versions(script: Path) -> None:
    """Anything but 3.N is a usage error."""
    with pytest.raises(UsageError, match="--script-python"):
        compile_scripts([script], versions=("python3",), show=script.parent)


def test_globs(tmp_path: Path, script: Path) -> None:
    """Relative and absolute patterns, each file once; a pattern without a match proves nothing and is an error."""
    write(tmp_path, "")

    assert ["good.py", "script.py"] == [p.name for p in expand_globs(["*.py", str(tmp_path / "g*.py")], cwd=tmp_path)]
    with pytest.raises(UsageError, match="matches no file"):
        expand_globs(["*.py", "*.nothing"], cwd=tmp_path)


def test_names_are_shown_from_where_one_stands(tmp_path: Path) -> None:
    """Relative below the folder, whole elsewhere."""
    assert "a/b.py" == shown_as(tmp_path / "a" / "b.py", tmp_path)
    assert "/elsewhere/b.py" == shown_as(Path("/elsewhere/b.py"), tmp_path)
