"""Ed25519 keys and DSSE envelopes, by securesystemslib; needs the extra ``signing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ttsgate.bundle.manifest import ATTESTATION, canonical
from ttsgate.errors import EvidenceError, MissingExtra, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

__all__ = ["PAYLOAD_TYPE", "Signed", "SigningKey", "key_id", "open_envelope"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md"""
_EXTRA = MissingExtra(extra="signing", needed_for="signing and checking signatures")


class SigningKey:
    """A private key.

    Args:
        pem: PKCS#8 in PEM, not encrypted, as ``ttsgate keygen`` writes it.

    Raises:
        UsageError: it is no Ed25519 key.
        MissingExtra: the extra ``signing`` is not installed.
    """

    def __init__(self, pem: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
            from securesystemslib.signer import CryptoSigner
        except ImportError:
            raise _EXTRA from None
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as exc:
            raise UsageError(
                "the signing key is not an unencrypted private key in PEM: make one with `ttsgate keygen`"
            ) from exc
        if not isinstance(private, Ed25519PrivateKey):
            raise UsageError("the signing key is not an Ed25519 key: make one with `ttsgate keygen`")
        self._signer: CryptoSigner = CryptoSigner(private)

    @classmethod
    def generate(cls) -> tuple[SigningKey, bytes]:
        """A new key and its PEM.

        Raises:
            MissingExtra: the extra ``signing`` is not installed.
        """
        try:
            from securesystemslib.signer import CryptoSigner
        except ImportError:
            raise _EXTRA from None
        pem = CryptoSigner.generate_ed25519().private_bytes
        return cls(pem), pem

    @property
    def public(self) -> str:
        """The public key, 64 hexadecimal digits."""
        return str(self._signer.public_key.keyval["public"])

    @property
    def id(self) -> str:
        """Id of the key, as signatures name it."""
        return str(self._signer.public_key.keyid)

    def envelope(self, payload: bytes) -> bytes:
        """The signed payload as the canonical bytes of a DSSE envelope."""
        from securesystemslib.dsse import Envelope

        envelope = Envelope(payload, PAYLOAD_TYPE, {})
        envelope.sign(self._signer)
        return canonical(envelope.to_dict())


@dataclass(frozen=True, slots=True)
class Signed:
    """The content of an envelope whose signature holds under the key that the content names."""

    statement: dict[str, Any]
    """What was signed, parsed from the very bytes that were signed."""
    public: str
    """Public key of the signer, 64 hexadecimal digits."""
    key_id: str
    """Its id."""


def key_id(public: str) -> str:
    """Id of a public key.

    Raises:
        UsageError: these are not 64 hexadecimal digits.
        MissingExtra: the extra ``signing`` is not installed.
    """
    return str(_key(public).keyid)


def open_envelope(data: bytes) -> Signed:
    """Check the signature of an envelope with the public key in its statement.

    That proves that nothing was changed since it was signed, and not yet who signed: compare the
    key with a list of allowed signers.

    Raises:
        EvidenceError: it is no envelope, or the signature does not hold.
        MissingExtra: the extra ``signing`` is not installed.
    """
    try:
        from securesystemslib.dsse import Envelope
        from securesystemslib.exceptions import VerificationError
    except ImportError:
        raise _EXTRA from None
    try:
        found = msgspec.json.decode(data)
        if canonical(found) != data:
            raise EvidenceError(f"{ATTESTATION}: not in canonical form: it was changed after it was signed")
        envelope = Envelope.from_dict(msgspec.json.decode(data))
        if canonical(envelope.to_dict()) != data or len(envelope.signatures) != 1:
            raise EvidenceError(f"{ATTESTATION}: not an envelope with one signature")
        if envelope.payload_type != PAYLOAD_TYPE:
            raise EvidenceError(f"{ATTESTATION}: holds {envelope.payload_type!r}, not an in-toto statement")
        statement = msgspec.json.decode(envelope.payload)
        public = statement["predicate"]["signer"]["public"]
        key = _key(public)
        envelope.verify([key], 1)
    except VerificationError as exc:
        raise EvidenceError(f"{ATTESTATION}: the signature does not hold: it was changed after it was signed") from exc
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError) as exc:
        raise EvidenceError(f"{ATTESTATION}: not a signed statement of ttsgate: {exc}") from exc
    return Signed(statement=statement, public=public, key_id=str(key.keyid))


def _key(public: object) -> SSlibKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from securesystemslib.signer import SSlibKey
    except ImportError:
        raise _EXTRA from None
    try:
        if not isinstance(public, str) or len(public) != 64 or public != public.lower():
            raise ValueError
        return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)))
    except ValueError:
        raise UsageError("a public key is 64 lower-case hexadecimal digits") from None
