"""Lines for hooks, alt texts and hashtags, by language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """`small`: words that make no hashtag, with blanks between. `alts` have `{name}`, `{topic}`, `{light}`."""

    hooks: tuple[str, ...]
    alts: tuple[str, ...]
    lights: tuple[str, ...]
    tags: tuple[str, ...]
    small: str
    somebody: str


PLACES: dict[str, Places] = {
    "en": Places(
        hooks=(
            "Nobody told me this about {topic}.", "Three minutes of {topic} changed my day.", "Stop scrolling: {topic}.",
            "I was wrong about {topic}.", "Before you try {topic}, read this.", "The truth about {topic}?",
            "{topic}: worth it or not?", "What {topic} really looks like.", "Only locals know this about {topic}.",
            "My first time with {topic} went like this.", "You do not need more than this for {topic}.",
            "The one thing I skip: {topic}? Never.", "Wait for the end of this {topic}.",
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
        small="a an and are as at be by for from in into is it my of on or our the to up with your",
        somebody="A person",
    ),
    "it": Places(
        hooks=(
            "Nessuno mi aveva detto questo: {topic}.", "Tre minuti di {topic} mi hanno cambiato la giornata.",
            "Fermi un attimo: {topic}.", "Mi sbagliavo su una cosa: {topic}.", "Prima di provare {topic}, leggete qui.",
            "La verità? {topic}.", "{topic}: ne vale la pena?", "Com'è davvero {topic}.", "Quello che pochi sanno: {topic}.",
            "La mia prima volta con {topic} è andata così.", "Per {topic} non serve altro.",
            "L'unica cosa che non salto mai: {topic}.", "Aspettate la fine: {topic}.",
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
        small=(
            "a ad al alla allo ai agli alle con da dal dalla dei del della delle di e ed è gli i il in la le lo mia mio nel "
            "nella per su sul sulla tra fra un una uno"
        ),
        somebody="Una persona",
    ),
}  # fmt: skip
