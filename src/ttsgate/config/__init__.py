"""Options, configuration files, credentials and the target they mean."""

from __future__ import annotations

from ttsgate.config.credentials import EMULATOR_KEY, Credential, allowed_host, find_key, key_variables
from ttsgate.config.data import find_data
from ttsgate.config.network import Network, find_network
from ttsgate.config.options import DEFAULT_TEXT, OPTIONS, Option
from ttsgate.config.resolution import Config, is_ci, resolve
from ttsgate.config.secret import Secret, fingerprint
from ttsgate.config.target import compatible_url, resolve_target
from ttsgate.config.values import Money

__all__ = [
    "DEFAULT_TEXT",
    "EMULATOR_KEY",
    "OPTIONS",
    "Config",
    "Credential",
    "Money",
    "Network",
    "Option",
    "Secret",
    "allowed_host",
    "compatible_url",
    "find_data",
    "find_key",
    "find_network",
    "fingerprint",
    "is_ci",
    "key_variables",
    "resolve",
    "resolve_target",
]
