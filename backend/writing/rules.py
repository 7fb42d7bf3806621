"""Rules of texts, which the model is told and answers are checked for by the same lists: style, disclosure of ads, boundaries.
Pure."""

from __future__ import annotations

import re
import unicodedata

from backend.influencers import Persona
from backend.platforms.text_limits import hashtags_in

COPIED_RUN_WORDS = 8
"""So many words in a row of one of the persona's posts count as copied."""
MIN_LINES = 3
"""So many lines of the persona's own are needed to tell what they never use."""
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]")
STOCK_PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        "game changer", "game-changer", "level up your", "elevate your", "unlock your", "unlock the", "dive into", "dive in",
        "buckle up", "hidden gem", "must-have", "embrace the journey", "living my best life", "take it to the next level",
        "in today's fast-paced world", "whether you're a", "look no further", "say goodbye to", "magic happens",
        "tag someone who needs",
    ),
    "it": (
        "svolta epocale", "porta al livello successivo", "al prossimo livello", "scopri il segreto", "gemma nascosta",
        "tuffati nel", "un viaggio indimenticabile", "un'esperienza unica", "non crederai", "il tuo alleato",
        "in un mondo sempre più", "dì addio a", "la magia accade", "vivere al meglio", "tagga chi ne ha bisogno",
    ),
}  # fmt: skip
"""Language -> phrases that every second caption has."""
_MONEY = re.compile(
    r"(?:[€$£¥]\s?\d[\d.,]*"
    r"|\d[\d.,]*\s?(?:[€$£¥%]|(?:euros?|eur|usd|dollars?|dollari|pounds?|sterline|percent|per cento)\b))",
    re.IGNORECASE,
)
_TAGS: dict[str, tuple[str, ...]] = {
    "en": ("#ad", "#advert", "#sponsored"), "it": ("#adv", "#pubblicità", "#ad", "#sponsorizzato"),
    "de": ("#werbung", "#anzeige"), "es": ("#publicidad", "#publi"), "fr": ("#publicité", "#sponsorisé"),
    "pt": ("#publicidade", "#publi"), "nl": ("#reclame", "#advertentie"), "pl": ("#reklama",), "tr": ("#reklam",),
    "sv": ("#reklam", "#annons"), "da": ("#reklame", "#annonce"), "nb": ("#reklame", "#annonse"), "fi": ("#mainos",),
    "cs": ("#reklama",), "hu": ("#reklám",), "ro": ("#publicitate",), "ru": ("#реклама",), "uk": ("#реклама",),
    "el": ("#διαφήμιση",), "ja": ("#広告", "#pr"), "ko": ("#광고",), "zh": ("#广告", "#廣告"), "id": ("#iklan",),
    "vi": ("#quảngcáo",), "th": ("#โฆษณา",), "ar": ("#إعلان",), "he": ("#פרסומת",), "hi": ("#विज्ञापन",),
}  # fmt: skip
"""Language -> hashtags: the first is the one we put; the others count too."""
_VISIBLE_CHARACTERS = 60
"""Characters: what a feed shows of a caption before “more”."""
MAX_PHRASE_WORDS = 6
_MAX_GAP = 3
"""So many other words may stand between two words of a phrase."""
_WORD = re.compile(r"\w+(?:'\w+)?")
_SEPARATOR = re.compile(r"[,;/]|\bor\b|\bnor\b|\boppure\b|\bo\b")
_LEADING_LIST = (
    "never no not don't dont do does avoid avoids avoiding mention talk talks speak write about use say discuss post show any "
    "mai non niente parlare parla parlo di del della dei delle usare usa dire dice nominare discutere evita evitare mostrare"
)
_STOP_LIST = (
    "the a an and of to in on at for with from by her his their its my your our she he they it this that is are was were be as "
    "all il lo la i gli le un uno una e ed al alla ai alle da con su per tra che suo sua suoi sue mio mia come"
)
_LEADING_WORDS, _STOP_WORDS = frozenset(_LEADING_LIST.split()), frozenset(_STOP_LIST.split())
"""Words that a boundary begins with and that are not what it names; words that are never counted. English and Italian."""
_ENDINGS = frozenset(("", "s", "es", "e", "ed", "d", "ing", "er", "ers", "y", "ies", "ied", "a", "i", "o", "he", "hi"))
"""What may follow the common stem of two forms of a word: English endings, and Italian's last vowels."""


def persona_lines(persona: Persona) -> tuple[str, ...]:
    return (*persona.examples, *persona.sample_lines)


def uses_no_emoji(persona: Persona) -> bool:
    """Whether the persona's own lines have none, and are enough to tell."""
    lines = persona_lines(persona)
    return len(lines) >= MIN_LINES and not any(EMOJI.search(line) for line in lines)


def uses_no_exclamations(persona: Persona) -> bool:
    lines = persona_lines(persona)
    return len(lines) >= MIN_LINES and not any("!" in line for line in lines)


def stock_phrase(text: str, language: str) -> str:
    """The first stock phrase in `text`, or ""."""
    words = " ".join(text.lower().replace("’", "'").split())
    phrases = STOCK_PHRASES.get(language.partition("-")[0], ())
    return next((phrase for phrase in phrases if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", words)), "")


def invented_amounts(text: str, supplied: str) -> list[str]:
    """Prices and percentages of `text` whose number stands nowhere in `supplied` (the order and the persona)."""
    numbers = {_number(match) for match in re.findall(r"\d[\d.,]*", supplied)}
    return [amount for amount in _MONEY.findall(text) if _number(amount) not in numbers]


def _number(amount: str) -> str:
    """“1.299,00 €” and “1299” are the same number."""
    digits = re.sub(r"[^\d.,]", "", amount).strip(".,")
    whole = re.sub(r"[.,]\d{1,2}$", "", digits)
    cents = digits[len(whole) + 1 :].rstrip("0")
    return re.sub(r"\D", "", whole) + (f".{cents}" if cents else "")


def disclosure_tag(language: str) -> str:
    return disclosure_tags(language)[0]


def disclosure_tags(language: str) -> tuple[str, ...]:
    return _TAGS.get(language.partition("-")[0], _TAGS["en"])


def is_disclosed(caption: str, language: str) -> bool:
    """Whether a disclosure stands where everybody sees it."""
    front = {hashtag.lower() for hashtag in hashtags_in(caption[:_VISIBLE_CHARACTERS])}
    return bool(front & {*disclosure_tags(language), *_TAGS["en"]})


def with_disclosure(caption: str, language: str) -> str:
    """With the disclosure in front, unless it is there."""
    return caption if is_disclosed(caption, language) else f"{disclosure_tag(language)} {caption}".strip()


def named_phrases(line: str) -> tuple[str, ...]:
    """“never talk about politics or her ex” -> (“politics”, “ex”). () when it names nothing that can be looked for."""
    found_phrases = []
    for part in _SEPARATOR.split(fold_letters(line)):
        words = [word for word in _content_words(part) if word not in _LEADING_WORDS]
        if len(words) > MAX_PHRASE_WORDS:
            return ()
        if words:
            found_phrases.append(" ".join(words))
    return tuple(found_phrases)


def touches(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` in this order and near each other, or written together as a hashtag."""
    phrase_words = phrase.split()
    text_words = _content_words(fold_letters(text))
    joined = "".join(phrase_words)
    if any(_same_word(tag[1:], joined) for tag in hashtags_in(fold_letters(text))):
        return True
    return any(
        _same_word(word, phrase_words[0]) and _continues_nearby(text_words[at + 1 :], phrase_words[1:])
        for at, word in enumerate(text_words)
    )


def _content_words(text: str) -> list[str]:
    return [word.removesuffix("'s") for word in _WORD.findall(text) if word not in _STOP_WORDS]


def _continues_nearby(text_words: list[str], phrase_words: list[str]) -> bool:
    if not phrase_words:
        return True
    near = enumerate(text_words[: _MAX_GAP + 1])
    return any(
        _same_word(word, phrase_words[0]) and _continues_nearby(text_words[at + 1 :], phrase_words[1:]) for at, word in near
    )


def _same_word(first: str, second: str) -> bool:
    """Whether two words are forms of one, judged by their endings: promise, promised, promising; politica, politiche."""
    if first == second:
        return True
    n = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
    ends = {first[n:], second[n:]}
    if n <= 3:
        return n == 3 and ends in (
            {"", "s"},
            {"e", "ing"},
        )  # short words share their beginnings with too many others: car, care
    return n >= max(len(first), len(second)) - 3 and ends <= _ENDINGS and ends != {"", "e"}


def fold_letters(text: str) -> str:
    """Lower-case letters without accents, and one kind of apostrophe."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
