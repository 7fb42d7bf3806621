"""The bundled default: a small model of cartoon portraits and three sample characters. Loads no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE / "weights"
CHARACTERS = HERE / "characters"


@dataclass(frozen=True, slots=True)
class SampleCharacter:
    """`folder` holds NN.jpg with NN.txt captions; `traits`: classifier head -> the value that all its pictures share."""

    name: str
    title: str
    folder: Path
    traits: dict[str, str]


def characters() -> list[SampleCharacter]:
    """The bundled sample characters, by name."""
    return [_character(folder) for folder in sorted(CHARACTERS.iterdir()) if (folder / "traits.json").is_file()]


def _character(folder: Path) -> SampleCharacter:
    card = json.loads((folder / "traits.json").read_text("utf-8"))
    return SampleCharacter(name=folder.name, title=card["title"], folder=folder, traits=card["traits"])
