"""Prompts in, pictures out: requests, the gallery, ratings, remixes."""

from backend.generation.assembly import assemble, choose_model, estimate
from backend.generation.queries import gallery, get, latest, picture, pictures_of, remix
from backend.generation.rules import SIZES, lift_loras
from backend.generation.schemas import (
    Assembled,
    GalleryFilters,
    GalleryPage,
    GenerationCard,
    GenerationDraft,
    GenerationPayload,
    LoraPick,
    LoraRef,
    PictureCard,
    Recipe,
    Size,
)
from backend.generation.service import delete, make_cover, rate, start, undelete
from backend.generation.starting import take_upload

__all__ = [
    "SIZES",
    "Assembled",
    "GalleryFilters",
    "GalleryPage",
    "GenerationCard",
    "GenerationDraft",
    "GenerationPayload",
    "LoraPick",
    "LoraRef",
    "PictureCard",
    "Recipe",
    "Size",
    "assemble",
    "choose_model",
    "delete",
    "estimate",
    "gallery",
    "get",
    "latest",
    "lift_loras",
    "make_cover",
    "picture",
    "pictures_of",
    "rate",
    "remix",
    "start",
    "take_upload",
    "undelete",
]
