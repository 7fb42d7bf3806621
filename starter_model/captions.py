"""How captions say what a portrait shows: free word order, partial, in several wordings; and what each caption said."""

from __future__ import annotations

import random
from typing import Any

from backend.engines.starter_model.words import (
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
from starter_model.unknown import phrase

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
Said = dict[str, str]

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
_SAID_OF_ANYTHING = {
    *HAIR_COLORS, *SKINS, *CLOTH_COLORS, "gray", "ginger", "light", "long", "short", "very", "full", "big", "straight", "thick",
    "round", "closed", "looking", "top", "street", "night", "over", "a", "an", "at", "by", "in", "of", "on", "out", "the",
    "and", "with", "during", "scoop", "crew",
}
# fmt: on
OFTEN, PARTLY = 0.6, 0.85


def describe(
    rng: random.Random, seen: Attributes, *, strange_names: float = 0.4, unknown: float = 0.0
) -> tuple[str, Said, str]:
    """A caption, what it says by slot, and the name in it ("" when there is none). Glasses and beards nearly always are.

    `unknown`: share of captions that also hold phrases which say nothing; never before the name.
    """
    luck = rng.random()
    keep = 0.95 if luck < OFTEN else rng.uniform(0.15, 0.85) if luck < PARTLY else rng.uniform(0.0, 0.3)
    said: Said = {}
    phrases = [*_head(rng, seen, keep, said), *_clothes(rng, seen, keep, said)]
    for slot, chance, saying in (
        ("skin", keep, _skin),
        ("mouth", keep, _mouth),
        ("eyes", keep, _eyes),
        ("glasses", max(keep, 0.97), _glasses),
    ):
        if seen[slot] and rng.random() < chance and (words := saying(rng, seen)):
            phrases.append(words)
            said[slot] = seen[slot]
    if seen["beard"] and rng.random() < max(keep, 0.97):
        phrases.append(_beard(rng, seen, said))
    rng.shuffle(phrases)
    if rng.random() < max(keep, 0.6):
        said["scene"] = seen["scene"]
        phrases.insert(rng.choice([0, len(phrases), len(phrases), rng.randint(0, len(phrases))]), _scene(rng, seen))
    if rng.random() < 0.1:
        phrases.insert(rng.randint(0, len(phrases)), rng.choice(_DECORATION))
    if rng.random() < unknown:
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            phrases.insert(rng.randint(0, len(phrases)), phrase(rng))
    return _sentence(rng, seen, said, phrases, strange_names)


def vocabulary() -> list[str]:
    """Every phrase a caption can hold: what the tokenizer must know."""
    tables: list[dict[str, Any]] = [_COLOUR, _TOP, _CLOTHES, _MOUTH, _BEARD, _SCENE, _SEX]
    more = [phrase for table in tables for phrases in table.values() for phrase in phrases]
    phrases = [*HAIR_COLORS, *SKINS, *CLOTH_COLORS, *_LEADS, *_NEUTRAL, *_DECORATION, *NAMES]
    said = [phrase for table in (TOPS, CLOTHES, GLASSES, MOUTHS, EYES, BEARDS, SCENES) for phrase in table.values()]
    return [*more, *phrases, *said, "wearing a an in with and clothes skin hair on the background, at by of"]


def telling_words() -> list[str]:
    """Words that say something wherever they stand. Colours and sizes do not: they are said of anything, and so are little
    words; a part of a prompt that says something of ours has another word beside them.
    """
    tables: list[dict[str, Any]] = [_TOP, _CLOTHES, _MOUTH, _BEARD, _SCENE, _SEX]
    more = [phrase for table in tables for phrases in table.values() for phrase in phrases]
    said = [phrase for table in (TOPS, CLOTHES, GLASSES, MOUTHS, EYES, BEARDS, SCENES) for phrase in table.values()]
    return sorted(
        {word for phrase in (*more, *said, "wearing skin clothes portrait photo picture") for word in phrase.split()}
        - _SAID_OF_ANYTHING
    )


def prompt_form() -> dict[str, Any]:
    """`prompts` of the model folder's studio.json."""
    known = {word for phrase in vocabulary() for word in phrase.replace(",", " ").split()}
    telling = telling_words()
    return {"form": "slots", "slots": POSTS, "words": telling, "others": sorted(known - set(telling) - set(NAMES))}


def _sentence(
    rng: random.Random, seen: Attributes, said: Said, phrases: list[str], strange_names: float
) -> tuple[str, Said, str]:
    name, luck = "", rng.random()
    if luck < 0.6:
        name = _strange(rng) if rng.random() < strange_names else rng.choice(NAMES)
        who = name
    elif luck < 0.8:
        said["sex"] = "woman" if seen["top"] in MOSTLY_WOMEN else "man"
        who = rng.choice(_SEX[said["sex"]])
    else:
        who = rng.choice(_NEUTRAL)
    first = rng.choice(_LEADS) + who
    if rng.random() < 0.08 and phrases:
        place = rng.randint(0, len(phrases))
        return _joined(rng, [*phrases[:place], first, *phrases[place:]]), said, name
    return _joined(rng, [first, *phrases]), said, name


def _joined(rng: random.Random, parts: list[str]) -> str:
    luck = rng.random()
    if luck < 0.75:
        return ", ".join(parts)
    if luck < 0.85:
        return " ".join(parts)
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice([", ", " ", " and ", ", "]) + part
    return text


def _strange(rng: random.Random) -> str:
    """A name that no vocabulary holds."""
    text = "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 8)))
    return text + str(rng.randrange(10)) if rng.random() < 0.2 else text


def _word(rng: random.Random, table: dict[str, list[str]], value: str, usual: str) -> str:
    more = table.get(value)
    return rng.choice(more) if more and rng.random() < 0.25 else usual


def _head(rng: random.Random, seen: Attributes, keep: float, said: Said) -> list[str]:
    hat = seen["top"] in HATS
    shape, colour = rng.random() < keep, rng.random() < keep
    slot, value = ("hat", seen["hat"]) if hat else ("hair", seen["hair"])
    if not (shape or (colour and not hat)):
        return []
    word = "" if not colour else value if hat else _word(rng, _COLOUR, value, value)
    said |= ({"top": seen["top"]} if shape else {}) | ({slot: value} if colour else {})
    phrase = _word(rng, _TOP, seen["top"], TOPS[seen["top"]])
    if not shape:
        return [f"{word} hair"]
    if colour and not hat and rng.random() < 0.12:
        return [f"{word} hair", phrase]
    article = "a " if hat and rng.random() < 0.3 else ""
    start = rng.choice(["wearing ", ""]) if article else "with " if rng.random() < 0.08 else ""
    return [f"{start}{article}{word} {phrase}".replace("  ", " ").strip()]


def _clothes(rng: random.Random, seen: Attributes, keep: float, said: Said) -> list[str]:
    kind, colour = rng.random() < keep, rng.random() < keep
    if not (kind or colour):
        return []
    said |= ({"clothes": seen["clothes"]} if kind else {}) | ({"cloth": seen["cloth"]} if colour else {})
    if not kind:
        end = rng.choice(["", " clothes"])
        return [rng.choice(["wearing ", "wearing ", "in "]) + seen["cloth"] + end]
    phrase = _word(rng, _CLOTHES, seen["clothes"], CLOTHES[seen["clothes"]])
    lead = rng.choice(["wearing a ", "wearing a ", "wearing a ", "wearing ", "in a ", "a ", "with a ", ""])
    return [lead + (f"{seen['cloth']} {phrase}" if colour else phrase)]


def _skin(rng: random.Random, seen: Attributes) -> str:
    return ("with " if rng.random() < 0.08 else "") + f"{seen['skin']} skin"


def _mouth(rng: random.Random, seen: Attributes) -> str:
    return _word(rng, _MOUTH, seen["mouth"], MOUTHS[seen["mouth"]])


def _eyes(rng: random.Random, seen: Attributes) -> str:
    return EYES[seen["eyes"]]


def _glasses(rng: random.Random, seen: Attributes) -> str:
    return rng.choice(["", "", "wearing ", "with "]) + GLASSES[seen["glasses"]]


def _beard(rng: random.Random, seen: Attributes, said: Said) -> str:
    said["beard"] = seen["beard"]
    phrase = _word(rng, _BEARD, seen["beard"], BEARDS[seen["beard"]])
    if rng.random() < 0.4:
        return rng.choice(["", "with a ", "a "]) + phrase
    said["hair"] = seen["hair"]
    return f"{_word(rng, _COLOUR, seen['hair'], seen['hair'])} {phrase}"


def _scene(rng: random.Random, seen: Attributes) -> str:
    usual = SCENES[seen["scene"]]
    if seen["scene"].endswith("background"):
        return rng.choice(["", "", "on a ", "with a ", "in front of a "]) + usual
    return _word(rng, _SCENE, seen["scene"], usual)
