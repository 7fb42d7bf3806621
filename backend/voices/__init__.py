"""Voices: what engines offer, the voices of a workspace and of each influencer, the lexicon, and texts spoken in jobs."""

from backend.voices import undo_parts
from backend.voices.cloned import check_for, cloners, delete_left_behind, made_with, start_clone, withdraw, withdraw_ended
from backend.voices.lexicon import without_pauses
from backend.voices.queries import choices, for_influencer, get, lexicon, offered, page
from backend.voices.schemas import (
    MAX_CHARACTERS,
    ChosenVoice,
    CloneDraft,
    CloningEngine,
    LexiconCard,
    OfferedVoice,
    PreviewDraft,
    SpokenText,
    VoiceCard,
    VoiceUse,
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
from backend.voices.spoken_parts import time_words

undo_parts.register_parts()

__all__ = [
    "MAX_CHARACTERS",
    "ChosenVoice",
    "CloneDraft",
    "CloningEngine",
    "LexiconCard",
    "OfferedVoice",
    "PreviewDraft",
    "SpokenText",
    "VoiceCard",
    "VoiceUse",
    "add",
    "check_for",
    "choices",
    "choose",
    "cloners",
    "default_voice",
    "delete_left_behind",
    "for_influencer",
    "forget_lost",
    "get",
    "lexicon",
    "made_with",
    "offered",
    "page",
    "remove_pronunciation",
    "set_pronunciation",
    "speak",
    "start_clone",
    "start_preview",
    "time_words",
    "withdraw",
    "withdraw_ended",
    "without_pauses",
]
