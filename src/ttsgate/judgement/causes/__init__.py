"""The causes that a finding can have: who is to blame, and what to do next.

Ids are stable.  The order is the order of blame: a cause further up explains what is further down,
because whatever needs the way to the service cannot work where the way is blocked.
"""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause
from ttsgate.judgement.causes.clients import CLIENT, PROGRAM, SDK
from ttsgate.judgement.causes.key import KEY
from ttsgate.judgement.causes.ours import HARNESS, SCRIPT
from ttsgate.judgement.causes.reading import cause_of_error, cause_of_step
from ttsgate.judgement.causes.service import ANSWERS, LATER, LIFECYCLE
from ttsgate.judgement.causes.way import NETWORK, SLOW

__all__ = ["CAUSES", "Cause", "cause_of_error", "cause_of_step", "rank"]

_TABLE = (*HARNESS, *SCRIPT, *NETWORK, *KEY, *LIFECYCLE, *ANSWERS, *SLOW, *LATER, *SDK, *CLIENT, *PROGRAM)

CAUSES: dict[str, Cause] = {c.id: c for c in _TABLE}
"""Every cause by id, in the order of blame."""

_RANK = {name: n for n, name in enumerate(CAUSES)}


def rank(cause: str) -> int:
    """Place in the order of blame; a lower one explains a higher one."""
    return _RANK[cause]
