"""What optional models made of the sound is judged from the session's record, without the models."""

from __future__ import annotations

import pytest

from tests.judgement.voices import CHINESE, ENGLISH, session, speech
from ttsgate.judgement.engine import judge_session
from ttsgate.judgement.registry import CHECKS
from ttsgate.judgement.views import SessionView
from ttsgate.result.record import CheckRecord, Opinion, SessionRecord

SHARED = [CHECKS[name] for name in ("A-words", "A-quality")]
GOOD = {"sig": 3.0, "bak": 3.7, "ovrl": 2.7}


def of(text: str = ENGLISH, **opinions: Opinion) -> dict[str, CheckRecord]:
    """Outcomes of a session with these opinions."""
    view: SessionView = session(speech(text), text)
    said = view.transcript
    view.record = SessionRecord(
        id=said.session, cell="c", attempt=1, level="frames", utterance=said.utterance, started="", ended="",
        opinions=opinions,
    )  # fmt: skip
    return {c.check: c for c in judge_session(view, SHARED)}


def test_nothing_is_said_unless_it_was_asked() -> None:
    """No record without an opinion."""
    assert {} == of()


def test_a_missing_extra_is_a_skip_that_says_how_to_get_it() -> None:
    """Under CI such a skip is an error, as every missing prerequisite is."""
    found = of(asr=Opinion(missing="pip install 'ttsgate[asr]'"))["A-words"]

    assert ("skipped", "extra", "pip install 'ttsgate[asr]'") == (found.outcome, found.reason, found.message)


@pytest.mark.parametrize(
    ("heard", "logprob", "outcome"),
    [
        (ENGLISH.upper(), -0.3, "pass"),
        ("Please call the office before 9 and ask for my by name", -0.3, "pass"),
        ("Sorry, this service is not available at the moment.", -0.3, "fail"),
        ("Sorry, this service is not available at the moment.", -1.2, "inconclusive"),
        ("", 0.0, "fail"),
    ],
)
def test_english_words(heard: str, logprob: float, outcome: str) -> None:
    """A wrong word is the recogniser's, other words are the service's, unless the recogniser doubts itself."""
    assert outcome == of(asr=Opinion(text=heard, numbers={"logprob": logprob}))["A-words"].outcome


def test_chinese_syllables() -> None:
    """They were worked out when the recogniser was asked; a homophone is the same syllable."""
    expected = "qing zai ming tian zao shang dian zhi qian da dian hua".split()
    right = of(CHINESE, asr=Opinion(text="…", expected=expected, syllables=expected[:5] + expected[6:]))
    wrong = of(CHINESE, asr=Opinion(text="…", expected=expected, syllables=["ma"] * 12))

    assert "pass" == right["A-words"].outcome
    assert right["A-words"].numbers == {"word_errors": 0.083}
    assert "fail" == wrong["A-words"].outcome


@pytest.mark.parametrize(("ovrl", "outcome"), [(2.7, "pass"), (2.0, "fail")])
def test_quality_is_a_warning(ovrl: float, outcome: str) -> None:
    """A low rating is shown, and does not decide."""
    found = of(quality=Opinion(numbers=GOOD | {"ovrl": ovrl}))["A-quality"]

    assert (outcome, "warn", ovrl) == (found.outcome, found.severity, found.numbers["mos_ovrl"])
