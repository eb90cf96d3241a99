"""Keys and envelopes: what was signed is what is read."""

from __future__ import annotations

import base64
import json
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.bundle.runs import key
from ttsgate.bundle.manifest import canonical
from ttsgate.bundle.signing import PAYLOAD_TYPE, SigningKey, key_id, open_envelope
from ttsgate.errors import EvidenceError, MissingExtra, UsageError


def said(public: str, **more: object) -> bytes:
    """A payload that names its signer."""
    return canonical({"predicate": {"signer": {"public": public}}, **more})


class TestKey:
    def test_generated_keys_can_be_read(self) -> None:
        """The PEM of a new key gives the same key."""
        made, pem = SigningKey.generate()

        assert (made.public, made.id) == (SigningKey(pem).public, SigningKey(pem).id)
        assert made.id == key_id(made.public)

    @pytest.mark.parametrize("pem", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    def test_no_key(self, pem: bytes) -> None:
        """What is no key is refused with the command that makes one."""
        with pytest.raises(UsageError, match="ttsgate keygen"):
            SigningKey(pem)

    def test_another_kind_of_key(self) -> None:
        """A key of another kind, and one behind a password, are refused."""
        other = ec.generate_private_key(ec.SECP256R1())
        plain = other.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        locked = other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )

        with pytest.raises(UsageError, match="not an Ed25519 key"):
            SigningKey(plain)
        with pytest.raises(UsageError, match="unencrypted"):
            SigningKey(locked)

    @pytest.mark.parametrize("public", ["", "00", "zz" * 32, "AB" * 32, "00" * 33])
    def test_no_public_key(self, public: str) -> None:
        """A public key is 64 lower-case digits."""
        with pytest.raises(UsageError, match="64 lower-case"):
            key_id(public)


class TestEnvelope:
    def test_round_trip(self) -> None:
        """What was signed comes back with its key; the form is DSSE's."""
        data = key().envelope(said(key().public, x=1))
        opened = open_envelope(data)

        assert {"predicate": {"signer": {"public": key().public}}, "x": 1} == opened.statement
        assert (key().public, key().id) == (opened.public, opened.key_id)
        assert PAYLOAD_TYPE == json.loads(data)["payloadType"]

    def test_names_another_key(self) -> None:
        """A statement that names a key which did not sign it is refused."""
        with pytest.raises(EvidenceError, match="the signature does not hold"):
            open_envelope(key().envelope(said(SigningKey.generate()[0].public)))

    @pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"predicate":{"signer":{"public":1}}}', b"\xff"])
    def test_payload_of_another_kind(self, payload: bytes) -> None:
        """Something else that was signed is no statement."""
        with pytest.raises(EvidenceError, match=r"attestation\.dsse\.json: not a signed statement"):
            open_envelope(key().envelope(payload))

    def test_another_payload_type(self) -> None:
        """A signature made for another purpose does not count."""
        found = json.loads(key().envelope(said(key().public)))
        found["payloadType"] = "text/plain"

        with pytest.raises(EvidenceError, match="'text/plain'"):
            open_envelope(canonical(found))

    def test_another_payload(self) -> None:
        """The payload cannot be exchanged."""
        found = json.loads(key().envelope(said(key().public)))
        found["payload"] = base64.b64encode(said(key().public, x=2)).decode()

        with pytest.raises(EvidenceError, match="the signature does not hold"):
            open_envelope(canonical(found))

    @given(st.binary(max_size=100))
    def test_bytes_of_any_kind(self, data: bytes) -> None:
        """No bytes break the reader in another way than by refusing them."""
        with pytest.raises(EvidenceError):
            open_envelope(data)


class TestWithoutTheExtra:
    def test_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the extra is missing, signing, and looking at a signature, name the command that gets it."""
        data = key().envelope(said(key().public))
        monkeypatch.setitem(sys.modules, "securesystemslib.dsse", None)
        monkeypatch.setitem(sys.modules, "securesystemslib.signer", None)

        for call in (SigningKey.generate, lambda: SigningKey(b""), lambda: open_envelope(data)):
            with pytest.raises(MissingExtra, match=r"pip install 'ttsgate\[signing\]'"):
                call()
