"""Builds the questions for a text in a style, and the most that all of them can cost. Knows no tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from backend.engines.ports.text import StyleBrief, TextRequest
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.writing_styles import prompts
from backend.writing_styles.rules import CONVERSATION_TOKENS, MAX_TOPIC
from backend.writing_styles.schemas import StyleProfile, StyleTextCard, WritingStyleCard

if TYPE_CHECKING:
    from backend.app import App

MAX_CONTINUATIONS = 3
"""So many times a text that came too short is continued."""
_TOKENS_PER_WORD = 2.2
"""High on purpose: Italian and rare words take more tokens than English ones."""


Exchanges = tuple[tuple[str, str], ...]
"""(question, answer) pairs, oldest first."""


def build_request(
    card: StyleProfile,
    topic: str,
    *,
    words: int,
    total_words: int,
    language: str,
    variant: int,
    earlier: Exchanges = (),
    model: str = "",
) -> TextRequest:
    """A question for `words` more words of a text that is to have `total_words`. `earlier`: the conversation so far."""
    system, question = prompts.text_prompt(card, topic, words=total_words, language=language, variant=variant)
    brief = _build_brief(card, topic, words=words, language=language, variant=variant)
    max_tokens = int(words * _TOKENS_PER_WORD) + 200
    request = TextRequest("style", system, question, max_tokens=max_tokens, temperature=0.9, brief=brief)
    return replace(request, before=earlier, model=model)


def earlier_exchanges(texts: Sequence[StyleTextCard]) -> Exchanges:
    """The newest of `texts` (oldest first) that fit into CONVERSATION_TOKENS, as the model is shown them; of the oldest its
    end, where it does not fit whole."""
    exchanges: list[tuple[str, str]] = []
    words_left = int(CONVERSATION_TOKENS / _TOKENS_PER_WORD)
    for text in reversed(texts):
        words = text.text.split()
        if words_left <= 0:
            break
        answer = text.text if len(words) <= words_left else "… " + " ".join(words[-words_left:])
        exchanges.append((prompts.earlier_prompt(text.topic), answer))
        words_left -= len(words) + len(text.topic.split()) + 10
    return tuple(reversed(exchanges))


def check_model(app: App, model: str) -> None:
    """Raises Invalid for a model that cannot write here; asks the model's server for its prices, so no transaction may be open.
    "" is the one of the settings."""
    if not model:
        return
    if not app.engines.text.paid:
        raise Invalid(tr_lazy("No language model is set here, so none can be chosen. Leave the model empty."))
    if model not in app.engines.text.quote(TextRequest("style", "", "", model=model)).models:
        raise Invalid(
            tr_lazy(
                "The model's server names no price for {model}: it may not have it. Choose another, or leave it empty.",
                model=model,
            )
        )


def continue_request(first: TextRequest, text: str, missing: int) -> TextRequest:
    """`first` asked for `missing` more words, with what has come so far before it."""
    return replace(first, question=prompts.continue_prompt(missing), before=(*first.before, (first.question, text)))


def rewrite_request(first: TextRequest, text: str, copied: list[str]) -> TextRequest:
    return replace(first, question=prompts.rewrite_prompt(copied), before=(*first.before, (first.question, text)))


def estimate(app: App, style: WritingStyleCard, *, words: int, earlier: Exchanges = ()) -> Decimal | None:
    """The most a text of `words` words can cost, USD: continued as often as allowed, then written again. None: nothing is paid.

    Raises Unsupported (no price known) and what a quote raises.
    """
    engine = app.engines.text
    if not engine.paid or style.card is None:
        return None
    first = build_request(style.card, "x" * MAX_TOPIC, words=words, total_words=words, language="", variant=1)
    first = replace(first, before=earlier, model=style.model)
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
