"""What each fact answers, and which answers an integrator hopes for."""

from __future__ import annotations

import re

from ttsgate.matrix.job import RACES
from ttsgate.matrix.record import Fact, Question

__all__ = ["differs", "good", "is_race", "question", "questions_for"]

# Pattern of ids, the question, the good answers (prefixes; none: no answer is better than another).
_KNOWN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"import", "Does `import dashscope` work?", ("ok",)),
    (r"import\.output", "Does importing it print anything?", ("silent",)),
    (r"import\.threads", "Does importing it start threads?", ("none",)),
    (r"version", "Does `dashscope.version.__version__` name the release?", ("own",)),
    (r"class\.(.+)", "Is there {0}?", ("present",)),
    (r"init\.(.+)", "Does QwenTtsRealtime(...) name the argument {0}?", ("named",)),
    (r"method\.(.+)", "Does QwenTtsRealtime have {0}()?", ("present",)),
    (r"argument\.(.+)", "Does update_session name the argument {0}?", ("named",)),
    (r"formats", "Which members has AudioFormat?", ()),
    (r"wire\.headers", "Which headers of its own does the handshake carry?", ()),
    (r"wire\.authorization", "How is the scheme of the Authorization header written?", ("Bearer",)),
    (r"wire\.user-agent", "Which release does the user agent name?", ("own release",)),
    (r"wire\.frames", "Which events are sent for one text, in order?", ()),
    (r"wire\.event-id", "What do event ids look like?", ("event_ and 32 digits",)),
    (r"wire\.defaults", "What does session.update carry when only voice and mode are given?", ()),
    (r"wire\.workspace", "Does the argument workspace reach the service?", ("as x-dashscope-workspace",)),
    (r"wire\.own-headers", "Does the argument headers reach the service?", ("sent",)),
    (r"wire\.(.+)", "Does the argument {0} of update_session reach the service?", ("sent",)),
    (r"speak\.chinese", "Is a Chinese text spoken with language_type?", ("ok",)),
    (r"speak\.custom-voice", "Does a cloned voice speak?", ("ok",)),
    (r"speak\.two-utterances", "Are two appended texts spoken in commit mode?", ("ok",)),
    (r"speak\.clear", "Does a session go on after clear_appended_text?", ("ok",)),
    (r"speak\.(.+)\.(.+)\.(.+)", "Is speech of {0} in mode {1} and format {2} whole?", ("ok",)),
    (r"end\.noise", "Is a good session silent?", ("silent", "logs")),
    (r"end\.callback", "What is the callback told at the end of a good session?", ()),
    (r"end\.thread", "Does the SDK's thread end after a good session?", ("ends",)),
    (r"get_(.+)", "What does get_{0}() give after a session?", ("an id", "milliseconds")),
    (r"after-end\.append", "What does append_text do after the end?", ("raises",)),
    (r"no-key", "What happens without a key?", ("raises",)),
    (r"http\.text-argument", "Does MultiModalConversation.call name the argument text?", ("named",)),
    (r"http\.sibling", "Does the non-realtime sibling speak, with language_type?", ("ok",)),
    (r"http\.sibling-plain", "Does the non-realtime sibling speak?", ("ok",)),
    (r"http\.instructions", "Does the non-realtime instruct model take instructions?", ("ok",)),
    (r"http\.synthesizer", "Does the older SpeechSynthesizer speak?", ("ok",)),
    (r"http\.(.+)", "What does MultiModalConversation say of the realtime model {0}?", ("refused:400",)),
    (r"client\.fault\.(.+)\.thread", "Client(...).audio.realtime, {0}: does the reading thread end?", ("ends",)),
    (r"client\.fault\.(.+)", "Client(...).audio.realtime, {0}: how does the caller learn?", ("raises", "reports")),
    (r"client\.(.+)", "Does Client(...).audio.realtime speak in mode {0}?", ("ok",)),
    (r"fault\.before-connect", "What happens when a text is sent before connect?", ("raises",)),
    (r"fault\.(callback-raises.*)\.callback", "The callback itself raises ({0}): what is it told afterwards?", ()),
    (r"fault\.callback-raises", "The callback raises at the first audio: what becomes of the session?", ("swallows",)),
    (r"fault\.callback-raises-first", "The callback raises at session.created: what becomes of the session?",
     ("swallows",)),
    (r"fault\.(.+)\.callback", "{0}: what is the callback told?", ()),
    (r"fault\.(.+)\.thread", "{0}: what becomes of the SDK's thread?", ("ends",)),
    (r"fault\.(.+)\.noise", "{0}: where does the SDK make itself heard?", ("silent", "logs")),
    (r"fault\.(.+)", "{0}: how does the caller learn of it?", ("raises", "reports")),
)  # fmt: skip

_RACE = re.compile(r"(client\.)?fault\.(" + "|".join(map(re.escape, RACES)) + r")(\..+)?|end\..+|fault\.stall\.thread")


def question(id: str) -> Question:
    """The question of that id."""
    for pattern, text, answers in _KNOWN:
        found = re.fullmatch(pattern, id)
        if found:
            return Question(id=id, text=text.format(*found.groups()), good=list(answers))
    return Question(id=id, text=id)


def questions_for(ids: list[str]) -> list[Question]:
    """The questions of these ids, in the order of the table above."""
    places = [pattern for pattern, _, _ in _KNOWN]

    def place(id: str) -> tuple[int, str]:
        return next((n for n, p in enumerate(places) if re.fullmatch(p, id)), len(places)), id

    return [question(one) for one in sorted(set(ids), key=place)]


def good(fact: Fact) -> bool | None:
    """Whether every answer is a good one; None where none is better than another."""
    wanted = question(fact.id).good
    if not wanted:
        return None
    return all(any(outcome.startswith(prefix) for prefix in wanted) for outcome in fact.outcomes)


def is_race(id: str) -> bool:
    """Whether the answer may change from one try to the next."""
    return bool(_RACE.fullmatch(id))


def differs(id: str, one: list[str], other: list[str]) -> bool:
    """Whether two sets of answers are really different.

    Of a race, three tries need not show all that can happen: sets that share an answer are not different.
    """
    return set(one).isdisjoint(other) if is_race(id) else set(one) != set(other)
