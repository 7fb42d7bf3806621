"""Checks every text against the persona and the platform, whoever wrote it. Pure.

Boundaries (`persona.dont`) are sentences: what they name is looked for in any form (`boundaries`). What a longer one means is
told to the model, and only a person can judge it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backend.influencers import LANGUAGES, Persona
from backend.language import tr_lazy
from backend.media.documents.language import other_language
from backend.platforms import text_limits
from backend.platforms.text_limits import full_caption, hashtags_in
from backend.writing import rules
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.rules import fold_letters
from backend.writing.schemas import BrokenRule, IdeasOrder, Part, TextParts, WriteOrder

MIN_HASHTAGS, MAX_HASHTAGS = 5, 10
MAX_HOOK, MAX_ALT_TEXT = 120, 300
"""Characters at most."""
_SPOKEN_PARTS: tuple[Part, ...] = ("hook", "caption", "hashtags", "alt_text")
_HASHTAG = re.compile(r"#\w+")
_WORD = re.compile(r"\w+")


def check_text(
    parts: TextParts, order: WriteOrder, persona: Persona, language: str, *, only: Sequence[Part] = ()
) -> list[BrokenRule]:
    """The rules that are broken, in the order of the checks; [] when none is. `only`: look at these parts alone."""
    notes = [
        *_check_never_say(parts, persona),
        *_check_boundaries(parts, persona),
        *_check_copied(parts, persona),
        *_check_persona_habits(parts, persona),
        *_check_language(parts, language),
        *_check_stock_phrases(parts, persona, order, language),
        *_check_amounts(parts, persona, order),
        *_check_lengths(parts, order),
        *_check_hashtags(parts),
        *_check_sponsored(parts, order, language),
        *_check_must_say(parts, order),
        *_check_platform(parts, order),
    ]
    return [note for note in notes if not only or note.part in only]


def check_chat_answer(answer: str, persona: Persona, language: str) -> list[BrokenRule]:
    """Checks an answer in a chat: words never said, boundaries, language."""
    parts = TextParts(caption=answer[:5000])
    notes = [*_check_never_say(parts, persona), *_check_boundaries(parts, persona), *_check_language(parts, language)]
    return [BrokenRule("answer", note.rule, note.sentence) for note in notes]


def check_idea(hook: str, topic: str, persona: Persona, order: IdeasOrder, language: str) -> list[BrokenRule]:
    """Checks an idea of a plan: words never said, boundaries, copied posts, habits, language, stock phrases, amounts."""
    parts = TextParts(hook=hook[:500], caption=topic[:5000])
    notes = [
        *_check_never_say(parts, persona),
        *_check_boundaries(parts, persona),
        *_check_copied(parts, persona),
        *_check_persona_habits(parts, persona),
        *_check_language(TextParts(caption=f"{hook} {topic}"[:5000]), language),
        *_check_stock_phrases(parts, persona, order, language),
        *_check_amounts(parts, persona, order),
    ]
    return [BrokenRule("topic" if note.part == "caption" else note.part, note.rule, note.sentence) for note in notes]


def _part_text(parts: TextParts, part: Part) -> str:
    return " ".join(parts.hashtags) if part == "hashtags" else str(getattr(parts, part))


def _check_never_say(parts: TextParts, persona: Persona) -> Iterator[BrokenRule]:
    for part in _SPOKEN_PARTS:
        for phrase in persona.never_say:
            if contains_phrase(_part_text(parts, part), phrase):
                yield BrokenRule(part, "never_say", tr_lazy("Says “{phrase}”, which they never say.", phrase=phrase))


def _check_boundaries(parts: TextParts, persona: Persona) -> Iterator[BrokenRule]:
    for part in _SPOKEN_PARTS:
        for line in persona.dont:
            if any(rules.touches(_part_text(parts, part), phrase) for phrase in rules.named_phrases(line)):
                yield BrokenRule(part, "boundary", tr_lazy("Touches “{boundary}”, which they never do.", boundary=line))


def contains_phrase(text: str, phrase: str) -> bool:
    """Whether `text` has `phrase` as whole words, in any case, with or without accents, or written together in a hashtag."""
    phrase_words = " ".join(_WORD.findall(fold_letters(phrase)))
    if not phrase_words:
        return phrase.strip() != "" and phrase.strip() in text  # an emoji, for example
    text_words = " ".join(_WORD.findall(fold_letters(text)))
    tags = {tag[1:] for tag in hashtags_in(fold_letters(text))}
    return f" {phrase_words} " in f" {text_words} " or phrase_words.replace(" ", "") in tags


def _check_copied(parts: TextParts, persona: Persona) -> Iterator[BrokenRule]:
    for part in ("hook", "caption"):
        text_words = _WORD.findall(fold_letters(_part_text(parts, part)))
        run_length = rules.COPIED_RUN_WORDS
        runs = {tuple(text_words[n : n + run_length]) for n in range(len(text_words) - run_length + 1)}
        for example in persona.examples:
            example_words = _WORD.findall(fold_letters(example))
            if any(tuple(example_words[n : n + run_length]) in runs for n in range(len(example_words) - run_length + 1)):
                yield BrokenRule(part, "copied", tr_lazy("Repeats {n} words or more of one of their posts.", n=run_length))
                break


def _check_persona_habits(parts: TextParts, persona: Persona) -> Iterator[BrokenRule]:
    """Emoji and exclamation marks where the persona's own lines have none."""
    no_emoji, no_exclamations = rules.uses_no_emoji(persona), rules.uses_no_exclamations(persona)
    for part in ("hook", "caption"):
        text = _part_text(parts, part)
        if no_emoji and (n := len(rules.EMOJI.findall(text))):
            yield BrokenRule(part, "unlike", tr_lazy("Has {n} emoji; their typical lines have none.", n=n))
        if no_exclamations and text.count("!") > 1:
            yield BrokenRule(part, "unlike", tr_lazy("Has exclamation marks; their typical lines have none."))


def _check_language(parts: TextParts, language: str) -> Iterator[BrokenRule]:
    texts = {part: _part_text(parts, part) for part in ("caption", "hook", "alt_text")}
    for part, text in texts.items():
        if other := other_language(text, language):
            names = {"found": LANGUAGES.get(other, other), "wanted": LANGUAGES.get(language, language)}
            yield BrokenRule(part, "language", tr_lazy("Is in {found}, not in {wanted}.", **names))


def _check_stock_phrases(
    parts: TextParts, persona: Persona, order: WriteOrder | IdeasOrder, language: str
) -> Iterator[BrokenRule]:
    """Stock phrases, except those that the persona or the order has."""
    supplied = fold_letters(_supplied_text(persona, order))
    for part in ("hook", "caption"):
        phrase = rules.stock_phrase(_part_text(parts, part), language)
        if phrase and fold_letters(phrase) not in supplied:
            yield BrokenRule(part, "stock", tr_lazy("Says “{phrase}”, as every second caption does.", phrase=phrase))


def _check_amounts(parts: TextParts, persona: Persona, order: WriteOrder | IdeasOrder) -> Iterator[BrokenRule]:
    supplied = _supplied_text(persona, order)
    for part in ("hook", "caption"):
        if amounts := rules.invented_amounts(_part_text(parts, part), supplied):
            message = tr_lazy("Says “{amount}”, which nobody gave: remove it, or add it to the topic.", amount=amounts[0])
            yield BrokenRule(part, "invented", message)


def _supplied_text(persona: Persona, order: WriteOrder | IdeasOrder) -> str:
    """Everything that people wrote in the order and the persona, one item a line."""
    order_texts = (order.topic, order.style, order.audience, order.call_to_action, order.sponsor, *order.must_say)
    return "\n".join((*order_texts, persona.bio, *persona.topics, *persona.do, *rules.persona_lines(persona)))


def _check_must_say(parts: TextParts, order: WriteOrder) -> Iterator[BrokenRule]:
    for phrase in order.must_say:
        if phrase.casefold() not in parts.caption.casefold():
            yield BrokenRule("caption", "must_say", tr_lazy("Does not say “{phrase}”.", phrase=phrase))


def _check_lengths(parts: TextParts, order: WriteOrder) -> Iterator[BrokenRule]:
    for part, max_characters in (("caption", order.length), ("hook", MAX_HOOK), ("alt_text", MAX_ALT_TEXT)):
        if (n := len(_part_text(parts, part))) > max_characters:  # type: ignore[arg-type]
            message = tr_lazy("Has {length:,} characters; at most {most:,} were requested.", length=n, most=max_characters)
            yield BrokenRule(part, "length", message)
    if not parts.caption.strip():
        yield BrokenRule("caption", "length", tr_lazy("Is empty."))


def _check_hashtags(parts: TextParts) -> Iterator[BrokenRule]:
    if bad := [tag for tag in parts.hashtags if not _HASHTAG.fullmatch(tag)]:
        message = tr_lazy("“{hashtag}” is not a hashtag: # and letters, digits or _ without blanks.", hashtag=bad[0])
        yield BrokenRule("hashtags", "hashtags", message)
    if not MIN_HASHTAGS <= (n := len(parts.hashtags)) <= MAX_HASHTAGS:
        message = tr_lazy("There are {n}; {least} to {most} work best.", n=n, least=MIN_HASHTAGS, most=MAX_HASHTAGS)
        yield BrokenRule("hashtags", "hashtags", message)


def _check_sponsored(parts: TextParts, order: WriteOrder, language: str) -> Iterator[BrokenRule]:
    if order.sponsored and not rules.is_disclosed(parts.caption, language):
        tag = rules.disclosure_tag(language)
        message = tr_lazy("Does not say that it is sponsored: put {tag} in front.", tag=tag)
        yield BrokenRule("caption", "sponsored", message)


def _check_platform(parts: TextParts, order: WriteOrder) -> Iterator[BrokenRule]:
    kind = CONTENT_TYPES[order.content_type]
    parts_by_field = {"text": "caption", "heading": "hook", "alt": "alt_text", "hashtags": "hashtags", "mentions": "caption"}
    post_text = full_caption(parts.caption, parts.hashtags)
    for problem in text_limits.problems(kind.rules.key, text=post_text, heading=parts.hook, alt=parts.alt_text):
        yield BrokenRule(parts_by_field[problem.part], "platform", problem.sentence)
