"""Voices: what engines offer, the voices of a workspace and of each influencer, the lexicon, and texts spoken in jobs."""

from backend.voices.lexicon import without_pauses
from backend.voices.queries import for_influencer, get, lexicon, offered, page
from backend.voices.schemas import (
    MAX_CHARACTERS,
    ChosenVoice,
    LexiconCard,
    OfferedVoice,
    PreviewDraft,
    SpokenText,
    VoiceCard,
)
from backend.voices.service import (
    add,
    choose,
    default_voice,
    forget_lost,
    remove_pronunciation,
    set_pronunciation,
    start_preview,
)
from backend.voices.speech import speak

__all__ = [
    "MAX_CHARACTERS",
    "ChosenVoice",
    "LexiconCard",
    "OfferedVoice",
    "PreviewDraft",
    "SpokenText",
    "VoiceCard",
    "add",
    "choose",
    "default_voice",
    "for_influencer",
    "forget_lost",
    "get",
    "lexicon",
    "offered",
    "page",
    "remove_pronunciation",
    "set_pronunciation",
    "speak",
    "start_preview",
    "without_pauses",
]
