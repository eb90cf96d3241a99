"""A program on the bench: what it was to do, and what it left."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["TrialRecord"]


class TrialRecord(msgspec.Struct, kw_only=True):
    """One program run against a service that behaves in one way."""

    id: str
    """Name of the scenario; unique in the run, names its cell and its files."""
    service: str
    """What the service did, one line."""
    expects: Literal["speech", "failure", "either"]
    """What a good client makes of it: all of the audio and exit code 0; an error told and another exit code; or
    one of the two, whichever is true."""
    faults: list[str] = []
    """Faults that the emulator had for it."""
    switches: list[str] = []
    """Switches of the emulator, ``NAME=VALUE``."""
    text: str
    """What it was to say."""
    model: str
    """Model that it was given."""
    voice: str
    """Voice that it was given."""
    deadline_s: float
    """Seconds after which it was ended."""
    most_connections: int
    """Connections that it may open in all."""
    argv: list[str] = []
    """Its command line, placeholders filled in."""
    exit: int | None = None
    """Exit code; negative for a signal; None when it was ended at its deadline."""
    seconds: float = 0.0
    """From its start to its end."""
    said: str = ""
    """Last lines of its standard error, else of its standard output; at most 500 characters."""
    saves: bool = True
    """Whether it was to save its audio (not with ``--no-output``)."""
    output: str | None = None
    """File in the bundle with what it saved."""
    output_sha256: str | None = None
    """Digest of that file."""
    output_bytes: int = 0
    """Size of what it saved, also when that is not kept."""
    key_seen: list[str] = []
    """Places other than the ``Authorization`` header where its key was found."""
    elsewhere: list[str] = []
    """Requests that it sent to other hosts, as far as a proxy sees them."""
    sessions: list[str] = []
    """Ids of its connections, in order."""
