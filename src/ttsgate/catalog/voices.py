"""System voices by family.

The lists stand on the page of the non-realtime models
(https://help.aliyun.com/zh/model-studio/qwen-tts-voice-list); that the realtime twins have the same
ones is deduced from matching counts (49, 25, 17).
"""

from __future__ import annotations

__all__ = ["DIALECTS", "FLASH", "FLASH_2025_09_18", "INSTRUCT", "LEGACY", "VOICES_BASIS"]

VOICES_BASIS = "the list is that of the HTTP twin; equality is deduced from matching counts"

_COMMON = (
    "Cherry", "Serena", "Ethan", "Chelsie", "Momo", "Vivian", "Moon", "Maia", "Kai", "Nofish", "Bella",
)  # fmt: skip

FLASH = (
    *_COMMON,
    "Jennifer", "Ryan", "Katerina", "Aiden", "Eldric Sage", "Mia", "Mochi", "Bellona", "Vincent", "Bunny", "Neil",
    "Elias", "Arthur", "Nini", "Ebona", "Seren", "Pip", "Stella", "Bodega", "Sonrisa", "Alek", "Dolce", "Sohee",
    "Ono Anna", "Lenn", "Emilien", "Andre", "Radio Gol", "Jada", "Dylan", "Li", "Marcus", "Roy", "Peter", "Sunny",
    "Eric", "Rocky", "Kiki",
)  # fmt: skip
"""flash since its snapshot of 2025-11-27: 49 voices."""

INSTRUCT = (
    *_COMMON,
    "Eldric Sage", "Mia", "Mochi", "Bellona", "Vincent", "Bunny", "Neil", "Elias", "Arthur", "Nini", "Ebona", "Seren",
    "Pip", "Stella",
)  # fmt: skip
"""instruct-flash: 25 voices, of which 24 were read and Ebona is deduced as the 25th."""

FLASH_2025_09_18 = (
    "Cherry", "Ethan", "Nofish", "Jennifer", "Ryan", "Katerina", "Elias", "Jada", "Dylan", "Li", "Marcus", "Roy",
    "Peter", "Sunny", "Eric", "Rocky", "Kiki",
)  # fmt: skip
"""flash in its snapshot of 2025-09-18: 17 voices."""

LEGACY = ("Cherry", "Serena", "Ethan", "Chelsie", "Jada", "Dylan", "Sunny")
"""qwen-tts: up to 7 voices, by snapshot."""

DIALECTS = {
    "Jada": "Shanghai", "Dylan": "Beijing", "Li": "Nanjing", "Marcus": "Shaanxi", "Roy": "Minnan", "Peter": "Tianjin",
    "Sunny": "Sichuan", "Eric": "Sichuan", "Rocky": "Cantonese", "Kiki": "Cantonese",
}  # fmt: skip
"""Voices that speak a Chinese dialect."""
