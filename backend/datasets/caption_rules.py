"""Rules for LoRA training captions, and how a model's answer is turned into one. Pure.

The trigger word comes first and stands for everything that never changes about the person. So a caption must not name these
traits, or the LoRA learns them under their own words. CLIP reads 75 tokens; longer captions are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.datasets.rules import has_word
from backend.engines.ports.caption import CaptionForm
from backend.language import joined, tr_lazy

MAX_TOKENS = 75
MACHINE_SOURCES = frozenset({"vision", "blip", "template"})
"""Values of `caption_source` for captions that a machine wrote and may replace again."""
_LONGEST_ONE_TOKEN_WORD = 10
_TRAIT_WORDS = (
    "long|short|shoulder[- ]length|medium[- ]length|curly|wavy|straight|frizzy|thick|thin|bushy|silky|shiny|smooth|full|plump"
    "|blonde?|brown|brunette|black|dark|light|red|auburn|ginger|grey|gray|white|silver|pink|blue|green|hazel|amber|golden"
    "|fair|pale|tanned|olive|freckled|high|strong|sharp|large|big|small|round|almond[- ]shaped|bright|deep|very"
)
_CHANGING = r"(?=\s+(?:closed|shut|half|wide|open|tied)\b)"
_TRAIT_NOUNS = (
    rf"(?:hair|eyes?)\b(?!{_CHANGING})|haired|hairstyle|eyed|eyebrows?|eyelashes|skin(?:ned)?|complexion|freckles|beard(?:ed)?"
    "|moustache|mustache|stubble|dimples|cheekbones|jawline|nose|blonde?|brunette|redhead(?:ed)?"
)
_LINKS = "with|has|having"
_NOT_ACROSS = rf"(?!(?:and|or|over|in|on|at|by|near|wearing|{_LINKS})\b)"
_TRAIT = re.compile(
    rf"(?:,?\s*\b(?:and|{_LINKS})\b\s+)?(?:"
    rf"(?<=\b(?:with)\s)(?:{_NOT_ACROSS}[\w-]+\s+){{0,3}}?|"
    rf"(?:\b(?:a|an|the|her|his|their)\s+)?(?:\b(?:{_TRAIT_WORDS})\b[\s,-]+(?:and\s+)?)*"
    rf")\b(?:{_TRAIT_NOUNS})\b",
    re.IGNORECASE,
)
"""A fixed trait with its adjectives. Closed eyes and tied hair change from picture to picture, so they stay."""
_PERSON_ADJECTIVES = re.compile(
    r"\b(?:\d+[- ]years?[- ]old|young|old|elderly|middle[- ]aged|asian|caucasian|african|european|latina|latino|hispanic|black"
    r"|white|indian|slim|slender|curvy|muscular|beautiful|handsome|attractive)\s+"
    r"(?=(?:[\w-]+\s+)?(?:woman|man|girl|boy|person|lady|guy|female|male|model)\b)",
    re.IGNORECASE,
)
"""Age, origin and build, before the person."""
_BEFORE_CHANGING = re.compile(rf"(?:\b(?:{_TRAIT_WORDS})\b[\s,-]+)+(?=(?:hair|eyes?)\b{_CHANGING})", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[\w.]+|(?<!\w)@\w{2,}|\b[\w-]+\.(?:com|net|org|io)\b", re.IGNORECASE
)
_NOT_A_DESCRIPTION = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|above|previous)|\bsystem prompt\b|\bas an ai\b"
    r"|\bi(?:'m| am)? (?:sorry|unable|cannot|can't)\b|\bi can(?:'t|not)\b",
    re.IGNORECASE,
)
_FOREIGN_WORDS = frozenset(
    {
        "il", "lo", "gli", "una", "uno", "che", "con", "per", "della", "delle", "sono", "nella", "sulla", "der", "das", "und",
        "mit", "ist", "ein", "eine", "auf", "von", "el", "los", "las", "por", "para", "del", "mujer", "le", "les", "des", "une",
        "avec", "dans", "sur", "est", "pour", "et", "uma", "com", "dos", "em", "het", "een", "van", "met", "op",
    }
)  # fmt: skip
_ENGLISH_WORDS = frozenset(
    {
        "a", "an", "the", "of", "in", "on", "at", "with", "and", "is", "are", "to", "by", "from", "wearing", "looking", "her",
        "his", "their", "person", "woman", "man",
    }
)  # fmt: skip
_GENERIC_WORDS = frozenset(
    {
        "a", "an", "the", "of", "photo", "photograph", "portrait", "picture", "image", "woman", "man", "girl", "boy", "person",
        "female", "male", "lady", "guy", "1girl", "1boy", "solo", "drawing", "illustration", "model", "cartoon", "realistic",
    }
)  # fmt: skip
_DANGLING_WORD = re.compile(
    r"\b(?:with|and|has|having|of|in|at|by|over|wearing|a|an|the|her|his|their)\s*(?=[,.;]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class CaptionRules:
    """`fixed`: phrases that say how the character looks; `names`: what they are called, besides the trigger word."""

    trigger: str
    form: CaptionForm = "sentence"
    prefix: str = ""
    suffix: str = ""
    drop: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposedCaption:
    """`caption` "": `refusal` says why there is none. `doubts`: what a person should check, a sentence each; `note`: what was
    corrected."""

    caption: str = ""
    doubts: tuple[str, ...] = ()
    refusal: str = ""
    note: str = ""


def may_replace(caption: str, source: str, replace: str) -> bool:
    """Whether a caption may be replaced. `replace`: `empty`, `machine` (also empty ones) or `all`."""
    return not caption.strip() or replace == "all" or (replace == "machine" and source in MACHINE_SOURCES)


def count_tokens(text: str) -> int:
    """Estimate of CLIP's token count: a common word is one, a long one several, each digit and punctuation mark one."""
    parts = re.findall(r"[^\W\d_]+|\d|[^\w\s]|_", text)
    return sum(1 if len(part) <= _LONGEST_ONE_TOKEN_WORD else -(-len(part) // 6) for part in parts)


def compose(answer: str, rules: CaptionRules) -> ComposedCaption:
    """A model's answer as a caption: trigger word first, no fixed traits, no dropped words, in English, at most MAX_TOKENS."""
    text = _strip_markup(answer)
    doubts: list[str] = []
    notes: list[str] = []
    if _NOT_A_DESCRIPTION.search(text):
        return ComposedCaption(refusal=tr_lazy("The answer is not a description. Look at the picture yourself."))
    if not is_english(text):
        return ComposedCaption(refusal=tr_lazy("The answer is not in English. Try again, or write the caption by hand."))
    if (without_addresses := _ADDRESS.sub("", text)) != text:
        text = without_addresses
        doubts.append(tr_lazy("An address or a handle was removed."))
    text, removed = _clean(text, rules)
    if removed:
        notes.append(tr_lazy("Left out, because the trigger word stands for it: {words}.", words=", ".join(removed)))
    if not re.search(r"[^\W\d_]{2}", text):
        return ComposedCaption(doubts=tuple(doubts), refusal=tr_lazy("None of the answer can be used."))
    if len(re.findall(r"\w+", text)) < 3:
        doubts.append(tr_lazy("Very short."))
    if _repeats_itself(text):
        doubts.append(tr_lazy("It repeats itself."))
    caption, was_cut = _fit_to_tokens(text, rules)
    if was_cut:
        notes.append(tr_lazy("Cut to about {n} tokens: more is not read.", n=MAX_TOKENS))
    return ComposedCaption(caption, tuple(doubts), note=joined(*notes))


def fixed_phrases(look: str) -> tuple[str, ...]:
    """An influencer's look prompt as phrases that no caption may name; generic ones (“a person”, “photo”) are left out."""
    phrases = (" ".join(part.split()) for part in re.split(r"[,;.\n]", re.sub(r"<[^>]*>|:\d+(?:\.\d+)?|[()\[\]]", " ", look)))
    return tuple(dict.fromkeys(part for part in phrases if part and not set(part.lower().split()) <= _GENERIC_WORDS))


def token_overhead(rules: CaptionRules) -> int:
    """About how many of the MAX_TOKENS the trigger word, prefix and suffix take."""
    return count_tokens(_join_parts("", rules))


def is_english(text: str) -> bool:
    """Judged by letters and function words; a list of tags has few function words and passes."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isascii() for c in letters) < 0.85 * len(letters):
        return False
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign_count, english_count = sum(word in _FOREIGN_WORDS for word in words), sum(word in _ENGLISH_WORDS for word in words)
    return foreign_count < 2 or foreign_count <= english_count


def _strip_markup(answer: str) -> str:
    """One line without marks that mean something to a trainer, a prompt or a page."""
    text = re.sub(r"<[^>]{0,80}>", " ", answer)
    text = re.sub(r"^\s*(?:caption|description|answer|tags)\s*:\s*", "", text, flags=re.IGNORECASE)
    text = re.sub(r"[\x00-\x1f\x7f<>{}\[\]()|\\`*_#~^\"“”]+", lambda match: "_" if match.group() == "_" else " ", text)
    return " ".join(text.split()).strip(" '")


def _clean(text: str, rules: CaptionRules) -> tuple[str, list[str]]:
    """Removes names, fixed traits and dropped words; returns (text, removed traits).

    Repeated until nothing changes: a removal can join words that form another forbidden phrase.
    """
    removed: list[str] = []
    before = ""
    while text != before:
        before = text
        text, removed_now = _remove_fixed_traits(_replace_names(text, rules), rules)
        removed += removed_now
        for phrase in rules.drop:
            text = _remove_phrase(text, phrase)
        text = _as_tags(text) if rules.form == "tags" else _as_sentence(text)
    return text, list(dict.fromkeys(removed))


def _replace_names(text: str, rules: CaptionRules) -> str:
    """Replaces the trigger word and the influencer's names by “the person”; `compose` puts the trigger word in front."""
    text = re.sub(rf"^{re.escape(rules.trigger)}(?!\w)[,:]?\s*(?:(?:is|was)\b\s*)?", "", text, flags=re.IGNORECASE)
    for word, flags in ((rules.trigger, re.IGNORECASE), *((name, re.NOFLAG) for name in rules.names)):  # a rose is no Rose
        if word and not has_word("the person", word):
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "the person", text, flags=flags)
    return text


def _remove_fixed_traits(text: str, rules: CaptionRules) -> tuple[str, list[str]]:
    removed: list[str] = []
    for phrase in rules.fixed:
        if has_word(text, phrase):
            text = _remove_phrase(text, phrase)
            removed.append(phrase)
    removed += [match.strip() for match in _PERSON_ADJECTIVES.findall(text)]
    text = _PERSON_ADJECTIVES.sub("", text)
    removed += [" ".join(match.split()).strip(" ,-") for match in _BEFORE_CHANGING.findall(text)]
    text = _BEFORE_CHANGING.sub("", text)
    while match := _TRAIT.search(text):
        words = re.sub(rf"^[\s,]*(?:(?:and|{_LINKS}|a|an|the|her|his|their)\b\s*)*", "", match.group(), flags=re.IGNORECASE)
        removed.append(words.strip())
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return (text if not removed else _tidy(text)), list(dict.fromkeys(removed))


def _remove_phrase(text: str, phrase: str) -> str:
    shortened = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ", text, flags=re.IGNORECASE) if phrase.strip() else text
    return text if shortened == text else _tidy(shortened)


def _tidy(text: str) -> str:
    """Repairs a text after a removal: no dangling words, no doubled commas."""
    before = ""
    while text != before:
        before = text
        text = re.sub(r"\s+", " ", text)
        text = re.sub(r"\s+([,.;])", r"\1", text)
        text = _DANGLING_WORD.sub("", text)
        text = re.sub(r"\b(with|and|of|in)\s+(?=(?:with|and|of|in|at|on|wearing|standing|sitting|smiling|looking)\b)", "", text)
        text = re.sub(r"[,;]\s*(?=[,;.])", "", text).strip(" ,;")
    return text


def _as_sentence(text: str) -> str:
    text = text.rstrip(" .,;")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _as_tags(text: str) -> str:
    tags = (" ".join(part.split()).strip(" .;").lower() for part in re.split(r"[,;\n]", text))
    return ", ".join(dict.fromkeys(tag for tag in tags if tag))


def _repeats_itself(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return any(
        words[n : n + size] * 3 == words[n : n + 3 * size] for size in (1, 2, 3, 4) for n in range(len(words) - 3 * size + 1)
    )


def _join_parts(text: str, rules: CaptionRules) -> str:
    return ", ".join(part for part in (rules.trigger, *_normalized((rules.prefix, text, rules.suffix))) if part)


def _normalized(parts: Iterable[str]) -> list[str]:
    return [" ".join(part.split()).strip(" ,") for part in parts]


def _fit_to_tokens(text: str, rules: CaptionRules) -> tuple[str, bool]:
    """(caption, whether it was cut). Trigger word, prefix and suffix stay; the text loses clauses from the end, then words."""
    caption = _join_parts(text, rules)
    if count_tokens(caption) <= MAX_TOKENS:
        return caption, False
    token_budget = MAX_TOKENS - token_overhead(rules) - 1
    clauses: Sequence[str] = re.split(r"(?<=[,;.])\s+", text)
    while len(clauses) > 1 and count_tokens(" ".join(clauses)) > token_budget:
        clauses = clauses[:-1]
    words = " ".join(clauses).strip(" ,;.").split()
    while words and count_tokens(" ".join(words)) > max(token_budget, 0):
        words = words[:-1]
    return _join_parts(_tidy(" ".join(words)), rules), True
