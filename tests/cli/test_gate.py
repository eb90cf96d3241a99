"""`ttsgate gate` and `ttsgate baseline` on bundles of real runs on the emulator."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ttsgate.bundle.manifest import digest
from ttsgate.bundle.signing import open_envelope
from ttsgate.cli.main import main
from ttsgate.config.policies import find_policy

MODEL = "qwen3-tts-flash-realtime"


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def ttsgate(*words: str, cwd: Path) -> Done:
    """Run the command in that folder, in this process: starting twenty would take most of the time."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["ttsgate", *words])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return Done(ended.value.code, out.getvalue(), err.getvalue())


def validate(*words: str, cwd: Path) -> int:
    """A run of its own process, as its suites need."""
    command = [sys.executable, "-m", "ttsgate", "validate", "-q", "--model", MODEL, "--client", "wire", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=90, check=False).returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a gate of its own and two runs: a good one, and one with a wrong voice in the echo."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".git").mkdir()
    (folder / "gate.toml").write_text(
        "# ours\n[policy.mine]\nextends = 'ci' # as shipped\nblocks = ['service', 'sdk', 'script']\n", "utf-8"
    )
    subject = ("--subject", "app=git:abcdef1234")
    good = validate(*subject, "--output-dir", "good", cwd=folder)
    bad = validate(*subject, "--output-dir", "bad", "--fault", "voice-echo", "--policy", "mine", cwd=folder)
    assert (0, 8) == (good, bad)
    for name in ("good", "bad"):
        (run,) = (folder / name / "aliyun-qwen-tts-realtime" / "runs").iterdir()
        (folder / f"{name}-bundle").symlink_to(run)
    return folder


class TestGate:
    def test_accepts(self, project: Path) -> None:
        """A good bundle passes a policy that takes emulated evidence, and three lines say so."""
        done = ttsgate("gate", "good-bundle", "--policy", "mine", "--output-dir", "out", cwd=project)

        assert (0, "") == (done.returncode, done.stderr)
        lines = done.stdout.splitlines()
        assert lines[0].startswith("ACCEPTED  app git:abcdef1234  by policy mine (")
        assert lines[1].startswith("evidence  emulated, not live: 1 bundle, 3 sessions")
        assert lines[2].startswith("because  every demand of policy mine is met")
        assert lines[-1].startswith('ttsgate: ACCEPTED exit=0 cause=none policy=mine target=emulator claim="emulated')

    def test_writes_the_decision(self, project: Path) -> None:
        """decision.json is what --json prints; decision.txt is what people read."""
        done = ttsgate("gate", "good-bundle", "--policy", "mine", "--output-dir", "written", "--json", cwd=project)
        folder = project / "written" / "aliyun-qwen-tts-realtime"

        document = json.loads(done.stdout)
        assert document == json.loads((folder / "decision.json").read_text("utf-8"))
        assert "accepted" == document["decision"]
        assert document["exhibits"][0]["verified"] is True
        assert (folder / "decision.txt").read_text("utf-8").startswith("ACCEPTED")

    def test_refuses_emulated_evidence_for_a_release(self, project: Path) -> None:
        """The shipped release takes live evidence only."""
        done = ttsgate("gate", "good-bundle", "--policy", "release", "--output-dir", "out", cwd=project)

        assert 1 == done.returncode
        assert "live evidence" in done.stdout.splitlines()[2]

    def test_blames_the_party(self, project: Path) -> None:
        """What the service did has the exit code of the service."""
        done = ttsgate("gate", "bad-bundle", "--policy", "mine", "--output-dir", "out", cwd=project)

        assert 8 == done.returncode
        assert "cause service]" in done.stdout.splitlines()[2]

    def test_another_policy_than_that_of_the_run(self, project: Path) -> None:
        """A bundle is decided by the policy of the gate, whatever its run was decided by: ci does not block here."""
        done = ttsgate("gate", "bad-bundle", "--policy", "ci", "--output-dir", "out", cwd=project)

        assert 0 == done.returncode
        assert "1 warning" in done.stdout.splitlines()[2]

    def test_a_changed_bundle_is_no_evidence(self, project: Path) -> None:
        """One changed number refuses the bundle before anything in it is looked at."""
        copy = project / "changed"
        shutil.copytree((project / "bad-bundle").resolve(), copy)
        result = copy / "result.json"
        result.write_text(result.read_text("utf-8").replace('"exit_code": 8', '"exit_code": 0'), "utf-8")

        done = ttsgate("gate", "changed", "--policy", "mine", "--output-dir", "out", cwd=project)

        assert 6 == done.returncode
        assert "do not verify" in done.stdout.splitlines()[2]

    def test_the_digest_pins_the_policy(self, project: Path) -> None:
        """A policy with another digest than the one agreed on decides nothing."""
        digest = find_policy("ci", None).sha256()

        held = ttsgate(
            "gate", "good-bundle", "--policy", "ci", "--policy-sha256", digest, "--output-dir", "o", cwd=project
        )
        other = ttsgate("gate", "good-bundle", "--policy", "mine", "--policy-sha256", digest, cwd=project)

        assert (0, 2) == (held.returncode, other.returncode)
        assert "not the one agreed on" in other.stderr

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--policy", "mine"], "an empty list proves nothing"),
            (["good-bundle"], "name the policy that decides"),
            (["good-bundle", "--policy", "mime"], "did you mean 'mine'"),
            (["runs/*", "--policy", "mine"], "there is no bundle"),
            (["good-bundle", "--policy", "mine", "--baseline", "empty"], "there is no bundle in the folder empty"),
        ],
    )
    def test_usage(self, project: Path, words: list[str], says: str) -> None:
        """What proves nothing is refused, with what to do."""
        (project / "empty").mkdir(exist_ok=True)
        done = ttsgate("gate", *words, cwd=project)

        assert 2 == done.returncode
        assert says in done.stderr


class TestSigning:
    def test_signers_and_signed_decision(self, project: Path, tmp_path: Path) -> None:
        """With a list of signers an unsigned bundle is no evidence; the decision itself can be signed, too."""
        folder = tmp_path / "runs" / "copy"
        shutil.copytree((project / "good-bundle").resolve(), folder)
        assert 0 == ttsgate("keygen", "key.pem", cwd=tmp_path).returncode
        words = ("gate", str(folder), "--policy", "ci", "--signers", "key.pem.pub", "--sign-key", "key.pem")

        unsigned = ttsgate(*words, "--output-dir", "out", cwd=tmp_path)
        signing = ttsgate("bundle", "sign", str(folder), "--key", "key.pem", cwd=tmp_path)
        signed = ttsgate(*words, "--output-dir", "out", cwd=tmp_path)

        assert (6, 0, 0) == (unsigned.returncode, signing.returncode, signed.returncode), signed.stdout + signing.stderr
        assert signed.stdout.splitlines()[1].endswith("verified, 1 signed")
        base = tmp_path / "out" / "aliyun-qwen-tts-realtime"
        statement = open_envelope((base / "decision.dsse.json").read_bytes()).statement
        assert "PASSED" == statement["predicate"]["result"]
        assert [{"name": "app", "digest": {"gitCommit": "abcdef1234"}}] == statement["subject"]
        named = {c["name"]: c["digest"]["sha256"] for c in statement["predicate"]["configuration"]}
        assert digest((base / "decision.json").read_bytes()) == named["decision.json"]


class TestBaseline:
    def test_update_and_prune(self, project: Path) -> None:
        """A failure is listed, excused, and removed when it passes again; the file keeps its comments."""
        file = project / "known.toml"
        shutil.copy(project / "gate.toml", file)
        about = ("--reason", "echo", "--owner", "me", "--ticket", "T-1", "--expires", "2999-01-01")

        listed = ttsgate("baseline", "update", "bad-bundle", *about, "--config", "known.toml", cwd=project)
        again = ttsgate("baseline", "update", "bad-bundle", *about, "--config", "known.toml", cwd=project)
        excused = ttsgate(
            "gate", "bad-bundle", "--policy", "mine", "--config", "known.toml", "--output-dir", "o", cwd=project
        )
        stale = ttsgate(
            "gate", "good-bundle", "--policy", "mine", "--config", "known.toml", "--output-dir", "o", cwd=project
        )
        kept = ttsgate("baseline", "prune", "bad-bundle", "--config", "known.toml", cwd=project)
        text = file.read_text("utf-8")
        pruned = ttsgate("baseline", "prune", "good-bundle", "--config", "known.toml", cwd=project)

        assert f"listed   P-voice-echo {MODEL} wire until 2999-01-01\n" == listed.stdout
        assert again.stdout.startswith("known ")
        assert 0 == excused.returncode, excused.stdout
        assert 1 == stale.returncode
        assert "remove the entry" in stale.stdout.splitlines()[2]
        assert kept.stdout.startswith("kept ")
        assert text.startswith("# ours\n")
        assert "# as shipped" in text
        assert pruned.stdout.startswith("removed  P-voice-echo")
        assert "expectations" not in file.read_text("utf-8")

    def test_needs_a_file(self, project: Path, tmp_path: Path) -> None:
        """Without a gate.toml there is nothing to edit."""
        (tmp_path / ".git").mkdir()
        done = ttsgate("baseline", "prune", str(project / "bad-bundle"), cwd=tmp_path)

        assert 2 == done.returncode
        assert "there is no gate.toml to edit" in done.stderr
