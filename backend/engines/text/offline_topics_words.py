"""What offline topics are made of: fields of life with the words that name them, and how a description is read, by language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Field:
    """`stems`: words that name it, English and Italian, lower-case, those that end in `*` as beginnings. `places`: words of
    settings where it happens, best first. `topics`: by language, things without an article that each say the field's name.
    """

    stems: tuple[str, ...]
    places: tuple[str, ...]
    topics: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a description is read. Patterns: `joints` split a sentence, `telling` is in one that lists nothing, `fillers` lead a
    piece, `city` finds places people are from, `person` ends words for people. `around`: `{x}` is a topic; `cities`: a place.
    """

    joints: str
    telling: str
    fillers: str
    city: str
    person: str
    people: frozenset[str]
    around: tuple[str, ...]
    cities: tuple[str, ...]


_DATA = tomllib.loads(Path(__file__).with_name("offline_topics.toml").read_text("utf-8"))
FIELDS = tuple(
    Field(tuple(row["words"].split()), tuple(row["places"].split()), {name: tuple(row[name]) for name in ("en", "it")})
    for row in _DATA["field"]
)
SAID: dict[str, Reading] = {
    "en": Reading(
        joints=r"\s+(?:and|who|that|which|but|also|while|plus)\s+|\s*&\s*",
        telling=r"\b(?:who|that|which|is|has|was|while)\b",
        fillers=(
            r"^(?:(?:i|she|he|they|we)\s+)?(?:(?:am|is|are|i'm|she's|he's|really|also)\s+)*"
            r"(?:(?:loves?|likes?|enjoys?|into|adores?|passionate about|(?:a )?fan of|interested in|obsessed with|all about|"
            r"crazy about)\s+)?(?:(?:a|an|the|her|his|my|some|lots of|lover of)\s+)?"
        ),
        city=r"\b(?:[Ff]rom|[Ii]n|[Bb]ased in|[Oo]f)\s+((?:[A-ZÀ-Ý][\w'’-]+)(?:\s+[A-ZÀ-Ý][\w'’-]+){0,2})",
        person=r"(?:ist|ista|ician|ologist|grapher|lover|fan|maker|worker|owner|addict|enthusiast)$",
        people=frozenset(_DATA["people"]["en"].split()),
        around=("{x} on a Sunday", "{x} with friends", "{x} before work", "{x} at the end of the day"),
        cities=("Sunday in {x}", "hidden corners of {x}", "{x} after dark", "{x} without a map"),
    ),
    "it": Reading(
        joints=r"\s+(?:e|ed|che|ma|anche|mentre|più)\s+|\s*&\s*",
        telling=r"\b(?:che|è|ha|era|mentre|insegna|lavora|vive)\b",
        fillers=(
            r"^(?:(?:io|lei|lui)\s+)?(?:(?:sono|è|anche|molto)\s+)*"
            r"(?:(?:ama|amo|adora|adoro|le piace|le piacciono|gli piace|gli piacciono|mi piace|mi piacciono|appassionat[ao] di|"
            r"amante (?:di|del|della|dei|delle)|fan (?:di|del|della|dei|delle)|pazz[ao] per)\s+)?"
            r"(?:(?:un|una|uno|il|lo|la|i|gli|le|dei|delle|degli|l'|un')\s*(?<=[\s'’]))?"
        ),
        city=r"\b(?:[Dd]i|[Dd]a|[Aa]|[Aa]d|[Ii]n)\s+((?:[A-ZÀ-Ý][\w'’-]+)(?:\s+[A-ZÀ-Ý][\w'’-]+){0,2})",
        person=r"(?:ista|trice|tore|ologo|ologa|grafo|grafa|logger)$",
        people=frozenset(_DATA["people"]["it"].split()),
        around=("{x} la domenica", "{x} con gli amici", "{x} prima del lavoro", "{x} a fine giornata"),
        cities=("domenica a {x}", "angoli nascosti di {x}", "{x} di sera", "{x} senza mappa"),
    ),
}
"""“Marco” of “Marco from Rome” is no city, “Rome” is."""
EVERYDAY: dict[str, tuple[str, ...]] = {
    "en": (
        "slow breakfasts", "the long way home", "songs on repeat", "Sunday markets", "open windows", "messages I answered late",
        "first-time recipes", "walks after dinner", "old photographs", "empty mornings", "plans for the weekend",
        "small repairs", "letters on paper", "evenings without a phone",
    ),
    "it": (
        "colazioni lente", "la strada più lunga per casa", "canzoni in loop", "mercati della domenica", "finestre aperte",
        "messaggi a cui rispondo tardi", "ricette alla prima prova", "passeggiate dopo cena", "vecchie fotografie",
        "mattine senza impegni", "programmi per il weekend", "piccole riparazioni", "lettere su carta", "sere senza telefono",
    ),
}  # fmt: skip
"""Of somebody nothing is known about."""
