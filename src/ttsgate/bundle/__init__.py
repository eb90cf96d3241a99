"""The folder of a run: its files, their digests, and what seals them."""

from __future__ import annotations

from ttsgate.bundle.folder import BundleFolder, new_run_id
from ttsgate.bundle.sealing import MANIFEST, SUMS, seal

__all__ = ["MANIFEST", "SUMS", "BundleFolder", "new_run_id", "seal"]
