"""Which file configures, and what may stand in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.config.files import find_file, read_dotenv, read_file, read_profile
from ttsgate.errors import UsageError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_nearest_file_upward(tmp_path: Path) -> None:
    """A pyproject.toml counts only with our table; the nearer file wins whole."""
    outer = write(tmp_path / "gate.toml", "")
    write(tmp_path / "a/pyproject.toml", "[tool.other]\n")
    (tmp_path / "a/b").mkdir()
    assert find_file(tmp_path / "a/b") == outer
    inner = write(tmp_path / "a/pyproject.toml", "[tool.ttsgate]\nrepeat = 2\n")
    assert find_file(tmp_path / "a/b") == inner
    assert read_file(inner).options == {"repeat": 2}


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    """What lies above the root of a repository belongs to somebody else."""
    write(tmp_path / "gate.toml", "")
    (tmp_path / "repo/.git").mkdir(parents=True)
    (tmp_path / "repo/sub").mkdir()
    assert find_file(tmp_path / "repo/sub") is None


def test_two_files_in_one_folder_contradict(tmp_path: Path) -> None:
    """Neither is silently ignored."""
    write(tmp_path / "gate.toml", "")
    write(tmp_path / "pyproject.toml", "[tool.ttsgate]\n")
    with pytest.raises(UsageError, match="keep one"):
        find_file(tmp_path)


def test_somebody_else_s_broken_pyproject_is_passed_over(tmp_path: Path) -> None:
    """Only a file that speaks of us has to be right."""
    (tmp_path / ".git").mkdir()
    broken = write(tmp_path / "pyproject.toml", "[tool.other\n")
    assert find_file(tmp_path) is None
    write(broken, "[tool.ttsgate\n")
    with pytest.raises(UsageError, match="is not TOML"):
        find_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ws-url = 'x'", "unknown key 'ws-url'.*did you mean 'ws_url'"),
        ("yes = true", "yes cannot be set in gate.toml: use --yes or TTSGATE_YES"),
        ("config = 'x'", "config cannot be set"),
        ("models = ['x']", "must be a table; to choose models write model"),
        ("[models]\nrequired = 'x'", "must be a list of model names"),
        ("[models]\nrequired = [1]", "must be a list of model names"),
        ("[models]\nrequird = ['x']", "unknown key 'requird' in .models. of gate.toml; did you mean 'required'"),
        ("[models.x]\nliek = 'y'", "unknown key 'liek'.*known: like"),
        ("[models.x]", "needs like"),
        ("[models.x]\nlike = 3", "needs like"),
        ("repeat = ", "is not TOML"),
        ("[target]\nkind = 'live'\n[target]", "is not TOML"),
    ],
)
def test_files_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    """Unknown keys come with the nearest name, wrong shapes with the right one."""
    with pytest.raises(UsageError, match=says):
        read_file(write(tmp_path / "gate.toml", text))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """Not UTF-8, or not there."""
    (tmp_path / "gate.toml").write_bytes(b'text = "\xff"')
    with pytest.raises(UsageError, match="is not TOML"):
        read_file(tmp_path / "gate.toml")
    with pytest.raises(UsageError, match=r"cannot read .*gone\.toml"):
        read_file(tmp_path / "gone.toml")


def test_dotenv_lines(tmp_path: Path) -> None:
    """Exports, quotes and comments; nothing is expanded; what is no assignment is passed over."""
    path = write(
        tmp_path / ".env",
        "\ufeffA=1\nexport B = two words # comment\nC=\"x # y\" # z\nD='$A'\n# E=5\nF\n=G\nH=\nI=a#b\nJ-K=1\n",
    )
    assert read_dotenv(path) == {
        "A": "1", "B": "two words", "C": "x # y", "D": "$A", "H": "", "I": "a#b",
    }  # fmt: skip
    assert read_dotenv(tmp_path / "none") == {}


@given(st.text(max_size=200))
def test_any_dotenv_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Nothing that stands in a .env stops a run."""
    path = tmp_path_factory.getbasetemp() / ".env"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert all(isinstance(v, str) for v in read_dotenv(path).values())


def test_profiles(tmp_path: Path) -> None:
    """Sections are profiles; a percent sign is no substitution; a broken line is not echoed."""
    path = write(tmp_path / "credentials", "[default]\ndashscope_api_key = sk-a%b\n[other]\ntype = x\n")
    assert read_profile(path, "default", "dashscope_api_key") == (True, "sk-a%b")
    assert read_profile(path, "other", "dashscope_api_key") == (True, None)
    assert read_profile(path, "gone", "dashscope_api_key") == (False, None)
    assert read_profile(tmp_path / "none", "default", "dashscope_api_key") == (False, None)
    write(path, "sk-secret-line-without-section\n")
    with pytest.raises(UsageError, match="is not an INI file") as caught:
        read_profile(path, "default", "dashscope_api_key")
    assert "secret" not in str(caught.value)
