"""``ttsgate bundle``: sign and export."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from ttsgate.cli.bundles import bundle_argument, named, output_dir_option
from ttsgate.errors import EvidenceError, UsageError

__all__ = ["command"]

HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
def command() -> None:
    """Sign a bundle, or make one portable file of it.

    `ttsgate bundle sign BUNDLE --key FILE` signs with a key of `ttsgate keygen`; a bundle that is not whole is not
    signed. `ttsgate bundle export BUNDLE [FILE]` writes an archive that `ttsgate verify` reads without unpacking.
    """


@command.command(context_settings=HELP)
@bundle_argument()
@output_dir_option
@click.option(
    "--key",
    "key_file",
    required=True,
    envvar="TTSGATE_SIGN_KEY",
    metavar="FILE",
    help="Private key made by `ttsgate keygen`, also TTSGATE_SIGN_KEY; `-` reads it from standard input.",
)
@click.option(
    "--tsa",
    metavar="URL",
    help="Have a time-stamping authority (RFC 3161) attest when it was signed; only a digest is sent there.",
)
def sign(bundle: str, output_dir: str | None, key_file: str, tsa: str | None) -> None:
    """Sign a bundle that is whole: attestation.dsse.json says what was tested, and how it came out."""
    from ttsgate.bundle.attestation import sign as sign_bundle
    from ttsgate.bundle.integrity import integrity
    from ttsgate.bundle.keys import read_key
    from ttsgate.bundle.manifest import TOKEN
    from ttsgate.bundle.signing import SigningKey
    from ttsgate.bundle.timestamp import ask
    from ttsgate.store.atomic import write_atomic

    key = SigningKey(sys.stdin.buffer.read()) if key_file == "-" else read_key(Path(key_file))
    found = named(bundle, output_dir)
    if problems := integrity(found):
        raise EvidenceError("not signed, since the bundle is not whole:\n  " + "\n  ".join(problems))
    path = sign_bundle(found, key, at=datetime.now(UTC).replace(microsecond=0))
    if tsa is not None:
        write_atomic(path.with_name(TOKEN), ask(tsa, path.read_bytes()))
    click.echo(f"signed: {path} (bundle sha256:{found.digest}, key {key.id[:16]})")


@command.command(context_settings=HELP)
@bundle_argument()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@output_dir_option
def export(bundle: str, file: Path | None, output_dir: str | None) -> None:
    """Make one portable file of a bundle that is whole; FILE is RUN.zip in the working directory by default.

    The archive holds the bundle's files as they are, uncompressed, so that the same bundle always gives the same bytes.
    """
    from ttsgate.bundle.archive import pack
    from ttsgate.bundle.integrity import integrity
    from ttsgate.store.atomic import write_atomic

    found = named(bundle, output_dir)
    if problems := integrity(found):
        raise EvidenceError("not exported, since the bundle is not whole:\n  " + "\n  ".join(problems))
    path = file or Path(f"{found.manifest.run}.zip")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the file to write")
    data = pack({name: found.read(name) for name in found.files.names()}, top=found.manifest.run)
    write_atomic(path, data)
    click.echo(f"exported: {path} ({len(data)} bytes, bundle sha256:{found.digest})")
