"""Turns a model's answer into a text as it is saved: hashtags with #, the trigger word, the disclosure of ads. Pure."""

from __future__ import annotations

import re

from backend.influencers import InfluencerCard
from backend.platforms.text_limits import hashtags_in
from backend.writing import rules
from backend.writing.answers import Text
from backend.writing.checks import MAX_HASHTAGS
from backend.writing.schemas import TextParts, WriteOrder

_END_HASHTAGS = re.compile(r"(?:\s*#\w+)+\s*$")
_NOT_IN_HASHTAG = re.compile(r"[^\w]+")
_QUOTES = '"“”«»'


def normalize_text(answer: Text, card: InfluencerCard, order: WriteOrder) -> TextParts:
    """Hashtags that the model put under the caption become hashtags of the text; those beyond MAX_HASHTAGS are dropped."""
    caption, end_hashtags = _split_end_hashtags(answer.caption)
    return TextParts(
        hook=_one_line(answer.hook)[:500],
        caption=normalize_caption(caption, card, order)[:5000],
        hashtags=normalize_hashtags([*answer.hashtags, *end_hashtags]),
        alt_text=_one_line(answer.alt_text)[:1000],
        picture=normalize_picture_prompt(answer.picture, card)[:2000],
    )


def normalize_caption(caption: str, card: InfluencerCard, order: WriteOrder) -> str:
    """Without quotes around it, and with the disclosure in front if the post is sponsored."""
    text = caption.strip().strip(_QUOTES).strip()
    return rules.with_disclosure(text, card.language) if order.sponsored else text


def normalize_hashtags(hashtags: list[str]) -> tuple[str, ...]:
    """Each as #OneWord, without duplicates, at most MAX_HASHTAGS."""
    hashtags_by_word: dict[str, str] = {}
    for hashtag in hashtags:
        if word := _NOT_IN_HASHTAG.sub("", hashtag):
            hashtags_by_word.setdefault(word.lower(), f"#{word}"[:100])
    return tuple(hashtags_by_word.values())[:MAX_HASHTAGS]


def normalize_picture_prompt(picture: str, card: InfluencerCard) -> str:
    """Puts the trigger word in front, unless the prompt has it."""
    prompt = _one_line(picture).strip(" ,.")
    if not prompt or re.search(rf"(?<!\w){re.escape(card.trigger_word)}(?!\w)", prompt, re.IGNORECASE):
        return prompt
    return f"{card.trigger_word}, {prompt}"


def prompt_with_lora(picture: str, card: InfluencerCard) -> str:
    """The prompt as other programs take it: with the LoRA that draws them."""
    prompt = normalize_picture_prompt(picture, card)
    if not card.default_lora_name or "<lora:" in prompt:
        return prompt
    return f"{prompt}, <lora:{card.default_lora_name}:{card.default_lora_weight:g}>"


def _split_end_hashtags(caption: str) -> tuple[str, list[str]]:
    match = _END_HASHTAGS.search(caption)
    text = caption[: match.start()] if match else caption
    return (text, hashtags_in(match.group())) if match and text.strip() else (caption, [])


def _one_line(text: str) -> str:
    return " ".join(text.split()).strip(_QUOTES)
