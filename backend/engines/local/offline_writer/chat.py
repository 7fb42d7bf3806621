"""Short chat answers without a model: keywords in the question select a fact of the persona. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.engines.local.offline_writer.captions import lines_for, pick_line, rotation_start
from backend.engines.ports.text import Brief


@dataclass(frozen=True, slots=True)
class ChatLines:
    """`keywords`: subject -> words that name it; the first subject found is answered by one of its `lines`.

    `lines["about"]`: a topic of the influencer was named; `lines["other"]`: anything else. `no_topics`: in place of topics.
    """

    keywords: dict[str, frozenset[str]]
    lines: dict[str, tuple[str, ...]]
    no_topics: str


_WORD = re.compile(r"[^\W\d_]+")
CHAT_LINES: dict[str, ChatLines] = {
    "en": ChatLines(
        keywords={
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
        no_topics="whatever the day brings",
    ),
    "it": ChatLines(
        keywords={
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
        no_topics="quello che porta la giornata",
    ),
}  # fmt: skip


def chat_answer(brief: Brief) -> str:
    """One or two sentences. Raises Unsupported for languages it does not write."""
    lines_for(brief)
    lines, asked_words = CHAT_LINES[brief.language], {word.lower() for word in _WORD.findall(brief.said)}
    named_topic = next((topic for topic in brief.topics if _is_named(topic, asked_words)), "")
    subject = "about" if named_topic else next((name for name, words in lines.keywords.items() if words & asked_words), "other")
    if subject == "recent" and not brief.recent:
        subject = "topics"
    topics = f" {_and(brief.language)} ".join(brief.topics[:2]) or lines.no_topics
    answer_text = pick_line(lines.lines[subject], rotation_start(brief), brief.avoid).format(
        name=brief.name, bio=_first_sentence(brief.bio), topics=topics, recent=next(iter(brief.recent), ""), topic=named_topic
    )
    return (answer_text[:1].upper() + answer_text[1:]).strip()


def _is_named(topic: str, words: set[str]) -> bool:
    topic_words = {word.lower() for word in _WORD.findall(topic) if len(word) > 3}
    return bool(topic_words & words)


def _and(language: str) -> str:
    return {"it": "e"}.get(language, "and")


def _first_sentence(bio: str) -> str:
    return re.split(r"(?<=[.!?])\s", bio.strip(), maxsplit=1)[0]
