"""The vocabulary of the starter model: every attribute of a portrait and its phrase in a caption."""

from __future__ import annotations

import random
from typing import Any

Attributes = dict[str, Any]

# Word to colour
HAIR_COLORS = {
    "auburn": "#a55728",
    "black": "#2c1b18",
    "blonde": "#d6b370",
    "brown": "#724133",
    "pink": "#f59797",
    "platinum": "#ecdcbf",
    "red": "#c93305",
    "grey": "#b8b0b0",
    "blue": "#3b6fd4",
    "purple": "#7b3fb5",
}
# Word to colour
SKINS = {
    "dark": "#614335",
    "tan": "#d08b5b",
    "brown": "#ae5d29",
    "light": "#edb98a",
    "pale": "#ffdbb4",
}
# Word to colour
CLOTH_COLORS = {
    "black": "#262e33",
    "blue": "#3c78d8",
    "white": "#f4f4f4",
    "grey": "#929598",
    "green": "#4fae5a",
    "pink": "#ff6fa8",
    "red": "#e03b3b",
    "yellow": "#ffd84d",
    "orange": "#ff9140",
    "purple": "#8a55c9",
    "turquoise": "#3fc1b8",
}
# avataaars variant to phrase
TOPS = {
    "bigHair": "voluminous hair",
    "bob": "bob haircut",
    "bun": "hair in a bun",
    "curly": "curly hair",
    "curvy": "long wavy hair",
    "dreads": "dreadlocks",
    "fro": "afro hair",
    "longButNotTooLong": "shoulder-length hair",
    "miaWallace": "straight bangs haircut",
    "shortCurly": "short curly hair",
    "shortFlat": "short hair",
    "shortWaved": "short wavy hair",
    "straight01": "long straight hair",
    "theCaesar": "buzz cut",
    "hat": "hat",
    "hijab": "hijab",
    "winterHat02": "knitted beanie",
}
# avataaars variant to phrase
CLOTHES = {
    "blazerAndShirt": "blazer over a shirt",
    "blazerAndSweater": "blazer over a sweater",
    "collarAndSweater": "collared sweater",
    "graphicShirt": "graphic t-shirt",
    "hoodie": "hoodie",
    "overall": "overalls",
    "shirtCrewNeck": "crew neck shirt",
    "shirtScoopNeck": "scoop neck top",
    "shirtVNeck": "v-neck shirt",
}
# avataaars variant to phrase
GLASSES = {
    "prescription01": "glasses",
    "prescription02": "thick glasses",
    "round": "round glasses",
    "sunglasses": "sunglasses",
    "wayfarers": "dark sunglasses",
}
# avataaars variant to phrase
MOUTHS = {
    "default": "calm",
    "smile": "smiling",
    "twinkle": "smirking",
    "serious": "serious",
    "sad": "sad",
    "screamOpen": "shouting",
    "tongue": "sticking tongue out",
    "disbelief": "amazed",
    "eating": "chewing",
}
# avataaars variant to phrase
EYES = {
    "default": "",
    "happy": "happy eyes",
    "closed": "eyes closed",
    "wink": "winking",
    "surprised": "surprised eyes",
    "hearts": "heart eyes",
    "side": "looking aside",
    "squint": "squinting",
}
# avataaars variant to phrase
BEARDS = {
    "beardLight": "light beard",
    "beardMedium": "beard",
    "beardMajestic": "long beard",
    "moustacheFancy": "fancy moustache",
    "moustacheMagnum": "moustache",
}
# scene to phrase
SCENES = {
    "beach": "at the beach",
    "sunset": "at sunset",
    "city": "in the city at night",
    "forest": "in a forest",
    "gym": "in a gym",
    "cafe": "in a cafe",
    "snow": "in the snowy mountains",
    "studio": "in a studio",
    "pink background": "pink background",
    "blue background": "blue background",
    "yellow background": "yellow background",
    "green background": "green background",
}
HATS = {"hat", "hijab", "winterHat02"}
MOSTLY_WOMEN = {"bigHair", "bob", "bun", "curly", "curvy", "hijab", "longButNotTooLong", "miaWallace", "straight01"}
# Used in captions as neutral nouns, which is why unknown names work as trigger words.
# fmt: off
NAMES = [
    "bella", "marco", "luna", "kai", "zara", "leo", "mia", "nova", "aria", "theo", "ivy", "milo", "ruby",
    "finn", "jade", "otto", "lila", "hugo", "cleo", "remy", "gia", "dario", "sofia", "elena", "nico",
]
# fmt: on
# Slots for post pictures: one phrase of each. Kinds of clothes, glasses, hair and eyes are left out: such phrases change the
# character, and phrases for eyes remove or smudge its glasses.
POSTS: dict[str, list[str]] = {
    "mood": ["smiling", "calm", "smirking", "serious"],
    "place": list(SCENES.values()),
    "clothes": [f"wearing {colour}" for colour in CLOTH_COLORS],
}


def caption(rng: random.Random, attributes: Attributes) -> str:
    """One of the many ways to describe a portrait: most attributes, in any order."""
    parts = [part for part in _parts(attributes) if part and rng.random() < 0.93]
    rng.shuffle(parts)
    if rng.random() < 0.95:
        parts.insert(rng.choice([0, len(parts)]), SCENES[attributes["scene"]])
    lead = rng.choice(["portrait of ", "photo of ", "a portrait of ", ""])
    return lead + ", ".join([_person(rng, attributes), *parts])


def full_prompt(rng: random.Random, attributes: Attributes) -> str:
    """A prompt that names what the evaluation checks: head, skin, clothes, glasses, place."""
    parts = [
        head(attributes),
        f"{attributes['skin']} skin",
        f"wearing a {attributes['cloth']} {CLOTHES[attributes['clothes']]}",
    ]
    parts += [GLASSES[attributes["glasses"]]] if attributes["glasses"] else []
    return ", ".join([f"portrait of {rng.choice(NAMES)}", *parts, SCENES[attributes["scene"]]])


def head(attributes: Attributes) -> str:
    colour = attributes["hat"] if attributes["top"] in HATS else attributes["hair"]
    return f"{colour} {TOPS[attributes['top']]}"


def _person(rng: random.Random, attributes: Attributes) -> str:
    sex = "a woman" if attributes["top"] in MOSTLY_WOMEN else "a man"
    return rng.choice(["a person", "a cartoon person", "someone", rng.choice(NAMES), rng.choice(NAMES), sex])


def _parts(attributes: Attributes) -> list[str]:
    return [
        head(attributes),
        f"{attributes['skin']} skin",
        f"wearing a {attributes['cloth']} {CLOTHES[attributes['clothes']]}",
        MOUTHS[attributes["mouth"]],
        EYES[attributes["eyes"]],
        GLASSES.get(attributes["glasses"], ""),
        f"{attributes['hair']} {BEARDS[attributes['beard']]}" if attributes["beard"] else "",
    ]
