"""``ttsgate keygen``: a key to sign bundles with."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import click

from ttsgate.errors import UsageError

__all__ = ["command"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Whose key it is, for the list of signers. Default: USER@HOST.")
def command(file: Path, name: str | None) -> None:
    """Make an Ed25519 key pair: the private key in FILE, for your eyes only, and FILE.pub for everybody.

    FILE is PKCS#8 in PEM, unencrypted, readable by you alone; keep it in a secret store. FILE.pub is an entry for a
    list of allowed signers (`ttsgate verify --signers`); a list is a file of such entries. Nothing is overwritten.
    """
    from ttsgate.bundle.signers import entry
    from ttsgate.bundle.signing import SigningKey

    key, pem = SigningKey.generate()
    at = datetime.now(UTC).replace(microsecond=0)
    public = file.with_name(file.name + ".pub")
    if public.exists():
        raise UsageError(f"{public} exists already, and keys are not overwritten: choose another name")
    _write_new(file, pem, mode=0o600)
    _write_new(public, entry(name or f"{_user()}@{socket.gethostname()}", key.public, at).encode(), mode=0o644)
    click.echo(f"private key: {file} (keep it secret)")
    click.echo(f"for the list of signers: {public}")
    click.echo(f"key id: {key.id}")


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise UsageError(f"{path} exists already, and keys are not overwritten: choose another name") from None
    except OSError as exc:
        raise UsageError(f"cannot write {path}: {exc.strerror or exc}") from exc
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
