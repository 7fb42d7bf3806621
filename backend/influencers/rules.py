"""Valid trigger words, languages and time zones."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from backend.language import tr_lazy

TRIGGER_WORD = re.compile(r"[a-z0-9_]{3,32}")

LANGUAGES: dict[str, str] = {
    "en": tr_lazy("English"),
    "de": tr_lazy("German"),
    "es": tr_lazy("Spanish"),
    "fr": tr_lazy("French"),
    "it": tr_lazy("Italian"),
    "pt": tr_lazy("Portuguese"),
    "pt-BR": tr_lazy("Portuguese (Brazil)"),
    "nl": tr_lazy("Dutch"),
    "pl": tr_lazy("Polish"),
    "tr": tr_lazy("Turkish"),
    "ru": tr_lazy("Russian"),
    "uk": tr_lazy("Ukrainian"),
    "ar": tr_lazy("Arabic"),
    "hi": tr_lazy("Hindi"),
    "id": tr_lazy("Indonesian"),
    "ja": tr_lazy("Japanese"),
    "ko": tr_lazy("Korean"),
    "zh-Hans": tr_lazy("Chinese (simplified)"),
    "zh-Hant": tr_lazy("Chinese (traditional)"),
    "vi": tr_lazy("Vietnamese"),
    "th": tr_lazy("Thai"),
    "sv": tr_lazy("Swedish"),
    "da": tr_lazy("Danish"),
    "fi": tr_lazy("Finnish"),
    "nb": tr_lazy("Norwegian"),
    "cs": tr_lazy("Czech"),
    "el": tr_lazy("Greek"),
    "he": tr_lazy("Hebrew"),
    "hu": tr_lazy("Hungarian"),
    "ro": tr_lazy("Romanian"),
}
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
