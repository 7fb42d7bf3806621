"""What a caption for LoRA training must be, and how a model's words are made one. Pure.

The trigger word stands first and carries what never changes; so what never changes is not named, or the model would learn it
under its own words. What the text encoder does not read (beyond 75 tokens) is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.datasets.rules import has_word
from backend.engines.caption.port import CaptionForm

TOKENS = 75
MACHINES = frozenset({"vision", "blip", "template"})
"""Sources of captions that nobody wrote: others are somebody's work."""
_LONGEST_WORD = 10
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
"""A fixed trait with what hangs on it. Closed eyes and tied hair change from picture to picture: they may be said."""
_WHO = re.compile(
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
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|above|previous)|\bsystem prompt\b|\bas an ai\b"
    r"|\bi(?:'m| am)? (?:sorry|unable|cannot|can't)\b|\bi can(?:'t|not)\b",
    re.IGNORECASE,
)
_FOREIGN = frozenset(
    {
        "il", "lo", "gli", "una", "uno", "che", "con", "per", "della", "delle", "sono", "nella", "sulla", "der", "das", "und",
        "mit", "ist", "ein", "eine", "auf", "von", "el", "los", "las", "por", "para", "del", "mujer", "le", "les", "des", "une",
        "avec", "dans", "sur", "est", "pour", "et", "uma", "com", "dos", "em", "het", "een", "van", "met", "op",
    }
)  # fmt: skip
_ENGLISH = frozenset(
    {
        "a", "an", "the", "of", "in", "on", "at", "with", "and", "is", "are", "to", "by", "from", "wearing", "looking", "her",
        "his", "their", "person", "woman", "man",
    }
)  # fmt: skip
_GENERAL = frozenset(
    {
        "a", "an", "the", "of", "photo", "photograph", "portrait", "picture", "image", "woman", "man", "girl", "boy", "person",
        "female", "male", "lady", "guy", "1girl", "1boy", "solo", "drawing", "illustration", "model", "cartoon", "realistic",
    }
)  # fmt: skip
_LOOSE = re.compile(r"\b(?:with|and|has|having|of|in|at|by|over|wearing|a|an|the|her|his|their)\s*(?=[,.;]|$)", re.IGNORECASE)


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
class Composed:
    """`caption` "": `refusal` says why there is none. `doubts`: what a person should look at, a sentence each; `note`: what was
    put right."""

    caption: str = ""
    doubts: tuple[str, ...] = ()
    refusal: str = ""
    note: str = ""


def replaces(caption: str, source: str, replace: str) -> bool:
    """Whether the rule lets a caption be replaced. `replace`: empty, machine (and empty ones), all."""
    return not caption.strip() or replace == "all" or (replace == "machine" and source in MACHINES)


def tokens(text: str) -> int:
    """About how many CLIP makes of it: a common word is one, a long one several, a digit and a comma one each."""
    parts = re.findall(r"[^\W\d_]+|\d|[^\w\s]|_", text)
    return sum(1 if len(part) <= _LONGEST_WORD else -(-len(part) // 6) for part in parts)


def compose(said: str, rules: CaptionRules) -> Composed:
    """A model's words as a caption: first the trigger word, nothing fixed, nothing forbidden, in English, short enough."""
    text = _plain(said)
    doubts: list[str] = []
    notes: list[str] = []
    if _ORDER.search(text):
        return Composed(refusal="The answer is no description but words to somebody. Look at the picture yourself.")
    if not english(text):
        return Composed(refusal="The answer is not in English. Try again, or write the caption by hand.")
    if (left := _ADDRESS.sub("", text)) != text:
        text = left
        doubts.append("An address or a handle was taken out.")
    text, found = _settled(text, rules)
    if found:
        notes.append(f"Taken out, for the trigger word carries it: {', '.join(found)}.")
    if not re.search(r"[^\W\d_]{2}", text):
        return Composed(doubts=tuple(doubts), refusal="Nothing that may be said was left of the answer.")
    if len(re.findall(r"\w+", text)) < 3:
        doubts.append("Very short.")
    if _stutters(text):
        doubts.append("It repeats itself.")
    whole, cut = _fitting(text, rules)
    if cut:
        notes.append(f"Cut to about {TOKENS} tokens: more is not read.")
    return Composed(whole, tuple(doubts), note=" ".join(notes))


def fixed_phrases(look: str) -> tuple[str, ...]:
    """How an influencer always looks -> phrases that no caption names; what only says “a person, a photo” is left out."""
    found = (" ".join(part.split()) for part in re.split(r"[,;.\n]", re.sub(r"<[^>]*>|:\d+(?:\.\d+)?|[()\[\]]", " ", look)))
    return tuple(dict.fromkeys(part for part in found if part and not set(part.lower().split()) <= _GENERAL))


def around(rules: CaptionRules) -> int:
    """About how many tokens the trigger word, prefix and suffix take of the 75."""
    return tokens(_joined("", rules))


def english(text: str) -> bool:
    """As far as function words and letters tell; a list of tags has few of them and passes."""
    letters = [c for c in text if c.isalpha()]
    if not letters or sum(c.isascii() for c in letters) < 0.85 * len(letters):
        return False
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign, own = sum(word in _FOREIGN for word in words), sum(word in _ENGLISH for word in words)
    return foreign < 2 or foreign <= own


def _plain(said: str) -> str:
    """One line without marks that mean something to a trainer, a prompt or a page."""
    text = re.sub(r"<[^>]{0,80}>", " ", said)
    text = re.sub(r"^\s*(?:caption|description|answer|tags)\s*:\s*", "", text, flags=re.IGNORECASE)
    text = re.sub(r"[\x00-\x1f\x7f<>{}\[\]()|\\`*_#~^\"“”]+", lambda found: "_" if found.group() == "_" else " ", text)
    return " ".join(text.split()).strip(" '")


def _settled(text: str, rules: CaptionRules) -> tuple[str, list[str]]:
    """Again until nothing changes: what is taken out can bring words together that were apart."""
    found: list[str] = []
    before = ""
    while text != before:
        before = text
        text, more = _without_fixed(_third_person(text, rules), rules)
        found += more
        for words in rules.drop:
            text = _cut(text, words)
        text = _tags(text) if rules.form == "tags" else _sentence(text)
    return text, list(dict.fromkeys(found))


def _third_person(text: str, rules: CaptionRules) -> str:
    """The trigger word is put in front later, once; their name never stands in a caption."""
    text = re.sub(rf"^{re.escape(rules.trigger)}(?!\w)[,:]?\s*(?:(?:is|was)\b\s*)?", "", text, flags=re.IGNORECASE)
    for word, how in ((rules.trigger, re.IGNORECASE), *((name, re.NOFLAG) for name in rules.names)):  # a rose is no Rose
        if word and not has_word("the person", word):
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "the person", text, flags=how)
    return text


def _without_fixed(text: str, rules: CaptionRules) -> tuple[str, list[str]]:
    found: list[str] = []
    for phrase in rules.fixed:
        if has_word(text, phrase):
            text = _cut(text, phrase)
            found.append(phrase)
    found += [hit.strip() for hit in _WHO.findall(text)]
    text = _WHO.sub("", text)
    found += [" ".join(hit.split()).strip(" ,-") for hit in _BEFORE_CHANGING.findall(text)]
    text = _BEFORE_CHANGING.sub("", text)
    while hit := _TRAIT.search(text):
        words = re.sub(rf"^[\s,]*(?:(?:and|{_LINKS}|a|an|the|her|his|their)\b\s*)*", "", hit.group(), flags=re.IGNORECASE)
        found.append(words.strip())
        text = f"{text[: hit.start()]} {text[hit.end() :]}"
    return (text if not found else _mended(text)), list(dict.fromkeys(found))


def _cut(text: str, words: str) -> str:
    left = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", " ", text, flags=re.IGNORECASE) if words.strip() else text
    return text if left == text else _mended(left)


def _mended(text: str) -> str:
    """After something was taken out: no loose word, no doubled comma."""
    before = ""
    while text != before:
        before = text
        text = re.sub(r"\s+", " ", text)
        text = re.sub(r"\s+([,.;])", r"\1", text)
        text = _LOOSE.sub("", text)
        text = re.sub(r"\b(with|and|of|in)\s+(?=(?:with|and|of|in|at|on|wearing|standing|sitting|smiling|looking)\b)", "", text)
        text = re.sub(r"[,;]\s*(?=[,;.])", "", text).strip(" ,;")
    return text


def _sentence(text: str) -> str:
    text = text.rstrip(" .,;")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _tags(text: str) -> str:
    found = (" ".join(part.split()).strip(" .;").lower() for part in re.split(r"[,;\n]", text))
    return ", ".join(dict.fromkeys(tag for tag in found if tag))


def _stutters(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return any(
        words[n : n + size] * 3 == words[n : n + 3 * size] for size in (1, 2, 3, 4) for n in range(len(words) - 3 * size + 1)
    )


def _joined(text: str, rules: CaptionRules) -> str:
    return ", ".join(part for part in (rules.trigger, *_each((rules.prefix, text, rules.suffix))) if part)


def _each(parts: Iterable[str]) -> list[str]:
    return [" ".join(part.split()).strip(" ,") for part in parts]


def _fitting(text: str, rules: CaptionRules) -> tuple[str, bool]:
    """The trigger word, prefix and suffix stay; the model's words lose clauses from the end, then words."""
    whole = _joined(text, rules)
    if tokens(whole) <= TOKENS:
        return whole, False
    room = TOKENS - around(rules) - 1
    clauses: Sequence[str] = re.split(r"(?<=[,;.])\s+", text)
    while len(clauses) > 1 and tokens(" ".join(clauses)) > room:
        clauses = clauses[:-1]
    words = " ".join(clauses).strip(" ,;.").split()
    while words and tokens(" ".join(words)) > max(room, 0):
        words = words[:-1]
    return _joined(_mended(" ".join(words)), rules), True
