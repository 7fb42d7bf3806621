"""What a model is asked for a text in a style, and the most that all of it can cost. Knows no tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from backend.engines.text.port import StyleBrief, TextRequest
from backend.writing_styles import prompts
from backend.writing_styles.rules import LONGEST_TOPIC
from backend.writing_styles.schemas import Style, StyleCard

if TYPE_CHECKING:
    from backend.bootstrap import App

CONTINUED = 3
"""How often a text that came too short is gone on with."""
_TOKENS_A_WORD = 2.2
"""Generous: Italian and rare words take more tokens than English ones."""


def request(card: StyleCard, topic: str, *, words: int, wanted: int, language: str, variant: int) -> TextRequest:
    """For `words` more words of a text that is to have `wanted`."""
    system, question = prompts.writing(card, topic, words=wanted, language=language, variant=variant)
    brief = _brief(card, topic, words=words, language=language, variant=variant)
    return TextRequest(
        "style", system, question, max_tokens=int(words * _TOKENS_A_WORD) + 200, temperature=0.9, brief=brief
    )  # fmt: skip


def going_on(first: TextRequest, text: str, missing: int) -> TextRequest:
    """`first` asked for `missing` words, with what has come so far before it."""
    return replace(first, question=prompts.going_on(missing), before=(*first.before, (first.question, text)))


def rewriting(first: TextRequest, text: str, copied: list[str]) -> TextRequest:
    return replace(first, question=prompts.rewriting(copied), before=((first.question, text),))


def estimate(app: App, style: Style, *, words: int) -> Decimal | None:
    """USD that a text of so many words costs at most: gone on with as often as may be, and written anew. None: nothing is paid.

    Raises Unsupported (no price known) and what a quote raises.
    """
    engine = app.engines.text
    if not engine.paid or style.card is None:
        return None
    first = request(style.card, "x" * LONGEST_TOPIC, words=words, wanted=words, language="", variant=1)
    whole = "x" * first.max_tokens  # a byte is a token at most, and the text has no more of those
    later = [going_on(first, whole, words)] * CONTINUED + [rewriting(first, whole, [whole])]
    return engine.quote(first).most_usd + sum((engine.quote(one).most_usd for one in later), Decimal(0))


def _brief(card: StyleCard, topic: str, *, words: int, language: str, variant: int) -> StyleBrief:
    spread = card.sentence
    who = max(card.person, key=card.person.__getitem__) if card.person else "they"
    marks = tuple(name for name in ("semicolon", "dash", "exclamation") if card.punctuation.get(name, 0) >= 4)
    return StyleBrief(
        topic, language or card.language, words, variant=variant, sentence=(spread["mean"], spread["sd"]),
        paragraph=card.paragraph, person=who, marks=marks,
    )  # fmt: skip
