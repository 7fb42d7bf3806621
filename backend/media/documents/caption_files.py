"""Captions that come as text files: what they say, whatever their encoding, and which picture they belong to."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

ENDINGS = {".txt", ".caption"}
LONGEST_BYTES = 64 * 1024
TOO_LONG = "This text is too long for a caption. Captions are a sentence or two."
NO_PICTURE = (
    "No picture of this name came with this caption, or is in the dataset. Upload the picture and the caption together."
)
SECOND = "Another text of this name was taken as the caption of the picture. Keep one of them."
UNREADABLE = "This caption is not UTF-8 text, and its encoding cannot be told. Save it as UTF-8, or type it into the dataset."
AS_WINDOWS = "Its caption was read as Windows-1252. If letters look wrong, correct them in the dataset."


class Unreadable(Exception):
    """No text that could be trained on."""


def read(data: bytes) -> tuple[str, str]:
    """The text, with line breaks as \\n, and a note where the encoding is a guess ("" where it is sure). Raises Unreadable.

    Captions are too short for statistics on letters (measured: charset-normalizer reads five of six French and Spanish
    ones wrongly), so anything but Unicode is taken for Windows-1252, and only while it looks like a Western language.
    """
    for encoding in (json.detect_encoding(data), "utf-8-sig"):
        try:
            return _tidy(data.decode(encoding)), ""
        except UnicodeDecodeError:
            pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(UNREADABLE) from None
    foreign = sum(1 for letter in text if letter.isalpha() and not letter.isascii())
    plain = sum(1 for letter in text if letter.isalpha() and letter.isascii())
    if foreign > plain or any(ord(letter) < 32 and letter not in "\t\n\r" for letter in text):
        raise Unreadable(UNREADABLE)
    return _tidy(text), AS_WINDOWS


def key(name: str) -> str:
    """Equal for a picture and its caption: the name without its ending, whatever the case and the form of its accents."""
    path = name.replace("\\", "/")
    stem = path[: len(path) - len(PurePosixPath(path).suffix)]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", stem).casefold())


def is_caption(name: str) -> bool:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower() in ENDINGS


def pick(picture: str, texts: Iterable[str]) -> str:
    """The name among `texts` (all of the picture's `key`) that is the caption of `picture`; "" when there are none.

    The one that is written exactly alike comes first, then .txt before .caption, then the order of the archive.
    """
    stem = picture[: len(picture) - len(PurePosixPath(picture).suffix)]

    def rank(text: str) -> tuple[bool, bool]:
        path = PurePosixPath(text)
        return text[: len(text) - len(path.suffix)] != stem, path.suffix.lower() != ".txt"

    return min(texts, key=rank, default="")


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").strip()
