"""Topics for an influencer without a model, drawn from their topics and bio. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from backend.engines.ports.text import Brief


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


_DATA = tomllib.loads(Path(__file__).with_name("topics.toml").read_text("utf-8"))
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


ENOUGH = 14
"""Topics before they repeat; if a bio gives fewer, everyday topics fill up."""
_MAX_OWN_WORDS = 3
"""Maximum words of a bio fragment that is used as a topic as it stands."""
_PIECES = re.compile(r"[,;.!?\n•|/()]+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")


def topics_for(brief: Brief) -> list[str]:
    """Topics in the order of use: only the requested one, else the influencer's, then those of their bio.

    Never empty: without any, everyday topics. All differ. English for languages that the offline writer does not support.
    """
    if requested := brief.topic.strip().rstrip(".!?"):
        return [requested]
    language = brief.language if brief.language in BIO_RULES else "en"
    own_topics = [topic.strip().rstrip(".!?") for topic in brief.topics if topic.strip()]
    topics = [*own_topics, *topics_from_bio(brief.bio, language)]
    if not own_topics:
        topics += EVERYDAY[language][: max(0, ENOUGH - len(topics))]
    return list({topic.lower(): topic for topic in reversed(topics)}.values())[::-1]


def topics_from_bio(bio: str, language: str) -> list[str]:
    """“barista from Turin, bikes” -> topics of coffee and bikes in turn, then Turin. [] when nothing is recognised."""
    threads: list[Sequence[str]] = []
    places: list[Sequence[str]] = []
    rules = BIO_RULES[language]
    for piece, listed in _pieces(bio, language):
        fields = list(_fields(piece))
        own_topic = _own_topic(piece, language) if listed else ""
        if fields:
            threads += [
                ((own_topic, *field.topics[language]) if n == 0 and own_topic else field.topics[language])
                for n, field in enumerate(fields)
            ]
        elif own_topic:
            threads.append((own_topic, *(line.format(x=own_topic) for line in rules.around)))
        places += [tuple(line.format(x=city) for line in rules.cities) for city in _cities(piece, language)]
    if not threads and not places:
        return []
    mixed = [topic for row in zip_longest(*threads, *places) for topic in row if topic]
    return list({topic.lower(): topic for topic in reversed(mixed)}.values())[::-1]


def places_for(topic: str) -> tuple[str, ...]:
    """Words for places that suit a topic, best first; () when none suits in particular."""
    return next((field.places for field in _fields(topic)), ())


def _pieces(bio: str, language: str) -> Iterator[tuple[str, bool]]:
    """Fragments of a bio, each with whether it is a list item (“bikes”) rather than a clause (“who bakes bread”)."""
    rules = BIO_RULES[language]
    for sentence in _PIECES.split(bio):
        listed = not re.search(rules.telling, sentence, re.IGNORECASE)
        yield from ((part.strip(), listed) for part in re.split(rules.joints, sentence) if part.strip())


def _fields(text: str) -> Iterator[TopicField]:
    """The topic fields that the words of `text` belong to, in order."""
    fields: list[TopicField] = []
    for word in _WORD.findall(text.lower()):
        for field in FIELDS:
            if field not in fields and any(_matches_stem(word, stem) for stem in field.stems):
                fields.append(field)
    yield from fields


def _matches_stem(word: str, stem: str) -> bool:
    """A stem that ends in `*` matches as a prefix, any other as the whole word."""
    return word.startswith(stem[:-1]) if stem.endswith("*") else word == stem


def _own_topic(piece: str, language: str) -> str:
    """The fragment itself if it can be a topic: short, no person, no place of origin, no number; else ""."""
    rules = BIO_RULES[language]
    short = re.sub(rules.fillers, "", piece, flags=re.IGNORECASE).strip(" -–:'’")
    words = _WORD.findall(short)
    if not 1 <= len(words) <= _MAX_OWN_WORDS or any(word[0].isdigit() for word in words) or _cities(piece, language):
        return ""
    if any(word.lower() in rules.people or re.search(rules.person, word.lower()) for word in words):
        return ""
    proper = words[0].isupper() or any(word[0].isupper() for word in words[1:])
    return short if proper else short[:1].lower() + short[1:]


def _cities(piece: str, language: str) -> list[str]:
    return re.findall(BIO_RULES[language].city, piece)
