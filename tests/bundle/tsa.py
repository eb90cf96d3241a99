"""A throw-away time-stamping authority: one root, one leaf, tokens by RFC 3161 written out by hand."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority"]

SHA256, SIGNED_DATA, TST_INFO = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST, CERTIFICATE = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"
ECDSA = "1.2.840.10045.4.3.2"
POLICY = "1.3.6.1.4.1.99999.1"
NULL = b"\x05\x00"


def der(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return der(6, content)


class Authority:
    """Signs tokens.

    Args:
        name: Common name of its leaf.
        now: Its clock.
    """

    def __init__(self, name: str = "throw-away", now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_key = ec.generate_private_key(ec.SECP256R1())
        top = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
        self.root = self._certificate(top, root_key.public_key(), top, root_key, leaf=False)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.leaf = self._certificate(subject, self._key.public_key(), top, root_key, leaf=True)

    @property
    def pem(self) -> bytes:
        """The root."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def _certificate(
        self,
        subject: x509.Name,
        public: ec.EllipticCurvePublicKey,
        issuer: x509.Name,
        by: ec.EllipticCurvePrivateKey,
        *,
        leaf: bool,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
        )
        if leaf:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(by, hashes.SHA256())

    def token(self, digest: bytes, nonce: int | None = None) -> bytes:
        """An answer about a SHA-256 digest."""
        algorithm = sequence(oid(SHA256), NULL)
        info = sequence(
            integer(1),
            oid(POLICY),
            sequence(algorithm, der(4, digest)),
            integer(1),
            der(0x18, self.now.strftime("%Y%m%d%H%M%SZ").encode()),
            integer(nonce) if nonce is not None else b"",
        )
        leaf = self.leaf.public_bytes(serialization.Encoding.DER)
        attributes = sorted(
            (
                sequence(oid(CONTENT_TYPE), der(0x31, oid(TST_INFO))),
                sequence(oid(MESSAGE_DIGEST), der(0x31, der(4, hashlib.sha256(info).digest()))),
                sequence(
                    oid(CERTIFICATE),
                    der(0x31, sequence(sequence(sequence(der(4, hashlib.sha256(leaf).digest()))))),
                ),
            )
        )
        signature = self._key.sign(der(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
        signer = sequence(
            integer(1),
            sequence(self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)),
            algorithm,
            der(0xA0, *attributes),
            sequence(oid(ECDSA)),
            der(4, signature),
        )
        signed = sequence(
            integer(3),
            der(0x31, algorithm),
            sequence(oid(TST_INFO), der(0xA0, der(4, info))),
            der(0xA0, leaf),
            der(0x31, signer),
        )
        return sequence(sequence(integer(0)), sequence(oid(SIGNED_DATA), der(0xA0, signed)))

    def stamp(self, data: bytes) -> bytes:
        """An answer about data."""
        return self.token(hashlib.sha256(data).digest())

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Answer requests on loopback; gives the URL."""
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                at = query.index(b"\x04\x20") + 2  # the digest: OCTET STRING of 32 bytes
                nonce = query[at + 32 :]
                value = int.from_bytes(nonce[2 : 2 + nonce[1]], "big") if nonce[:1] == b"\x02" else None
                body = authority.token(query[at : at + 32], value)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/tsr"
            finally:
                server.shutdown()
                thread.join()
