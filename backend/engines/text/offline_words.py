"""The offline writer's sentences. The lists of a language have 13, 31 and 7 lines: no two of 91 captions share two of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """`{topic}` stands in every middle; `{other}` is something else they talk about.

    `playful`: openings of an ironic or funny tone; `driven`: of a motivating one.
    """

    openings: tuple[str, ...]
    playful: tuple[str, ...]
    driven: tuple[str, ...]
    middles: tuple[str, ...]
    closings: tuple[str, ...]
    with_other: tuple[str, ...]


VOICES: dict[str, Voice] = {
    "en": Voice(
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
            "{topic} is easier once you stop rushing.", "There is more to {topic} than people say.",
            "I keep coming back to {topic}, every time.", "Today was all about {topic} and fresh air.",
            "My honest take on {topic}: start small.", "With {topic} the details do the talking.",
            "Three tries later, {topic} makes sense.", "If you love {topic}, look twice here.",
            "Nothing clears my head like {topic}.", "Learning {topic} one mistake at once.",
            "{topic}, exactly how I pictured it.",
            "Somehow {topic} fixed the whole mood.", "A corner of my day belongs to {topic}.",
            "Years of talking, now doing: {topic}.", "Less scrolling, more {topic}, please.",
            "Did not expect {topic} to teach me patience.", "Half of it is luck, half is {topic}.",
            "My notes on {topic} fill a page already.", "People walk past {topic} without looking up.",
            "Even on busy days {topic} gets its moment.", "The best seat for {topic} was free.",
            "Between two errands I found {topic}.", "Small steps, big smile: {topic}.",
            "This is your sign to give {topic} a chance.", "Why did I wait so long for {topic}?",
            "Good company makes {topic} twice as good.", "One picture cannot hold all of {topic}.",
            "Ask me about {topic} and I never stop.", "Rain or shine, {topic} stays on the list.",
            "What makes {topic} special? Being there.", "Old habit, new eyes: {topic}.",
        ),
        closings=(
            "What would you add?", "Tell me yours below.", "Save it for your weekend.", "Who is coming along?",
            "More of this tomorrow.", "Would you try it?", "Tag someone who needs this.",
        ),
        with_other=("Next up: {other}.", "Then back to {other}."),
    ),
    "it": Voice(
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
            "{topic}: tutto più facile quando smetti di correre.", "Dietro {topic} c'è più di quanto si dica.",
            "Torno sempre qui: {topic}, ogni volta.", "Oggi solo {topic} e aria fresca.",
            "La mia opinione su {topic}: iniziare piano.", "Con {topic} parlano i dettagli.",
            "Al terzo tentativo {topic} ha finalmente senso.", "Se vi piace {topic}, guardate due volte.",
            "Niente mi libera la testa come {topic}.", "Imparo {topic} un errore alla volta.",
            "{topic}, proprio come lo immaginavo.",
            "In qualche modo {topic} ha salvato l'umore.", "Un angolo della giornata resta per {topic}.",
            "Anni di parole, adesso i fatti: {topic}.", "Meno schermo, più {topic}, per favore.",
            "Non pensavo che {topic} insegnasse la pazienza.", "Metà è fortuna, metà è {topic}.",
            "I miei appunti su {topic} riempiono una pagina.", "In tanti passano davanti a {topic} senza alzare gli occhi.",
            "Anche nei giorni pieni {topic} trova spazio.", "Il posto migliore per {topic} era libero.",
            "Tra due commissioni ho trovato {topic}.", "Piccoli passi, grande sorriso: {topic}.",
            "Prendetelo come un segno: date una possibilità a {topic}.", "Perché ho aspettato tanto per {topic}?",
            "La buona compagnia rende {topic} il doppio più bello.", "Una foto sola non contiene tutto: {topic}.",
            "Chiedetemi di {topic} e non smetto più.", "Pioggia o sole, {topic} resta in lista.",
            "Il bello di {topic}? Esserci davvero.", "Vecchia abitudine, occhi nuovi: {topic}.",
        ),
        closings=(
            "Voi cosa aggiungereste?", "Raccontatemi la vostra qui sotto.", "Salvatela per il weekend.", "Chi viene con me?",
            "Domani si continua.", "Voi ci provereste?", "Taggate chi ne ha bisogno.",
        ),
        with_other=("Prossima tappa: {other}.", "Poi di nuovo {other}."),
    ),
}  # fmt: skip
PLAYFUL = ("iron", "fun", "play", "witty", "sarcas", "humor", "humour", "diverten", "scherz", "spiritos", "giocos", "autoiron")
"""Beginnings of words in a tone, English and Italian, that choose the playful openings."""
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
