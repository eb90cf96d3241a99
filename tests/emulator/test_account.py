"""`Account`: keys, workspaces, voices and limits, without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.http_service import VC, VD, Clock
from ttsgate import catalog
from ttsgate.emulator.account import Account, CustomVoice, Principal
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_errors import ApiError
from ttsgate.errors import UsageError

ME = Principal()
FLASH = "qwen3-tts-flash-realtime"
OLD = "qwen3-tts-flash-realtime-2025-09-18"


def account(clock: Clock | None = None, **config: object) -> Account:
    return Account(EmulatorConfig(**config), clock or Clock())  # type: ignore[arg-type]


def code(outcome: object) -> str:
    assert isinstance(outcome, ApiError)
    return outcome.code


class TestKeys:
    @pytest.mark.parametrize("header", ["Bearer sk-emulator", "bearer sk-emulator", "BEARER  sk-emulator "])
    def test_scheme_in_any_case(self, header: str) -> None:
        """SDK releases write Bearer and bearer; both are accepted."""
        assert account().authorize(header, None) == ME

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "sk-emulator", "Basic sk-emulator"])
    def test_no_key(self, header: str | None) -> None:
        """A header that carries no bearer key is told apart from a wrong key."""
        refused = account().authorize(header, None)

        assert refused == ApiError(401, "InvalidApiKey", "No API-key provided.")

    @pytest.mark.parametrize("key", ["sk-other", "sk-emulator2", "sk-sp-plan", "st-made-up", "schlüssel", "\udc80"])
    def test_wrong_key(self, key: str) -> None:
        """Any other key is invalid, also one that is no ASCII."""
        refused = account().authorize(f"Bearer {key}", None)

        assert refused == ApiError(401, "InvalidApiKey", "Invalid API-key provided.")

    def test_temporary_key_ends(self) -> None:
        """A temporary key works up to its last moment and not at it."""
        clock = Clock()
        mine = account(clock)
        token, ends = mine.issue_token(60)
        clock.now += 59.9

        assert ends == Clock().now + 60
        assert mine.authorize(f"Bearer {token}", None) == Principal(temporary=True)

        clock.now += 0.1

        assert code(mine.authorize(f"Bearer {token}", None)) == "InvalidApiKey"

    def test_same_seed_same_tokens(self) -> None:
        """Identifiers are repeatable for a seed and differ between seeds."""
        first, again, other = account(seed=1), account(seed=1), account(seed=2)

        assert first.issue_token(60) == again.issue_token(60)
        assert first.new_request_id() == again.new_request_id() != other.new_request_id()


class TestWorkspaces:
    def test_any_workspace_unless_named(self) -> None:
        """Without a list every workspace id is good, and the caller keeps it."""
        assert account().authorize("Bearer sk-emulator", "ws-1") == Principal(workspace="ws-1")

    @pytest.mark.parametrize(
        ("switch", "expected"),
        [(None, (401, "NOT AUTHORIZED")), ("Workspace.AccessDenied", (403, "Workspace.AccessDenied")),
         ("WorkSpaceNotFound", (404, "WorkSpaceNotFound"))],
    )  # fmt: skip
    def test_unknown_workspace(self, switch: str | None, expected: tuple[int, str]) -> None:
        """A workspace outside the list is refused in the documented way that was chosen."""
        switches = {"unknown-workspace": switch} if switch else {}
        mine = account(workspaces=("ws-1",), switches=switches)

        assert mine.authorize("Bearer sk-emulator", "ws-1") == Principal(workspace="ws-1")
        assert mine.authorize("Bearer sk-emulator", None) == ME
        refused = mine.authorize("Bearer sk-emulator", "ws-2")
        assert isinstance(refused, ApiError)
        assert (refused.status, refused.code) == expected


class TestModels:
    def test_states_by_hand(self) -> None:
        """A model has the state that was set, others are active, made-up names unknown."""
        mine = account(model_states={FLASH: "retired", VD: "absent"})

        states = [mine.model_state(name) for name in (FLASH, VD, VC, "qwen3-tts-vc-realtime", "qwen-voice-design")]
        assert states == ["retired", "absent", "active", "unknown", "active"]
        visible = [model.name for model in mine.visible_models()]
        assert FLASH not in visible
        assert VD not in visible
        assert VC in visible

    @pytest.mark.parametrize("states", [{FLASH: "gone"}, {"qwen3-tts-flash-realtim": "retired"}])
    def test_nonsense_is_refused(self, states: dict[str, str]) -> None:
        """A state or a model that does not exist is the user's mistake, named as such."""
        with pytest.raises(UsageError, match=r"gone|did you mean"):
            account(model_states=states)

    def test_announced_retirement_follows_the_clock(self) -> None:
        """Told to believe the announcement, the contested models shrink from June and end on 2026-10-10 in Beijing."""
        clock = Clock()
        mine = account(clock, switches={"retirement": "announced"})
        names = ("qwen-tts", VD, FLASH, "qwen-voice-design")

        def states_at(moment: float) -> list[str]:
            clock.now = moment
            return [mine.model_state(name) for name in names]

        end = 1_791_561_600.0
        assert states_at(Clock().now) == ["active"] * 4
        assert states_at(end - 1) == ["retiring", "retiring", "active", "retiring"]
        assert states_at(end) == ["retired", "retired", "active", "retired"]

    def test_contested_models_live_by_default(self) -> None:
        """Long after the contested day everything is active unless told otherwise."""
        mine = account(Clock(2_000_000_000.0))

        assert {mine.model_state(name) for name in catalog.MODELS} == {"active"}

    def test_a_new_string_like_an_old_one(self) -> None:
        """A model string that the catalogue does not have can be admitted."""
        mine = Account(EmulatorConfig(), Clock(), extra_models={"qwen9-tts": FLASH})

        assert mine.model_state("qwen9-tts") == "active"
        assert mine.voice_problem("qwen9-tts", "Cherry") is None


class TestVoices:
    @pytest.mark.parametrize(
        ("model", "voice", "expected"),
        [
            (FLASH, "Cherry", None),
            (FLASH, "cherry", "invalid_value"),
            (FLASH, "Ono Anna", None),
            ("qwen3-tts-instruct-flash-realtime", "Jada", "invalid_value"),
            (OLD, "Serena", "invalid_value"),
            (VD, "designed", None),
            (VD, "elsewhere", "invalid_value"),
            (VD, "cloned", "invalid_value"),
            (VC, "cloned", None),
            (VC, "Cherry", "CLIENT_ERROR"),
            (VC, "nobody", "invalid_value"),
            (FLASH, "designed", "invalid_value"),
            ("qwen3-tts-flash", "Nobody", "InvalidParameter"),
        ],
    )
    def test_which_voice_goes_with_which_model(self, model: str, voice: str, expected: str | None) -> None:
        """System voices by exact name; custom voices only with the exact model that they were made for."""
        mine = account()
        mine.add_voice(CustomVoice("designed", "design", VD, 0.0))
        mine.add_voice(CustomVoice("elsewhere", "design", "qwen3-tts-vd-realtime-2025-12-16", 0.0))
        mine.add_voice(CustomVoice("cloned", "clone", VC, 0.0))

        problem = mine.voice_problem(model, voice)

        assert (problem and problem.code) == expected

    @pytest.mark.parametrize("model", [name for name, m in catalog.MODELS.items() if m.custom_voice is None])
    def test_every_listed_voice(self, model: str) -> None:
        """A model speaks with each voice of its list."""
        mine = account()

        assert [v for v in catalog.MODELS[model].voices if mine.voice_problem(model, v)] == []

    def test_ids_as_the_service_builds_them(self) -> None:
        """The name and the moment are in the id; two made at the same moment differ."""
        mine = account(Clock(1_767_261_600.25))
        designed, cloned, again = (
            mine.create_voice("design", VD, "demo_1"),
            mine.create_voice("clone", VC, "demo_1"),
            mine.create_voice("clone", VC, "demo_1"),
        )

        assert isinstance(designed, CustomVoice)
        assert isinstance(cloned, CustomVoice)
        assert isinstance(again, CustomVoice)
        assert designed.voice.startswith("qwen-tts-vd-demo_1-voice-20260101100000-")
        assert cloned.voice.startswith("qwen-tts-vc-demo_1-voice-20260101100000250-")
        assert cloned.voice != again.voice
        assert designed.gmt_create == "2026-01-01 10:00:00"

    def test_a_deleted_voice_is_gone(self) -> None:
        """After deletion the model no longer speaks with the voice."""
        mine = account()
        mine.add_voice(CustomVoice("v", "design", VD, 0.0))
        mine.delete_voice("v")

        assert mine.voice_problem(VD, "v") is not None
        assert mine.voices("design") == []


class TestRates:
    def test_three_a_second(self) -> None:
        """The fourth session within a second is refused, and the next second opens again; models count apart."""
        clock = Clock()
        mine = account(clock)

        outcomes = [mine.admit_session(ME, FLASH) for _ in range(4)]
        assert outcomes[:3] == [None] * 3
        assert outcomes[3] is not None
        assert (outcomes[3].status, outcomes[3].code) == (429, "Throttling.RateQuota")
        assert mine.admit_session(ME, VD) is None
        clock.now += 1.0
        assert mine.admit_session(ME, FLASH) is None

    def test_180_a_minute(self) -> None:
        """The 181st session within a minute is refused until the first is a minute old."""
        clock = Clock()
        mine = account(clock, sessions_per_second=None)
        assert {mine.admit_session(ME, FLASH) for _ in range(180)} == {None}

        clock.now += 59.9
        assert code(mine.admit_session(ME, FLASH)) == "Throttling.RateQuota"
        clock.now += 0.1
        assert mine.admit_session(ME, FLASH) is None

    def test_old_snapshot_ten_a_minute(self) -> None:
        """The 2025-09-18 snapshot has ten requests a minute and no limit a second."""
        mine = account()

        assert [mine.admit_session(ME, OLD) is None for _ in range(11)] == [True] * 10 + [False]

    def test_retiring_shrinks(self) -> None:
        """A retiring model keeps a share of its rate."""
        mine = account(model_states={FLASH: "retiring"})

        assert mine.rate_limit(FLASH).per_minute == 18
        assert [mine.admit_session(ME, FLASH) is None for _ in range(2)] == [True, False]

    def test_off(self) -> None:
        """Without limits everything is admitted."""
        mine = account(sessions_per_second=None, sessions_per_minute=None)

        assert {mine.admit_session(ME, FLASH) for _ in range(500)} == {None}

    @given(gaps=st.lists(st.floats(0, 30), max_size=60))
    def test_no_window_holds_too_many(self, gaps: list[float]) -> None:
        """Whatever the arrival times, no second admits more than three and no minute more than ten."""
        clock = Clock(0.0)
        mine = account(clock, sessions_per_minute=10)
        admitted = []
        for gap in gaps:
            clock.now += gap
            if mine.admit_session(ME, FLASH) is None:
                admitted.append(clock.now)

        for start in admitted:
            assert sum(start <= t and t - start < 1.0 for t in admitted) <= 3
            assert sum(start <= t and t - start < 60.0 for t in admitted) <= 10

    def test_made_up_models_cost_no_memory(self) -> None:
        """However many model names are invented, the account keeps one counter for them."""
        mine = account()
        for number in range(50):
            mine.admit_session(ME, f"invented-{number}")

        assert len(mine._windows) == 1


class TestMoney:
    def test_arrears(self) -> None:
        """An overdue account is refused at the door and when it spends."""
        mine = account(arrears=True)

        assert code(mine.admit_session(ME, FLASH)) == "Arrearage"
        assert code(mine.spend(ME, FLASH, 1)) == "Arrearage"

    @pytest.mark.parametrize(("switches", "status"), [({}, 403), ({"free-tier-status": "429"}, 429)])
    def test_free_tier(self, switches: dict[str, str], status: int) -> None:
        """The free characters are counted per model; the status of the refusal is contested and can be chosen."""
        mine = account(free_tier=10, switches=switches)

        assert mine.spend(ME, FLASH, 9) is None
        assert mine.spend(ME, FLASH, 9) is None
        refused = mine.spend(ME, FLASH, 1)
        assert isinstance(refused, ApiError)
        assert (refused.status, refused.code) == (status, "AllocationQuota.FreeTierOnly")
        assert mine.spend(ME, VD, 1) is None

    def test_quota_over_all_models(self) -> None:
        """The character quota is one for the account."""
        mine = account(character_quota=10)

        assert mine.spend(ME, FLASH, 10) is None
        assert code(mine.spend(ME, VD, 1)) == "Throttling.AllocationQuota"

    def test_refused_characters_are_not_billed(self) -> None:
        """What was refused does not count."""
        mine = account(arrears=True)
        mine.spend(ME, FLASH, 100)

        assert mine._quota.used == 0
