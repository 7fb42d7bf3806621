"""What the user's own folders of voices say of themselves: their licence, and the hash of their weights."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

_NON_COMMERCIAL = re.compile(r"\bnc\b|non[- ]?commercial|research only")
_CARDS = ("{name}.MODEL_CARD", "MODEL_CARD", "README.md")


def licence_of(folder: Path, name: str = "") -> str:
    """What the card beside a voice says of its licence: NAME.MODEL_CARD, MODEL_CARD, or README.md as model hubs have it.
    "unknown" where none says it."""
    for card in (folder / pattern.format(name=name) for pattern in _CARDS):
        if card.is_file():
            lines = card.read_text("utf-8", errors="replace")[:20_000].splitlines()
            if line := next((line for line in lines if re.search(r"licen[sc]e[^:]*:", line, re.IGNORECASE)), ""):
                return line.partition(":")[2].strip(" *\"'")[:200] or "unknown"
    return "unknown"


def allows_commerce(licence: str) -> bool:
    return _NON_COMMERCIAL.search(licence.lower()) is None


@cache
def sha256_of(path: Path) -> str:
    """Of a file of weights. Read once a process: such files are replaced under another name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(*paths: Path) -> str:
    """Of several files that are one voice together: the hash of their hashes, in this order."""
    return hashlib.sha256("".join(map(sha256_of, paths)).encode()).hexdigest()
