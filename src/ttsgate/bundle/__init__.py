"""The folder of a run: its files, their digests, and what seals them."""

from __future__ import annotations

from pathlib import Path

from ttsgate.bundle.attestation import sign
from ttsgate.bundle.folder import BundleFolder, new_run_id
from ttsgate.bundle.keys import read_key
from ttsgate.bundle.manifest import MANIFEST, SUMS
from ttsgate.bundle.reading import Bundle, FolderFiles
from ttsgate.bundle.sealing import seal

__all__ = ["MANIFEST", "SUMS", "Bundle", "BundleFolder", "new_run_id", "open_folder", "read_key", "seal", "sign"]


def open_folder(folder: Path) -> Bundle:
    """The bundle in a folder."""
    return Bundle(FolderFiles(folder), label=str(folder), folder=folder)
