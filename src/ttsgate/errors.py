"""The exceptions that ttsgate raises on purpose.

    TtsgateError
    ├── UsageError          the command line, the environment or a file is wrong       exit 2
    ├── CredentialError     no usable key, or it must not be sent there                exit 7
    ├── TargetUnreachable   nobody answers where the target should be                  exit 4
    ├── EvidenceError       a bundle is not what it was when it was sealed             exit 6
    ├── MissingExtra        an optional package is not installed                       exit 2
    └── HarnessError        a promise of our own was broken                            exit 3

A misbehaving *target* is never an exception: it is a finding in the result.
"""

from __future__ import annotations

__all__ = [
    "CredentialError",
    "EvidenceError",
    "HarnessError",
    "MissingExtra",
    "TargetUnreachable",
    "TtsgateError",
    "UsageError",
]


class TtsgateError(Exception):
    """Base class: the run could not proceed; the text says what to do next."""

    exit_code = 3


class UsageError(TtsgateError):
    """Bad input: an option, a variable or a file; names it and the remedy."""

    exit_code = 2


class CredentialError(TtsgateError):
    """No key was found, or the key may not travel to the host asked for."""

    exit_code = 7


class TargetUnreachable(TtsgateError):
    """Nothing could be judged because the target never answered."""

    exit_code = 4


class EvidenceError(TtsgateError):
    """A bundle is damaged, altered or from a newer ttsgate; names the file."""

    exit_code = 6


class HarnessError(TtsgateError):
    """Our own fault; please report it."""

    exit_code = 3


class MissingExtra(UsageError):
    """An optional package is missing; the text is the command that installs it."""

    def __init__(self, *, extra: str, needed_for: str) -> None:
        self.extra = extra
        self.needed_for = needed_for
        super().__init__(extra, needed_for)

    def __str__(self) -> str:
        return f"{self.needed_for} needs an extra; install it with: pip install 'ttsgate[{self.extra}]'"
