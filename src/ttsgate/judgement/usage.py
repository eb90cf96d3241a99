"""Checks of the stage conformance: what the service says it did, and what it bills."""

from __future__ import annotations

from collections.abc import Iterator

from ttsgate.catalog import count_characters
from ttsgate.judgement.problems import problem
from ttsgate.judgement.registry import NotApplicable, Problem, check
from ttsgate.judgement.views import SessionView

__all__: list[str] = []


@check(
    "P-status",
    sentence="Every response.done has the status completed.",
    why="failed and incomplete mean that part of the text was not spoken although it may be billed.",
    stage="conformance",
    needs=("P-response-done",),
)
def _status(view: SessionView) -> Iterator[Problem]:
    done = view.of("response.done")
    if not done:
        raise NotApplicable
    for frame in done:
        status = frame.get("response", "status")
        if status != "completed":
            yield problem(
                view, f"response.done has status {status!r}, not 'completed'", frame, status, cause="service.error"
            )
            return
    for frame in view.of("response.output_item.done"):
        if (status := frame.get("item", "status")) not in ("completed", None):
            yield problem(view, f"output_item.done has status {status!r} in a completed response", frame, status)


@check(
    "P-usage",
    sentence="usage.characters follows the counting rule: a Han character counts 2, every other character 1.",
    why="It is what is billed (https://www.alibabacloud.com/help/ja/model-studio/qwen-tts). Reported, not failed: the "
    "rule's edges (variation selectors, spaces at the ends) are not documented.",
    stage="conformance",
    severity="warn",
    needs=("P-response-done", "P-status"),
)
def _usage(view: SessionView) -> Iterator[Problem]:
    done = view.of("response.done")
    counted = [f.get("response", "usage", "characters") for f in done]
    if not done or view.model.family == "legacy":
        raise NotApplicable
    for frame, count in zip(done, counted, strict=True):
        if not isinstance(count, int) or isinstance(count, bool):
            yield problem(view, "response.done: usage has no characters", frame, frame.get("response", "usage"))
            return
    total, right = sum(counted), count_characters(view.text)
    if total != right:
        yield problem(
            view, f"usage.characters is {total}, the rule gives {right}", done[-1], total, cause="service.usage"
        )


@check(
    "P-response-audio",
    sentence="Every completed response holds audio.",
    why="A response without audio is a sentence that nobody hears, beside others that hide it. Only a warning: whether "
    "text without a sound, such as blanks, makes a response is not documented.",
    stage="conformance",
    severity="warn",
    needs=("P-status",),
)
def _response_audio(view: SessionView) -> Iterator[Problem]:
    if not view.pieces:
        raise NotApplicable  # A-present tells it
    heard = {piece.response for piece in view.pieces if piece.data}
    for response in view.responses:
        if response.done is not None and response.number not in heard:
            yield problem(
                view,
                f"response {response.number + 1} of {len(view.responses)} is completed without audio",
                response.done,
                cause="service.silence",
            )
