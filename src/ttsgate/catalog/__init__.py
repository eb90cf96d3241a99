"""What is known of the service, as data with source and date: models, voices, regions, prices, life cycle.

Pure data and lookups.  Facts age: `CATALOG_DATE` says when they were last compared with their
sources, and a fact that was deduced rather than read carries its basis (`Model.basis`, `Price.basis`).
"""

from __future__ import annotations

from ttsgate.catalog.characters import count_characters
from ttsgate.catalog.lifecycle import contested, replacements
from ttsgate.catalog.lookup import CATALOG_DATE, age_days, assume, find, nearest
from ttsgate.catalog.model import Claim, Endpoints, Model, Price, Region
from ttsgate.catalog.models import CONTESTED_SAMPLE_RATES, FIVE, LANGUAGES, MODELS, VOICE_SERVICES
from ttsgate.catalog.prices import creation_price, price
from ttsgate.catalog.regions import REGIONS, endpoints, find_region, is_catalogue_host, is_loopback_host
from ttsgate.catalog.voices import DIALECTS

__all__ = [
    "CATALOG_DATE",
    "CONTESTED_SAMPLE_RATES",
    "DIALECTS",
    "FIVE",
    "LANGUAGES",
    "MODELS",
    "REGIONS",
    "VOICE_SERVICES",
    "Claim",
    "Endpoints",
    "Model",
    "Price",
    "Region",
    "age_days",
    "assume",
    "contested",
    "count_characters",
    "creation_price",
    "endpoints",
    "find",
    "find_region",
    "is_catalogue_host",
    "is_loopback_host",
    "nearest",
    "price",
    "replacements",
]
