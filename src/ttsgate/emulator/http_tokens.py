"""POST /api/v1/tokens: temporary keys. https://help.aliyun.com/en/model-studio/generate-temporary-api-key"""

from __future__ import annotations

from ttsgate.emulator import http_errors as errors
from ttsgate.emulator.account import TOKEN_TTL_S, Account
from ttsgate.emulator.http_errors import ApiError
from ttsgate.emulator.http_reply import Call, Reply

__all__ = ["Tokens"]


class Tokens:
    """The family's handler."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def post(self, call: Call) -> Reply | ApiError:
        """A key that works for ``expire_in_seconds`` (1 to 1800, default 60) and cannot be revoked."""
        asked = call.query.get("expire_in_seconds", "60")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked) in TOKEN_TTL_S):
            return errors.INVALID_PARAMETERS
        token, expires = self._account.issue_token(int(asked))
        return Reply(document={"token": token, "expires_at": expires})
