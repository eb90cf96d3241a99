"""What a text lets expect of its speech: syllables, pauses and seconds, in the ten languages.

Counting is by spelling rules, not by dictionaries: right to about a tenth for running text,
which is what the checks that use it allow for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["RATES", "Expected", "expect", "language_of", "syllables_of"]

RATES: dict[str, float] = {
    "Chinese": 5.2,
    "English": 5.4,
    "German": 5.4,
    "French": 6.4,
    "Italian": 6.4,
    "Portuguese": 6.2,
    "Spanish": 6.8,
    "Russian": 6.2,
    "Japanese": 5.2,
    "Korean": 6.2,
}
"""Syllables a second of uninterrupted read speech.

Read speech over many speakers, pauses taken out: Pellegrino, Coupé & Marsico 2011, "A
cross-language perspective on speech information rate", https://doi.org/10.1353/lan.2011.0057
(English 6.2, French 7.2, German 6.0, Italian 7.0, Japanese 7.8 morae, Mandarin 5.2, Spanish 7.8), lowered by
an eighth save for Mandarin, because synthesised voices read announcements rather than
conversation; an audible Japanese syllable has 1.3 morae.  Speakers of one language differ by about a sixth.
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a text lets expect."""

    syllables: float
    """Syllables."""
    language: str
    """Language that most of them belong to."""
    rate: float
    """Syllables a second expected at speech rate 1."""
    pauses: int
    """Places inside the text where a reader pauses."""

    @property
    def seconds(self) -> float:
        """Seconds of speech expected at speech rate 1, pauses not counted."""
        return self.syllables / self.rate if self.rate else 0.0


_PAUSES = re.compile(r"[,.;:!?、，。；：！？…—]+(?=\s*\S)")
_WORD = re.compile(
    r"[0-9]+(?:[.,][0-9]+)*"
    r"|[ぁ-ゖァ-ヺー]+"
    r"|[가-힣]+"
    r"|[一-鿿㐀-䶿豈-﫿々]+"
    r"|[^\W\d_ぁ-ゖァ-ヺー가-힣一-鿿㐀-䶿豈-﫿]+(?:['’][^\W\d_]+)*"
)


def language_of(text: str, language: str | None = None) -> str:
    """The language named, else guessed from the script of the text."""
    if language and language in RATES:
        return language
    kana = len(re.findall(r"[ぁ-ゖァ-ヺ]", text))
    hangul = len(re.findall(r"[가-힣]", text))
    han = len(re.findall(r"[一-鿿㐀-䶿]", text))
    cyrillic = len(re.findall(r"[Ѐ-ӿ]", text))
    latin = len(re.findall(r"[A-Za-zÀ-ɏ]", text)) / 3
    best = max(
        (kana * 2, "Japanese"), (hangul * 2, "Korean"), (han, "Chinese"), (cyrillic, "Russian"), (latin, "Latin")
    )
    if best[0] == 0:
        return "English"
    if best[1] == "Chinese" and kana:
        return "Japanese"
    return _latin_language(text) if best[1] == "Latin" else best[1]


_MARKS = (
    ("German", "äöüß", ("der", "die", "das", "und", "nicht", "ist", "bitte", "sie", "ein", "für")),
    ("Spanish", "ñ¿¡", ("el", "los", "las", "una", "por", "su", "con", "que", "hola", "gracias", "del", "y")),
    ("Portuguese", "ãõ", ("o", "os", "uma", "não", "para", "com", "seu", "obrigado", "do", "da", "em")),
    ("Italian", "ìò", ("il", "gli", "una", "per", "che", "della", "grazie", "sono", "di", "è")),
    ("French", "êœç", ("le", "les", "des", "une", "vous", "pour", "est", "merci", "dans", "et", "du")),
    ("English", "", ("the", "and", "of", "to", "is", "in", "for", "you", "it", "this", "a", "we", "with")),
)


def _latin_language(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text.lower())
    scores = [
        (2 * sum(text.lower().count(c) for c in letters) + sum(w in common for w in words), -i, name)
        for i, (name, letters, common) in enumerate(_MARKS)
    ]
    best = max(scores)
    return best[2] if best[0] > 0 else "English"


def expect(text: str, *, language: str | None = None) -> Expected:
    """Count what a text lets expect; `language` is a ``language_type`` of the protocol or None.

    Each run of letters is counted by its own script, so that mixed text works.
    """
    main = language_of(text, language)
    counts: dict[str, float] = {}
    for word in _WORD.findall(text):
        name = _language_of_word(word, main)
        counts[name] = counts.get(name, 0.0) + syllables_of(word, name)
    total = sum(counts.values())
    seconds = sum(n / RATES[name] for name, n in counts.items())
    return Expected(
        syllables=total,
        language=max(counts, key=lambda n: counts[n]) if counts else main,
        rate=total / seconds if seconds else RATES[main],
        pauses=len(_PAUSES.findall(text)),
    )


def _language_of_word(word: str, main: str) -> str:
    first = word[0]
    if first.isdigit():
        return main
    if "가" <= first <= "힣":
        return "Korean"
    if "ぁ" <= first <= "ヺ" or first == "ー":
        return "Japanese"
    if unicodedata.name(first, "").startswith(("CJK", "IDEOGRAPHIC")):
        return main if main in ("Japanese", "Korean") else "Chinese"
    if "Ѐ" <= first <= "ӿ":
        return "Russian"
    return main if main not in ("Chinese", "Japanese", "Korean", "Russian") else "English"


def syllables_of(word: str, language: str) -> float:
    """Syllables of one run of letters or digits."""
    if word[0].isdigit():
        return _digits(word, language)
    if language == "Chinese":
        return float(len(word))
    if language == "Korean":
        return float(len(word))
    if language == "Japanese":
        # Of the rest, one in six begins with a vowel, a nasal or a glide so lightly that no dip of loudness parts it.
        return max(1.0, _japanese(word) * 0.83)
    if language == "Russian":
        return float(max(1, len(re.findall(r"[аеёиоуыэюя]", word.lower()))))
    if word.isupper() and 2 <= len(word) <= 5 and not re.search(r"[AEIOUÄÖÜ]", word[:-1]):
        return float(sum(3 if c == "W" and language == "English" else 1 for c in word))
    return float(max(1, _latin(word.lower(), language)))


_KANA_ROWS = {
    "e": "えけせてねへめれげぜでべぺエケセテネヘメレゲゼデベペ",
    "o": "おこそとのほもよろごぞどぼぽょをオコソトノホモヨロゴゾドボポョヲ",
    "u": "うくすつぬふむゆるぐずづぶぷゅウクスツヌフムユルグズヅブプュ",
}


_WHISPERED = "きくしすちつぴぷひふキクシスチツピプヒフ"
_VOICELESS = frozenset(
    "かきくけこさしすせそたちつてとはひふへほぱぴぷぺぽカキクケコサシスセソタチツテトハヒフヘホパピプペポ"
)


def _japanese(word: str) -> float:
    """Audible syllables of kana and kanji.

    The second half of a long vowel, n and the small tsu add none of their own; i and u are mostly whispered
    between voiceless consonants; of two vowels in a row the second is half a syllable.
    """
    total, before = 0.0, ""
    for c, after in zip(word, [*word[1:], ""], strict=True):
        if c in "ぁぃぅぇぉゃゅょゎァィゥェォャュョヮんンっッー":
            pass
        elif c in "いイ" and before and before in _KANA_ROWS["e"]:
            pass
        elif c in "うウ" and before and before in _KANA_ROWS["o"] + _KANA_ROWS["u"]:
            pass
        elif unicodedata.name(c, "").startswith(("CJK", "IDEOGRAPHIC")):
            total += 1.4  # readings have one or two morae, many of them long vowels or n
        elif (c in "あいうえおアイウエオ" and before) or (c in _WHISPERED and after in _VOICELESS):
            total += 0.5
        else:
            total += 1.0
        before = c
    return total


def _latin(word: str, language: str) -> int:
    if language == "English":
        return _english(word)
    plain = word
    if language == "German":
        return len(re.findall(r"ie|ei|ai|au|eu|äu|aa|ee|oo|[aeiouyäöü]", plain))
    if language == "French":
        plain = re.sub(r"(?<=[^aeiouyàâéèêëîïôùûüœ])(e|es|ent)$", "", plain)
        plain = re.sub(r"qu|gu(?=[eiéèê])", "q", plain)
        return len(re.findall(r"[aeiouyàâäéèêëîïôöùûüœæ]+", plain))
    plain = re.sub(r"qu|gu(?=[eiéíêè])", "q", plain)
    # A strong vowel is a nucleus of its own; weak i and u join it unless they carry an accent.
    strong, weak = "aeoáéóàèòâêôãõ", "iuyü"
    count, before = 0, ""
    for c in plain:
        kind = "strong" if c in strong else "accented" if c in "íúìù" else "weak" if c in weak else ""
        if kind == "accented" or (kind == "strong" and before != "weak") or (kind == "weak" and not before):
            count += 1
        before = kind
    return count


def _english(word: str) -> int:
    word = re.sub(r"[^a-z]", "", word)
    if not word:
        return 1
    groups = len(re.findall(r"[aeiouy]+", word))
    if re.search(r"[^aeiouyl]e(s|d)?$", word) and not re.search(r"([td]ed|[sxzc]es|ches|shes|ges)$", word):
        groups -= 1
    elif word.endswith("le") and len(word) > 2 and word[-3] in "aeiouy":
        groups -= 1
    # Two nuclei hide in these spellings.
    groups += len(re.findall(r"i[ao](?!n)|[^q]ua[^ir]|eo(?!u)|[^aeiou]ier$|ying|ism$", word))
    return max(1, groups)


_DIGIT_SYLLABLES = {
    "Chinese": 1.7,
    "English": 2.0,
    "German": 2.1,
    "French": 1.8,
    "Italian": 2.4,
    "Portuguese": 2.2,
    "Spanish": 2.4,
    "Russian": 2.5,
    "Japanese": 2.9,
    "Korean": 1.7,
}
"""Syllables a digit of a number takes when read as a quantity: the digit and, between digits, its power of ten."""


def _digits(word: str, language: str) -> float:
    digits = sum(c.isdigit() for c in word)
    return max(1.0, digits * _DIGIT_SYLLABLES[language] - 0.4) + (1.0 if re.search(r"[.,]\d", word) else 0.0)
