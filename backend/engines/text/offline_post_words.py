"""Lines for hooks, alt texts and hashtags, by language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostLines:
    """`stop_words`: words that make no hashtag, separated by blanks. `alts` contain `{name}`, `{topic}`, `{light}`."""

    hooks: tuple[str, ...]
    alts: tuple[str, ...]
    lights: tuple[str, ...]
    tags: tuple[str, ...]
    stop_words: str
    somebody: str


POST_LINES: dict[str, PostLines] = {
    "en": PostLines(
        hooks=(
            "{topic}, and nothing planned.", "One thing about this: {topic}.", "Worth a stop: {topic}.",
            "{topic}: yes or no?", "Before the day begins: {topic}.", "{topic}, as it really is.",
            "The honest version: {topic}.", "{topic}. That is the whole plan.", "Let us talk about this: {topic}.",
            "Not skipping this one: {topic}.", "Look closer: {topic}.", "Still thinking about this: {topic}.",
            "{topic}. Ready?",
        ),
        alts=(
            "{name} and {topic}, in {light}.", "A picture of {name}: {topic}, in {light}.",
            "{topic}: {name} in the middle of it, {light}.",
        ),
        lights=("warm evening light", "soft morning light", "bright daylight", "the blue of the early evening", "window light"),
        tags=(
            "#LifeLately", "#SmallJoys", "#DailyMoments", "#SlowLiving", "#TodayMood", "#BehindTheScenes", "#RealLife",
            "#MorningMood", "#WeekendFeeling", "#GoodDays", "#KeepItSimple",
        ),
        stop_words="a an and are as at be by for from in into is it my of on or our the to up with your",
        somebody="A person",
    ),
    "it": PostLines(
        hooks=(
            "{topic}, e nessun programma.", "Una cosa sola: {topic}.", "Fermatevi qui: {topic}.", "{topic}: sì o no?",
            "Prima che inizi la giornata: {topic}.", "{topic}, dal vero.", "La versione sincera: {topic}.",
            "{topic}. Il programma è tutto qui.", "Parliamone: {topic}.", "Questa non la salto: {topic}.",
            "Guardate meglio: {topic}.", "Ci penso ancora: {topic}.", "{topic}. Pronti?",
        ),
        alts=(
            "{name} e {topic}, con {light}.", "Una foto di {name}: {topic}, con {light}.",
            "{topic}: {name} al centro della scena, con {light}.",
        ),
        lights=("la luce calda della sera", "la luce morbida del mattino", "la luce piena del giorno", "il blu della sera",
                "la luce della finestra"),
        tags=(
            "#PiccoleCose", "#VitaDiTuttiIGiorni", "#MomentiVeri", "#BuonaGiornata", "#DietroLeQuinte", "#AttimiBelli",
            "#SenzaFretta", "#OggiCosì", "#VoglieDiWeekend", "#CoseSemplici", "#GiorniBelli",
        ),
        stop_words=(
            "a ad al alla allo ai agli alle con da dal dalla dei del della delle di e ed è gli i il in la le lo mia mio nel "
            "nella per su sul sulla tra fra un una uno"
        ),
        somebody="Una persona",
    ),
}  # fmt: skip
