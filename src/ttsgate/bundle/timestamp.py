"""Time tokens by RFC 3161: an authority says that a signature existed at a time; needs the extra ``signing``.

The token covers the bytes of the signature, and by it everything that was signed.  It is checked offline, against
the authority's root certificates as they were valid at the time of the token.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttsgate.bundle.manifest import TOKEN
from ttsgate.errors import EvidenceError, MissingExtra, TargetUnreachable, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Stamp", "ask", "check", "read_roots"]

_LARGEST = 64 * 1024
_PATIENCE_S = 20.0
_EXTRA = MissingExtra(extra="signing", needed_for="asking for and checking time tokens")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time token that holds."""

    at: datetime
    """When the signature existed, by the authority's clock, UTC."""
    authority: str
    """Subject of the certificate that signed the token."""


def ask(url: str, signature: bytes) -> bytes:
    """Ask the authority at `url` for a token over `signature`; gives its answer, DER.

    Raises:
        UsageError: the URL is none.
        TargetUnreachable: nobody answers there.
        EvidenceError: the authority refused, or answered about something else.
        MissingExtra: the extra ``signing`` is not installed.
    """
    try:
        from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, decode_timestamp_response
    except ImportError:
        raise _EXTRA from None
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url!r} is no address of a time-stamping authority: give an http or https URL")
    asked = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256).build()
    request = urllib.request.Request(
        url, data=asked.as_bytes(), headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            data: bytes = answer.read(_LARGEST)
    except (urllib.error.URLError, OSError) as exc:
        raise TargetUnreachable(f"the time-stamping authority {url} does not answer: {exc}") from exc
    try:
        found = decode_timestamp_response(data)
        if found.status != PKIStatus.GRANTED:
            raise EvidenceError(
                f"the time-stamping authority refused: {'; '.join(found.status_string) or found.status}"
            )
        if (found.tst_info.nonce, found.tst_info.message_imprint.message) != (
            asked.nonce,
            asked.message_imprint.message,
        ):
            raise EvidenceError("the time-stamping authority answered about something else")
    except ValueError as exc:
        raise EvidenceError(f"the time-stamping authority {url} gave no token: {exc}") from exc
    return data


def check(token: bytes, signature: bytes, roots: list[Certificate]) -> Stamp:
    """Check a token.

    Args:
        token: The authority's answer.
        signature: What it must be about.
        roots: Certificates of authorities that are trusted.

    Raises:
        EvidenceError: it is none, about something else, or by nobody who is trusted.
        MissingExtra: the extra ``signing`` is not installed.
    """
    try:
        from cryptography.x509 import load_der_x509_certificate
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError:
        raise _EXTRA from None
    try:
        found = decode_timestamp_response(token)
        if found.as_bytes() != token:
            raise EvidenceError(f"{TOKEN}: not a time token: it holds more than one")
        VerifierBuilder(roots=list(roots)).build().verify_message(found, signature)
        (signer,) = found.signed_data.signer_infos
        certificates = [load_der_x509_certificate(c) for c in found.signed_data.certificates]
        by = next(c for c in certificates if (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number))
    except VerificationError as exc:
        raise EvidenceError(f"{TOKEN}: the time token does not hold: {exc}") from exc
    except (ValueError, StopIteration) as exc:
        raise EvidenceError(f"{TOKEN}: not a time token: {exc}") from exc
    return Stamp(at=found.tst_info.gen_time.astimezone(UTC), authority=by.subject.rfc4514_string())


def read_roots(path: Path) -> list[Certificate]:
    """Read the certificates of trusted authorities, PEM.

    Raises:
        UsageError: the file cannot be read or holds no certificate.
        MissingExtra: the extra ``signing`` is not installed.
    """
    try:
        from cryptography.x509 import load_pem_x509_certificates
    except ImportError:
        raise _EXTRA from None
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot read certificates in {path}: {exc}") from exc
