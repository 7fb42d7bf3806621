"""Caption files: reads their text in any encoding, and finds the picture they belong to."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from backend.language import tr_lazy

SUFFIXES = {".txt", ".caption"}
MAX_BYTES = 64 * 1024
TOO_LONG = tr_lazy("This text is too long for a caption. Captions are a sentence or two.")
NO_PICTURE = tr_lazy(
    "No picture of this name came with this caption, or is in the dataset. Upload the picture and the caption together."
)
DUPLICATE = tr_lazy("Another text with this name was used as the picture's caption. Keep one of them.")
UNREADABLE = tr_lazy(
    "This caption is not UTF-8 text, and its encoding cannot be told. Save it as UTF-8, or type it into the dataset."
)
GUESSED_ENCODING = tr_lazy("Its caption was read as Windows-1252. If letters look wrong, correct them in the dataset.")


class UnreadableCaption(Exception):
    """The file's encoding cannot be told."""


def read_caption(data: bytes) -> tuple[str, str]:
    """The text, with line breaks as \\n, and a note where the encoding is a guess ("" where it is sure). Raises Unreadable.

    Captions are too short for statistics on letters (measured: charset-normalizer reads five of six French and Spanish
    ones wrongly), so anything but Unicode is taken for Windows-1252, and only while it looks like a Western language.
    """
    for encoding in (json.detect_encoding(data), "utf-8-sig"):
        try:
            return _normalize(data.decode(encoding)), ""
        except UnicodeDecodeError:
            pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise UnreadableCaption(UNREADABLE) from None
    non_ascii = sum(1 for letter in text if letter.isalpha() and not letter.isascii())
    ascii_count = sum(1 for letter in text if letter.isalpha() and letter.isascii())
    if non_ascii > ascii_count or any(ord(letter) < 32 and letter not in "\t\n\r" for letter in text):
        raise UnreadableCaption(UNREADABLE)
    return _normalize(text), GUESSED_ENCODING


def match_key(name: str) -> str:
    """Equal for a picture and its caption file: the path without suffix, case-folded, with accents in NFC."""
    path = name.replace("\\", "/")
    stem = path[: len(path) - len(PurePosixPath(path).suffix)]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", stem).casefold())


def is_caption(name: str) -> bool:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower() in SUFFIXES


def pick_caption(picture: str, texts: Iterable[str]) -> str:
    """The caption file for `picture` among `texts` (names with the same `match_key`); "" when there are none.

    An exactly equal stem wins, then .txt over .caption, then the order in the archive.
    """
    stem = picture[: len(picture) - len(PurePosixPath(picture).suffix)]

    def rank(text: str) -> tuple[bool, bool]:
        path = PurePosixPath(text)
        return text[: len(text) - len(path.suffix)] != stem, path.suffix.lower() != ".txt"

    return min(texts, key=rank, default="")


def _normalize(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").strip()
