"""The service's side of a session, driven without a socket."""

from __future__ import annotations

import itertools
import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ttsgate.protocol.realtime import events
from ttsgate.protocol.realtime.server import (
    LATE_UPDATE,
    Action,
    Close,
    Refusal,
    Rules,
    Segment,
    Send,
    ServerSession,
    Speak,
    Stop,
)

CHAIN = ["response.created", "response.output_item.added", "response.content_part.added"]
ENDING = [
    "response.audio.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]


def session(**rules: Any) -> ServerSession:
    """An open session of the flash model with countable ids; knows the voices Cherry and Ethan."""
    numbers = itertools.count(1)

    def voice(name: str) -> Refusal | None:
        return None if name in ("Cherry", "Ethan") else Refusal("invalid_value", f"no voice {name}")

    made = ServerSession(
        model="qwen3-tts-flash-realtime",
        new_id=lambda prefix: f"{prefix}{next(numbers)}",
        voice=voice,
        rules=Rules(**rules),
    )
    made.open()
    return made


def told(actions: list[Action]) -> list[Any]:
    """Types of the events sent, and the other actions as they are."""
    return [a.event["type"] if isinstance(a, Send) else a for a in actions]


def update(made: ServerSession, **settings: Any) -> list[Action]:
    return made.handle({"type": "session.update", "session": settings})


def append(made: ServerSession, text: Any) -> list[Action]:
    return made.handle({"type": "input_text_buffer.append", "text": text})


def commit(made: ServerSession) -> list[Action]:
    return made.handle({"type": "input_text_buffer.commit"})


def finish(made: ServerSession) -> list[Action]:
    return made.handle({"type": "session.finish"})


def spoken_by(actions: list[Action]) -> Segment:
    """The one segment that is to be spoken."""
    (speak,) = [a for a in actions if isinstance(a, Speak)]
    return speak.segment


def error_of(actions: list[Action]) -> tuple[str, str]:
    """Code and message of the one error event."""
    (send,) = [a for a in actions if isinstance(a, Send)]
    error = send.event["error"]
    return error["code"], error["message"]


class TestOpening:
    def test_created_tells_defaults(self) -> None:
        """session.created comes first, with the documented fields and defaults."""
        made = ServerSession(model="m", new_id=lambda prefix: f"{prefix}x")

        assert [
            Send(
                {
                    "event_id": "event_x",
                    "type": "session.created",
                    "session": {
                        "object": "realtime.session",
                        "mode": "server_commit",
                        "model": "m",
                        "voice": "Cherry",
                        "response_format": "pcm",
                        "sample_rate": 24_000,
                        "id": "sess_x",
                    },
                }
            )
        ] == made.open()

    def test_updated_echoes_eight_keys(self) -> None:
        """session.updated repeats what was asked for, in the documented keys and no others."""
        (sent,) = update(session(), voice="Ethan", mode="commit", language_type="English", sample_rate=16_000)

        assert isinstance(sent, Send)
        assert {
            "id": "sess_1",
            "object": "realtime.session",
            "model": "qwen3-tts-flash-realtime",
            "voice": "Ethan",
            "language_type": "English",
            "mode": "commit",
            "response_format": "pcm",
            "sample_rate": 16_000,
        } == sent.event["session"]

    def test_echo_all(self) -> None:
        """Where the switch says so, the further settings are repeated, too."""
        (sent,) = update(session(echo="all"), speech_rate=1.5, volume=70)

        assert isinstance(sent, Send)
        assert (1.5, 70) == (sent.event["session"]["speech_rate"], sent.event["session"]["volume"])


class TestUpdate:
    @pytest.mark.parametrize(
        "settings",
        [
            {"sample_rate": 12_345},
            {"sample_rate": "24000"},
            {"sample_rate": True},
            {"sample_rate": 22_050},
            {"response_format": "flac"},
            {"mode": "auto"},
            {"language_type": "Klingon"},
            {"speech_rate": 0.4},
            {"speech_rate": 2.1},
            {"speech_rate": float("nan")},
            {"pitch_rate": "fast"},
            {"volume": 101},
            {"volume": -1},
            {"volume": 50.5},
            {"bit_rate": 5},
            {"bit_rate": 511},
            {"voice": ""},
            {"voice": 7},
            {"voice": ["Cherry"]},
            {"mode": {"a": 1}},
            {"enable_tn": "yes"},
        ],
        ids=str,
    )
    def test_bad_values(self, settings: dict[str, Any]) -> None:
        """A value outside the documented range is refused and names its key."""
        code, message = error_of(update(session(), **settings))

        assert "invalid_value" == code
        assert next(iter(settings)) in message

    @pytest.mark.parametrize("given_session", [None, [], "x", 5])
    def test_not_an_object(self, given_session: Any) -> None:
        """A session that is no object is refused."""
        actions = session().handle({"type": "session.update", "session": given_session})

        assert "invalid_value" == error_of(actions)[0]

    def test_unknown_keys_and_nulls(self) -> None:
        """Keys that production clients send beside the documented ones do no harm, nor does null."""
        actions = update(session(), channels=1, bit_depth=16, model="x", enable_tn=True, voice=None, sample_rate=None)

        assert ["session.updated"] == told(actions)

    def test_unknown_keys_refused(self) -> None:
        """Where the switch says so, unknown keys are errors."""
        assert "channels" in error_of(update(session(unknown_keys="error"), channels=1))[1]

    def test_instructions_elsewhere(self) -> None:
        """instructions reach a segment on instruct models only."""
        for takes in (True, False):
            made = session(takes_instructions=takes)
            update(made, instructions="Cheerful.", mode="commit")
            append(made, "Hello.")

            assert ("Cheerful." if takes else None) == spoken_by(commit(made)).settings.instructions

    def test_wrong_voice_fails_session(self) -> None:
        """After a refused voice nothing is spoken; finish still ends the session."""
        made = session()

        assert ("invalid_value", "no voice Nobody") == error_of(update(made, voice="Nobody"))
        assert [] == append(made, "Hello there.")
        assert [] == commit(made)
        assert ("invalid_value", LATE_UPDATE) == error_of(update(made, voice="Ethan"))
        assert ["session.finished", Close(1000)] == told(finish(made))

    def test_wrong_voice_keeps_settings(self) -> None:
        """Where the switch says so, a refused update leaves everything as it was."""
        made = session(rejected_update="keeps-settings")
        update(made, voice="Nobody")
        append(made, "Hello.")

        assert "Cherry" == spoken_by(commit(made)).settings.voice

    def test_wrong_voice_at_synthesis(self) -> None:
        """Where the switch says so, the voice is acknowledged first and refused when it is to speak."""
        made = session(voice_check="synthesis")

        assert ["session.updated"] == told(update(made, voice="Nobody"))
        append(made, "Hello.")
        assert ["input_text_buffer.committed", "error"] == told(commit(made))

    def test_default_voice_is_checked(self) -> None:
        """A model without system voices refuses to speak with the default voice."""
        made = session()
        made.voice = lambda name: Refusal("CLIENT_ERROR", "411")
        append(made, "Hello.")

        assert ["input_text_buffer.committed", "error"] == told(commit(made))

    def test_late_while_speaking(self) -> None:
        """session.update is refused while a response runs, and allowed again after it."""
        made = session()
        update(made, mode="commit")
        append(made, "Hello.")
        segment = spoken_by(commit(made))

        assert ("invalid_value", LATE_UPDATE) == error_of(update(made, voice="Ethan"))
        made.spoken(segment, audio_s=1.0)
        assert ["session.updated"] == told(update(made, voice="Ethan"))

    def test_late_once_started(self) -> None:
        """Where the switch says so, one response is enough to refuse every later update."""
        made = session(late_update="once-started")
        append(made, "Hello.")
        made.spoken(spoken_by(commit(made)), audio_s=1.0)

        assert ("invalid_value", LATE_UPDATE) == error_of(update(made, voice="Ethan"))

    def test_repeated_before_text(self) -> None:
        """Any number of updates may come before the first text is spoken, also after an append."""
        made = session()

        for voice in ("Ethan", "Cherry", "Ethan"):
            assert ["session.updated"] == told(update(made, voice=voice))
        append(made, "Hello.")
        assert ["session.updated"] == told(update(made, voice="Cherry"))


class TestResponses:
    def test_whole_chain(self) -> None:
        """A commit is answered by the documented chain, ids matching throughout, and the billed characters."""
        made = session()
        update(made, mode="commit", voice="Ethan")
        append(made, "Hi 你好")
        actions = commit(made)
        segment = spoken_by(actions)
        delta = made.audio(segment, "AAAA")
        ending = made.spoken(segment, audio_s=0.5)

        assert ["input_text_buffer.committed", *CHAIN, Speak(segment)] == told(actions)
        assert ENDING == told(ending)
        sent = [a.event for a in (*actions, *ending) if isinstance(a, Send)]
        assert "" == sent[0]["item_id"]
        assert "Ethan" == sent[1]["response"]["voice"]
        assert ("in_progress", []) == (sent[1]["response"]["status"], sent[1]["response"]["output"])
        for event in (*sent[2:7], delta):
            assert segment.response_id == event["response_id"]
            assert segment.item_id == event.get("item_id", event.get("item", {}).get("id"))
        done = sent[-1]["response"]
        assert (segment.response_id, "completed", "Ethan") == (done["id"], done["status"], done["voice"])
        assert {"characters": 7} == done["usage"]
        assert [{"type": "audio", "transcript": ""}] == done["output"][0]["content"]
        assert len(sent) == len({e["event_id"] for e in sent})

    def test_several_rounds(self) -> None:
        """A session in commit mode holds several responses, with ids of their own."""
        made = session()
        update(made, mode="commit")
        segments = []
        for text in ("One.", "Two.", "Three."):
            append(made, text)
            segments.append(spoken_by(commit(made)))
            made.spoken(segments[-1], audio_s=1.0)

        assert ["One.", "Two.", "Three."] == [s.text for s in segments]
        assert 3 == len({s.response_id for s in segments})
        assert [1, 2, 3] == [s.index for s in segments]

    def test_never_two_at_once(self) -> None:
        """A commit during a response is acknowledged at once and spoken afterwards."""
        made = session()
        update(made, mode="commit")
        append(made, "One.")
        first = spoken_by(commit(made))
        append(made, "Two.")

        assert ["input_text_buffer.committed"] == told(commit(made))
        assert [*ENDING, *CHAIN] == told(made.spoken(first, audio_s=1.0))[:-1]

    def test_commit_mode_waits(self) -> None:
        """In commit mode no text, however long, is spoken without a commit."""
        made = session()
        update(made, mode="commit")

        assert [] == append(made, "A long sentence that never seems to end. And another one. " * 50)

    @pytest.mark.parametrize("text", ["", "   ", "\n\t"])
    def test_empty_commit(self, text: str) -> None:
        """Committing nothing, or only blanks, is an error, and the session goes on."""
        made = session()
        append(made, text)

        assert "invalid_value" == error_of(commit(made))[0]
        append(made, "Hello.")
        assert "Hello." == spoken_by(commit(made)).text

    def test_clear(self) -> None:
        """clear drops what was not committed and leaves the running response alone."""
        made = session()
        update(made, mode="commit")
        append(made, "One.")
        running = spoken_by(commit(made))
        append(made, "Two.")

        assert ["input_text_buffer.cleared"] == told(made.handle({"type": "input_text_buffer.clear"}))
        assert ENDING == told(made.spoken(running, audio_s=1.0))
        assert ["error"] == told(commit(made))

    def test_speech_breaks(self) -> None:
        """A failure while speaking is an error event, and the response ends as failed."""
        made = session()
        append(made, "Hello.")
        commit(made)
        actions = made.broke(Refusal("InternalError", "broken"))

        assert ["error", *ENDING] == told(actions)
        last = actions[-1]
        assert isinstance(last, Send)
        assert "failed" == last.event["response"]["status"]

    def test_nothing_left_to_spend(self) -> None:
        """When the account may not spend the characters, the text is refused in the account's words."""
        made = session()
        made.spend = lambda characters: Refusal("Arrearage", f"no {characters}")
        append(made, "Hello.")

        assert ["input_text_buffer.committed", "error"] == told(commit(made))
        assert made.failed

    def test_legacy_usage(self) -> None:
        """The legacy model reports tokens: 50 a second of audio, never fewer than 50."""
        for audio_s, tokens in ((0.2, 50), (3.0, 150)):
            made = session(counts_tokens=True)
            append(made, "Hello.")
            actions = made.spoken(spoken_by(commit(made)), audio_s=audio_s)
            last = actions[-1]

            assert isinstance(last, Send)
            usage = last.event["response"]["usage"]
            assert tokens == usage["output_tokens"] == usage["output_tokens_details"]["audio_tokens"]
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


class TestServerCommit:
    SENTENCES = "This is the first of the sentences. This is the second of them. And a third"

    def test_one_response(self) -> None:
        """What the server starts by itself is one response, which a commit ends; the next one follows."""
        made = session()
        actions = append(made, self.SENTENCES)
        first = spoken_by(actions)
        second = made.spoken(first, audio_s=1.0)
        assert ["input_text_buffer.committed"] == told(second)[:-1]
        assert [] == told(made.spoken(spoken_by(second), audio_s=1.0))
        third = commit(made)
        ending = made.spoken(spoken_by(third), audio_s=1.0)

        assert ["input_text_buffer.committed"] == told(third)[:-1]
        assert " And a third" == spoken_by(third).text
        assert ENDING == told(ending)
        assert isinstance(ending[-1], Send)
        assert len(self.SENTENCES) == ending[-1].event["response"]["usage"]["characters"]
        assert {first.response_id} == {spoken_by(a).response_id for a in (second, third)}
        append(made, "More.")
        assert CHAIN == told(commit(made))[1:-1]

    @pytest.mark.parametrize("end", [commit, finish])
    def test_open_response_ends(self, end: Any) -> None:
        """A response that waits for more text is ended by a commit or finish with nothing left to say."""
        made = session()
        segment = spoken_by(append(made, self.SENTENCES[:40]))
        made.handle({"type": "input_text_buffer.clear"})
        made.spoken(segment, audio_s=1.0)
        assert made.idle
        rest = spoken_by(end(made))

        assert not rest.text.strip()
        assert ENDING == told(made.spoken(rest, audio_s=0.0))[:4]

    def test_cancel_while_waiting(self) -> None:
        """A response that waits for more text can be cancelled; the next text opens another."""
        made = session()
        made.spoken(spoken_by(append(made, self.SENTENCES[:40])), audio_s=1.0)

        assert ENDING == told(made.handle({"type": "response.cancel"}))
        assert CHAIN == told(commit(made))[1:-1]

    def test_late_update_while_waiting(self) -> None:
        """Settings do not change inside a response."""
        made = session()
        made.spoken(spoken_by(append(made, self.SENTENCES[:40])), audio_s=1.0)

        assert LATE_UPDATE == error_of(update(made, voice="Ethan"))[1]

    def test_quota_ends_inside(self) -> None:
        """When nothing is left to spend inside a response, that response ends as failed."""
        left = [40]

        def spend(characters: int) -> Refusal | None:
            left[0] -= characters
            return Refusal("AllocationQuota.FreeTierOnly", "used up") if left[0] < 0 else None

        made = session()
        made.spend = spend
        actions = made.spoken(spoken_by(append(made, self.SENTENCES)), audio_s=1.0)

        assert ["error", *ENDING] == told(actions)
        assert isinstance(actions[-1], Send)
        assert "failed" == actions[-1].event["response"]["status"]

    def test_nothing_lost_in_a_full_queue(self) -> None:
        """However much waits, finish speaks the rest."""
        made = session(max_queued=2)
        actions = append(made, "This is one of very many sentences. " * 9)
        texts = []
        while any(isinstance(a, Speak) for a in actions):
            segment = spoken_by(actions)
            texts.append(segment.text)
            actions = made.spoken(segment, audio_s=1.0)
            if len(texts) == 1:
                actions += finish(made)

        assert "This is one of very many sentences. " * 9 == "".join(texts)
        assert "session.finished" in told(actions)

    def test_cuts_by_itself(self) -> None:
        """Whole sentences start by themselves once more text follows; the rest waits."""
        made = session(auto_responses="separate")
        actions = append(made, self.SENTENCES)

        assert ["input_text_buffer.committed", *CHAIN] == told(actions)[:-1]
        first = spoken_by(actions)
        assert "This is the first of the sentences." == first.text
        second = spoken_by(made.spoken(first, audio_s=1.0))
        assert " This is the second of them." == second.text
        assert ENDING == told(made.spoken(second, audio_s=1.0))
        assert " And a third" == spoken_by(finish(made)).text

    def test_letter_by_letter(self) -> None:
        """Text that arrives letter by letter is cut at the same places, and nothing is lost."""
        made = session()
        texts = []
        for letter in self.SENTENCES:
            actions = append(made, letter)
            if any(isinstance(a, Speak) for a in actions):
                segment = spoken_by(actions)
                texts.append(segment.text)
                made.spoken(segment, audio_s=1.0)
        texts.append(spoken_by(finish(made)).text)

        assert self.SENTENCES == "".join(texts)
        assert 3 == len(texts)

    def test_commit_inside(self) -> None:
        """A commit in server_commit speaks what is buffered, however short, and the mode stays."""
        made = session()
        append(made, "Hi")
        segment = spoken_by(commit(made))
        made.spoken(segment, audio_s=1.0)

        assert "Hi" == segment.text
        assert any(isinstance(a, Speak) for a in append(made, self.SENTENCES))

    def test_quiet_segments(self) -> None:
        """Where the switch says so, segments of the server's own are not announced, commits still are."""
        made = session(auto_committed=False)
        actions = append(made, self.SENTENCES)

        assert CHAIN == told(actions)[:-1]

    def test_no_segmentation(self) -> None:
        """Where the switch says so, all text waits for the end."""
        made = session(segmentation="none")

        assert [] == append(made, self.SENTENCES * 20)
        assert self.SENTENCES * 20 == spoken_by(finish(made)).text


class TestEnding:
    def test_finish_with_text(self) -> None:
        """finish speaks what is buffered, then ends with session.finished and 1000."""
        made = session()
        append(made, "Hello.")
        segment = spoken_by(finish(made))

        assert [*ENDING, "session.finished", Close(1000)] == told(made.spoken(segment, audio_s=1.0))
        assert made.closed

    def test_finish_without_text(self) -> None:
        """finish with nothing to say ends at once."""
        assert ["session.finished", Close(1000)] == told(finish(session()))

    def test_after_finish(self) -> None:
        """After finish text, commit, clear and update are refused; a second finish is ignored."""
        made = session()
        append(made, "Hello.")
        finish(made)

        assert ("invalid_value", LATE_UPDATE) == error_of(update(made, voice="Ethan"))
        assert "invalid_value" == error_of(append(made, "More."))[0]
        assert "invalid_value" == error_of(commit(made))[0]
        assert "invalid_value" == error_of(made.handle({"type": "input_text_buffer.clear"}))[0]
        assert [] == finish(made)

    def test_deaf_when_closed(self) -> None:
        """Once closed, nothing is answered."""
        made = session()
        finish(made)

        assert [] == append(made, "x") + commit(made) + finish(made) + made.receive("{") + made.receive_binary(3)
        assert [] == made.time_out(23, announce=True)

    def test_time_out(self) -> None:
        """An idle session says so in the vendor's words, then closes."""
        actions = session().time_out(23, announce=True)

        assert ("InvalidParameter", "request timeout after 23 seconds.") == error_of(actions[:1])
        assert Close(1000) == actions[-1]
        assert [Close(1000)] == session().time_out(23, announce=False)


class TestCancel:
    def test_incomplete(self) -> None:
        """cancel stops the response, which ends as incomplete; what waits is spoken next."""
        made = session()
        update(made, mode="commit")
        append(made, "One.")
        commit(made)
        append(made, "Two.")
        commit(made)
        actions = made.handle({"type": "response.cancel"})

        assert [Stop(), *ENDING, *CHAIN] == told(actions)[:-1]
        done = actions[4]
        assert isinstance(done, Send)
        assert "incomplete" == done.event["response"]["status"]
        assert "Two." == spoken_by(actions).text

    def test_ignored(self) -> None:
        """Where the switch says so, or with nothing running, cancel changes nothing."""
        made = session(cancel="ignored")
        append(made, "One.")
        commit(made)

        assert [] == made.handle({"type": "response.cancel"})
        assert [] == session().handle({"type": "response.cancel"})

    def test_late_report(self) -> None:
        """A report about a response that was cancelled is ignored."""
        made = session()
        append(made, "One.")
        segment = spoken_by(commit(made))
        made.handle({"type": "response.cancel"})

        assert [] == made.spoken(segment, audio_s=1.0)
        assert [] == made.broke(Refusal("a", "b"))


class TestNonsense:
    @pytest.mark.parametrize(
        "message",
        [
            "",
            "{",
            "nope",
            "[1]",
            "5",
            "null",
            '"x"',
            "[" * 100_000,
            '{"a":' * 100_000,
            b"\xff\xfe",
            '{"type":"\\ud800"}',
        ],
        ids=lambda m: repr(m)[:20],
    )
    def test_malformed(self, message: str | bytes) -> None:
        """What is no JSON object is an error event, and the session goes on."""
        made = session()

        assert "invalid_value" == error_of(made.receive(message))[0]
        assert ["session.updated"] == told(update(made))

    def test_malformed_closes(self) -> None:
        """Where the switch says so, it closes with 1007."""
        (closed,) = session(malformed_json="close-1007").receive("{")

        assert isinstance(closed, Close)
        assert 1007 == closed.code

    @pytest.mark.parametrize(
        "event",
        [{}, {"type": None}, {"type": 5}, {"type": []}, {"type": "response.create"}, {"type": "session.created"}],
        ids=str,
    )
    def test_unknown_events(self, event: dict[str, Any]) -> None:
        """Unknown and missing types are error events."""
        assert "invalid_value" == error_of(session().handle(event))[0]

    @pytest.mark.parametrize("text", [None, 5, [], {"a": 1}, True])
    def test_append_without_text(self, text: Any) -> None:
        """An append whose text is no string is an error event, or ignored where the switch says so."""
        assert "text" in error_of(append(session(), text))[1]
        assert [] == append(session(append_without_text="ignored"), text)

    def test_binary(self) -> None:
        """A binary frame is an error event."""
        assert "Binary" in error_of(session().receive_binary(3))[1]

    def test_too_much_text(self) -> None:
        """Text that nobody speaks is bounded."""
        made = session(max_buffered_text=10)
        update(made, mode="commit")
        append(made, "x" * 10)

        assert "10" in error_of(append(made, "y"))[1]

    def test_too_many_commits(self) -> None:
        """Responses that wait are bounded."""
        made = session(max_queued=2)
        update(made, mode="commit")
        for _ in range(3):
            append(made, "x")
            commit(made)
        append(made, "x")

        assert "2" in error_of(commit(made))[1]

    def test_error_detail(self) -> None:
        """Older pages' fields come where the switch says so, with the id of the event to blame."""
        made = session(error_detail="full")
        (sent,) = made.handle({"type": "nope", "event_id": "mine"})

        assert isinstance(sent, Send)
        assert "mine" == sent.event["error"]["event_id"]

    def test_error_closes(self) -> None:
        """Where the switch says so, the first error ends the session."""
        actions = session(after_error="close").handle({"type": "nope"})

        assert ["error", Close(1000)] == told(actions)

    @given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), st.lists, max_leaves=5))
    def test_any_value_anywhere(self, value: Any) -> None:
        """No value in no field of no event raises."""
        for kind in (*events.CLIENT_EVENTS, value):
            made = session(takes_instructions=True)
            for key in ("event_id", "type", "text", "session", "voice", "sample_rate", "instructions"):
                made.handle({"type": kind, key: value})
                made.handle({"type": "session.update", "session": {key: value}})

    @given(st.binary(max_size=60))
    def test_any_bytes(self, data: bytes) -> None:
        """No message raises."""
        session().receive(data)


class AnyOrder(RuleBasedStateMachine):
    """Every client event in every order, with responses that end whenever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.session = session()
        self.given = ""
        self.spoken = ""
        self.open_response: str | None = None
        self.ids: set[str] = set()
        self.running: Segment | None = None
        self.finished = 0
        self.waits_for_finish = False

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            assert not self.finished or isinstance(action, Close)
            if isinstance(action, Speak):
                assert self.running is None, "two responses at once"
                self.running = action.segment
                self.spoken += "".join(action.segment.text.split())
            elif isinstance(action, Stop):
                self.running = None
            elif isinstance(action, Send):
                self.watch(action.event)

    def watch(self, event: dict[str, Any]) -> None:
        assert json.loads(json.dumps(event)) == event
        assert event["event_id"] not in self.ids
        self.ids.add(event["event_id"])
        match event["type"]:
            case "response.created":
                assert self.open_response is None
                self.open_response = event["response"]["id"]
            case "response.done":
                assert event["response"]["id"] == self.open_response
                self.open_response = None
            case "session.finished":
                assert self.open_response is None
                self.finished += 1
            case kind if kind.startswith("response."):
                assert event["response_id"] == self.open_response

    @rule(text=st.text(alphabet="ab 。.!\n你", max_size=40))
    def append(self, text: str) -> None:
        if not self.waits_for_finish and not self.session.failed:
            self.given += "".join(text.split())
        self.take(append(self.session, text))

    @rule()
    def commit(self) -> None:
        self.take(commit(self.session))

    @rule(mode=st.sampled_from(["commit", "server_commit"]))
    def update(self, mode: str) -> None:
        self.take(update(self.session, mode=mode))

    @rule()
    def cancel(self) -> None:
        # What was to follow in the same response goes with it.
        queued = [s.text for s in self.session._queue if s.response_id == self.open_response]
        dropped = len("".join("".join(queued).split()))
        self.given = self.spoken + self.given[len(self.spoken) + dropped :]
        self.take(self.session.handle({"type": "response.cancel"}))

    @precondition(lambda self: self.running is not None)
    @rule()
    def end_response(self) -> None:
        segment, self.running = self.running, None
        assert segment is not None
        self.take(self.session.spoken(segment, audio_s=1.0))

    @precondition(lambda self: not self.waits_for_finish)
    @rule()
    def finish(self) -> None:
        self.waits_for_finish = True
        self.take(finish(self.session))

    @invariant()
    def nothing_is_lost(self) -> None:
        """What was spoken is what was given and not cancelled, in order; only blanks are dropped."""
        assert self.given.startswith(self.spoken)

    def teardown(self) -> None:
        """After finish everything is spoken and the session ends exactly once."""
        if not self.waits_for_finish:
            self.finish()
        while self.running is not None:
            self.end_response()
        assert 1 == self.finished
        assert self.given == self.spoken


TestAnyOrder = AnyOrder.TestCase
