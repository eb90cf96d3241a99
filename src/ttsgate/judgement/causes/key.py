"""What can be wrong with the key and its account."""

from __future__ import annotations

from ttsgate.judgement.causes.cause import Cause

__all__ = ["KEY"]

KEY = (
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
)
