"""Data for offline topics: topic fields with their keywords, and rules to read a bio, by language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TopicField:
    """`stems`: keywords, English and Italian, lower-case; `*` at the end matches a prefix. `places`: words for places where
    it happens, best first. `topics`: by language, without an article; each names the field.
    """

    stems: tuple[str, ...]
    places: tuple[str, ...]
    topics: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class BioRules:
    """How to read a bio. Patterns: `joints` split a sentence, `telling` occurs in one that is no list, `fillers` precede a
    fragment, `city` finds places of origin, `person` ends words for people. In `around` `{x}` is a topic, in `cities` a place.
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
    TopicField(tuple(row["words"].split()), tuple(row["places"].split()), {name: tuple(row[name]) for name in ("en", "it")})
    for row in _DATA["field"]
)
BIO_RULES: dict[str, BioRules] = {
    "en": BioRules(
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
    "it": BioRules(
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
"""Topics for an influencer without topics or bio."""
