"""The pieces that come along, made by bin/make_music.py."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backend.errors import NotFound

_FOLDER = Path(__file__).parent / "files"


@dataclass(frozen=True, slots=True)
class MusicTrack:
    """`licence`: an SPDX name; `source`: who made it; `seconds`: until it repeats."""

    id: str
    title: str
    note: str
    seconds: float
    licence: str
    source: str
    path: Path


_PIECES = tuple(
    MusicTrack(name, title, note, seconds, "CC0-1.0", "made for this studio by bin/make_music.py", _FOLDER / f"{name}.opus")
    for name, title, note, seconds in (
        ("morning-walk", "Morning walk", "Light and bright, plucked, 104 beats a minute", 18.462),
        ("city-lights", "City lights", "Calm and warm, with a soft beat, 80 beats a minute", 24.0),
    )
)


def page() -> list[MusicTrack]:
    """All pieces, in the order in which they are offered."""
    return list(_PIECES)


def get(track_id: str) -> MusicTrack:
    """Raises NotFound."""
    if track := next((track for track in _PIECES if track.id == track_id), None):
        return track
    raise NotFound(f"There is no music called {track_id!r}. There is: {', '.join(track.id for track in _PIECES)}.")
