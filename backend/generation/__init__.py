"""Prompts in, pictures out: requests, the gallery, ratings, remixes."""

from backend.generation.assembly import assemble, choose_model, estimate
from backend.generation.gallery import COUNT_TO, around, count, gallery, ids, picture, pictures, pictures_of, similar, tiles
from backend.generation.queries import get, latest, remix
from backend.generation.review import decide, take_back, waiting
from backend.generation.rules import SIZES, lift_loras
from backend.generation.schemas import (
    Assembled,
    Count,
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
    TileCard,
    TilePage,
)
from backend.generation.search import TERMS
from backend.generation.service import delete, favour, make_cover, rate, start, undelete
from backend.generation.starting import take_upload

__all__ = [
    "COUNT_TO",
    "SIZES",
    "TERMS",
    "Assembled",
    "Count",
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
    "TileCard",
    "TilePage",
    "around",
    "assemble",
    "choose_model",
    "count",
    "decide",
    "delete",
    "estimate",
    "favour",
    "gallery",
    "get",
    "ids",
    "latest",
    "lift_loras",
    "make_cover",
    "picture",
    "pictures",
    "pictures_of",
    "rate",
    "remix",
    "similar",
    "start",
    "take_back",
    "take_upload",
    "tiles",
    "undelete",
    "waiting",
]
