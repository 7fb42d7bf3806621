"""Statements and how a recording is compared with one. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import date
from difflib import SequenceMatcher

from backend.language import tr_lazy

WORDS = 5
"""Random words at the end of a statement: nobody has a recording of them from before."""
_LEAST_MATCH = 0.6
"""Share of the statement's words that has to be heard. With PocketSphinx a synthetic voice that reads the statement is above
0.85, one that reads another text below 0.2 (tests/backend/engines/local/test_speech.py)."""
_LEAST_WORDS, _SIMILAR = 2, 0.6
"""So many of the random words have to be heard, each at least this similar by its letters: recognisers mishear single words."""
LANGUAGES = {
    "en": tr_lazy("English"),
    "it": tr_lazy("Italian"),
    "es": tr_lazy("Spanish"),
    "fr": tr_lazy("French"),
    "de": tr_lazy("German"),
    "pt": tr_lazy("Portuguese"),
}
_STATEMENTS = {
    "en": "My name is {name}. I am the speaker of this recording. I allow {company} to make an artificial copy of my voice and "
    "to use it{scope}{until}. I can take this back at any time. The words of today are: {words}.",
    "it": "Mi chiamo {name}. Sono io a parlare in questa registrazione. Permetto a {company} di creare una copia artificiale "
    "della mia voce e di usarla{scope}{until}. Posso ritirare questo consenso in qualsiasi momento. Le parole di oggi sono: "
    "{words}.",
    "es": "Me llamo {name}. Soy la persona que habla en esta grabación. Permito que {company} cree una copia artificial de mi "
    "voz y la use{scope}{until}. Puedo retirar este consentimiento en cualquier momento. Las palabras de hoy son: {words}.",
    "fr": "Je m'appelle {name}. C'est moi qui parle dans cet enregistrement. J'autorise {company} à créer une copie "
    "artificielle de ma voix et à l'utiliser{scope}{until}. Je peux retirer cet accord à tout moment. Les mots du jour sont : "
    "{words}.",
    "de": "Mein Name ist {name}. In dieser Aufnahme spreche ich selbst. Ich erlaube {company}, eine künstliche Kopie meiner "
    "Stimme herzustellen und sie{scope}{until} zu verwenden. Ich kann das jederzeit widerrufen. Die Wörter von heute sind: "
    "{words}.",
    "pt": "Meu nome é {name}. Sou eu quem fala nesta gravação. Autorizo {company} a criar uma cópia artificial da minha voz e "
    "a usá-la{scope}{until}. Posso retirar esta autorização a qualquer momento. As palavras de hoje são: {words}.",
}
_FOR_INFLUENCER = {"en": " for {}", "it": " per {}", "es": " para {}", "fr": " pour {}", "de": " für {}", "pt": " para {}"}
_UNTIL = {
    "en": " until {}",
    "it": " fino al {}",
    "es": " hasta el {}",
    "fr": " jusqu'au {}",
    "de": " bis zum {}",
    "pt": " até {}",
}
_RANDOM_WORDS = {
    "en": "elephant chocolate hospital university telephone umbrella tomorrow mountain breakfast holiday newspaper orange "
    "seventeen butterfly kitchen library morning adventure potato satellite hurricane medicine strawberry afternoon",
    "it": "elefante cioccolato ospedale montagna colazione giornale arancia diciassette farfalla cucina biblioteca domani "
    "avventura patata satellite uragano medicina fragola pomeriggio finestra fiume candela giardino treno",
    "es": "elefante chocolate hospital montaña desayuno periódico naranja diecisiete mariposa cocina biblioteca mañana "
    "aventura patata satélite huracán medicina fresa tarde ventana río vela jardín tren",
    "fr": "éléphant chocolat hôpital montagne déjeuner journal orange dix-sept papillon cuisine bibliothèque demain "
    "aventure légume satellite ouragan médecine fraise après-midi fenêtre rivière bougie jardin train",
    "de": "Elefant Schokolade Krankenhaus Gebirge Frühstück Zeitung Orange siebzehn Schmetterling Küche Bibliothek morgen "
    "Abenteuer Kartoffel Satellit Orkan Medizin Erdbeere Nachmittag Fenster Fluss Kerze Garten Eisenbahn",
    "pt": "elefante chocolate hospital montanha almoço jornal laranja dezessete borboleta cozinha biblioteca amanhã aventura "
    "batata satélite furacão medicina morango tarde janela rio vela jardim trem",
}


def fresh_words(language: str) -> list[str]:
    return secrets.SystemRandom().sample(_RANDOM_WORDS[language].split(), WORDS)


def statement(language: str, *, name: str, company: str, influencer: str, expires_on: date | None, words: Sequence[str]) -> str:
    """What is read aloud. `influencer`: for whom the copy is; "": for all."""
    scope = _FOR_INFLUENCER[language].format(influencer) if influencer else ""
    until = _UNTIL[language].format(expires_on.isoformat()) if expires_on else ""
    joined = ", ".join(words)
    return _STATEMENTS[language].format(name=name, company=company, scope=scope, until=until, words=joined)


def match(text: str, words: Sequence[str], transcript: str) -> tuple[float, bool]:
    """(share of the words of `text` that are heard in their order, whether that and the random `words` are enough)."""
    expected, heard_words = _plain(text), _plain(transcript)
    blocks = SequenceMatcher(None, expected, heard_words, autojunk=False).get_matching_blocks()
    share = sum(block.size for block in blocks) / max(1, len(expected))
    random_words = [word.lower() for word in words]
    other_words = set(expected) - set(
        _plain(" ".join(words))
    )  # "holiday" must not be heard in "today", which stands in every statement
    tail = [word for word in heard_words[-3 * len(words) :] if word not in other_words]
    recognised = sum(any(SequenceMatcher(None, word, other).ratio() >= _SIMILAR for other in tail) for word in random_words)
    return round(share, 2), share >= _LEAST_MATCH and recognised >= min(_LEAST_WORDS, len(words))


def _plain(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower().replace("’", "'").replace("'", ""))
