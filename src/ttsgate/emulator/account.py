"""The account behind the emulated service: keys, workspaces, models, custom voices, limits.

No wall clock and no network: time is a function that is handed in, chance is seeded.
"""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from ttsgate import catalog
from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.config import EmulatorConfig
from ttsgate.emulator.http_behaviours import BEHAVIOUR_DEFAULTS
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.lifecycle import Lifecycle, ModelState
from ttsgate.emulator.limits import Allowance, Rate, RateWindow
from ttsgate.errors import UsageError

__all__ = ["TOKEN_TTL_S", "Account", "ApiError", "CustomVoice", "Principal", "VoiceKind"]

VoiceKind = Literal["design", "clone"]

TOKEN_TTL_S = range(1, 1801)
"""Seconds that a temporary key may live: https://help.aliyun.com/en/model-studio/generate-temporary-api-key"""

_MAX_TOKENS = 10_000
"""Temporary keys kept at a time, so that a loop of requests cannot fill the memory."""


@dataclass(frozen=True)
class Principal:
    """Who is calling; holds no key. ``temporary``: by a short-lived key."""

    workspace: str | None = None
    temporary: bool = False


@dataclass(frozen=True)
class CustomVoice:
    """A designed or cloned voice; usable with exactly ``target_model``. ``created`` is Unix seconds."""

    voice: str
    kind: VoiceKind
    target_model: str
    created: float
    language: str = "zh"
    voice_prompt: str | None = None
    preview_text: str | None = None

    @property
    def gmt_create(self) -> str:
        """``created`` as the service writes it."""
        return datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%d %H:%M:%S")


class Account:
    """One account with everything that it owns.

    Args:
        config: what the emulator was told to be.
        clock: Unix seconds, never going back.
        extra_models: model name -> known model that it resembles, for strings that the catalogue does not have.
        voice_quota: custom voices that the account may hold (documented: 1000).

    Raises:
        UsageError: a state, a model or a preset voice that cannot be.
    """

    def __init__(
        self,
        config: EmulatorConfig,
        clock: Callable[[], float],
        *,
        extra_models: Mapping[str, str] | None = None,
        voice_quota: int = 1000,
    ) -> None:
        self.config = config
        self.voice_quota = voice_quota
        self.now = clock
        self._random = random.Random(config.seed)
        self._lifecycle = Lifecycle(
            config.model_states, extra_models or {}, announced=self.behaviour("retirement") == "announced"
        )
        self.keys = set(config.api_keys)
        self._tokens: dict[str, float] = {}
        self._voices: dict[str, CustomVoice] = {}
        for target, voice in config.custom_voices:
            self._preset(target, voice)
        self._windows: dict[str, RateWindow] = {}
        self._quota = Allowance(config.character_quota)
        self._free: dict[str, Allowance] = {}

    def behaviour(self, name: str) -> str:
        """The value in force of one of ``http_behaviours.BEHAVIOURS``."""
        return self.config.switches.get(name, BEHAVIOUR_DEFAULTS[name])

    # identifiers

    def new_request_id(self) -> str:
        """A fresh request id, in UUID form."""
        raw = f"{self._random.getrandbits(128):032x}"
        return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"

    # keys and workspaces

    def authorize(self, authorization: str | None, workspace: str | None) -> Principal | ApiError:
        """Who an ``Authorization`` and an ``X-DashScope-WorkSpace`` header stand for."""
        scheme, _, key = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return errors.NO_KEY
        principal = self._principal(key.strip())
        if principal is None:
            return errors.INVALID_KEY
        if workspace and self.config.workspaces and workspace not in self.config.workspaces:
            return {
                "NOT AUTHORIZED": errors.NOT_AUTHORIZED,
                "Workspace.AccessDenied": errors.WORKSPACE_DENIED,
                "WorkSpaceNotFound": errors.WORKSPACE_NOT_FOUND,
            }[self.behaviour("unknown-workspace")]
        return replace(principal, workspace=workspace or None)

    def _principal(self, key: str) -> Principal | None:
        given = key.encode("utf-8", "surrogateescape")
        if any(hmac.compare_digest(given, valid.encode()) for valid in self.keys):
            return Principal()
        return Principal(temporary=True) if self._tokens.get(key, 0.0) > self.now() else None

    def issue_token(self, ttl_s: int) -> tuple[str, int]:
        """A temporary key and when it ends (Unix seconds); it cannot be revoked."""
        now = self.now()
        if len(self._tokens) >= _MAX_TOKENS:
            self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        while len(self._tokens) >= _MAX_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        token = f"st-{self._random.getrandbits(128):032x}"
        self._tokens[token] = now + ttl_s
        return token, int(now + ttl_s)

    # models

    def find_model(self, name: str) -> catalog.Model | None:
        """The model of exactly that name, whatever its state."""
        return self._lifecycle.find(name)

    def model_state(self, model: str) -> ModelState:
        """Whether a model or voice service is active, retiring, retired, absent for this key, or unknown."""
        return self._lifecycle.state(model, self.now())

    def visible_models(self) -> list[catalog.Model]:
        """The models that the lists show: those that can be called."""
        models = [self._lifecycle.find(name) for name in self._lifecycle.names()]
        return [m for m in models if m is not None and self.model_state(m.name) in ("active", "retiring")]

    def rate_limit(self, model: str) -> Rate:
        """The request rate in force for a model or voice service."""
        found = self._lifecycle.find(model)
        documented = found.requests_per_minute if found else None
        rate = Rate(self.config.sessions_per_minute, self.config.sessions_per_second)
        if rate.per_minute is not None and documented is not None and documented < 60:
            # Slow models have no documented rate a second.
            rate = Rate(min(rate.per_minute, documented), None)
        if self.model_state(model) == "retiring":
            rate = rate.shrunk(int(self.behaviour("retiring-share")))
        return rate

    def model_problem(self, model: str) -> ApiError | None:
        """Why an HTTP call may not use a model or voice service, from its state alone."""
        state = self.model_state(model)
        if state == "absent":
            return errors.MODEL_ACCESS_DENIED
        if state in ("unknown", "retired"):
            code = self.behaviour(f"http-{state}-model")
            return errors.MODEL_NOT_EXIST if code == "InvalidParameter" else errors.MODEL_NOT_FOUND
        return None

    # voices

    def add_voice(self, voice: CustomVoice) -> None:
        """Keep a custom voice under its id."""
        self._voices[voice.voice] = voice

    def _preset(self, target_model: str, voice: str) -> None:
        model = self._lifecycle.find(target_model)
        if model is None or model.custom_voice is None:
            able = ", ".join(m.name for m in self._all_models() if m.custom_voice is not None)
            raise UsageError(f"{target_model!r} has no custom voices, only {able}")
        self.add_voice(CustomVoice(voice, model.custom_voice, target_model, self.now()))

    def create_voice(
        self,
        kind: VoiceKind,
        target_model: str,
        preferred_name: str,
        *,
        language: str = "zh",
        voice_prompt: str | None = None,
        preview_text: str | None = None,
    ) -> CustomVoice | ApiError:
        """A new custom voice, or the refusal when the account holds as many as it may."""
        if len(self._voices) >= self.voice_quota:
            if self.behaviour("voice-quota-error") == "clone":
                return replace(errors.ALLOCATION_QUOTA, message="Maximum voice-clone voice limit exceeded.")
            message = "Maximum voice storage limit exceeded, please delete existing voices."
            return replace(errors.ALLOCATION_QUOTA, status=400, message=message)
        now = self.now()
        stamp = datetime.fromtimestamp(now, UTC)
        family, digits = ("vd", "") if kind == "design" else ("vc", f"{stamp.microsecond // 1000:03d}")
        prefix = f"qwen-tts-{family}-{preferred_name}-voice-{stamp:%Y%m%d%H%M%S}{digits}"
        name = f"{prefix}-{self._random.getrandbits(16):04x}"
        while name in self._voices:
            name = f"{prefix}-{self._random.getrandbits(16):04x}"
        voice = CustomVoice(name, kind, target_model, now, language, voice_prompt, preview_text)
        self.add_voice(voice)
        return voice

    def voices(self, kind: VoiceKind) -> list[CustomVoice]:
        """The custom voices of one kind, newest first."""
        return [voice for voice in reversed(self._voices.values()) if voice.kind == kind]

    def find_voice(self, kind: VoiceKind, voice: str) -> CustomVoice | None:
        """The custom voice of that id and kind."""
        found = self._voices.get(voice)
        return found if found is not None and found.kind == kind else None

    def delete_voice(self, voice: str) -> None:
        """Forget a custom voice."""
        self._voices.pop(voice, None)

    def voice_problem(self, model: str, voice: str) -> ApiError | None:
        """Why a model cannot speak with a voice: not one of its own, or made for another exact model string."""
        found = self._lifecycle.find(model)
        if found is None:
            return None
        custom = self._voices.get(voice)
        if found.custom_voice is None:
            usable = voice in found.voices
        else:
            usable = custom is not None and custom.target_model == model
        if usable:
            return None
        if not found.realtime:
            return errors.VOICE_NOT_SUPPORTED_HTTP
        if found.custom_voice is not None and custom is None and any(voice in m.voices for m in self._all_models()):
            # https://help.aliyun.com/zh/model-studio/error-code: a system voice on a model that only clones.
            return ApiError(400, "CLIENT_ERROR", "[qwen-tts:]Engine return error code: 411")
        return errors.voice_not_supported(voice)

    def _all_models(self) -> list[catalog.Model]:
        return list(catalog.MODELS.values())

    # limits

    def admit_session(self, principal: Principal, model: str) -> ApiError | None:
        """Count a new session or request against the model's rate, or refuse it; also when it could not be paid for."""
        unpaid = self._unpaid(model)
        if unpaid is not None:
            return unpaid
        return self.admit(model)

    def admit(self, model: str) -> ApiError | None:
        """Count a request that costs nothing against the rate of a model or voice service, or refuse it."""
        window = self._windows.setdefault(self._counted(model), RateWindow())
        return None if window.admit(self.now(), self.rate_limit(model)) else errors.RATE_QUOTA

    def spend(self, principal: Principal, model: str, characters: int) -> ApiError | None:
        """Bill ``characters`` (the service's count), or refuse because nothing is left."""
        unpaid = self._unpaid(model)
        if unpaid is None:
            self._quota.used += characters
            self._free_tier(model).used += characters
        return unpaid

    def _unpaid(self, model: str) -> ApiError | None:
        if self.config.arrears:
            return errors.ARREARAGE
        if self._free_tier(model).spent:
            return replace(errors.FREE_TIER_ONLY, status=int(self.behaviour("free-tier-status")))
        return errors.ALLOCATION_QUOTA if self._quota.spent else None

    def _free_tier(self, model: str) -> Allowance:
        return self._free.setdefault(self._counted(model), Allowance(self.config.free_tier))

    def _counted(self, model: str) -> str:
        # One counter for all made-up names, so that they cannot fill the memory.
        return "" if self.model_state(model) == "unknown" else model
