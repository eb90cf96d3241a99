"""The Makefile: what reaches the command, when .venv is built, what a machine that cannot build it is told."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="needs make")

RECORDER = """\
#!/bin/sh
# Stands for the interpreter of .venv: runs nothing, keeps the words it was given.
if [ "$1" = -c ]; then echo 1; exit 0; fi
printf '%s\\n' "$@" > "$(dirname "$0")/words"
"""


def program(path: Path, text: str) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@dataclass
class Ground:
    """A folder with the Makefile and nothing else of ours."""

    folder: Path
    search_path: Path

    def make(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run make in a bare environment: no HOME, and only the programs of ``search_path``."""
        assert MAKE is not None
        return subprocess.run(
            [MAKE, *words],
            cwd=self.folder,
            env={"PATH": str(self.search_path), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def words(self) -> list[str]:
        """What the interpreter of .venv was last given."""
        return (self.folder / ".venv/bin/words").read_text("utf-8").splitlines()


@pytest.fixture
def ground(checkout: Path, tmp_path: Path) -> Ground:
    """The Makefile in a folder with a space, and a PATH with the plain Unix programs only."""
    folder = tmp_path / "a folder"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(checkout / "Makefile", folder)
    for name in ("pyproject.toml", "requirements/dev.txt"):
        (folder / name).touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("awk", "cat", "dirname", "find", "mkdir", "pwd", "rm", "sh"):
        found = shutil.which(name)
        if found:
            (programs / name).symlink_to(found)
    return Ground(folder, programs)


@pytest.fixture
def built(ground: Ground) -> Ground:
    """The same with a .venv that is up to date."""
    program(ground.folder / ".venv/bin/python", RECORDER)
    (ground.folder / ".venv/.ttsgate").write_text(f"{ground.folder.resolve()}\n", "utf-8")
    return ground


class TestValidate:
    @pytest.mark.parametrize(
        ("given", "passed"),
        [
            ([], []),
            (["TARGET=live", "REGION=cn-beijing"], ["--target", "live", "--region", "cn-beijing"]),
            (["TARGET="], ["--target", ""]),
            (["REGION="], ["--region", ""]),
            (["TARGET=it's; here"], ["--target", "it's; here"]),
            (["ARGS=--model 'a b' --repeat 2"], ["--model", "a b", "--repeat", "2"]),
        ],
    )
    def test_passes_on_what_the_command_line_gives(self, built: Ground, given: list[str], passed: list[str]) -> None:
        """TARGET, REGION and ARGS arrive as options; given empty is given, so that it can be refused."""
        done = built.make("validate", *given)

        assert (0, "") == (done.returncode, done.stderr)
        assert ["-m", "ttsgate", "validate", *passed] == built.words()

    def test_ignores_the_environment(self, built: Ground) -> None:
        """Variables of the same names in the environment decide nothing."""
        done = built.make("validate", TARGET="live", REGION="cn-beijing", ARGS="--yes")

        assert 0 == done.returncode
        assert ["-m", "ttsgate", "validate"] == built.words()

    def test_hides_foreign_module_paths(self, built: Ground) -> None:
        """PYTHONPATH and PYTHONHOME of the caller do not reach our interpreter."""
        program(
            built.folder / ".venv/bin/python", RECORDER + 'echo "$PYTHONPATH$PYTHONHOME" > "$(dirname "$0")/seen"\n'
        )

        built.make("validate", PYTHONPATH="/elsewhere", PYTHONHOME="/elsewhere")

        assert "\n" == (built.folder / ".venv/bin/seen").read_text("utf-8")

    def test_failure_is_not_zero(self, built: Ground) -> None:
        """Whatever ttsgate exits with, make says not zero."""
        program(built.folder / ".venv/bin/python", RECORDER + "exit 8\n")

        assert 2 == built.make("validate").returncode


class TestHelp:
    def test_is_the_default_and_lists_every_target(self, ground: Ground) -> None:
        """Plain `make` builds nothing and names each target with one line."""
        done = ground.make()
        (phony,) = re.findall(r"^\.PHONY: (.*)$", (ground.folder / "Makefile").read_text("utf-8"), re.MULTILINE)

        assert (0, "") == (done.returncode, done.stderr)
        assert set(phony.split()) - {"foreign"} == set(re.findall(r"^  make ([\w-]+) +\S", done.stdout, re.MULTILINE))
        assert not (ground.folder / ".venv").exists()


class TestSetup:
    def test_is_not_repeated(self, built: Ground) -> None:
        """An up-to-date .venv is left alone."""
        assert 0 == built.make("-q", "setup").returncode

    @pytest.mark.parametrize("name", ["requirements/dev.txt", "pyproject.toml"])
    def test_follows_the_lock_and_the_project(self, built: Ground, name: str) -> None:
        """A newer lock or pyproject.toml means building again."""
        later = (built.folder / ".venv/.ttsgate").stat().st_mtime + 5
        os.utime(built.folder / name, (later, later))

        assert 1 == built.make("-q", "setup").returncode

    def test_follows_a_move(self, built: Ground) -> None:
        """A checkout that was moved builds again: its scripts name the old place."""
        moved = Ground(built.folder.rename(built.folder.with_name("elsewhere")), built.search_path)

        assert 1 == moved.make("-q", "setup").returncode

    def test_follows_a_vanished_interpreter(self, built: Ground) -> None:
        """A .venv whose interpreter is gone is built again."""
        (built.folder / ".venv/bin/python").unlink()

        assert 1 == built.make("-q", "setup").returncode


class TestRefusals:
    def sentence(self, done: subprocess.CompletedProcess[str]) -> str:
        """The one sentence on stderr besides make's own."""
        assert 0 != done.returncode
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("ttsgate: ") and "building" not in line]
        return line

    def test_no_python(self, ground: Ground) -> None:
        """Without python3 it names the packages."""
        said = self.sentence(ground.make("validate"))

        assert "no python3" in said
        assert "apt-get install python3 python3-venv" in said

    def test_python_too_old(self, ground: Ground) -> None:
        """An old Python is named with its version, and how to name another."""
        program(
            ground.search_path / "python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n'
        )

        said = self.sentence(ground.make("validate"))

        assert "Python 3.9.2 is too old" in said
        assert "PYTHON=" in said

    @pytest.mark.parametrize("uv", ["", "exit 127"])
    def test_no_ensurepip(self, ground: Ground, uv: str) -> None:
        """Without ensurepip, and without a uv that works, it names the package."""
        program(ground.search_path / "python3", '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
        if uv:
            program(ground.search_path / "uv", f"#!/bin/sh\n{uv}\n")

        assert "apt-get install python3-venv" in self.sentence(ground.make("validate"))
        assert not (ground.folder / ".venv").exists()

    def test_a_build_that_failed_is_tried_again(self, ground: Ground) -> None:
        """An installation that broke off leaves no stamp, so the next call starts over."""
        program(ground.search_path / "python3", "#!/bin/sh\n")
        program(
            ground.search_path / "uv",
            '#!/bin/sh\ncase "$1" in venv) mkdir -p .venv/bin; : > .venv/bin/python;; pip) exit 1;; esac\n',
        )

        first = ground.make("setup")

        assert 0 != first.returncode
        assert not (ground.folder / ".venv/.ttsgate").exists()
        assert 1 == ground.make("-q", "setup").returncode


class TestClean:
    def test_keeps_the_evidence(self, built: Ground) -> None:
        """`make clean` removes .venv and caches and leaves output/ alone."""
        evidence = program(built.folder / "output/aliyun-qwen-tts-realtime/validate.txt", "PASS\n")
        (built.folder / ".mypy_cache").mkdir()

        done = built.make("clean")

        assert (0, "") == (done.returncode, done.stderr)
        assert evidence.exists()
        assert not (built.folder / ".venv").exists()
        assert not (built.folder / ".mypy_cache").exists()
