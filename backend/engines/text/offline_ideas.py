"""A plan of days without a model: their own topics in turn, each day from another angle. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backend.engines.text.offline_caption import filled, pick, start, topic_of, voice_of
from backend.engines.text.offline_post import picture
from backend.engines.text.port import Brief

ANGLES: dict[str, tuple[str, ...]] = {
    "en": (
        "Three mistakes I made with {topic}", "A day around {topic}, hour by hour", "What {topic} costs me in time",
        "{topic} for complete beginners", "The part of {topic} nobody films", "My favourite place for {topic}",
        "A myth about {topic} that has to go", "{topic} in one minute", "What I would tell my younger self about {topic}",
        "Your questions about {topic}, answered", "Before and after: {topic}", "The smallest thing that makes {topic} better",
        "Who taught me {topic}", "{topic} on a rainy day", "A checklist for {topic}", "What I stopped doing for {topic}",
        "Behind the scenes of {topic}", "The best and the worst of {topic}", "{topic} with nothing but a phone",
        "Guess which one is {topic}", "A thank-you note to {topic}", "What changed since I started with {topic}",
        "{topic}, but slower", "Things I packed for {topic}", "My rule number one for {topic}", "An honest review of {topic}",
        "Two ways to do {topic}: pick one", "The sound of {topic}", "How {topic} fits a busy week",
        "The question everybody asks about {topic}", "Last thoughts on {topic}",
    ),
    "it": (
        "Tre errori che ho fatto con {topic}", "Una giornata intera: {topic}, ora per ora", "Quanto tempo mi prende {topic}",
        "{topic} per chi parte da zero", "La parte di {topic} che nessuno riprende", "Il mio posto preferito per {topic}",
        "Un mito da sfatare: {topic}", "{topic} in un minuto", "Cosa direi alla me di ieri: {topic}",
        "Le vostre domande: {topic}", "Prima e dopo: {topic}", "La cosa più piccola che migliora {topic}",
        "Chi mi ha insegnato {topic}", "{topic} quando piove", "La lista che uso per {topic}",
        "Cosa non faccio più per {topic}",
        "Dietro le quinte: {topic}", "Il meglio e il peggio: {topic}", "{topic} solo con il telefono",
        "Indovinate qual è: {topic}", "Un grazie dedicato a {topic}", "Cosa è cambiato da quando c'è {topic}",
        "{topic}, ma con calma", "Cosa metto in borsa per {topic}", "La mia prima regola: {topic}",
        "Una recensione sincera: {topic}", "Due modi per {topic}: scegliete voi", "Il suono di {topic}",
        "Come entra {topic} in una settimana piena", "La domanda che fanno tutti: {topic}", "Ultimi pensieri: {topic}",
    ),
}  # fmt: skip


def ideas(brief: Brief) -> list[dict[str, Any]]:
    """One for each of `brief.n` days from `brief.first_day` on. With a topic all are about it, else about theirs in turn."""
    voice_of(brief)
    subjects = [topic_of(brief)] if brief.topic.strip() else [one.strip() for one in brief.topics if one.strip()]
    subjects = subjects or [{"en": "an ordinary day", "it": "una giornata qualunque"}[brief.language]]
    kinds = brief.kinds or ("instagram-post",)
    return [_idea(brief, day, subjects, kinds) for day in range(brief.first_day, brief.first_day + brief.n)]


def _idea(brief: Brief, day: int, subjects: list[str], kinds: tuple[str, ...]) -> dict[str, Any]:
    one = replace(brief, topic=subjects[(day - 1) % len(subjects)], variant=brief.variant + day)
    angle = filled(pick(ANGLES[brief.language], start(one), brief.avoid), one.topic)
    kind = kinds[(day - 1) % len(kinds)]
    return {"day": day, "content_type": kind, "topic": one.topic, "hook": angle, "picture": picture(one)}
