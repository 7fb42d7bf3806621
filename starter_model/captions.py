"""Writes captions for portraits, with free word order, partial and in several wordings, and says which attributes they name."""

from __future__ import annotations

import random
from typing import Any

from backend.engines.local.starter_model.words import (
    BEARDS,
    CLOTH_COLORS,
    CLOTHES,
    EYES,
    GLASSES,
    HAIR_COLORS,
    HATS,
    MOSTLY_WOMEN,
    MOUTHS,
    NAMES,
    POSTS,
    SCENES,
    SKINS,
    TOPS,
    Attributes,
)
from starter_model.unknown import unknown_phrase

# What a caption can say, in the order of the text encoder's slots; the first three matter least.
SLOTS: dict[str, list[str]] = {
    "sex": ["woman", "man"],
    "eyes": [eyes for eyes, phrase in EYES.items() if phrase],
    "mouth": list(MOUTHS),
    "beard": list(BEARDS),
    "hat": list(CLOTH_COLORS),
    "skin": list(SKINS),
    "clothes": list(CLOTHES),
    "glasses": list(GLASSES),
    "cloth": list(CLOTH_COLORS),
    "top": list(TOPS),
    "hair": list(HAIR_COLORS),
    "scene": list(SCENES),
}
NamedBySlot = dict[str, str]

# Further wordings beside those of `words`
_COLOUR = {"blonde": ["blond"], "grey": ["gray"], "red": ["ginger"], "platinum": ["platinum blonde"]}
_TOP = {
    "bigHair": ["big hair"],
    "bob": ["bob", "bob cut"],
    "bun": ["bun"],
    "curly": ["long curly hair"],
    "curvy": ["wavy hair"],
    "dreads": ["dreads"],
    "fro": ["afro"],
    "miaWallace": ["bangs", "hair with bangs"],
    "straight01": ["straight hair", "long hair"],
    "theCaesar": ["very short hair"],
    "winterHat02": ["beanie"],
}
_CLOTHES = {
    "blazerAndShirt": ["blazer"],
    "blazerAndSweater": ["blazer and sweater"],
    "collarAndSweater": ["sweater"],
    "graphicShirt": ["t-shirt"],
    "overall": ["dungarees"],
    "shirtCrewNeck": ["shirt"],
    "shirtScoopNeck": ["top"],
    "shirtVNeck": ["v-neck"],
}
_MOUTH = {"smile": ["with a smile", "happy"], "serious": ["looking serious"], "sad": ["looking sad"], "default": ["neutral"]}
_BEARD = {"beardMedium": ["full beard"], "beardLight": ["stubble"]}
_SCENE = {
    "beach": ["on the beach", "on a beach", "by the sea"],
    "sunset": ["sunset", "during sunset"],
    "city": ["in the city", "city at night", "on a street at night"],
    "forest": ["in the forest", "in the woods"],
    "gym": ["in the gym", "at the gym"],
    "cafe": ["at a cafe", "in a coffee shop"],
    "snow": ["in the snow", "in the mountains"],
    "studio": ["in the studio"],
}
_SEX = {"woman": ["a woman", "woman", "a girl", "a lady"], "man": ["a man", "man", "a boy", "a guy"]}
_LEADS = ["portrait of ", "portrait of ", "photo of ", "a portrait of ", "a photo of ", "picture of ", ""]
_NEUTRAL = ["a person", "a cartoon person", "someone", "person"]
_DECORATION = ["high quality", "detailed", "cartoon", "masterpiece", "sharp", "best quality", "close-up", "beautiful"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# fmt: off
_UNSPECIFIC_WORDS = {
    *HAIR_COLORS, *SKINS, *CLOTH_COLORS, "gray", "ginger", "light", "long", "short", "very", "full", "big", "straight", "thick",
    "round", "closed", "looking", "top", "street", "night", "over", "a", "an", "at", "by", "in", "of", "on", "out", "the",
    "and", "with", "during", "scoop", "crew",
}
# fmt: on
FULL_SHARE, PARTIAL_SHARE = 0.6, 0.85


def describe(
    rng: random.Random, portrait: Attributes, *, strange_names: float = 0.4, unknown: float = 0.0
) -> tuple[str, NamedBySlot, str]:
    """(caption, attributes it names by slot, the name in it or ""). Glasses and beards are nearly always named.

    `unknown`: share of captions that also hold phrases which say nothing; never before the name.
    """
    draw = rng.random()
    keep = 0.95 if draw < FULL_SHARE else rng.uniform(0.15, 0.85) if draw < PARTIAL_SHARE else rng.uniform(0.0, 0.3)
    named: NamedBySlot = {}
    phrases = [*_head(rng, portrait, keep, named), *_clothes(rng, portrait, keep, named)]
    for slot, chance, phrase_of in (
        ("skin", keep, _skin),
        ("mouth", keep, _mouth),
        ("eyes", keep, _eyes),
        ("glasses", max(keep, 0.97), _glasses),
    ):
        if portrait[slot] and rng.random() < chance and (phrase_words := phrase_of(rng, portrait)):
            phrases.append(phrase_words)
            named[slot] = portrait[slot]
    if portrait["beard"] and rng.random() < max(keep, 0.97):
        phrases.append(_beard(rng, portrait, named))
    rng.shuffle(phrases)
    if rng.random() < max(keep, 0.6):
        named["scene"] = portrait["scene"]
        phrases.insert(rng.choice([0, len(phrases), len(phrases), rng.randint(0, len(phrases))]), _scene(rng, portrait))
    if rng.random() < 0.1:
        phrases.insert(rng.randint(0, len(phrases)), rng.choice(_DECORATION))
    if rng.random() < unknown:
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            phrases.insert(rng.randint(0, len(phrases)), unknown_phrase(rng))
    return _sentence(rng, portrait, named, phrases, strange_names)


def vocabulary() -> list[str]:
    """Every phrase that a caption can hold; the tokenizer must know their words."""
    tables: list[dict[str, Any]] = [_COLOUR, _TOP, _CLOTHES, _MOUTH, _BEARD, _SCENE, _SEX]
    variants = [phrase for table in tables for phrases in table.values() for phrase in phrases]
    phrases = [*HAIR_COLORS, *SKINS, *CLOTH_COLORS, *_LEADS, *_NEUTRAL, *_DECORATION, *NAMES]
    standard = [phrase for table in (TOPS, CLOTHES, GLASSES, MOUTHS, EYES, BEARDS, SCENES) for phrase in table.values()]
    return [*variants, *phrases, *standard, "wearing a an in with and clothes skin hair on the background, at by of"]


def specific_words() -> list[str]:
    """Words that name one of our attributes wherever they stand. Not colours, sizes and function words, which are said of
    anything: a part of a prompt that names one of our attributes has another word beside them.
    """
    tables: list[dict[str, Any]] = [_TOP, _CLOTHES, _MOUTH, _BEARD, _SCENE, _SEX]
    variants = [phrase for table in tables for phrases in table.values() for phrase in phrases]
    standard = [phrase for table in (TOPS, CLOTHES, GLASSES, MOUTHS, EYES, BEARDS, SCENES) for phrase in table.values()]
    return sorted(
        {word for phrase in (*variants, *standard, "wearing skin clothes portrait photo picture") for word in phrase.split()}
        - _UNSPECIFIC_WORDS
    )


def prompt_form() -> dict[str, Any]:
    """`prompts` of the model folder's studio.json."""
    known_words = {word for phrase in vocabulary() for word in phrase.replace(",", " ").split()}
    specific = specific_words()
    return {"form": "slots", "slots": POSTS, "words": specific, "others": sorted(known_words - set(specific) - set(NAMES))}


def _sentence(
    rng: random.Random, portrait: Attributes, named: NamedBySlot, phrases: list[str], strange_names: float
) -> tuple[str, NamedBySlot, str]:
    name, draw = "", rng.random()
    if draw < 0.6:
        name = _unknown_name(rng) if rng.random() < strange_names else rng.choice(NAMES)
        subject = name
    elif draw < 0.8:
        named["sex"] = "woman" if portrait["top"] in MOSTLY_WOMEN else "man"
        subject = rng.choice(_SEX[named["sex"]])
    else:
        subject = rng.choice(_NEUTRAL)
    first = rng.choice(_LEADS) + subject
    if rng.random() < 0.08 and phrases:
        place = rng.randint(0, len(phrases))
        return _joined(rng, [*phrases[:place], first, *phrases[place:]]), named, name
    return _joined(rng, [first, *phrases]), named, name


def _joined(rng: random.Random, parts: list[str]) -> str:
    draw = rng.random()
    if draw < 0.75:
        return ", ".join(parts)
    if draw < 0.85:
        return " ".join(parts)
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice([", ", " ", " and ", ", "]) + part
    return text


def _unknown_name(rng: random.Random) -> str:
    """A random name that the vocabulary does not hold."""
    text = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 8)))
    return text + str(rng.randrange(10)) if rng.random() < 0.2 else text


def _word(rng: random.Random, table: dict[str, list[str]], value: str, usual: str) -> str:
    variants = table.get(value)
    return rng.choice(variants) if variants and rng.random() < 0.25 else usual


def _head(rng: random.Random, portrait: Attributes, keep: float, named: NamedBySlot) -> list[str]:
    hat = portrait["top"] in HATS
    shape, colour = rng.random() < keep, rng.random() < keep
    slot, value = ("hat", portrait["hat"]) if hat else ("hair", portrait["hair"])
    if not (shape or (colour and not hat)):
        return []
    word = "" if not colour else value if hat else _word(rng, _COLOUR, value, value)
    named |= ({"top": portrait["top"]} if shape else {}) | ({slot: value} if colour else {})
    phrase = _word(rng, _TOP, portrait["top"], TOPS[portrait["top"]])
    if not shape:
        return [f"{word} hair"]
    if colour and not hat and rng.random() < 0.12:
        return [f"{word} hair", phrase]
    article = "a " if hat and rng.random() < 0.3 else ""
    start = rng.choice(["wearing ", ""]) if article else "with " if rng.random() < 0.08 else ""
    return [f"{start}{article}{word} {phrase}".replace("  ", " ").strip()]


def _clothes(rng: random.Random, portrait: Attributes, keep: float, named: NamedBySlot) -> list[str]:
    kind, colour = rng.random() < keep, rng.random() < keep
    if not (kind or colour):
        return []
    named |= ({"clothes": portrait["clothes"]} if kind else {}) | ({"cloth": portrait["cloth"]} if colour else {})
    if not kind:
        suffix = rng.choice(["", " clothes"])
        return [rng.choice(["wearing ", "wearing ", "in "]) + portrait["cloth"] + suffix]
    phrase = _word(rng, _CLOTHES, portrait["clothes"], CLOTHES[portrait["clothes"]])
    lead = rng.choice(["wearing a ", "wearing a ", "wearing a ", "wearing ", "in a ", "a ", "with a ", ""])
    return [lead + (f"{portrait['cloth']} {phrase}" if colour else phrase)]


def _skin(rng: random.Random, portrait: Attributes) -> str:
    return ("with " if rng.random() < 0.08 else "") + f"{portrait['skin']} skin"


def _mouth(rng: random.Random, portrait: Attributes) -> str:
    return _word(rng, _MOUTH, portrait["mouth"], MOUTHS[portrait["mouth"]])


def _eyes(rng: random.Random, portrait: Attributes) -> str:
    return EYES[portrait["eyes"]]


def _glasses(rng: random.Random, portrait: Attributes) -> str:
    return rng.choice(["", "", "wearing ", "with "]) + GLASSES[portrait["glasses"]]


def _beard(rng: random.Random, portrait: Attributes, named: NamedBySlot) -> str:
    named["beard"] = portrait["beard"]
    phrase = _word(rng, _BEARD, portrait["beard"], BEARDS[portrait["beard"]])
    if rng.random() < 0.4:
        return rng.choice(["", "with a ", "a "]) + phrase
    named["hair"] = portrait["hair"]
    return f"{_word(rng, _COLOUR, portrait['hair'], portrait['hair'])} {phrase}"


def _scene(rng: random.Random, portrait: Attributes) -> str:
    usual = SCENES[portrait["scene"]]
    if portrait["scene"].endswith("background"):
        return rng.choice(["", "", "on a ", "with a ", "in front of a "]) + usual
    return _word(rng, _SCENE, portrait["scene"], usual)
