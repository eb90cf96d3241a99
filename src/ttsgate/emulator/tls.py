"""A throw-away certificate authority, so that clients can be tried over TLS."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ttsgate.errors import MissingExtra

__all__ = ["ThrowAwayAuthority"]


class ThrowAwayAuthority:
    """Makes a certificate for `host` and further `names`; its CA file lives until `close`.

    Raises:
        MissingExtra: ``trustme`` is not installed.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        try:
            import trustme
        except ImportError:
            raise MissingExtra(extra="emulator", needed_for="serve --tls") from None
        authority = trustme.CA()
        every = dict.fromkeys((host, "localhost", "127.0.0.1", "::1", *names))
        every.pop("0.0.0.0", None)
        every.pop("::", None)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*every).configure_cert(self.context)
        handle, path = tempfile.mkstemp(prefix="ttsgate-ca-", suffix=".pem")
        with os.fdopen(handle, "wb") as file:
            file.write(authority.cert_pem.bytes())
        self.path = Path(path)
        """The CA's certificate, PEM."""

    def close(self) -> None:
        """Remove the CA file."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
