"""`instructions` as a change of delivery. Pure.

How the real instruct models act on a wording is not documented as numbers (assumed throughout): a word that asks for
a tempo, a height, a level or a mood moves the matching figure well beyond what could be taken for chance, in Chinese
and English; a wording with none of these words moves rate and pitch by its hash, so that it, too, is heard.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

__all__ = ["NEUTRAL", "Delivery", "delivery_of"]


@dataclass(frozen=True)
class Delivery:
    """Factors on top of the session's own rate, pitch and volume."""

    rate: float = 1.0
    pitch: float = 1.0
    range_: float = 1.0
    """Liveliness of the melody: 0 is monotone."""
    gain_db: float = 0.0


NEUTRAL = Delivery()

_FASTER = (
    "fast(?:er)?|quick(?:ly|er)?|rapid(?:ly)?|brisk(?:ly)?|hurried(?:ly)?|urgent(?:ly)?|"
    "(?<![愉欢])快(?!乐)|急|迅速|紧迫|紧凑"
)
_SLOWER = "slow(?:ly|er)?|unhurried|leisurely|慢|舒缓|徐缓|从容|缓缓|悠然"
_LOUDER = "loud(?:ly|er)?|shout(?:ing)?|yell(?:ing)?|powerful(?:ly)?|大声|洪亮|响亮|高声|喊|有力"
_SOFTER = "soft(?:ly|er)?|quiet(?:ly|er)?|whisper(?:ing|ed)?|gentl[ey]|hushed|轻声|小声|低声|低语|耳语|轻柔|温柔|柔和"
_HIGHER = "high(?:er)?|shrill|child(?:ish|like)?|高音|音调高|音调较高|声调高|高亢|尖|稚嫩|童"
_LOWER = "low(?:er)?|deep(?:er|ly)?|bass|低沉|低音|音调低|音调较低|声调低|浑厚|深沉"
_LIVELY = (
    "happy|happily|cheerful(?:ly)?|excited(?:ly)?|lively|joyful(?:ly)?|energetic(?:ally)?|enthusiastic(?:ally)?|"
    "expressive(?:ly)?|dramatic(?:ally)?|开心|高兴|兴奋|激动|活泼|欢快|愉快|快乐|喜悦|热情|欢乐|饱满"
)
_FLAT = "monotone|flat(?:ly)?|calm(?:ly)?|neutral|serious(?:ly)?|steady|news|平淡|平静|冷静|沉稳|严肃|平稳|播音|新闻"
_SAD = "sad(?:ly)?|sorrowful(?:ly)?|mournful(?:ly)?|tired|gloomy|悲伤|难过|忧伤|伤感|疲惫|哀伤|失落"
_ANGRY = "angry|angrily|furious(?:ly)?|生气|愤怒|恼火"

_RULES: tuple[tuple[str, Delivery], ...] = (
    (_FASTER, Delivery(rate=1.25)),
    (_SLOWER, Delivery(rate=0.78)),
    (_LOUDER, Delivery(gain_db=4.0)),
    (_SOFTER, Delivery(gain_db=-6.0)),
    (_HIGHER, Delivery(pitch=1.2)),
    (_LOWER, Delivery(pitch=0.82)),
    (_LIVELY, Delivery(rate=1.08, pitch=1.12, range_=1.6)),
    (_FLAT, Delivery(rate=0.95, pitch=0.94, range_=0.3)),
    (_SAD, Delivery(rate=0.85, pitch=0.88, range_=0.6, gain_db=-3.0)),
    (_ANGRY, Delivery(rate=1.12, pitch=1.1, range_=1.4, gain_db=3.0)),
)
_NEGATED = "|".join(
    (
        r"(?:\bnot|n't|\bnever|\bavoid|\bwithout)\s+(?:\w+\s+){0,2}$",
        r"(?:不要|不能|别|勿|避免)[^，。、；,.;\s]{0,3}$",
        r"不[太过]?$",
    )
)
_LIMITS = (0.6, 1.6)


def delivery_of(instructions: str | None) -> Delivery:
    """The delivery that `instructions` ask for; `NEUTRAL` for None and blank ones, never neutral otherwise."""
    if not instructions or not instructions.strip():
        return NEUTRAL
    rate, pitch, range_, gain = 1.0, 1.0, 1.0, 0.0
    # Compiled on first use, and kept by `re`: few emulators ever hear instructions.
    negated = re.compile(_NEGATED, re.IGNORECASE)
    for words, change in _RULES:
        pattern = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)
        if any(not negated.search(instructions[: match.start()]) for match in pattern.finditer(instructions)):
            rate, pitch, range_ = rate * change.rate, pitch * change.pitch, range_ * change.range_
            gain += change.gain_db
    asked = Delivery(_within(rate), _within(pitch), min(max(range_, 0.2), 1.8), min(max(gain, -8.0), 5.0))
    plain = abs(asked.rate - 1) < 0.1 and abs(asked.pitch - 1) < 0.1 and abs(asked.gain_db) < 2 and asked.range_ > 0.5
    return _by_hash(instructions) if plain else asked


def _within(factor: float) -> float:
    return min(max(factor, _LIMITS[0]), _LIMITS[1])


def _by_hash(instructions: str) -> Delivery:
    digest = hashlib.sha256(instructions.strip().encode("utf-8", "replace")).digest()
    step = 0.12 + 0.08 * digest[0] / 255
    return Delivery(
        rate=1 + step if digest[1] & 1 else 1 - step,
        pitch=1 + step if digest[1] & 2 else 1 - step,
        range_=1.3 if digest[1] & 4 else 0.7,
    )
