"""The gallery's search text: words of the prompt and terms such as `seed:123 rating:>=4 lora:bella`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from backend.errors import Invalid
from backend.language import tr_lazy

TERMS = {
    "seed": "seed:123",
    "model": "model:starter",
    "lora": "lora:bella-v1",
    "influencer": 'influencer:"Bella"',
    "board": 'board:"Summer"',
    "rating": "rating:>=4",
    "from": "from:2026-11-01",
    "until": "until:2026-11-30",
    "size": "size:portrait",
    "is": "is:favourite",
}
"""Each with an example, in the order the help names them."""
SHAPES = ("square", "portrait", "landscape")
_MAX_WORDS = 20
_TOKEN = re.compile(r'(-?)(?:([a-zA-Z]+):)?(?:"([^"]*)"?|(\S+))|\S+')
_RATING = re.compile(r"(>=|<=|>|<|=)?([0-5])(?:\.\.([0-5]))?")


@dataclass(frozen=True, slots=True)
class GallerySearch:
    """`words`: each begins a word of the prompt; `phrases` are in it as written; `without` is not. Names as typed."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    seed: int | None = None
    model: str = ""
    lora: str = ""
    influencer: str = ""
    board: str = ""
    stars: tuple[int, int] | None = None
    date_from: date | None = None
    date_to: date | None = None
    shape: str = ""
    source: str = ""
    favourite: bool = False


def parse_search(text: str) -> GallerySearch:
    """Raises Invalid with a sentence for a term that is unknown or cannot be read."""
    words: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    terms: dict[str, object] = {}
    for match in _TOKEN.finditer(text.replace("\x00", " ")):
        minus, key, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare if bare is not None else match.group()
        if not key and value.endswith(":") and value[:-1].lower() in TERMS:
            key, value = value[:-1], ""
        if key:
            terms |= _term(key.lower(), value.strip())
        elif value.strip(' ,"'):
            target = without if minus else phrases if quoted is not None else words
            target.extend([value] if quoted is not None or minus else [part for part in value.split(",") if part])
    return GallerySearch(tuple(words[:_MAX_WORDS]), tuple(phrases[:_MAX_WORDS]), tuple(without[:_MAX_WORDS]), **terms)  # type: ignore[arg-type]


def _term(key: str, value: str) -> dict[str, object]:
    if key not in TERMS:
        raise Invalid(
            tr_lazy(
                'There is no search term “{key}:”. There are {values}. To look for the word itself, write "{key}" in quotes.',
                key=key[:30],
                values=", ".join(TERMS.values()),
            )
        )
    if not value:
        raise Invalid(tr_lazy("Write what {key}: should be, for example {terms}.", key=key, terms=TERMS[key]))
    match key:
        case "seed":
            return {"seed": _seed(value)}
        case "rating":
            return {"stars": _star_range(value)}
        case "from" | "until":
            return {"date_from" if key == "from" else "date_to": _day(key, value)}
        case "size":
            return {"shape": _one_of("size", value, SHAPES)}
        case "is":
            return _is_term(value)
    return {key: value}


def _seed(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Invalid(tr_lazy("A seed is a whole number, for example {terms}.", terms=TERMS["seed"]))
    return int(value)


def _star_range(value: str) -> tuple[int, int]:
    match = _RATING.fullmatch(value.replace(" ", ""))
    if match is None or (match[1] and match[3]):
        raise Invalid(tr_lazy("A rating is 0 to 5: rating:>=4, rating:5, rating:0 or rating:2..4."))
    n = int(match[2])
    if match[3]:
        return (n, int(match[3]))
    return {">=": (n, 5), ">": (n + 1, 5), "<=": (0, n), "<": (0, n - 1)}.get(match[1] or "=", (n, n))


def _day(key: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid(
            tr_lazy("Write the day of {key}: as year-month-day, for example {terms}.", key=key, terms=TERMS[key])
        ) from None


def _is_term(value: str) -> dict[str, object]:
    filters: dict[str, dict[str, object]] = {
        "favourite": {"favourite": True},
        "favorite": {"favourite": True},
        "imported": {"source": "imported"},
        "made": {"source": "made"},
        "unrated": {"stars": (0, 0)},
    }
    return filters[_one_of("is", value, tuple(filters))]


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> str:
    if value.lower() not in allowed:
        raise Invalid(
            tr_lazy("{key}: must be one of {allowed}, not “{what}”.", key=key, allowed=", ".join(allowed), what=value[:30])
        )
    return value.lower()
