"""Captions as text: bulk rewriting, tag counts, and phrases that the trigger word should stand for instead. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from backend.datasets.edit_cards import CaptionLeak, TagCount
from backend.datasets.rules import has_word
from backend.datasets.schemas import CaptionEdit

NEARLY_ALL_SHARE = 0.8
MIN_CAPTIONS = 5
"""With fewer captions, phrases that nearly all of them have are not reported."""
_TRAIT = re.compile(
    r"\b(?:[\w-]+\s+){0,2}(?:hair(?:ed|style)?|eyes?|eyed|eyebrows?|eyelashes|skin(?:ned)?|complexion|freckles|freckled"
    r"|beard(?:ed)?|moustache|mustache|stubble|dimples|cheekbones|jawline|nose|lips|bangs|ponytail|braids?|bun"
    r"|blonde?(?! (?:[\w-]+ )?hair)|brunette|redhead(?:ed)?|ginger)\b",
    re.IGNORECASE,
)
_TRAIT_HINT = re.compile(
    "hair|eye|skin|complexion|freckle|beard|tache|stubble|dimple|cheekb|jawl|nose|lips|bang|tail|braid|bun|blond|brun|redh"
    "|ging",
    re.IGNORECASE,
)
"""A cheap test first: every match of `_TRAIT` contains one of these, and most captions contain none."""
_LEADING_FUNCTION_WORDS = re.compile(
    r"^(?:(?:a|an|the|and|with|of|in|has|have|having|her|his|their|is|are|to|at|on|looking|by|for|from)\s+)+", re.IGNORECASE
)
_GENERIC_WORDS = frozenset(
    {
        "photo", "photograph", "portrait", "picture", "image", "selfie", "close-up", "closeup", "headshot", "woman", "man",
        "girl", "boy", "person", "people", "female", "male", "lady", "guy", "1girl", "1boy", "1woman", "1man", "solo",
        "drawing", "illustration", "model",
    }
)  # fmt: skip
_FUNCTION_WORDS = frozenset(
    {
        "a", "an", "the", "of", "in", "at", "on", "with", "and", "is", "are", "to", "her", "his", "their", "she", "he", "by",
        "for", "from", "wearing", "looking",
    }
)  # fmt: skip


def rewrite(caption: str, edit: CaptionEdit, trigger_word: str = "") -> str:
    """The caption after the change; unchanged when the edit does not apply to it."""
    match edit.verb:
        case "replace":
            return caption.replace(edit.find, edit.put) if edit.find else caption
        case "prefix":
            return _add_prefix(caption, edit.put)
        case "suffix":
            suffix = edit.put.strip()
            return caption if not suffix or caption.endswith(suffix) else f"{caption}, {suffix}" if caption else suffix
        case "remove":
            remaining_tags = [tag for tag in tags(caption) if tag.casefold() != edit.find.strip().casefold()]
            return ", ".join(remaining_tags) if len(remaining_tags) < len(tags(caption)) else caption
        case "cut":
            return _remove_phrase(caption, edit.find.strip())
        case "trigger":
            return caption if not trigger_word or has_word(caption, trigger_word) else _add_prefix(caption, trigger_word)
        case "tidy":
            return ", ".join({tag.casefold(): tag for tag in reversed(tags(caption))}[key] for key in _unique_tag_keys(caption))


def tags(caption: str) -> list[str]:
    """The comma-separated parts, trimmed, without empty ones."""
    return [tag for part in caption.split(",") if (tag := " ".join(part.split()))]


def tag_counts(captions: Iterable[str]) -> list[TagCount]:
    """In how many captions each tag occurs, most frequent first. Case is ignored; the most common spelling is returned."""
    spellings: dict[str, Counter[str]] = {}
    for caption in captions:
        for key, tag in {tag.casefold(): tag for tag in tags(caption)}.items():
            spellings.setdefault(key, Counter())[tag] += 1
    counted = [TagCount(names.most_common(1)[0][0], names.total()) for names in spellings.values()]
    return sorted(counted, key=lambda entry: (-entry.count, entry.tag.casefold()))


def leaks(captions: Sequence[str], trigger_word: str) -> list[CaptionLeak]:
    """Phrases the trigger word should stand for: traits of the person, and what nearly every caption says."""
    captioned = [caption for caption in captions if caption.strip()]
    traits = Counter(word for caption in captioned for word in _trait_phrases(caption, trigger_word))
    repeated = (
        Counter(word for caption in captioned for word in _words_and_phrases(caption, trigger_word))
        if len(captioned) >= MIN_CAPTIONS
        else Counter()
    )
    min_count = NEARLY_ALL_SHARE * len(captioned)
    all_leaks = [CaptionLeak(word, n, len(captioned), "trait") for word, n in traits.items()]
    all_leaks += [
        CaptionLeak(word, n, len(captioned), "always") for word, n in repeated.items() if n >= min_count and word not in traits
    ]
    return sorted(all_leaks, key=lambda leak: (-leak.count, leak.words))


def _trait_phrases(caption: str, trigger_word: str) -> set[str]:
    if not _TRAIT_HINT.search(caption):
        return set()
    phrases = (_LEADING_FUNCTION_WORDS.sub("", match.group(0)).casefold() for match in _TRAIT.finditer(caption))
    return {phrase for phrase in phrases if phrase and trigger_word.casefold() not in phrase.split()}


def _words_and_phrases(caption: str, trigger_word: str) -> set[str]:
    """Its words and its tags of several words, without the trigger word, generic words and function words."""
    words = {*re.findall(r"[\w-]{3,}", caption.casefold())}
    phrases = {tag.casefold() for tag in tags(caption) if " " in tag and not has_word(tag, trigger_word)}
    phrases = {tag for tag in phrases if not set(tag.split()) <= _GENERIC_WORDS | _FUNCTION_WORDS}
    return {word for word in words - _GENERIC_WORDS - _FUNCTION_WORDS if word != trigger_word.casefold()} | phrases


def _remove_phrase(caption: str, phrase: str) -> str:
    """Without the phrase wherever it stands as whole words, whatever its case."""
    shortened = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "", caption, flags=re.IGNORECASE) if phrase else caption
    return caption if shortened == caption else ", ".join(tags(shortened))


def _add_prefix(caption: str, prefix: str) -> str:
    if not prefix.strip() or caption.startswith(prefix.strip()):
        return caption
    separator = "" if not caption or prefix[-1].isspace() else ", "
    return f"{prefix.lstrip()}{separator}{caption}".strip()


def _unique_tag_keys(caption: str) -> list[str]:
    return list(dict.fromkeys(tag.casefold() for tag in tags(caption)))
