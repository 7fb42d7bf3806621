"""What must be known of a track before it is used. Pure."""

from __future__ import annotations

import re

from backend.errors import Invalid
from backend.language import tr_lazy
from backend.music.schemas import LICENCES, TrackDraft

_NON_COMMERCIAL = re.compile(r"\bnc\b|non[\s-]?commercial", re.IGNORECASE)
_NO_DERIVATIVES = re.compile(r"\bnd\b|no[\s-]?deriv", re.IGNORECASE)
_NAMES_AUTHOR = re.compile(r"\bcc[\s-]?by\b|attribution", re.IGNORECASE)


def checked(draft: TrackDraft) -> TrackDraft:
    """The draft without white space around. Raises Invalid with what is missing, or why the licence does not do."""
    values = {name: " ".join(str(value).split()) for name, value in draft}
    clean = TrackDraft(**{name: values[name] for name in TrackDraft.model_fields})
    if not clean.title:
        raise Invalid(tr_lazy("Give the track a title."))
    if not clean.licence:
        raise Invalid(tr_lazy("Choose the licence under which the music may be used."))
    if not clean.source:
        raise Invalid(tr_lazy("Write where the music is from: its address, or who made it."))
    if _NON_COMMERCIAL.search(clean.licence):
        raise Invalid(
            tr_lazy("This licence does not allow commercial use, and influencers' posts are commercial. Choose other music.")
        )
    if _NO_DERIVATIVES.search(clean.licence):
        raise Invalid(tr_lazy("This licence does not allow changes, and adding music to a video is one. Choose other music."))
    if _NAMES_AUTHOR.search(clean.licence) and not clean.credit:
        raise Invalid(tr_lazy("This licence wants the author named. Fill in the credit."))
    return clean


def licence_title(licence: str) -> str:
    return LICENCES.get(licence, licence).partition(":")[0]
