"""Brand kits: what all reels of an influencer have in common: logo, font and colours of subtitles, intro and outro."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.db.tables import Influencer
from backend.errors import Invalid
from backend.influencers.queries import get, get_locked
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.media.fonts import SubtitleFont
from backend.undo import undoable

_USE = "brand-kit"
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
CORNERS: dict[Corner, str] = {
    "top-left": tr_lazy("Top left"),
    "top-right": tr_lazy("Top right"),
    "bottom-left": tr_lazy("Bottom left"),
    "bottom-right": tr_lazy("Bottom right"),
}


class BrandKit(Draft):
    """`logo_asset_id`: a picture that stands in a corner of every scene. `font`, `color`, `highlight`: of subtitles, and of
    the word that is spoken; None: as each reel says. `intro_asset_id`, `outro_asset_id`: a picture or video before and after
    the scenes."""

    logo_asset_id: str | None = Field(None, max_length=80)
    corner: Corner = "top-left"
    font: SubtitleFont | None = None
    color: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    highlight: str | None = Field(None, pattern="^#[0-9a-fA-F]{6}$")
    intro_asset_id: str | None = Field(None, max_length=80)
    intro_seconds: float = Field(1.5, ge=0.5, le=6)
    outro_asset_id: str | None = Field(None, max_length=80)
    outro_seconds: float = Field(2.0, ge=0.5, le=6)

    @property
    def asset_ids(self) -> list[str]:
        """Its files, each once."""
        ids = (self.logo_asset_id, self.intro_asset_id, self.outro_asset_id)
        return list(dict.fromkeys(asset_id for asset_id in ids if asset_id))


def brand_kit(tx: Session, influencer_id: str) -> BrandKit:
    """An influencer's brand kit, empty where none was set. Raises NotFound."""
    get(tx, influencer_id)
    return BrandKit(**tx.get_one(Influencer, influencer_id).brand_kit)


@undoable("influencer.brand_kit")
def set_brand_kit(tx: Session, influencer_id: str, kit: BrandKit) -> BrandKit:
    """What is rendered from now on has it; finished videos stay as they are. Raises NotFound, Invalid (not such a file)."""
    get_locked(tx, influencer_id)
    for asset_id in kit.asset_ids:
        kind = assets.get(tx, asset_id).kind
        if kind != "image" and (asset_id == kit.logo_asset_id or kind not in ("video", "dataset")):
            raise Invalid(tr_lazy("A logo is a picture, an intro or outro a picture or video. Choose another file."))
    assets.unuse_all(tx, _USE, [influencer_id])
    assets.use_all(tx, _USE, [(asset_id, influencer_id) for asset_id in kit.asset_ids])
    tx.execute(update(Influencer).where(Influencer.id == influencer_id).values(brand_kit=kit.model_dump(exclude_defaults=True)))
    events.record(tx, "influencer.branded", "influencer", influencer_id)
    return kit
