"""Ideas for several days without a model: the influencer's topics in turn, each day from another angle. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backend.engines.local.offline_writer.captions import fill_topic, lines_for, pick_line, rotation_start
from backend.engines.local.offline_writer.picture_prompts import picture_prompt
from backend.engines.local.offline_writer.topics import topics_for
from backend.engines.ports.text import Brief

ANGLES: dict[str, tuple[str, ...]] = {
    "en": (
        "Three mistakes to skip: {topic}", "Hour by hour: {topic}", "Where the time goes: {topic}", "{topic}, from zero",
        "The part nobody films: {topic}", "A favourite of mine: {topic}", "One myth less: {topic}", "In one minute: {topic}",
        "A note to my younger self: {topic}", "Your questions, answered: {topic}", "Before and after: {topic}",
        "The smallest thing that helps: {topic}", "Who taught me this: {topic}", "{topic}, rain included",
        "A short checklist: {topic}", "What I stopped doing: {topic}", "Behind the scenes: {topic}",
        "The best and the worst: {topic}", "Nothing but a phone: {topic}", "Guess what comes next: {topic}",
        "A thank-you note: {topic}", "What changed over time: {topic}", "{topic}, but slower",
        "What goes in the bag: {topic}", "Rule number one: {topic}", "An honest look: {topic}", "Two ways, pick one: {topic}",
        "The sound of it: {topic}", "Room in a busy week: {topic}", "The question everybody asks: {topic}",
        "Last thoughts: {topic}",
    ),
    "it": (
        "Tre errori da non rifare: {topic}", "Ora per ora: {topic}", "Il tempo che ci vuole: {topic}",
        "{topic}, partendo da zero", "La parte che nessuno riprende: {topic}", "Tra le cose che preferisco: {topic}",
        "Un mito da sfatare: {topic}", "In un minuto: {topic}", "Un biglietto a chi ero ieri: {topic}",
        "Le vostre domande: {topic}", "Prima e dopo: {topic}", "La cosa più piccola che aiuta: {topic}",
        "Chi me l'ha insegnato: {topic}", "{topic}, anche quando piove", "Una lista breve: {topic}",
        "Cosa non faccio più: {topic}", "Dietro le quinte: {topic}", "Il meglio e il peggio: {topic}",
        "Solo con il telefono: {topic}", "Indovinate cosa viene dopo: {topic}", "Un grazie dedicato: {topic}",
        "Cosa è cambiato nel tempo: {topic}", "{topic}, ma con calma", "Cosa metto in borsa: {topic}",
        "La prima regola: {topic}", "Uno sguardo sincero: {topic}", "Due modi, scegliete voi: {topic}",
        "Il suono giusto: {topic}", "Un posto in una settimana piena: {topic}", "La domanda che fanno tutti: {topic}",
        "Ultimi pensieri: {topic}",
    ),
}  # fmt: skip
"""Each contains the topic as a separate phrase, so that any wording fits grammatically."""


def ideas(brief: Brief) -> list[dict[str, Any]]:
    """One idea for each of `brief.n` days from `brief.first_day` on: about the brief's topic, else about theirs in turn."""
    lines_for(brief)
    topics = topics_for(brief)
    kinds = brief.kinds or ("instagram-post",)
    return [_idea(brief, day, topics, kinds) for day in range(brief.first_day, brief.first_day + brief.n)]


def _idea(brief: Brief, day: int, topics: list[str], kinds: tuple[str, ...]) -> dict[str, Any]:
    day_brief = replace(brief, topic=topics[(day - 1) % len(topics)], variant=brief.variant + day)
    angle = fill_topic(pick_line(ANGLES[brief.language], rotation_start(day_brief), brief.avoid), day_brief.topic)
    kind = kinds[(day - 1) % len(kinds)]
    return {"day": day, "content_type": kind, "topic": day_brief.topic, "hook": angle, "picture": picture_prompt(day_brief)}
