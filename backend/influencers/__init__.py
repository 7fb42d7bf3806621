"""Influencers: persona, look, language and the LoRA that draws them."""

from backend.influencers import undo_parts
from backend.influencers.brand_kits import CORNERS, BrandKit, brand_kit, set_brand_kit
from backend.influencers.queries import get, get_locked, names, page
from backend.influencers.rules import LANGUAGES, propose_trigger_word, time_zones
from backend.influencers.schemas import InfluencerCard, InfluencerDraft, InfluencerPage, Persona
from backend.influencers.service import archive, create, restore, save, save_setup, set_cover, set_default_lora
from backend.media.fonts import SUBTITLE_FONTS

undo_parts.register_parts()

__all__ = [
    "CORNERS",
    "LANGUAGES",
    "SUBTITLE_FONTS",
    "BrandKit",
    "InfluencerCard",
    "InfluencerDraft",
    "InfluencerPage",
    "Persona",
    "archive",
    "brand_kit",
    "create",
    "get",
    "get_locked",
    "names",
    "page",
    "propose_trigger_word",
    "restore",
    "save",
    "save_setup",
    "set_brand_kit",
    "set_cover",
    "set_default_lora",
    "time_zones",
]
