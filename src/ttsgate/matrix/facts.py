"""From what was seen to the facts of a profile; pure, and the only place that has an opinion about the SDK."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ttsgate.matrix.job import ARGUMENTS
from ttsgate.matrix.judging import Told, background, noise, raised, spoken, tidy, told, told_back
from ttsgate.matrix.observed import Observed
from ttsgate.matrix.record import Fact

__all__ = ["facts_of"]

INIT = ("url", "callback", "headers", "workspace", "additional_params")
METHODS = (
    "connect", "update_session", "append_text", "commit", "clear_appended_text", "cancel_response", "send_raw",
    "finish", "close", "get_session_id", "get_last_response_id", "get_first_audio_delay", "get_last_message",
)  # fmt: skip
KEYS = {"audio_format": "response_format"}
"""Arguments whose key on the wire has another name."""
STANDARD_HEADERS = re.compile(r"host|upgrade|connection|origin|sec-websocket-.*")


def facts_of(seen: Observed, release: str) -> list[Fact]:
    """The profile; empty facts are left out: what cannot be asked is no fact."""
    facts = [
        Fact(id="import", outcomes=[seen.import_class], detail=tidy(seen.problem), ms=seen.import_ms),
    ]
    if seen.import_class != "ok":
        return facts
    notes = seen.imported.get("notes", {})
    printed = [*notes.get("stdout", []), *notes.get("stderr", []), *(raw for raw in notes.get("raw", []) if raw)]
    facts.append(_fact("import.output", "prints" if printed else "silent", detail=tidy(printed[0]) if printed else ""))
    facts.append(_fact("import.threads", "starts threads" if seen.imported.get("threads") else "none"))
    looked = seen.results.get("look", {})
    facts += _classes(looked, release)
    if "QwenTtsRealtime" in looked.get("signatures", {}):
        facts += [*_signatures(looked), *_wire(seen, release), *_speech(seen), *_ends(seen)]
    facts += [*_faults(seen), *_http(seen), *_client(seen, looked)]
    return facts


def _fact(id: str, *outcomes: str, detail: str = "", ms: float | None = None) -> Fact:
    return Fact(id=id, outcomes=sorted(set(outcomes)), detail=detail, ms=ms)


def _of(id: str, *found: Told) -> Fact:
    """A fact of one or several tries; of the slowest one the time."""
    times = [ms for _, ms, _ in found if ms is not None]
    details = list(dict.fromkeys(detail for _, _, detail in found if detail))
    return _fact(id, *(o for o, _, _ in found), detail=" | ".join(details)[:600], ms=max(times, default=None))


def _classes(looked: dict[str, Any], release: str) -> Iterator[Fact]:
    missing = looked.get("missing", {})
    for name in ("QwenTtsRealtime", "SpeechSynthesizer", "Client"):
        if name in missing:
            problem = missing[name]
            gone = problem["class"] in ("ModuleNotFoundError", "AttributeError")
            yield _fact(f"class.{name}", "missing" if gone else problem["class"], detail=tidy(problem["message"]))
        elif name in looked.get("signatures", {}):
            yield _fact(f"class.{name}", "present")
    said = looked.get("version")
    yield _fact("version", "own" if said == release else "another", detail=f"says {said}")
    call = looked.get("signatures", {}).get("MultiModalConversation", {}).get("call")
    if call:
        yield _fact("http.text-argument", "named" if "text" in call else "missing", detail=", ".join(call)[:300])


def _signatures(looked: dict[str, Any]) -> Iterator[Fact]:
    found = looked["signatures"]["QwenTtsRealtime"]
    for name in INIT:
        yield _fact(f"init.{name}", "named" if name in (found.get("__init__") or []) else "missing")
    for name in METHODS:
        yield _fact(f"method.{name}", "present" if name in found else "missing")
    update = found.get("update_session") or []
    more = any(name.startswith("**") for name in update)
    for name in ARGUMENTS:
        yield _fact(f"argument.{name}", "named" if name in update else "by **" if more else "refused")
    yield _fact("formats", ", ".join(looked.get("formats", [])) or "none")


# -- the wire ----------------------------------------------------------------------------------------------------------


def _wire(seen: Observed, release: str) -> Iterator[Fact]:
    for name, value in ARGUMENTS.items():
        yield _argument(seen, name, value)
    plain = _heard(seen, "after-end")
    if plain is not None:
        headers, frames = plain["headers"], [_document(f) for f in plain["frames"]]
        own = sorted(name for name in headers if not STANDARD_HEADERS.fullmatch(name))
        yield _fact("wire.headers", ", ".join(own))
        yield _fact("wire.authorization", headers.get("authorization", "none").partition(" ")[0])
        agent = headers.get("user-agent", "")
        product = re.match(r"dashscope/(\S+?);", agent)
        says = "none" if product is None else "own release" if product[1] == release else f"dashscope/{product[1]}"
        yield _fact("wire.user-agent", says, detail=tidy(agent))
        yield _fact("wire.frames", ", ".join(_runs([str(f.get("type")) for f in frames])))
        ids = [str(f.get("event_id")) for f in frames]
        shaped = all(re.fullmatch(r"event_[0-9a-f]{32}", one) for one in ids)
        unique = len(set(ids)) == len(ids)
        yield _fact("wire.event-id", ("event_ and 32 digits" if shaped else "other") + ("" if unique else ", repeated"))
        first = next((f for f in frames if f.get("type") == "session.update"), {})
        yield _fact("wire.defaults", json.dumps(first.get("session"), sort_keys=True))
    workspace = _heard(seen, "workspace")
    if workspace is not None:
        sent = [name for name, value in workspace["headers"].items() if value == "ws-matrix"]
        yield _fact("wire.workspace", f"as {sent[0]}" if sent else "not sent")
    headers_probe = _heard(seen, "headers")
    if headers_probe is not None:
        yield _fact("wire.own-headers", "sent" if headers_probe["headers"].get("x-matrix") == "yes" else "not sent")


def _argument(seen: Observed, name: str, value: Any) -> Fact:
    fact, result, heard = f"wire.{name}", seen.results.get(f"argument.{name}", {}), _heard(seen, f"argument.{name}")
    failed = raised(result)
    if failed is not None:
        return _fact(fact, f"raises:{failed[1]['class']}", detail=tidy(failed[1]["message"]))
    if heard is None:
        return _of(fact, told(result)) if result else _fact(fact, "not asked")
    updates = [_document(frame) for frame in heard["frames"]]
    session = next((u.get("session") or {} for u in updates if u.get("type") == "session.update"), {})
    key = KEYS.get(name, name)
    if session.get(key) == value:
        return _fact(fact, "sent", detail=f"{key}={json.dumps(value)}")
    if name in session:
        return _fact(fact, f"sent as {name}, which the service does not know", detail=json.dumps(session))
    return _fact(fact, "not sent", detail=json.dumps(session))


def _heard(seen: Observed, probe: str) -> dict[str, Any] | None:
    session = seen.results.get(probe, {}).get("session")
    return seen.wire.get(session) if session else None


def _document(frame: str) -> dict[str, Any]:
    try:
        value = json.loads(frame)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _runs(names: list[str]) -> list[str]:
    return [name for name, before in zip(names, [None, *names], strict=False) if name != before]


# -- sessions ----------------------------------------------------------------------------------------------------------


def _speech(seen: Observed) -> Iterator[Fact]:
    for name, result in sorted(seen.results.items()):
        if name.startswith("speak."):
            yield _of(name, spoken(result, seen.wire.get(result.get("session", "")), name.rpartition(".")[2]))
        elif name in ("chinese", "custom-voice", "two-utterances", "clear"):
            yield _of(f"speak.{name}", spoken(result, seen.wire.get(result.get("session", "")), "pcm"))


def _ends(seen: Observed) -> Iterator[Fact]:
    good = [r for name, r in seen.results.items() if name.startswith("speak.") and "session.finished" in _types(r)]
    if good:
        said = [x for r in good for kind in ("stdout", "stderr", "logged") for x in r["notes"].get(kind, [])]
        yield _fact("end.noise", *(noise(r) for r in good), detail=tidy(said[0]) if said else "")
        yield _fact("end.callback", *(told_back(r) for r in good))
        yield _fact("end.thread", *(background(r) for r in good))
    plain = seen.results.get("after-end")
    if plain is not None and "session.finished" in _types(plain):
        for name in ("get_session_id", "get_last_response_id", "get_first_audio_delay"):
            value = plain.get(name)
            if isinstance(value, dict):
                yield _fact(f"{name}", f"raises:{value['error']['class']}", detail=tidy(value["error"]["message"]))
            else:
                yield _fact(name, "none" if value is None else "milliseconds" if name.endswith("delay") else "an id")
        late = next((c for c in plain["calls"] if c["name"].endswith("(after)")), None)
        if late is not None:
            error = late.get("error")
            yield _fact(
                "after-end.append",
                f"raises:{error['class']}" if error else "swallows",
                detail=tidy(error["message"]) if error else "",
            )
    if "no-key" in seen.results:
        yield _of("no-key", told(seen.results["no-key"]))


def _types(result: dict[str, Any]) -> set[str]:
    return {e[0] for e in result.get("events", [])}


def _tries(seen: Observed, prefix: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Id of a fault, and its tries in which there was an object of the SDK at all."""
    tries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, result in seen.results.items():
        if name.startswith(prefix) and _constructed(result):
            tries[name.partition("#")[0]].append(result)
    yield from sorted(tries.items())


def _faults(seen: Observed) -> Iterator[Fact]:
    for name, results in _tries(seen, "fault."):
        yield _of(name, *map(told, results))
        if name != "fault.before-connect":
            yield _fact(f"{name}.callback", *map(told_back, results))
            yield _fact(f"{name}.thread", *map(background, results))
            yield _fact(f"{name}.noise", *map(noise, results))


def _constructed(result: dict[str, Any]) -> bool:
    """Whether there was an object of the SDK at all: a missing class is one fact, not fifty."""
    if "probe_failed" in result:
        return False
    return not any(call["name"] == "construct" and "error" in call for call in result.get("calls", []))


def _http(seen: Observed) -> Iterator[Fact]:
    for name, result in sorted(seen.results.items()):
        if not name.startswith("http."):
            continue
        failed = raised(result)
        if "status" not in result:
            if failed and failed[1]["class"] == "ModuleNotFoundError":
                continue
            yield _of(name, told(result))
        elif result["status"] == 200:
            yield _fact(name, "ok" if "url" in result["audio"] else "no audio", ms=result["ended_ms"])
        else:
            words = f"refused:{result['status']} {result['code'] or ''}".strip()
            yield _fact(name, words, detail=tidy(result["message"]), ms=result["ended_ms"])


def _client(seen: Observed, looked: dict[str, Any]) -> Iterator[Fact]:
    if "Client" not in looked.get("signatures", {}):
        return
    for name, results in _tries(seen, "client.fault."):
        yield _of(name, *map(told, results))
        yield _fact(f"{name}.thread", *map(background, results))
    for name in ("client.server_commit", "client.commit"):
        if name in seen.results:
            result = seen.results[name]
            yield _of(name, spoken(result, seen.wire.get(result.get("session", "")), "pcm"))
