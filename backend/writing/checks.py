"""Every text against the persona and the platform: what is broken is said, whoever wrote it. Pure.

Boundaries (`persona.dont`) are sentences: what they name is looked for in any form (`boundaries`); what a longer one means a
model is told, and only a person can judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backend.influencers import LANGUAGES, Persona
from backend.media.documents.language import is_other
from backend.platforms import text_limits
from backend.platforms.text_limits import hashtags_in, whole
from backend.writing import boundaries, sponsorship, style_checks
from backend.writing.boundaries import plain
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.schemas import IdeasOrder, Note, Part, Parts, WriteOrder

FEWEST_TAGS, MOST_TAGS = 5, 10
HOOK, ALT_TEXT = 120, 300
"""Characters."""
_SPOKEN: tuple[Part, ...] = ("hook", "caption", "hashtags", "alt_text")
_TAG = re.compile(r"#\w+")
_WORDS = re.compile(r"\w+")


def check(parts: Parts, order: WriteOrder, persona: Persona, language: str, *, only: Sequence[Part] = ()) -> list[Note]:
    """What is broken, in the order of the parts; [] when nothing is. `only`: look at these parts alone."""
    found = [
        *_never_said(parts, persona), *_boundaries(parts, persona), *_copied(parts, persona), *_unlike(parts, persona),
        *_language(parts, language), *_stock(parts, persona, order, language), *_amounts(parts, persona, order),
        *_lengths(parts, order), *_hashtags(parts), *_sponsored(parts, order, language), *_must_say(parts, order),
        *_platform(parts, order),
    ]  # fmt: skip
    return [note for note in found if not only or note.part in only]


def talk_notes(answer: str, persona: Persona, language: str) -> list[Note]:
    """Of an answer in a talk: the words, the boundaries, the language."""
    parts = Parts(caption=answer[:5000])
    found = [*_never_said(parts, persona), *_boundaries(parts, persona), *_language(parts, language)]
    return [Note("answer", note.rule, note.sentence) for note in found]


def idea_notes(hook: str, topic: str, persona: Persona, order: IdeasOrder, language: str) -> list[Note]:
    """Of an idea of a plan: the words, the boundaries, the language, amounts, stock phrases."""
    parts = Parts(hook=hook[:500], caption=topic[:5000])
    found = [
        *_never_said(parts, persona), *_boundaries(parts, persona), *_copied(parts, persona), *_unlike(parts, persona),
        *_language(Parts(caption=f"{hook} {topic}"[:5000]), language), *_stock(parts, persona, order, language),
        *_amounts(parts, persona, order),
    ]  # fmt: skip
    return [Note("topic" if note.part == "caption" else note.part, note.rule, note.sentence) for note in found]


def _text(parts: Parts, part: Part) -> str:
    return " ".join(parts.hashtags) if part == "hashtags" else str(getattr(parts, part))


def _never_said(parts: Parts, persona: Persona) -> Iterator[Note]:
    for part in _SPOKEN:
        for phrase in persona.never_say:
            if says(_text(parts, part), phrase):
                yield Note(part, "never_say", f"Says “{phrase}”, which they never say.")


def _boundaries(parts: Parts, persona: Persona) -> Iterator[Note]:
    for part in _SPOKEN:
        for line in persona.dont:
            if any(boundaries.touches(_text(parts, part), phrase) for phrase in boundaries.phrases(line)):
                yield Note(part, "boundary", f"Touches “{line}”, which they never do.")


def says(text: str, phrase: str) -> bool:
    """Whole words in any case, with or without accents; written together in a hashtag too."""
    wanted = " ".join(_WORDS.findall(plain(phrase)))
    if not wanted:
        return phrase.strip() != "" and phrase.strip() in text  # an emoji, for example
    words = " ".join(_WORDS.findall(plain(text)))
    tags = {tag[1:] for tag in hashtags_in(plain(text))}
    return f" {wanted} " in f" {words} " or wanted.replace(" ", "") in tags


def _copied(parts: Parts, persona: Persona) -> Iterator[Note]:
    for part in ("hook", "caption"):
        words = _WORDS.findall(plain(_text(parts, part)))
        run = style_checks.COPIED_WORDS
        runs = {tuple(words[n : n + run]) for n in range(len(words) - run + 1)}
        for example in persona.examples:
            theirs = _WORDS.findall(plain(example))
            if any(tuple(theirs[n : n + run]) in runs for n in range(len(theirs) - run + 1)):
                yield Note(part, "copied", f"Repeats {run} words or more of one of their posts.")
                break


def _unlike(parts: Parts, persona: Persona) -> Iterator[Note]:
    """Against how their own lines look."""
    plain_lines, calm_lines = style_checks.without_emoji(persona), style_checks.without_exclamations(persona)
    for part in ("hook", "caption"):
        said = _text(parts, part)
        if plain_lines and (n := len(style_checks.EMOJI.findall(said))):
            yield Note(part, "unlike", f"Has {n} emoji; the lines they gave have none.")
        if calm_lines and said.count("!") > 1:
            yield Note(part, "unlike", "Has exclamation marks; the lines they gave have none.")


def _language(parts: Parts, language: str) -> Iterator[Note]:
    spoken = {part: _text(parts, part) for part in ("caption", "hook", "alt_text")}
    for part, said in spoken.items():
        if other := is_other(said, language):
            name = LANGUAGES.get(other, other)
            yield Note(part, "language", f"Is in {name}, not in {LANGUAGES.get(language, language)}.")


def _stock(parts: Parts, persona: Persona, order: WriteOrder | IdeasOrder, language: str) -> Iterator[Note]:
    """Phrases that people gave themselves are theirs."""
    known = plain(_known(persona, order))
    for part in ("hook", "caption"):
        phrase = style_checks.stock_phrase(_text(parts, part), language)
        if phrase and plain(phrase) not in known:
            yield Note(part, "stock", f"Says “{phrase}”, as every second caption does.")


def _amounts(parts: Parts, persona: Persona, order: WriteOrder | IdeasOrder) -> Iterator[Note]:
    known = _known(persona, order)
    for part in ("hook", "caption"):
        if found := style_checks.invented_amounts(_text(parts, part), known):
            yield Note(part, "invented", f"Says “{found[0]}”, which nobody gave: take it out, or add it to the topic.")


def _known(persona: Persona, order: WriteOrder | IdeasOrder) -> str:
    """Everything that people wrote about it."""
    wish = (order.topic, order.style, order.audience, order.call_to_action, order.sponsor, *order.must_say)
    return "\n".join((*wish, persona.bio, *persona.topics, *persona.do, *style_checks.own_lines(persona)))


def _must_say(parts: Parts, order: WriteOrder) -> Iterator[Note]:
    for words in order.must_say:
        if words.casefold() not in parts.caption.casefold():
            yield Note("caption", "must_say", f"Does not say “{words}”.")


def _lengths(parts: Parts, order: WriteOrder) -> Iterator[Note]:
    for part, most in (("caption", order.length), ("hook", HOOK), ("alt_text", ALT_TEXT)):
        if (n := len(_text(parts, part))) > most:  # type: ignore[arg-type]
            yield Note(part, "length", f"Has {n:,} characters; at most {most:,} were asked for.")
    if not parts.caption.strip():
        yield Note("caption", "length", "Is empty.")


def _hashtags(parts: Parts) -> Iterator[Note]:
    if bad := [tag for tag in parts.hashtags if not _TAG.fullmatch(tag)]:
        yield Note("hashtags", "hashtags", f"“{bad[0]}” is no hashtag: # and letters, digits or _ without blanks.")
    if not FEWEST_TAGS <= (n := len(parts.hashtags)) <= MOST_TAGS:
        yield Note("hashtags", "hashtags", f"There are {n}; {FEWEST_TAGS} to {MOST_TAGS} work best.")


def _sponsored(parts: Parts, order: WriteOrder, language: str) -> Iterator[Note]:
    if order.sponsored and not sponsorship.is_told(parts.caption, language):
        yield Note("caption", "sponsored", f"Does not say that it is paid for: put {sponsorship.tag(language)} in front.")


def _platform(parts: Parts, order: WriteOrder) -> Iterator[Note]:
    kind = CONTENT_TYPES[order.content_type]
    told = {"text": "caption", "heading": "hook", "alt": "alt_text", "hashtags": "hashtags", "mentions": "caption"}
    posted = whole(parts.caption, parts.hashtags)
    for problem in text_limits.problems(kind.platform, text=posted, heading=parts.hook, alt=parts.alt_text):
        yield Note(told[problem.part], "platform", problem.sentence)
