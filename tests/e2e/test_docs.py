"""README and docs say only what exists: commands, options, targets of make, links, generated parts."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from ttsgate.cli.main import VERBS, app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.yml")], key=lambda page: page.as_posix()
)
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
COMMAND = re.compile(r"(?:^|[\s/;&|])(?P<program>ttsgate|make|realtime_tts_demo\.py)(?=\s|$)")


def flags(verb: str) -> set[str]:
    """The options of a verb of ttsgate, and of what it groups."""
    command = app.get_command(click.Context(app), verb)
    assert command is not None
    grouped = list(command.commands.values()) if isinstance(command, click.Group) else []
    params = [p for c in (command, *grouped) for p in c.params]
    return {flag for p in params for flag in (*p.opts, *p.secondary_opts)} | {"-h", "--help"}


def targets() -> set[str]:
    """The targets that `make help` lists."""
    return set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def script_flags() -> set[str]:
    """The options of the stand-alone script."""
    return set(re.findall(r"\"(--[a-z-]+)\"", (ROOT / "scripts/realtime_tts_demo.py").read_text("utf-8")))


def commands(text: str) -> Iterator[list[str]]:
    """Every call of make, ttsgate or the script in shell blocks, `run:` lines and inline code, as words."""
    lines = [line for block in SHELL.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"^ +- (?:run: )?(.*(?:make|ttsgate) .*)$", text, re.MULTILINE)
    lines += [code for code in INLINE.findall(text) if re.match(r"(\S*/)?(ttsgate|make|realtime_tts_demo\.py) ", code)]
    for line in lines:
        for part in re.split(r"&&|\|\||[;|](?![^'\"]*['\"](?:\s|$))", line):
            found = COMMAND.search(part)
            if not found:
                continue
            try:
                words = shlex.split(part[found.start("program") :], comments=True)
            except ValueError:
                continue
            if words[1:]:
                yield words


def problem(words: list[str]) -> str | None:
    """What is wrong with a call, if anything."""
    program, *rest = words
    rest = rest[: rest.index("--")] if "--" in rest else rest  # what follows is somebody else's command
    if program == "make":
        if rest[0] == "-C":
            rest = rest[2:]
        names = [word for word in rest if "=" not in word and not word.startswith("-")]
        wrong = [name for name in names if re.fullmatch(r"[a-z]+", name) and name not in targets()]
        if wrong:
            return f"no target {wrong[0]}"
        given = [word.removeprefix("ARGS=") for word in rest if word.startswith("ARGS=--")]
        if given and names[0] in VERBS:
            return problem(["ttsgate", names[0], *shlex.split(given[0])])
        return None
    if program == "ttsgate":
        if rest[0].startswith("-"):
            return None if rest[0] in ("--version", "--help") else f"no option {rest[0]}"
        if not re.fullmatch(r"[a-z-]+", rest[0]):
            return None
        if rest[0] not in VERBS:
            return f"no verb {rest[0]}"
        known = flags(rest[0])
    else:
        known = script_flags()
    wrong = [word for word in rest if word.startswith("-") and word.split("=")[0] not in known]
    return f"no option {wrong[0]}" if wrong else None


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist(page: Path) -> None:
    """Each command that a page shows names targets, verbs and options that exist."""
    found = [(" ".join(words), problem(words)) for words in commands(page.read_text("utf-8"))]

    assert [] == [one for one in found if one[1]]


def test_the_readme_is_read() -> None:
    """The reader of commands sees those of the README, so that the test above is about something."""
    found = {tuple(words[:2]) for words in commands((ROOT / "README.md").read_text("utf-8"))}

    assert {("make", "validate"), ("make", "serve"), ("ttsgate", "validate"), ("ttsgate", "serve")} <= found
    assert any(words[0] == "realtime_tts_demo.py" for words in found)


@pytest.mark.parametrize(
    "words",
    [["make", "everything"], ["ttsgate", "fly"], ["ttsgate", "serve", "--wings"], ["make", "serve", "ARGS=--wings"]],
)
def test_a_wrong_command_is_noticed(words: list[str]) -> None:
    """What does not exist is told."""
    assert problem(words) is not None


def test_ci_runs_the_targets_of_the_readme() -> None:
    """.ci/run is sound bash and calls lint, test and validate by their targets."""
    script = ROOT / ".ci/run"
    called = set(
        re.findall(r"^step make (?:-C \S+(?: \S+)*? )?(\w+)(?: UV=.*)?$", script.read_text("utf-8"), re.MULTILINE)
    )

    assert 0 == subprocess.run(["bash", "-n", script], check=False).returncode
    assert {"setup", "lint", "test", "validate"} == called
    assert called <= targets()


@pytest.mark.parametrize("page", [p for p in PAGES if p.suffix == ".md"], ids=[i for i in IDS if i.endswith(".md")])
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link and picture of a page exists."""
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_both_readmes_show_the_same_commands() -> None:
    """The Chinese README has the same shell blocks as the English one, but for texts and comments."""

    def blocks(name: str) -> list[list[str]]:
        text = (ROOT / name).read_text("utf-8")
        return [re.sub(r"#.*|\"[^\"]*\"|<[^>]*>", "", block).split() for block in SHELL.findall(text)]

    assert blocks("README.md") == blocks("README.zh-CN.md")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_current(generate: ModuleType) -> None:
    """Pages repeat the code word for word; else run `make docs`."""
    stale = [
        page.relative_to(ROOT).as_posix()
        for page, text in generate.pages().items()
        if not page.is_file() or page.read_text("utf-8") != text
    ]

    assert [] == stale


def test_readme_has_every_exit_code() -> None:
    """The README's short table has every code that `validate` can end with, and no other."""
    from ttsgate.verdict.exit_codes import ExitCode

    told = {int(code) for code in re.findall(r"\*\*(\d+)\*\*", (ROOT / "README.md").read_text("utf-8"))}

    assert {int(code) for code in ExitCode} - {ExitCode.UNVERIFIED} == told


def test_version_is_printed() -> None:
    """The command is installed under its name and says its version."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ttsgate"), "--version"], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert re.fullmatch(r"ttsgate \d+\.\d+\.\d+\n", done.stdout)
