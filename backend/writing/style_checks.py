"""Rules of style that the model is told and answers are checked for, by the same lists: emoji, exclamation marks, copied lines,
stock phrases. Pure.
"""

from __future__ import annotations

import re

from backend.influencers import Persona

COPIED_RUN_WORDS = 8
"""So many words in a row of one of the persona's posts count as copied."""
MIN_LINES = 3
"""So many lines of the persona's own are needed to tell what they never use."""
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]")
STOCK_PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        "game changer", "game-changer", "level up your", "elevate your", "unlock your", "unlock the", "dive into", "dive in",
        "buckle up", "hidden gem", "must-have", "embrace the journey", "living my best life", "take it to the next level",
        "in today's fast-paced world", "whether you're a", "look no further", "say goodbye to", "magic happens",
        "tag someone who needs",
    ),
    "it": (
        "svolta epocale", "porta al livello successivo", "al prossimo livello", "scopri il segreto", "gemma nascosta",
        "tuffati nel", "un viaggio indimenticabile", "un'esperienza unica", "non crederai", "il tuo alleato",
        "in un mondo sempre più", "dì addio a", "la magia accade", "vivere al meglio", "tagga chi ne ha bisogno",
    ),
}  # fmt: skip
"""Language -> phrases that every second caption has."""
_MONEY = re.compile(
    r"(?:[€$£¥]\s?\d[\d.,]*"
    r"|\d[\d.,]*\s?(?:[€$£¥%]|(?:euros?|eur|usd|dollars?|dollari|pounds?|sterline|percent|per cento)\b))",
    re.IGNORECASE,
)


def persona_lines(persona: Persona) -> tuple[str, ...]:
    return (*persona.examples, *persona.sample_lines)


def uses_no_emoji(persona: Persona) -> bool:
    """Whether the persona's own lines have none, and are enough to tell."""
    lines = persona_lines(persona)
    return len(lines) >= MIN_LINES and not any(EMOJI.search(line) for line in lines)


def uses_no_exclamations(persona: Persona) -> bool:
    lines = persona_lines(persona)
    return len(lines) >= MIN_LINES and not any("!" in line for line in lines)


def stock_phrase(text: str, language: str) -> str:
    """The first stock phrase in `text`, or ""."""
    words = " ".join(text.lower().replace("’", "'").split())
    phrases = STOCK_PHRASES.get(language.partition("-")[0], ())
    return next((phrase for phrase in phrases if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", words)), "")


def invented_amounts(text: str, supplied: str) -> list[str]:
    """Prices and percentages of `text` whose number stands nowhere in `supplied` (the order and the persona)."""
    numbers = {_number(match) for match in re.findall(r"\d[\d.,]*", supplied)}
    return [amount for amount in _MONEY.findall(text) if _number(amount) not in numbers]


def _number(amount: str) -> str:
    """“1.299,00 €” and “1299” are the same number."""
    digits = re.sub(r"[^\d.,]", "", amount).strip(".,")
    whole = re.sub(r"[.,]\d{1,2}$", "", digits)
    cents = digits[len(whole) + 1 :].rstrip("0")
    return re.sub(r"\D", "", whole) + (f".{cents}" if cents else "")
