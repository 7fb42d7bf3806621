"""From what was answered to a text as it is kept: hashtags with their #, the trigger word, the paid-for tag. Pure."""

from __future__ import annotations

import re

from backend.influencers import InfluencerCard
from backend.platforms.text_limits import hashtags_in
from backend.writing import sponsorship
from backend.writing.answers import Text
from backend.writing.checks import MOST_TAGS
from backend.writing.schemas import Parts, WriteOrder

_END_TAGS = re.compile(r"(?:\s*#\w+)+\s*$")
_NO_TAG = re.compile(r"[^\w]+")
_QUOTES = '"“”«»'


def tidy(said: Text, card: InfluencerCard, order: WriteOrder) -> Parts:
    """Hashtags that a model put under the caption go where hashtags belong; more than MOST_TAGS are left out."""
    words, ended = _parted(said.caption)
    return Parts(
        hook=_one_line(said.hook)[:500],
        caption=captioned(words, card, order)[:5000],
        hashtags=tagged([*said.hashtags, *ended]),
        alt_text=_one_line(said.alt_text)[:1000],
        picture=prompted(said.picture, card)[:2000],
    )


def captioned(caption: str, card: InfluencerCard, order: WriteOrder) -> str:
    """With the paid-for tag in front where it was asked for."""
    words = caption.strip().strip(_QUOTES).strip()
    return sponsorship.told(words, card.language) if order.sponsored else words


def tagged(hashtags: list[str]) -> tuple[str, ...]:
    """#OneWord each, every one once."""
    found: dict[str, str] = {}
    for said in hashtags:
        if word := _NO_TAG.sub("", said):
            found.setdefault(word.lower(), f"#{word}"[:100])
    return tuple(found.values())[:MOST_TAGS]


def prompted(picture: str, card: InfluencerCard) -> str:
    """The trigger word leads, unless the prompt has it."""
    said = _one_line(picture).strip(" ,.")
    if not said or re.search(rf"(?<!\w){re.escape(card.trigger_word)}(?!\w)", said, re.IGNORECASE):
        return said
    return f"{card.trigger_word}, {said}"


def drawn_prompt(picture: str, card: InfluencerCard) -> str:
    """As other programs take it: with the LoRA that draws them."""
    said = prompted(picture, card)
    if not card.default_lora_name or "<lora:" in said:
        return said
    return f"{said}, <lora:{card.default_lora_name}:{card.default_lora_weight:g}>"


def _parted(caption: str) -> tuple[str, list[str]]:
    found = _END_TAGS.search(caption)
    words = caption[: found.start()] if found else caption
    return (words, hashtags_in(found.group())) if found and words.strip() else (caption, [])


def _one_line(words: str) -> str:
    return " ".join(words.split()).strip(_QUOTES)
