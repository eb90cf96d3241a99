"""The causes that a finding can have: who is to blame, and what to do next.

Ids are stable.  The order is the order of blame: a cause further up explains what is further down,
because whatever needs the way to the service cannot work where the way is blocked.
"""

from __future__ import annotations

from dataclasses import dataclass

from ttsgate.result.record import Party

__all__ = ["CAUSES", "Cause", "cause_of_error", "cause_of_step", "rank"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong."""

    id: str
    """Stable id: a family, then a word."""
    party: Party
    """Whose fault."""
    summary: str
    """One sentence on what is wrong."""
    next_step: str
    """What to do, one sentence."""
    candidates: tuple[str, ...] = ()
    """Other causes that look exactly the same from outside."""


_TABLE = (
    Cause(
        "harness.check",
        "harness",
        "A check of ttsgate itself broke",
        "Please report it with the bundle; the other checks stand.",
    ),
    Cause(
        "harness.emulator",
        "harness",
        "The embedded emulator, without injected faults, broke a rule: that is a bug of ttsgate, not of the service",
        "Please report it with the bundle.",
    ),
    Cause(
        "harness.client",
        "harness",
        "Our own client failed in a way that it should not",
        "Please report it with the transcript.",
    ),
    Cause(
        "script.syntax",
        "script",
        "A script does not compile",
        "Open the file at the line shown; nothing was run with it.",
    ),
    Cause(
        "script.user-test",
        "script",
        "A test of your own in the suites did not pass",
        "Read its message; `-v` shows pytest's own output.",
    ),
    Cause(
        "script.failed",
        "script",
        "The stand-alone script ended without its one JSON object",
        "Read its standard error in logs/ of the bundle.",
    ),
    Cause(
        "network.name",
        "network",
        "The host's name cannot be resolved",
        "Check the host's spelling and the machine's DNS; inside a closed network, the proxy settings.",
    ),
    Cause(
        "network.refused",
        "network",
        "Nothing listens at the target's address",
        "Start the target, or correct host and port of the URL.",
    ),
    Cause(
        "network.timeout",
        "network",
        "The target's address does not answer",
        "Look for a firewall, a VPN or a proxy on the way; on dual-stack hosts try IPv4 alone.",
    ),
    Cause(
        "network.tls",
        "network",
        "The TLS handshake fails or the certificate does not verify",
        "Compare the certificate's issuer in the evidence with the real one: an intercepting proxy, a wrong clock or "
        "an old CA bundle are the usual reasons.",
    ),
    Cause(
        "network.portal",
        "network",
        "Something on the way answers in place of the service (HTML instead of its JSON)",
        "Log in to the captive portal or bypass the proxy, then run again.",
        ("network.proxy", "service.nonsense"),
    ),
    Cause(
        "network.proxy",
        "network",
        "A proxy refuses to pass the connection on",
        "Check HTTPS_PROXY and NO_PROXY and the proxy's own allow list for websockets.",
    ),
    Cause(
        "network.dropped",
        "network",
        "The connection broke without a closing handshake",
        "Run again; if it happens at the same second each time, look for an idle limit of a proxy or load balancer.",
        ("service.dropped",),
    ),
    Cause(
        "key.invalid",
        "key",
        "The key is not accepted: it is invalid, or it is a key of another region",
        "Check the key and --region together: a key works in the region that issued it only.",
        ("key.other-region",),
    ),
    Cause(
        "key.other-region",
        "key",
        "The key belongs to another region",
        "Use the key of this region, or the region of this key.",
        ("key.invalid",),
    ),
    Cause(
        "permission.workspace",
        "key",
        "The workspace is wrong or this key is no member of it",
        "Check --workspace against the console; without it the key's default workspace is used.",
    ),
    Cause(
        "permission.model",
        "key",
        "The key may not use this model",
        "Have the model enabled for the workspace of this key in the console.",
        ("lifecycle.retired",),
    ),
    Cause(
        "permission.denied",
        "key",
        "The service denies access without saying to what",
        "Check that Model Studio is activated and which models and IP addresses the key is limited to.",
        ("key.invalid", "permission.model"),
    ),
    Cause(
        "arrears",
        "key",
        "The account is overdue",
        "Settle the account's bill in the console.",
    ),
    Cause(
        "quota.free-tier",
        "key",
        "The free quota is used up and the account is set to stop then",
        "Switch off 'stop when the free quota ends' in the console, or use another model.",
    ),
    Cause(
        "quota.rate",
        "key",
        "The account's rate limit was hit",
        "Run again in a minute with a lower --max-rate; limits count over all keys of the account.",
        ("service.overloaded",),
    ),
    Cause(
        "quota.allocated",
        "key",
        "An allocated quota of the account is used up",
        "Ask for a higher quota or free some of it (old custom voices count).",
    ),
    Cause(
        "lifecycle.unavailable",
        "service",
        "The service accepts the connection but does not serve this model",
        "Compare the string with `ttsgate models`, read the model's retirement notes there, and check the key's model "
        "permissions.",
        ("lifecycle.unknown", "lifecycle.retired", "permission.model"),
    ),
    Cause(
        "lifecycle.unknown",
        "service",
        "The service does not know this model",
        "Compare the string with `ttsgate models`.",
        ("lifecycle.retired", "permission.model"),
    ),
    Cause(
        "lifecycle.retired",
        "service",
        "The service says that this model is retired",
        "Move to the replacement that the notice names (`ttsgate models` shows it).",
    ),
    Cause(
        "service.overloaded",
        "service",
        "The service is over capacity",
        "Run again later; if it lasts, open a ticket with the request ids in the evidence.",
        ("quota.rate",),
    ),
    Cause(
        "service.nonsense",
        "service",
        "The target answers, but not in this protocol",
        "Check that the URLs point at Model Studio and not at something else; the first bytes are in the evidence.",
        ("network.portal",),
    ),
    Cause(
        "service.voice",
        "service",
        "The service refuses the voice for this model",
        "Name a voice of this very model with --voice MODEL=NAME (vd and vc take only custom voices made for exactly "
        "this model string).",
        ("client.request",),
    ),
    Cause(
        "service.content",
        "service",
        "The service refuses the text as inappropriate",
        "Use another text with --text.",
    ),
    Cause(
        "service.error",
        "service",
        "The service reports an error of its own",
        "Open a ticket with the request ids and the frame in the evidence.",
    ),
    Cause(
        "service.dropped",
        "service",
        "The service ended the session before it was over",
        "Look at the last frames in the transcript; open a ticket with the session id.",
        ("network.dropped",),
    ),
    Cause(
        "service.hang",
        "service",
        "The service stopped answering in the middle of a session",
        "Look at the last frame in the transcript; open a ticket with the session id.",
        ("network.dropped",),
    ),
    Cause(
        "service.protocol",
        "service",
        "The service breaks a rule of its own protocol",
        "Show the frame in the evidence to the service's support; strict clients abort on it.",
    ),
    Cause(
        "service.setting",
        "service",
        "The service works with other settings than were asked for",
        "Compare session.update and session.updated in the transcript; do not ship on this answer.",
    ),
    Cause(
        "service.silence",
        "service",
        "The service sends audio in which nothing can be heard",
        "Play the file in the evidence; open a ticket with the response id.",
    ),
    Cause(
        "service.text",
        "service",
        "The service does not speak the whole text",
        "Play the file in the evidence next to the text; open a ticket with the response id.",
    ),
    Cause(
        "service.rate",
        "service",
        "The samples are not at the sample rate that was asked for",
        "Play the file at the other rate named in the message; until it is fixed, ask for that rate.",
    ),
    Cause(
        "service.audio",
        "service",
        "The audio is damaged",
        "Listen at the sample named in the evidence; open a ticket with the response id.",
    ),
    Cause(
        "service.timing",
        "service",
        "The audio comes too late to be played without interruption",
        "Compare with a run from another network; if both show it, open a ticket with the session id.",
        ("network.slow",),
    ),
    Cause(
        "network.slow",
        "network",
        "The way to the service is too slow for the audio",
        "Compare with a run from another network.",
        ("service.timing",),
    ),
    Cause(
        "service.usage",
        "service",
        "The service bills another number of characters than its rule says",
        "Compare usage with the counting rule in the model documentation; ask billing support.",
    ),
    Cause(
        "service.intermittent",
        "service",
        "The same session fails at times and works at times",
        "Compare a failed transcript with a good one of the same cell; run with a higher --repeat for a rate.",
        ("network.dropped", "service.overloaded"),
    ),
    Cause(
        "service.fallback",
        "service",
        "The non-realtime fallback does not deliver a playable WAV",
        "Look at the HTTP answer in the transcript of the fallback session.",
    ),
    Cause(
        "sdk.missing",
        "sdk",
        "The SDK cannot be imported by the interpreter under test",
        "Install a dashscope release that supports that Python (2.0.1 and 2.0.2 fail to import on 3.9 and 3.10).",
    ),
    Cause(
        "sdk.refused",
        "sdk",
        "The service refuses what this SDK release sends, while our own client is served",
        "Compare the two transcripts' first frames; try another dashscope release with --python.",
    ),
    Cause(
        "sdk.connect",
        "sdk",
        "The SDK does not get a connection where our own client does",
        "Try another dashscope release with --python; the SDK hides the reason behind a TimeoutError.",
        ("network.proxy",),
    ),
    Cause(
        "sdk.behaviour",
        "sdk",
        "The session fails through this SDK release only; our own client gets it right",
        "Compare the two transcripts; try another dashscope release with --python.",
    ),
    Cause(
        "client.deadline",
        "client",
        "The client was ended at its deadline",
        "Read its standard error in logs/ of the bundle; raise --timeout only if the service was really busy.",
        ("service.hang",),
    ),
    Cause(
        "client.request",
        "client",
        "The service rejects a value that was sent to it",
        "Correct the option that the message names.",
    ),
)

CAUSES: dict[str, Cause] = {c.id: c for c in _TABLE}
"""Every cause by id, in the order of blame."""

_RANK = {name: n for n, name in enumerate(CAUSES)}


def rank(cause: str) -> int:
    """Place in the order of blame; a lower one explains a higher one."""
    return _RANK[cause]


_CODES: tuple[tuple[str, str], ...] = (
    # Prefix of `code`, lower case, and the cause; the first that fits.  Source: protocol notes §7.1, from
    # https://help.aliyun.com/zh/model-studio/error-code
    ("invalidapikey", "key.invalid"),
    ("invalid_api_key", "key.invalid"),
    ("not authorized", "permission.workspace"),
    ("workspace.", "permission.workspace"),
    ("workspacenotfound", "permission.workspace"),
    ("model.accessdenied", "permission.model"),
    ("accessdenied.unpurchased", "permission.denied"),
    ("accessdenied", "permission.denied"),
    ("access_denied", "permission.denied"),
    ("allocationquota.freetieronly", "quota.free-tier"),
    ("throttling.allocationquota", "quota.allocated"),
    ("insufficient_quota", "quota.allocated"),
    ("throttling", "quota.rate"),
    ("limitrequests", "quota.rate"),
    ("limit_", "quota.rate"),
    ("commoditynotpurchased", "arrears"),
    ("prepaidbilloverdue", "arrears"),
    ("postpaidbilloverdue", "arrears"),
    ("arrearage", "arrears"),
    ("modelnotfound", "lifecycle.unknown"),
    ("model_not_found", "lifecycle.unknown"),
    ("model_not_supported", "lifecycle.unknown"),
    ("modelservingerror", "service.overloaded"),
    ("modelunavailable", "service.overloaded"),
    ("datainspectionfailed", "service.content"),
    ("data_inspection_failed", "service.content"),
    ("badrequest.voicenotfound", "service.voice"),
)
_WORDS: tuple[tuple[str, str], ...] = (
    # Part of the message, lower case: the spelling mistakes are the service's.
    ("good standing", "arrears"),
    ("free tier", "quota.free-tier"),
    ("throttled", "service.overloaded"),
    ("rate limit", "quota.rate"),
    ("api-key", "key.invalid"),
    ("api key", "key.invalid"),
    ("model access denied", "permission.model"),
    ("workspace", "permission.workspace"),
    ("retired", "lifecycle.retired"),
    ("offline", "lifecycle.retired"),
    ("model not exist", "lifecycle.unknown"),
    ("model can not be found", "lifecycle.unknown"),
    ("does not exist or you do not have access", "lifecycle.unknown"),
    ("voice", "service.voice"),
    ("error code: 411", "service.voice"),
    ("error code: 418", "service.voice"),
    ("request timeout after", "client.request"),
)


def cause_of_error(code: str | None, message: str | None, status: int | None = None, body: str = "") -> str:
    """The cause that a refusal or error speaks of: by its code, else by stable words, else by HTTP status."""
    lower, words = (code or "").lower(), (message or "").lower()
    for prefix, cause in _CODES:
        if lower.startswith(prefix):
            return cause
    for part, cause in _WORDS:
        if part in words:
            return cause
    start = body.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html")):
        return "network.portal"
    if status is None:
        return "client.request" if lower in ("invalid_value", "invalidparameter", "client_error") else "service.error"
    if status == 401:
        return "key.invalid"
    if status == 403:
        return "permission.denied"
    if status == 407:
        return "network.proxy"
    if status == 402:
        return "arrears"
    if status == 429:
        return "quota.rate"
    if status == 503:
        return "service.overloaded"
    if status == 400:
        return "client.request"
    if 500 <= status < 600:
        return "service.error"
    return "service.nonsense"


_BY_CLASS = {
    "gaierror": "network.name",
    "ConnectionRefusedError": "network.refused",
    "ConnectionResetError": "network.dropped",
    "TimeoutError": "network.timeout",
    "SSLError": "network.tls",
    "SSLCertVerificationError": "network.tls",
    "SSLEOFError": "network.tls",
    "CertificateError": "network.tls",
    "OSError": "network.timeout",
    "InvalidMessage": "service.nonsense",
    "InvalidHandshake": "service.nonsense",
    "InvalidUpgrade": "service.nonsense",
    "InvalidHeader": "service.nonsense",
    "InvalidStatus": "service.nonsense",
    "ProtocolError": "service.nonsense",
    "NoSessionCreated": "service.nonsense",
    "UnexpectedAnswer": "service.nonsense",
}


def cause_of_step(name: str, error_class: str, *, status: int | None, code: str | None, message: str | None) -> str:
    """The cause of a connectivity step that failed."""
    if status is not None and status >= 300:
        return cause_of_error(code, message, status, message or "")
    if status is not None:
        return "network.portal" if (message or "").lstrip()[:1] == "<" else "service.nonsense"
    found = _BY_CLASS.get(error_class)
    if name == "name" and found in (None, "network.timeout"):
        return "network.name"
    if name == "tls" and found in (None, "network.dropped"):
        return "network.tls"
    return found or "service.nonsense"
