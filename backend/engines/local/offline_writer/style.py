"""Writes a text without a model with a style's sentence and paragraph lengths, person and punctuation.

This is not an imitation of the author, and is labelled so: sentences come from lists.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field

from backend.engines.ports.text import StyleBrief
from backend.errors import Unsupported
from backend.language import tr_lazy


@dataclass(frozen=True, slots=True)
class StyleLines:
    """`clauses`: main clauses by person; `continuations`: may follow a comma; `openers`: may precede a clause."""

    clauses: dict[str, tuple[str, ...]]
    continuations: tuple[str, ...]
    openers: tuple[str, ...]


STYLE_LINES: dict[str, StyleLines] = {
    "en": StyleLines(
        clauses={
            "I": (
                "I have been thinking about {topic}", "I have pages about {topic}", "I keep my notes on {topic} short",
                "I do not trust quick answers", "I learned to look twice", "I never tire of talking about {topic}",
                "I once believed it would be simple", "I remember the first morning of it", "I ask the same question each time",
                "I have a story or two about {topic}", "I changed my mind slowly", "I wrote it down before it faded",
                "I found more patience than expected", "I used to overlook {topic}", "I prefer the plain version",
                "I listen before I judge", "I count the small gains", "I see {topic} differently now",
                "I keep coming back to {topic}", "I was wrong about the hard part",
            ),
            "we": (
                "We have talked about {topic} for weeks", "We keep coming back to {topic}", "We keep what works",
                "We learned it the slow way", "We rarely agree at once", "We begin with {topic} and end elsewhere",
                "We tried the easy road first", "We remember how it started", "We leave room for doubt",
                "We could talk about {topic} until late", "We argued about the details", "We wrote our own rules",
                "We found help where nobody looked", "We still argue about {topic}", "We prefer honest mistakes",
                "We listen longer than we speak", "We measure by small steps", "We see {topic} with other eyes now",
            ),
            "you": (
                "You notice {topic} when you stop looking", "You can begin anywhere", "You need less than you think",
                "You can look at {topic} from two sides", "You learn it by doing", "You may doubt the first result",
                "You keep the part that works", "You find your own pace", "You will hear other opinions",
                "You return to {topic} with better questions", "You make one small change", "You can leave the rest for later",
                "You see the pattern after a while", "You owe nobody a perfect start", "You get used to the silence",
                "You will hear a lot about {topic}", "You decide how far to go",
            ),
            "they": (
                "People rarely speak of {topic}", "Nobody begins with the hard part", "Much has been said about {topic}",
                "The details decide it", "A quiet start is still a start", "The story of {topic} is longer than it looks",
                "Some mornings ask for less", "The old way had its reasons", "The answer was never far",
                "Everyone has an opinion on {topic}", "The room goes still for a moment", "Time does half of the work",
                "The rest follows by itself", "Few agree on {topic}", "The numbers tell only one side",
                "Small habits carry the whole", "The question stays open", "Some never stop talking about {topic}",
                "The evening puts things in order",
            ),
        },
        continuations=(
            "as if it had always been there", "which is harder than it sounds", "and that is where it becomes interesting",
            "though nobody would admit it", "because the beginning decides so much", "even when the day is short",
            "and no advice replaces the trying", "until the noise outside is gone", "whatever the weather says",
            "which took me by surprise", "and the difference is easy to miss", "while the coffee gets cold",
            "since the simple things wear best", "without any need to prove it", "and then it is suddenly clear",
            "as long as there is time to look", "where others would have stopped", "and there is a kind of peace in that",
            "which may be the whole point", "if only for a moment", "and not for the first time",
            "so the plan has to wait", "like a door left open", "and I mean that kindly", "with less effort than before",
            "before anyone has noticed", "although the map says otherwise", "and this is the part worth keeping",
        ),
        openers=(
            "In the end,", "Most days,", "To be fair,", "After a while,", "On a good morning,", "For once,", "Looking back,",
            "Strangely enough,", "More often than not,", "With a little luck,", "At first,", "By evening,",
        ),
    ),
    "it": StyleLines(
        clauses={
            "I": (
                "Penso spesso a tutto questo: {topic}", "Ho pagine intere su {topic}", "Tengo pochi appunti su {topic}",
                "Non mi fido delle risposte veloci", "Ho imparato a guardare due volte", "Torno sempre qui: {topic}",
                "Una volta lo credevo semplice", "Ricordo bene la prima mattina", "Mi faccio sempre la stessa domanda",
                "Ricomincerei così: {topic}", "Ho cambiato idea piano piano", "L'ho scritto prima che svanisse",
                "Ho trovato più pazienza del previsto", "Su {topic} ho più di una storia", "Preferisco la versione semplice",
                "Ascolto prima di giudicare", "Conto i piccoli progressi", "Oggi vedo {topic} in un altro modo",
                "Non mi stanco mai di parlarne: {topic}", "Mi sbagliavo sulla parte difficile",
            ),
            "we": (
                "Da settimane un solo argomento: {topic}", "Siamo arrivati qui senza un piano", "Teniamo quello che funziona",
                "Lo abbiamo imparato con calma", "Di rado siamo subito d'accordo", "Si comincia così: {topic}",
                "Abbiamo provato prima la via facile", "Ricordiamo come è cominciata", "Lasciamo spazio al dubbio",
                "Ne parliamo fino a tardi: {topic}", "Discutiamo dei dettagli", "Abbiamo scritto le nostre regole",
                "Preferiamo gli errori onesti", "Su {topic} discutiamo ancora", "Misuriamo a piccoli passi",
            ),
            "you": (
                "Noti {topic} quando smetti di cercare", "Puoi cominciare da qualsiasi punto", "Ti serve meno di quanto pensi",
                "Puoi guardare {topic} da due lati", "Si impara facendo", "Il primo risultato non convince mai",
                "Tieni la parte che funziona", "Trovi il tuo passo", "Torni con domande migliori su {topic}",
                "Cambi una cosa alla volta", "Il resto può aspettare", "Dopo un po' vedi il disegno",
                "Senti parlare spesso di {topic}", "Decidi tu fin dove andare",
            ),
            "they": (
                "Su {topic} si parla poco", "Nessuno comincia dalla parte difficile", "Il primo tentativo è fallito",
                "Sono i dettagli a decidere", "Un inizio lento resta un inizio", "Una storia lunga: {topic}",
                "Certe mattine chiedono meno", "Il vecchio modo aveva le sue ragioni", "La risposta non era lontana",
                "Tutti hanno un'opinione su {topic}", "La stanza si ferma un momento", "Il tempo fa metà del lavoro",
                "Il resto viene da sé", "Su {topic} pochi sono d'accordo", "I numeri dicono una parte sola",
                "Le piccole abitudini reggono tutto", "La domanda resta aperta", "La sera rimette ordine",
            ),
        },
        continuations=(
            "come se ci fosse sempre stato", "ed è più difficile di quanto sembri", "ed è qui che diventa interessante",
            "anche se nessuno lo ammette", "perché l'inizio decide molto", "anche quando la giornata è corta",
            "e nessun consiglio vale quanto provare", "finché fuori torna il silenzio", "qualunque cosa dica il cielo",
            "e la differenza si nota appena", "mentre il caffè si raffredda", "perché le cose semplici durano",
            "senza bisogno di dimostrarlo", "e poi all'improvviso è chiaro", "finché c'è tempo per guardare",
            "dove altri si sarebbero fermati", "e in questo c'è una certa pace", "che forse è tutto il punto",
            "anche solo per un attimo", "e non per la prima volta", "così il piano deve aspettare",
            "come una porta lasciata aperta", "con meno fatica di prima", "prima che qualcuno se ne accorga",
            "benché la mappa dica altro", "ed è la parte da conservare",
        ),
        openers=(
            "Alla fine,", "Quasi sempre,", "A dire il vero,", "Dopo un po',", "In una buona mattina,", "Per una volta,",
            "A ripensarci,", "Stranamente,", "Con un po' di fortuna,", "All'inizio,", "Verso sera,",
        ),
    ),
}  # fmt: skip


MAX_WORDS = 400
"""Beyond this the lists would begin to repeat."""


def write_in_style(brief: StyleBrief) -> str:
    """About `brief.words` words, at most MOST_WORDS. Raises Unsupported for other languages, and for longer texts."""
    manner = STYLE_LINES.get(brief.language)
    if manner is None:
        raise Unsupported(tr_lazy("The offline writer writes English and Italian. Set OPENROUTER_API_KEY for other languages."))
    if brief.words > MAX_WORDS:
        raise Unsupported(
            tr_lazy(
                "The offline writer writes at most {max_words} words. Ask for fewer, or set OPENROUTER_API_KEY.",
                max_words=MAX_WORDS,
            )
        )
    return _Writer(brief, manner).text()


_MAX_EXCLAIMED_WORDS = 8
"""Maximum words of a sentence with an exclamation mark."""


@dataclass
class _Writer:
    brief: StyleBrief
    manner: StyleLines
    _used: set[str] = field(default_factory=set)
    _since_topic: int = 2
    """Sentences since the topic was last named."""

    def text(self) -> str:
        seed = f"{self.brief.topic}|{self.brief.variant}|{self.brief.words}"
        self._random = random.Random(zlib.crc32(seed.encode()))
        paragraphs: list[list[str]] = [[]]
        n = in_paragraph = 0
        while n < self.brief.words:
            sentence = self._sentence()
            paragraphs[-1].append(sentence)
            words = len(sentence.split())
            n, in_paragraph = n + words, in_paragraph + words
            if in_paragraph >= max(25.0, min(140.0, self.brief.paragraph)):
                paragraphs.append([])
                in_paragraph = 0
        return "\n\n".join(" ".join(part) for part in paragraphs if part)

    def _sentence(self) -> str:
        mean, deviation = self.brief.sentence
        target = max(4.0, self._random.gauss(mean, deviation))
        mains = self.manner.clauses[self._person()]
        with_topic = tuple(line for line in mains if "{topic}" in line)
        sentence = self._unused_line(with_topic if self._since_topic >= 2 else mains)
        self._since_topic = 0 if "{topic}" in sentence else self._since_topic + 1
        marks: list[str] = [mark for mark in ("semicolon", "dash") if mark in self.brief.marks]
        while len(sentence.split()) < target - 4:
            addition = self._unused_line(self.manner.continuations)
            sentence = f"{sentence}{self._joint(marks)}{addition}"
            if len(sentence.split()) > 60:
                break
        if target > 10 and self._random.random() < 0.35:
            opener = self._unused_line(self.manner.openers)
            sentence = f"{opener} {sentence if sentence.startswith('I ') else sentence[:1].lower() + sentence[1:]}"
        sentence = sentence.replace("{topic}", self.brief.topic.strip().rstrip(".!?"))
        return (
            sentence[:1].upper()
            + sentence[1:]
            + self._end(short=len(sentence.split()) <= _MAX_EXCLAIMED_WORDS and self._since_topic > 0)
        )

    def _joint(self, marks: list[str]) -> str:
        mark = self._random.choice(marks) if marks and self._random.random() < 0.4 else ""
        return {"semicolon": "; ", "dash": " – "}.get(mark, ", ")

    def _end(self, *, short: bool) -> str:
        """The final mark; only short sentences without the topic may end with an exclamation mark."""
        chance = self._random.random()
        return "!" if short and "exclamation" in self.brief.marks and chance < 0.3 else "."

    def _person(self) -> str:
        return self.brief.person if self.brief.person in self.manner.clauses else "I"

    def _unused_line(self, lines: tuple[str, ...]) -> str:
        """A random line that was not used yet; when all were used, they may be used again."""
        unused = [line for line in lines if line not in self._used]
        if not unused:
            self._used -= set(lines)
            unused = list(lines)
        line = self._random.choice(unused)
        self._used.add(line)
        return line
