"""Builds the questions for a text in a style, and the most that all of them can cost. Knows no tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from backend.engines.ports.text import StyleBrief, TextRequest
from backend.writing_styles import prompts
from backend.writing_styles.rules import MAX_TOPIC
from backend.writing_styles.schemas import StyleProfile, WritingStyleCard

if TYPE_CHECKING:
    from backend.app import App

MAX_CONTINUATIONS = 3
"""So many times a text that came too short is continued."""
_TOKENS_PER_WORD = 2.2
"""High on purpose: Italian and rare words take more tokens than English ones."""


def build_request(card: StyleProfile, topic: str, *, words: int, total_words: int, language: str, variant: int) -> TextRequest:
    """A question for `words` more words of a text that is to have `total_words`."""
    system, question = prompts.text_prompt(card, topic, words=total_words, language=language, variant=variant)
    brief = _build_brief(card, topic, words=words, language=language, variant=variant)
    return TextRequest("style", system, question, max_tokens=int(words * _TOKENS_PER_WORD) + 200, temperature=0.9, brief=brief)


def continue_request(first: TextRequest, text: str, missing: int) -> TextRequest:
    """`first` asked for `missing` more words, with what has come so far before it."""
    return replace(first, question=prompts.continue_prompt(missing), before=(*first.before, (first.question, text)))


def rewrite_request(first: TextRequest, text: str, copied: list[str]) -> TextRequest:
    return replace(first, question=prompts.rewrite_prompt(copied), before=((first.question, text),))


def estimate(app: App, style: WritingStyleCard, *, words: int) -> Decimal | None:
    """The most a text of `words` words can cost, USD: continued as often as allowed, then written again. None: nothing is paid.

    Raises Unsupported (no price known) and what a quote raises.
    """
    engine = app.engines.text
    if not engine.paid or style.card is None:
        return None
    first = build_request(style.card, "x" * MAX_TOPIC, words=words, total_words=words, language="", variant=1)
    longest_text = "x" * first.max_tokens  # a token is at least a byte, so the text is never longer than this in tokens
    follow_ups = [continue_request(first, longest_text, words)] * MAX_CONTINUATIONS + [
        rewrite_request(first, longest_text, [longest_text])
    ]
    return engine.quote(first).most_usd + sum((engine.quote(follow_up).most_usd for follow_up in follow_ups), Decimal(0))


def _build_brief(card: StyleProfile, topic: str, *, words: int, language: str, variant: int) -> StyleBrief:
    spread = card.sentence
    person = max(card.person, key=card.person.__getitem__) if card.person else "they"
    marks = tuple(name for name in ("semicolon", "dash", "exclamation") if card.punctuation.get(name, 0) >= 4)
    return StyleBrief(
        topic,
        language or card.language,
        words,
        variant=variant,
        sentence=(spread["mean"], spread["sd"]),
        paragraph=card.paragraph,
        person=person,
        marks=marks,
    )
