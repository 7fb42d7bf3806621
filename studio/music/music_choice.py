"""A track where people choose one: what it sounds like, and what allows its use."""

from __future__ import annotations

import streamlit as st

from backend.language import tr, worded
from backend.music import TrackCard
from studio.music.tracks import licence_title, sound_url
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.media_player import audio_player


def title(tracks: dict[str, TrackCard], track_id: str) -> str:
    """Of an option; "": no music. One that is not among `tracks` was deleted."""
    if not track_id:
        return tr("No music")
    return plain(tracks[track_id].title) if track_id in tracks else tr("Deleted music")


def preview(page: Page, track: TrackCard) -> None:
    """Plays it."""
    facts = [worded(track.note), tr("Licence: {licence}", licence=licence_title(track.licence)), track.credit]
    st.caption(plain(". ".join(fact.rstrip(".") for fact in facts if fact)) + ".")
    audio_player(sound_url(page.workspace.id, track), label=track.title)
