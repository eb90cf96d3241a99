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
            raise MissingExtra(extra="emulator", needed_for="TLS with a throw-away authority") from None
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        every = dict.fromkeys((host, "localhost", "127.0.0.1", "::1", *names))
        every.pop("0.0.0.0", None)
        every.pop("::", None)
        self.context = self._issue(*every)
        handle, path = tempfile.mkstemp(prefix="ttsgate-ca-", suffix=".pem")
        with os.fdopen(handle, "wb") as file:
            file.write(self._authority.cert_pem.bytes())
        self.path = Path(path)
        """The CA's certificate, PEM."""

    def context_for(self, host: str) -> ssl.SSLContext:
        """A context that serves under another name."""
        if host not in self._contexts:
            self._contexts[host] = self._issue(host)
        return self._contexts[host]

    def _issue(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def close(self) -> None:
        """Remove the CA file."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
