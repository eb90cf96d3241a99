"""The object store: WAV files at signed addresses that expire.

Refusals are those of the vendor's object store, in XML: https://help.aliyun.com/zh/oss/support/http-403-status-code
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from urllib.parse import quote, urlencode

from ttsgate.emulator.account import Account
from ttsgate.emulator.http_reply import Call, Reply

__all__ = ["FILES_PATH", "LIFETIME_S", "FileStore"]

FILES_PATH = "/emulated-oss"
"""Where the files are served; the real ones are on hosts of their own."""

LIFETIME_S = 24 * 3600
"""Documented life of an address: https://help.aliyun.com/zh/model-studio/qwen-tts-api"""

_ACCESS_KEY_ID = "emulated-access-key"


class FileStore:
    """Keeps files in memory, the newest ``max_bytes`` of them, and signs their addresses."""

    def __init__(self, account: Account, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._account = account
        self._max_bytes = max_bytes
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._secret = hashlib.sha256(f"emulated object store {account.config.seed}".encode()).digest()

    def put(self, name: str, content: bytes, origin: str) -> tuple[str, int]:
        """Keep a file; its address below ``origin`` and when that expires (Unix seconds)."""
        self._files[name] = content
        self._size += len(content)
        while self._size > self._max_bytes and len(self._files) > 1:
            _, dropped = self._files.popitem(last=False)
            self._size -= len(dropped)
        expires = int(self._account.now()) + LIFETIME_S
        query = urlencode(
            {"Expires": expires, "OSSAccessKeyId": _ACCESS_KEY_ID, "Signature": self._sign(name, str(expires))}
        )
        return f"{origin}{FILES_PATH}/{quote(name)}?{query}", expires

    async def get(self, call: Call) -> Reply:
        """Answer a GET of one file."""
        name = call.path.removeprefix(f"{FILES_PATH}/")
        expires = call.query.get("Expires", "")
        good = self._sign(name, expires).encode()
        if not hmac.compare_digest(call.query.get("Signature", "").encode("utf-8", "replace"), good):
            message = "The request signature we calculated does not match the signature you provided."
            return _refuse(call, 403, "SignatureDoesNotMatch", message)
        if self._account.now() >= int(expires):
            if self._account.behaviour("wav-expired") == "404":
                return _refuse(call, 404, "NoSuchKey", "The specified key does not exist.")
            return _refuse(call, 403, "AccessDenied", "Request has expired.")
        content = self._files.get(name)
        if content is None:
            return _refuse(call, 404, "NoSuchKey", "The specified key does not exist.")
        return _part(content, call.headers.get("Range", ""))

    def _sign(self, name: str, expires: str) -> str:
        return hmac.new(self._secret, f"{name}\n{expires}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def _part(content: bytes, wanted: str) -> Reply:
    headers = {"Content-Type": "audio/x-wav", "Accept-Ranges": "bytes"}
    unit, _, span = wanted.partition("=")
    first, dash, last = span.partition("-")
    if unit != "bytes" or not dash or not (first + last).isdecimal():
        return Reply(content=content, headers=headers)
    start = int(first) if first else max(0, len(content) - int(last))
    stop = min(len(content), int(last) + 1 if first and last else len(content))
    if start >= stop:
        return Reply(416, headers=headers | {"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return Reply(206, content=content[start:stop], headers=headers)


def _refuse(call: Call, status: int, code: str, message: str) -> Reply:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{call.request_id}</RequestId></Error>\n"
    )
    return Reply(status, content=body.encode(), headers={"Content-Type": "application/xml"})
