"""Which cause the service's own words, a status or an exception speak of."""

from __future__ import annotations

__all__ = ["cause_of_error", "cause_of_step"]

_CODES: tuple[tuple[str, str], ...] = (
    # Prefix of `code`, lower case, and the cause; the first that fits.  Source: protocol notes §7.1, from
    # https://help.aliyun.com/zh/model-studio/error-code
    ("ttsgate.replay.", "client.strayed"),
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


_PAGE = ("<!doctype", "<html")
"""How a page begins that somebody else sends in place of the service's JSON."""


def cause_of_error(code: str | None, message: str | None, status: int | None = None, body: str = "") -> str:
    """The cause that a refusal or error speaks of: by its code, else by stable words, else by HTTP status."""
    lower, words = (code or "").lower(), (message or "").lower()
    for prefix, cause in _CODES:
        if lower.startswith(prefix):
            return cause
    for part, cause in _WORDS:
        if part in words:
            return cause
    if not code and body.lstrip()[:200].lower().startswith(_PAGE):
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
    "ClientConnectionResetError": "network.dropped",
    "ClientOSError": "network.dropped",
    "ClientPayloadError": "network.dropped",
    "ServerDisconnectedError": "network.dropped",
    "TimeoutError": "network.timeout",
    "SSLError": "network.tls",
    "SSLCertVerificationError": "network.tls",
    "SSLEOFError": "network.tls",
    "CertificateError": "network.tls",
    "OSError": "network.timeout",
    "ProxyRefused": "network.proxy",
    "ClientHttpProxyError": "network.proxy",
    "ClientProxyConnectionError": "network.proxy",
    "InvalidMessage": "service.nonsense",
    "InvalidHandshake": "service.nonsense",
    "InvalidUpgrade": "service.nonsense",
    "InvalidHeader": "service.nonsense",
    "InvalidStatus": "service.nonsense",
    "ProtocolError": "service.nonsense",
    "NoSessionCreated": "service.nonsense",
    "UnexpectedAnswer": "service.nonsense",
}
_ON_THE_WAY = ("name", "tcp", "tls", "connect")
"""Steps and places at which nobody had answered yet."""


def cause_of_step(name: str, error_class: str, *, status: int | None, code: str | None, message: str | None) -> str:
    """The cause of a connectivity step that failed."""
    words = message or ""
    if not code and any(mark in words[:400].lower() for mark in _PAGE):
        return "network.portal"
    if error_class == "ErrorEvent":
        return cause_of_error(code, message)
    if status is not None and (status >= 300 or code):  # some refuse with 200 and say so in the body
        return cause_of_error(code, message, status, words)
    if status is not None:
        return "service.nonsense"
    found = _BY_CLASS.get(error_class)
    if name == "name" and found in (None, "network.timeout"):
        return "network.name"
    if name == "tls" and found in (None, "network.dropped"):
        return "network.tls"
    if name not in _ON_THE_WAY and found == "network.timeout":
        return "service.hang"  # a connection stood before: the silence is on the other side
    return found or "service.nonsense"
