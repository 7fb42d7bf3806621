"""Short answers without a model: what they are asked decides which of the persona's facts is said. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.engines.text.offline_caption import pick, start, voice_of
from backend.engines.text.port import Brief


@dataclass(frozen=True, slots=True)
class Talk:
    """`heard`: a subject -> the words that name it; the first that is found is answered by one of its `lines`.

    `about`: lines on a topic of theirs that was named; `other`: on anything else.
    """

    heard: dict[str, frozenset[str]]
    lines: dict[str, tuple[str, ...]]
    nothing: str


_WORD = re.compile(r"[^\W\d_]+")
TALKS: dict[str, Talk] = {
    "en": Talk(
        heard={
            "thanks": frozenset({"thanks", "thank"}),
            "recent": frozenset({"lately", "recent", "recently", "posted", "latest", "yesterday"}),
            "who": frozenset({"who", "yourself", "name"}),
            "topics": frozenset({"like", "love", "topics", "hobby", "hobbies", "favourite", "favorite", "do"}),
            "hello": frozenset({"hello", "hi", "hey", "morning", "evening"}),
        },
        lines={
            "hello": ("Hi! Good to see you here.", "Hey, how is your day going?", "Hello! What brings you by?"),
            "thanks": ("Any time.", "Happy to hear that.", "Thank you for being here."),
            "who": ("I am {name}. {bio}", "{name} here. {bio}"),
            "topics": ("Mostly {topics}. Ask me anything about it.", "You will find me around {topics} most days."),
            "recent": ("My last post was about {recent}.", "Lately it was all about {recent}."),
            "about": ("{topic}? I could talk about that for hours.", "Good one. {topic} is very much my thing."),
            "other": ("Good question. I would rather show you than tell you.", "Let me think about that one for a day.",
               "I do not know yet, and that is fine with me."),
        },
        nothing="whatever the day brings",
    ),
    "it": Talk(
        heard={
            "thanks": frozenset({"grazie", "ringrazio"}),
            "recent": frozenset({"ultimo", "ultima", "ultimi", "ultimamente", "recente", "pubblicato", "ieri"}),
            "who": frozenset({"chi", "chiami", "nome", "presentati"}),
            "topics": frozenset({"piace", "piacciono", "ami", "fai", "passione", "passioni", "hobby", "preferito"}),
            "hello": frozenset({"ciao", "salve", "buongiorno", "buonasera", "ehi"}),
        },
        lines={
            "hello": ("Ciao! Che bello vederti qui.", "Ehi, come va la giornata?", "Ciao! Cosa ti porta qui?"),
            "thanks": ("Quando vuoi.", "Mi fa piacere.", "Grazie a te che ci sei."),
            "who": ("Sono {name}. {bio}", "Qui {name}. {bio}"),
            "topics": ("Soprattutto {topics}. Chiedimi quello che vuoi.", "Quasi ogni giorno mi trovi tra {topics}."),
            "recent": ("Il mio ultimo post parlava di {recent}.", "Ultimamente ho pensato molto a {recent}."),
            "about": ("{topic}? Potrei parlarne per ore.", "Bella domanda. {topic} è proprio il mio mondo."),
            "other": ("Bella domanda. Preferisco mostrartelo che raccontartelo.", "Su questo ci devo pensare un giorno.",
               "Ancora non lo so, e mi va bene così."),
        },
        nothing="quello che porta la giornata",
    ),
}  # fmt: skip


def answer(brief: Brief) -> str:
    """One or two sentences. Raises Unsupported for languages it does not write."""
    voice_of(brief)
    talk, said = TALKS[brief.language], {word.lower() for word in _WORD.findall(brief.said)}
    named = next((topic for topic in brief.topics if _among(topic, said)), "")
    subject = "about" if named else next((name for name, words in talk.heard.items() if words & said), "other")
    if subject == "recent" and not brief.recent:
        subject = "topics"
    topics = f" {_and(brief.language)} ".join(brief.topics[:2]) or talk.nothing
    told = pick(talk.lines[subject], start(brief), brief.avoid).format(
        name=brief.name, bio=_first_sentence(brief.bio), topics=topics, recent=next(iter(brief.recent), ""), topic=named
    )
    return (told[:1].upper() + told[1:]).strip()


def _among(topic: str, said: set[str]) -> bool:
    words = {word.lower() for word in _WORD.findall(topic) if len(word) > 3}
    return bool(words & said)


def _and(language: str) -> str:
    return {"it": "e"}.get(language, "and")


def _first_sentence(bio: str) -> str:
    return re.split(r"(?<=[.!?])\s", bio.strip(), maxsplit=1)[0]
