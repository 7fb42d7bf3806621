"""Captions as words: how a bulk change rewrites one, which tags occur, what the trigger word should carry. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from backend.datasets.edit_cards import Leak, TagCount
from backend.datasets.rules import has_word
from backend.datasets.schemas import CaptionEdit

NEARLY_ALL = 0.8
FEWEST = 5
"""Below this many captions nothing can be said about nearly all of them."""
_TRAIT = re.compile(
    r"\b(?:[\w-]+\s+){0,2}(?:hair(?:ed|style)?|eyes?|eyed|eyebrows?|eyelashes|skin(?:ned)?|complexion|freckles|freckled"
    r"|beard(?:ed)?|moustache|mustache|stubble|dimples|cheekbones|jawline|nose|lips|bangs|ponytail|braids?|bun"
    r"|blonde?(?! (?:[\w-]+ )?hair)|brunette|redhead(?:ed)?|ginger)\b",
    re.IGNORECASE,
)
_HINT = re.compile(
    "hair|eye|skin|complexion|freckle|beard|tache|stubble|dimple|cheekb|jawl|nose|lips|bang|tail|braid|bun|blond|brun|redh"
    "|ging",
    re.IGNORECASE,
)
"""Some of it stands in every match of `_TRAIT`; most captions are passed over with this alone."""
_SMALL = re.compile(
    r"^(?:(?:a|an|the|and|with|of|in|has|have|having|her|his|their|is|are|to|at|on|looking|by|for|from)\s+)+", re.IGNORECASE
)
_GENERAL = frozenset(
    {
        "photo", "photograph", "portrait", "picture", "image", "selfie", "close-up", "closeup", "headshot", "woman", "man",
        "girl", "boy", "person", "people", "female", "male", "lady", "guy", "1girl", "1boy", "1woman", "1man", "solo",
        "drawing", "illustration", "model",
    }
)  # fmt: skip
_FILLERS = frozenset(
    {
        "a", "an", "the", "of", "in", "at", "on", "with", "and", "is", "are", "to", "her", "his", "their", "she", "he", "by",
        "for", "from", "wearing", "looking",
    }
)  # fmt: skip


def rewrite(caption: str, edit: CaptionEdit, trigger_word: str = "") -> str:
    """The caption after the change; the same text when it does not concern this one."""
    match edit.verb:
        case "replace":
            return caption.replace(edit.find, edit.put) if edit.find else caption
        case "prefix":
            return _prefixed(caption, edit.put)
        case "suffix":
            end = edit.put.strip()
            return caption if not end or caption.endswith(end) else f"{caption}, {end}" if caption else end
        case "remove":
            kept = [tag for tag in tags(caption) if tag.casefold() != edit.find.strip().casefold()]
            return ", ".join(kept) if len(kept) < len(tags(caption)) else caption
        case "cut":
            return _cut(caption, edit.find.strip())
        case "trigger":
            return caption if not trigger_word or has_word(caption, trigger_word) else _prefixed(caption, trigger_word)
        case "tidy":
            return ", ".join({tag.casefold(): tag for tag in reversed(tags(caption))}[key] for key in _order(caption))


def tags(caption: str) -> list[str]:
    """What stands between commas, trimmed, empty ones left out."""
    return [tag for part in caption.split(",") if (tag := " ".join(part.split()))]


def tag_counts(captions: Iterable[str]) -> list[TagCount]:
    """In how many captions each tag occurs, most frequent first; case does not matter, the commonest spelling is shown."""
    spellings: dict[str, Counter[str]] = {}
    for caption in captions:
        for key, tag in {tag.casefold(): tag for tag in tags(caption)}.items():
            spellings.setdefault(key, Counter())[tag] += 1
    counted = [TagCount(names.most_common(1)[0][0], names.total()) for names in spellings.values()]
    return sorted(counted, key=lambda one: (-one.count, one.tag.casefold()))


def leaks(captions: Sequence[str], trigger_word: str) -> list[Leak]:
    """Words that name what the trigger word should carry: traits of the person, and what nearly every caption says."""
    said = [caption for caption in captions if caption.strip()]
    traits = Counter(word for caption in said for word in _traits(caption, trigger_word))
    often = Counter(word for caption in said for word in _repeated(caption, trigger_word)) if len(said) >= FEWEST else Counter()
    least = NEARLY_ALL * len(said)
    found = [Leak(word, n, len(said), "trait") for word, n in traits.items()]
    found += [Leak(word, n, len(said), "always") for word, n in often.items() if n >= least and word not in traits]
    return sorted(found, key=lambda one: (-one.count, one.words))


def _traits(caption: str, trigger_word: str) -> set[str]:
    if not _HINT.search(caption):
        return set()
    found = (_SMALL.sub("", match.group(0)).casefold() for match in _TRAIT.finditer(caption))
    return {words for words in found if words and trigger_word.casefold() not in words.split()}


def _repeated(caption: str, trigger_word: str) -> set[str]:
    """Its tags and single words, without the trigger word and what only says that it is a picture of a person."""
    words = {*re.findall(r"[\w-]{3,}", caption.casefold())}
    whole = {tag.casefold() for tag in tags(caption) if " " in tag and not has_word(tag, trigger_word)}
    whole = {tag for tag in whole if not set(tag.split()) <= _GENERAL | _FILLERS}
    return {word for word in words - _GENERAL - _FILLERS if word != trigger_word.casefold()} | whole


def _cut(caption: str, words: str) -> str:
    """Without these words wherever they stand, whatever their case."""
    left = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "", caption, flags=re.IGNORECASE) if words else caption
    return caption if left == caption else ", ".join(tags(left))


def _prefixed(caption: str, start: str) -> str:
    if not start.strip() or caption.startswith(start.strip()):
        return caption
    gap = "" if not caption or start[-1].isspace() else ", "
    return f"{start.lstrip()}{gap}{caption}".strip()


def _order(caption: str) -> list[str]:
    return list(dict.fromkeys(tag.casefold() for tag in tags(caption)))
