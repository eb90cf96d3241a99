"""A type for what must never be printed."""

from __future__ import annotations

import hashlib
import hmac
from typing import NoReturn

__all__ = ["Secret", "fingerprint"]


class Secret:
    """A string that shows itself as ``***`` wherever it is printed, formatted or logged.

    It cannot be pickled or copied into a result by accident; `reveal` is the only way in.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The string itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be stored")


def fingerprint(value: str) -> str:
    """First twelve hexadecimal digits of the SHA-256 of `value`: tells keys apart, gives none away."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]
