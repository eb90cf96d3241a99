"""A secret does not print itself."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import pytest

from ttsgate.config import Secret, fingerprint

VALUE = "sk-canary-0123456789"


def test_it_shows_stars_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    """Printing, formatting, logging and nesting show three stars."""
    secret = Secret(VALUE)
    logging.getLogger("x").warning("%s %r", secret, {"key": secret})
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>8}", f"{[secret]}", "%s" % secret, caplog.text]  # noqa: UP031
    assert not any("canary" in text for text in shown)
    assert all("***" in text for text in shown)
    assert secret.reveal() == VALUE


def test_it_is_not_stored() -> None:
    """Neither pickled nor copied nor put into JSON."""
    for store in (pickle.dumps, copy.copy, json.dumps):
        with pytest.raises(TypeError):
            store(Secret(VALUE))


def test_it_does_not_stand_in_a_traceback() -> None:
    """Not even where local variables are shown."""
    secret = Secret(VALUE)
    try:
        raise RuntimeError(secret)
    except RuntimeError as exc:
        text = "".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format())
    assert "secret = ***" in text


def test_equality_and_truth() -> None:
    """Equal by value, unequal to its text, false when empty."""
    assert Secret(VALUE) == Secret(VALUE)
    assert len({Secret(VALUE), Secret(VALUE), Secret("x")}) == 2
    assert Secret(VALUE) != VALUE
    assert not Secret("")


def test_fingerprints_are_short_and_differ() -> None:
    """Twelve hexadecimal digits."""
    assert len(fingerprint(VALUE)) == 12
    assert fingerprint(VALUE) != fingerprint(VALUE + "0")
