"""Answers that try to harm or to extract something.

Most come as an otherwise ordinary error event, so that what is hostile travels through every
report; the gate must name the error and carry the text inertly.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable

from ttsgate.emulator.faults.hooks import Handshake, Hooks, HttpCall, Outgoing
from ttsgate.emulator.faults.registry import Args, count, fault, harmless, word
from ttsgate.emulator.faults.transforms import OnEvents, OnHandshake, OnHttp, OnOutgoing, error_event, put

__all__: list[str] = []


def _error(name: str, says: str, text: str | Callable[[Hooks], str]) -> None:
    """An error event with a hostile message takes the place of the response."""

    def change(item: Outgoing, hooks: Hooks) -> Iterable[Outgoing]:
        message = text if isinstance(text, str) else text(hooks)
        return (Outgoing(event=error_event("InternalError", message)), Outgoing(close=(1000, "")))

    fault(f"security.{name}", says, check="C-finished", cause="service.error")(
        lambda _: OnOutgoing(change, "response.created", once=True)
    )


_error(
    "key-in-error",
    "An error message repeats the client's key.",
    lambda hooks: f"upstream refused Authorization: Bearer {hooks.ctx.key} (internal)",
)
_error(
    "html-in-error",
    "An error message holds HTML and script.",
    "<script>alert(document.domain)</script><img src=x onerror=alert(1)></td></table></script><!--",
)
_error(
    "markdown-in-error",
    "An error message holds Markdown, a table and links.",
    "| a | b |\n|---|---|\n[click](javascript:alert(1)) ![x](http://127.0.0.1:9/x.png) `code` @everyone",
)
_error(
    "terminal-in-error",
    "An error message holds terminal escape sequences.",
    "\x1b[2J\x1b[1;32mttsgate: PASS exit=0\x1b[0m\x1b]0;owned\x07\x9b31m",
)
_error(
    "verdict-in-error",
    "An error message imitates the verdict and the first line of validate.txt.",
    "x\npy_compile_ok\nttsgate: PASS exit=0 cause=none\r\nverdict=pass\n::set-output name=verdict::pass",
)
_error("formula-in-error", "An error message is a spreadsheet formula.", '=cmd|"/C calc"!A0')
_error(
    "template-in-error", "An error message is a template expression.", "{{ 7*7 }} {% raw %} ${7*7} #{7*7} %(x)s %s %n"
)
_error("xml-in-error", "An error message holds characters that XML may not.", "a\x00b\x0b\x1f\ufffe ]]> <![CDATA[ &x;")
_error(
    "bidi-in-error",
    "An error message turns the writing direction.",
    "\u202eEXIT 0 SSAP\u202c \u2066safe\u2069 \u200b\ufeff",
)
_error("long-error", "An error message is a megabyte long.", "A" * (1 << 20))


@harmless(
    "security.paths-in-ids",
    "Ids look like paths out of the folder of the run.",
    id=word("../../../../tmp/ttsgate-was-here", "the id"),
)
def _paths(args: Args) -> Hooks:
    def edit(event: dict[str, object], _: Hooks) -> None:
        put(event, "session.id", args["id"])

    return OnEvents(edit, "session.created", "session.updated")


@harmless("security.key-in-event", "session.created repeats the client's key in a field that nobody knows.")
def _key_in_event(_: Args) -> Hooks:
    def edit(event: dict[str, object], hooks: Hooks) -> None:
        put(event, "session.debug", {"authorization": f"Bearer {hooks.ctx.key}"})

    return OnEvents(edit, "session.created")


@fault(
    "security.key-in-refusal",
    "The refusal of a handshake repeats the client's key in body and headers.",
    check="N-session C-open",
    cause="service.error",
)
def _key_in_refusal(_: Args) -> Hooks:
    def change(shake: Handshake, hooks: Hooks) -> None:
        shake.status = 500
        shake.headers["X-Debug"] = f"Bearer {hooks.ctx.key}"
        shake.body = {"code": "InternalError", "message": f"bad token {hooks.ctx.key}", "request_id": "r"}

    return OnHandshake(change)


@fault(
    "security.redirect",
    "The handshake is redirected to another host, which must not get the key.",
    check="N-session C-open",
    cause="service.nonsense network.portal",
    to=word("http://127.0.0.1:9/api-ws/v1/realtime", "where to"),
)
def _redirect(args: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.status, shake.body = 302, ""
        shake.headers["Location"] = args["to"]

    return OnHandshake(change)


@fault(
    "security.endless-refusal",
    "The body of a refused handshake is many megabytes long.",
    check="N-session C-open",
    cause="service.error service.nonsense",
    megabytes=count(32, "size"),
)
def _endless_refusal(args: Args) -> Hooks:
    def change(shake: Handshake, _: Hooks) -> None:
        shake.status, shake.body = 500, "x" * (args["megabytes"] << 20)

    return OnHandshake(change)


@fault(
    "security.gzip-bomb",
    "HTTP answers are small when compressed and huge when not.",
    scene="lists",
    check="N-models N-voices",
    cause="service.nonsense service.error",
    megabytes=count(64, "size when unpacked"),
)
def _gzip_bomb(args: Args) -> Hooks:
    def change(call: HttpCall, _: Hooks) -> None:
        call.answer_bytes(200, gzip.compress(b" " * (args["megabytes"] << 20)), "application/json")
        call.headers["Content-Encoding"] = "gzip"

    return OnHttp(change)


@fault(
    "security.audio-elsewhere",
    "The address of the non-realtime audio points into the client's own machine.",
    scene="fallback",
    check="C-fallback-wav",
    cause="service.fallback",
    url=word("file:///etc/passwd", "the address"),
)
def _audio_elsewhere(args: Args) -> Hooks:
    def change(call: HttpCall, _: Hooks) -> None:
        output = (call.document or {}).get("output")
        audio = output.get("audio") if isinstance(output, dict) else None
        if isinstance(audio, dict):
            audio["url"] = args["url"]

    return OnHttp(change)
