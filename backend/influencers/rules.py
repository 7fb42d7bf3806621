"""Valid trigger words, languages and time zones."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

TRIGGER_WORD = re.compile(r"[a-z0-9_]{3,32}")

LANGUAGES: dict[str, str] = {
    "en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese",
    "pt-BR": "Portuguese (Brazil)", "nl": "Dutch", "pl": "Polish", "tr": "Turkish", "ru": "Russian", "uk": "Ukrainian",
    "ar": "Arabic", "hi": "Hindi", "id": "Indonesian", "ja": "Japanese", "ko": "Korean", "zh-Hans": "Chinese (simplified)",
    "zh-Hant": "Chinese (traditional)", "vi": "Vietnamese", "th": "Thai", "sv": "Swedish", "da": "Danish", "fi": "Finnish",
    "nb": "Norwegian", "cs": "Czech", "el": "Greek", "he": "Hebrew", "hu": "Hungarian", "ro": "Romanian",
}  # fmt: skip
"""BCP 47 tag -> English name, in the order a form shows them."""


def propose_trigger_word(name: str) -> str:
    """One word made of the name's letters; a name without Latin letters gets `inf_` and six characters of its hash."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:32].strip("_")
    return word if TRIGGER_WORD.fullmatch(word) else "inf_" + hashlib.sha256(name.encode()).hexdigest()[:6]


@cache
def time_zones() -> tuple[str, ...]:
    """IANA names a form offers: UTC first, then regions by name."""
    return (
        "UTC",
        *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))),
    )
