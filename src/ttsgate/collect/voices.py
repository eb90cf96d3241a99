"""Temporary custom voices: journalled before they are asked for, deleted afterwards, if need be by the next run."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ttsgate.clients.http import HttpAnswer, HttpClient
from ttsgate.result.record import ConnectivityStep, Mutation
from ttsgate.store.journal import Journal, Pending

__all__ = ["NO_VOICE", "Voices", "undo"]

NO_VOICE = "needs-voice"
"""Reason code of cells that have no custom voice to speak with."""

_SETTLES = timedelta(minutes=2)
"""How long the service may take to list a voice that it was asked to make."""
_PROMPT = "A calm, clear adult voice that reads short notices."
_PREVIEW = "Good morning, this is a short sample of the voice."
_SAMPLE_TEXT = (
    "Good morning. This is a recording for a temporary voice. It says a few plain sentences, one after another, "
    "so that there is enough clear speech to learn from. Thank you for listening."
)
_SAMPLE_MODEL, _SAMPLE_VOICE = "qwen3-tts-flash", "Cherry"


@dataclass
class Voices:
    """Custom voices of one run."""

    http: HttpClient
    journal: Journal
    run: str
    mutations: list[Mutation]
    """Ledger of the run; entries are appended and updated here."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Target model -> why there is no voice for it."""
    steps: list[ConnectivityStep] = field(default_factory=list)
    """What making, listing and deleting voices came to, for the checks."""
    _hangs: bool = False
    """A request was not answered: no further voice is asked for, each would cost a timeout."""

    async def create(self, targets: Mapping[str, str], *, sample: bytes | None, emulated: bool) -> dict[str, str]:
        """Create one voice for each model of `targets` (model -> ``design`` or ``clone``); return model -> voice.

        Args:
            sample: Recording for clones.
            emulated: On the emulator a sample can be made by its own speech; elsewhere it must be given.
        """
        voices: dict[str, str] = {}
        for model, kind in targets.items():
            if self._hangs:
                self.refusals[model] = "the service did not answer when a voice was asked for"
                continue
            if kind == "clone" and sample is None:
                sample = await self.http.speak(_SAMPLE_MODEL, _SAMPLE_TEXT, _SAMPLE_VOICE) if emulated else None
                if sample is None:
                    self.refusals[model] = "a cloned voice needs a recording: pass --voice-sample FILE"
                    continue
            voice = await self._create(model, kind, sample)
            if voice is not None:
                voices[model] = voice
        return voices

    async def _create(self, model: str, kind: str, sample: bytes | None) -> str | None:
        mutation = Mutation(
            id=secrets.token_hex(8), what=f"voice-{kind}", name=f"ttg_{secrets.token_hex(6)}", run=self.run
        )
        self.journal.intend(mutation, self.http.http_url)
        self.mutations.append(mutation)
        answer = await self.http.create_voice(kind, **_request(model, kind, mutation.name, sample))
        voice = _created(answer)
        if voice is not None:
            mutation.state, mutation.resource = "created", voice
            self.journal.created(mutation.id, voice)
            made_for = answer.body["output"].get("target_model", model)
            if made_for != model:
                why = f"a voice for {model} was asked for, the service made one for {made_for}"
                self.steps.append(_step("create", model, answer, why, cause="service.setting"))
                self.refusals[model] = why
                return None
            self.steps.append(_step("create", model, answer))
            return voice
        self.steps.append(_step("create", model, answer, "the answer names no voice"))
        why = answer.message or answer.error or f"HTTP {answer.status} without a voice"
        self.refusals[model] = f"the service did not make a voice: {why}"
        self._hangs = answer.status is None
        if answer.status is not None and 400 <= answer.status < 500:
            mutation.state = "failed"
            self.journal.failed(mutation.id, why)
        return None

    async def delete_all(self) -> None:
        """Delete what this run created; what cannot be deleted stays in the journal for the next run."""
        mine = [p for p in self.journal.pending(self.http.http_url) if p.mutation.run == self.run]
        await self._look_for([p.mutation for p in mine if p.mutation.resource is not None])
        undone = await undo(mine, self.http, self.journal, tell=self._deleted)
        for mutation in self.mutations:
            if mutation.id in undone:
                mutation.state = "deleted"

    async def _look_for(self, made: list[Mutation]) -> None:
        """Whether what was made is listed: late in the run, for a list may lag."""
        for kind in dict.fromkeys(m.what.removeprefix("voice-") for m in made):
            answer = await self.http.voices(kind)
            listed = await self.http.all_voices(kind) if answer.ok else None
            if listed is None:
                continue  # that the list fails is told where it is first read
            names = {v.get("voice") for v in listed}
            for mutation in made:
                if mutation.what == f"voice-{kind}":
                    gone = "" if mutation.resource in names else f"{mutation.resource} was made and is not listed"
                    self.steps.append(_step("list", str(mutation.resource), answer, gone, cause="service.voice"))

    def _deleted(self, voice: str, answer: HttpAnswer) -> None:
        why = "" if answer.ok else f"{voice} was not deleted; the next run tries again"
        self.steps.append(_step("delete", voice, answer, why))


async def undo(
    pending: list[Pending],
    http: HttpClient,
    journal: Journal,
    *,
    tell: Callable[[str, HttpAnswer], None] = lambda voice, answer: None,
) -> dict[str, str | None]:
    """Delete what pending journal entries made or may have made; return the ids settled, with the voice deleted.

    An entry whose answer was lost names no voice: it is looked for by the name that was asked for, which
    the service's voice ids contain.  One that is not listed stays pending for `_SETTLES` after it was asked
    for, since the service may still be making it.  Nothing more is tried once the service does not answer.
    """
    settled: dict[str, str | None] = {}
    listed: dict[str, list[dict[str, Any]] | None] = {}
    for entry in pending:
        kind = entry.mutation.what.removeprefix("voice-")
        voice = entry.mutation.resource
        if voice is None:
            if kind not in listed:
                listed[kind] = await http.all_voices(kind)
            names = listed[kind]
            if names is None:
                continue  # whether a voice exists is still unknown
            voice = next((str(v["voice"]) for v in names if entry.mutation.name in str(v.get("voice"))), None)
            if voice is None and datetime.now(UTC) - datetime.fromisoformat(entry.at) < _SETTLES:
                continue
        answer = await http.delete_voice(kind, voice) if voice is not None else None
        if answer is not None:
            tell(str(voice), answer)
        if answer is not None and answer.status is None:
            break
        if answer is None or answer.ok or "VoiceNotFound" in (answer.code or ""):
            journal.deleted(entry.mutation.id)
            settled[entry.mutation.id] = voice
        elif entry.mutation.resource is not None:
            journal.failed(entry.mutation.id, answer.message or answer.error or f"HTTP {answer.status}")
    return settled


def _request(model: str, kind: str, name: str, sample: bytes | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"target_model": model, "preferred_name": name}
    if kind == "clone":
        data = base64.b64encode(sample or b"").decode()
        return {**fields, "audio": {"data": f"data:audio/wav;base64,{data}"}}
    return {**fields, "voice_prompt": _PROMPT, "preview_text": _PREVIEW, "language": "en"}


def _step(what: str, about: str, answer: HttpAnswer, why: str = "", *, cause: str | None = None) -> ConnectivityStep:
    """One change, or look at one, as a step; `why` is empty when it went well."""
    said = answer.message or answer.error or (f"HTTP {answer.status}" if not answer.ok else "")
    return ConnectivityStep(
        name=f"voice-{what}:{about}",
        url=answer.url,
        outcome="fail" if why else "pass",
        ms=answer.ms,
        detail=": ".join(filter(None, (why, said))) if why else f"{about}: done",
        cause=cause if why and answer.ok else None,
        status=answer.status,
        code=answer.code,
        message=answer.message,
        facts={"error_class": answer.error_class} if answer.error_class else {},
    )


def _created(answer: HttpAnswer) -> str | None:
    output = answer.body.get("output") if answer.ok else None
    voice = output.get("voice") if isinstance(output, dict) else None
    return voice if isinstance(voice, str) and voice else None
