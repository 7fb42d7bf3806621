"""The offline writer's sentences. The lists of a language have 13, 31 and 7 lines: no two of 91 captions share two lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaptionLines:
    """Every middle contains `{topic}` as a separate phrase, so that any wording fits. `{other}` is another topic of theirs.

    `playful`: openings for an ironic or funny tone; `driven`: for a motivating one. `asks`: goal -> closings that ask for it.
    `paid`: the line that names the `{sponsor}`.
    """

    openings: tuple[str, ...]
    playful: tuple[str, ...]
    driven: tuple[str, ...]
    middles: tuple[str, ...]
    closings: tuple[str, ...]
    with_other: tuple[str, ...]
    asks: dict[str, tuple[str, ...]]
    paid: str


CAPTION_LINES: dict[str, CaptionLines] = {
    "en": CaptionLines(
        openings=(
            "Slow start, good light.", "This one stayed with me.", "Some days just work out.", "A small note to myself.",
            "Finally got around to it.", "Kept my phone away, almost.", "Ten minutes became two hours.",
            "Nothing planned, everything right.", "Here is what I learned today.", "You asked, so I tried.",
            "Early, quiet, worth it.", "Saving this for grey days.", "First time, surely not last.",
        ),
        playful=(
            "Plot twist of the week.", "Nobody asked, still sharing.", "My alarm lost this fight.",
            "Zero plans, full confidence.", "Technically this counts as work.", "I blame the coffee.",
            "Expert level: complete beginner.", "Told you I would overdo it.", "Do not tell my calendar.",
            "Tried to be cool, failed.", "Dramatic pause, please.", "Budget version, premium feelings.", "Somebody had to.",
        ),
        driven=(
            "Start before you feel ready.", "One more round, then rest.", "Small wins add up.", "Show up, even tired.",
            "Today counts, so use it.", "Progress over perfect, always.", "Your future self says thanks.",
            "Keep the promise you made.", "Strong is built on quiet days.", "No shortcut, just steady work.",
            "Doubt it, then do it.", "Breathe in, push on.", "Day by day it grows.",
        ),
        middles=(
            "{topic}. Nothing more is needed, nothing less will do.", "{topic}. The small things count most around here.",
            "{topic}. Everything gets easier once nobody rushes.", "Today's entry, short and honest: {topic}.",
            "On my mind since I woke up: {topic}.", "{topic}. Let the details do the talking.",
            "{topic}. Some things deserve a second look.", "Back to this again, gladly as ever: {topic}.",
            "{topic}. One careful try at a time.", "The plan for today is simple: {topic}.",
            "{topic}, just as it is, without a comment.", "{topic}. My favourite kind of quiet, for once.",
            "Filed under good moods and kept there: {topic}.", "{topic}. Less scrolling and more of this, please.",
            "What stays when the day is over: {topic}.", "{topic}. Half of it luck, half patience.",
            "First on the list and staying there: {topic}.", "{topic}. There is no hurry in it at all.",
            "A corner of the day belongs to this: {topic}.", "{topic}. Even a busy day has room for it.",
            "Reason enough to smile a little: {topic}.", "{topic}. Squeezed right in between two errands.",
            "Small steps and one big smile: {topic}.", "{topic}. Maybe it deserves a fair chance.",
            "No point in waiting any longer: {topic}.", "{topic}. Always twice as good in company.",
            "One picture could never hold it all: {topic}.", "Ask me anything about this one: {topic}.",
            "{topic}. Rain or shine, it stays on the list.", "{topic}. Being there is the whole point of it.",
            "An old habit seen with new eyes: {topic}.",
        ),
        closings=(
            "What would you add?", "Tell me yours below.", "Good for a slow day.", "Who is coming along?",
            "More of this tomorrow.", "Would you try it?", "Worth a second look?",
        ),
        with_other=("Next up: {other}.", "Then back to {other}."),
        asks={
            "conversation": ("What would you add?", "Which one are you?", "Tell me yours below."),
            "saves": ("Save this for later.", "Keep it for the right day."),
            "shares": ("Send it to the one who would come along.", "You know who needs to see this. Send it."),
            "clicks": ("The link has the rest.", "More behind the link."),
            "sales": ("Have a look at it.", "See for yourself."),
            "followers": ("Stay for the next one.", "More of this here, most days."),
        },
        paid="With {sponsor}.",
    ),
    "it": CaptionLines(
        openings=(
            "Partenza lenta, luce buona.", "Questa mi è rimasta dentro.", "Certi giorni girano bene.",
            "Un appunto da non perdere.", "Finalmente ho trovato il tempo.", "Telefono lontano, quasi sempre.",
            "Dieci minuti diventati due ore.", "Niente piani, tutto giusto.", "Ecco cosa ho imparato oggi.",
            "Me lo avete chiesto voi.", "Presto, silenzio, ne vale la pena.", "La tengo per i giorni grigi.",
            "Prima volta, non certo ultima.",
        ),
        playful=(
            "Colpo di scena della settimana.", "Nessuno ha chiesto, condivido lo stesso.", "La sveglia ha perso anche oggi.",
            "Zero piani, massima sicurezza.", "Tecnicamente questo è lavoro.", "Colpa del caffè, come sempre.",
            "Livello esperto: principiante totale.", "Avevo detto che avrei esagerato.", "Non ditelo alla mia agenda.",
            "Doveva sembrare tutto facile, pazienza.", "Pausa drammatica, grazie.", "Versione economica, emozioni di lusso.",
            "Qualcuno doveva pur farlo.",
        ),
        driven=(
            "Inizia prima di sentirti pronto.", "Ancora un giro, poi riposo.", "Le piccole vittorie si sommano.",
            "Presentarsi sempre, anche stanchi.", "Oggi conta: usiamolo bene.", "Meglio un passo che la perfezione.",
            "Il te di domani ringrazia.", "Mantieni la promessa fatta.", "La forza nasce nei giorni silenziosi.",
            "Nessuna scorciatoia, solo costanza.", "Prima il dubbio, poi il coraggio.", "Respira, poi spingi ancora.",
            "Giorno dopo giorno si cresce.",
        ),
        middles=(
            "{topic}. Non serve altro, non basta meno.", "{topic}. Da queste parti contano le piccole cose.",
            "{topic}. Tutto diventa più facile senza fretta.", "L'appunto di oggi, breve e sincero: {topic}.",
            "In testa dal primo caffè di oggi: {topic}.", "{topic}. Per una volta lascio parlare i dettagli.",
            "{topic}. Certe cose vanno guardate due volte.", "Si torna qui ogni volta, e volentieri: {topic}.",
            "{topic}. Un tentativo per volta, con calma.", "Il programma di oggi è semplice: {topic}.",
            "{topic}, senza aggiungere neanche una parola.", "{topic}. Il tipo di silenzio che preferisco.",
            "Archiviato tra le cose belle, e lì resta: {topic}.", "{topic}. Meno schermo e più di questo, grazie.",
            "Quello che resta quando finisce la giornata: {topic}.", "{topic}. Metà è fortuna, il resto pazienza.",
            "In cima alla lista, e non si muove: {topic}.", "{topic}. Senza correre, almeno per questa volta.",
            "Un angolo della giornata è per questo: {topic}.", "{topic}. Anche un giorno pieno trova il posto.",
            "Un buon motivo per sorridere un po': {topic}.", "{topic}. Infilato giusto in mezzo a due commissioni.",
            "Piccoli passi e un grande sorriso: {topic}.", "{topic}. Forse una possibilità la merita davvero.",
            "Inutile aspettare ancora, quindi eccoci: {topic}.", "{topic}. In buona compagnia viene sempre meglio.",
            "Una foto sola non può bastare: {topic}.", "Chiedetemi pure qualsiasi cosa su questo: {topic}.",
            "{topic}. Pioggia o sole, rimane in lista.", "{topic}. Il bello, alla fine, è esserci.",
            "Una vecchia abitudine con occhi nuovi: {topic}.",
        ),
        closings=(
            "Voi cosa aggiungereste?", "Raccontatemi la vostra qui sotto.", "Buona per un giorno lento.", "Chi viene con me?",
            "Domani si continua.", "Voi ci provereste?", "Merita un altro sguardo?",
        ),
        with_other=("Prossima tappa: {other}.", "Poi di nuovo {other}."),
        asks={
            "conversation": ("Voi cosa aggiungereste?", "E voi da che parte state?", "Raccontatemi la vostra qui sotto."),
            "saves": ("Salvatela per dopo.", "Tenetela per il giorno giusto."),
            "shares": ("Mandatela a chi verrebbe con voi.", "Sapete a chi mandarla."),
            "clicks": ("Il resto è nel link.", "Nel link c'è tutto."),
            "sales": ("Dategli un'occhiata.", "Guardate con i vostri occhi."),
            "followers": ("Restate per la prossima.", "Qui se ne parla quasi ogni giorno."),
        },
        paid="Con {sponsor}.",
    ),
}  # fmt: skip
PLAYFUL = ("iron", "fun", "play", "witty", "sarcas", "humor", "humour", "diverten", "scherz", "spiritos", "giocos", "autoiron")
"""Prefixes of words in a tone, English and Italian, that select the playful openings."""
DRIVEN = ("motivat", "energ", "driven", "inspir", "determin", "motivaz", "ispir", "grint", "caric", "sport", "fit")
"""The same for the driven ones."""
LIGHTS = (
    "golden hour", "soft morning light", "overcast daylight", "warm evening light", "bright midday sun", "window light",
    "blue hour",
)  # fmt: skip
SHOTS = (
    "half-body portrait", "close-up portrait", "full-body shot", "candid shot from the side", "over-the-shoulder view",
    "wide shot with surroundings", "low-angle shot", "seated portrait", "walking towards the camera", "looking away, candid",
    "detail shot of the hands",
)  # fmt: skip
