"""The pieces that come along, made by bin/make_music.py. Every workspace has them, without rows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from backend.language import tr_lazy
from backend.music.schemas import TrackCard

_FOLDER = Path(__file__).parent / "files"
_NOTES = {
    "morning-walk": tr_lazy("Light and bright, plucked, 104 beats a minute"),
    "city-lights": tr_lazy("Calm and warm, with a soft beat, 80 beats a minute"),
}
"""How they sound."""
_LICENCE, _SOURCE = "CC0-1.0", "made for this studio by bin/make_music.py"


@cache
def pieces() -> dict[str, TrackCard]:
    """Id -> piece, in the order in which they are offered. Their lengths, loudness and waveforms stand beside them."""
    described = json.loads((_FOLDER / "pieces.json").read_text())
    return {
        name: TrackCard(
            id=name,
            licence=_LICENCE,
            source=_SOURCE,
            credit="",
            bundled=True,
            path=_FOLDER / f"{name}.opus",
            **{**values, "note": _NOTES[name]},
        )
        for name, values in described.items()
    }
