"""The brand kit of an influencer in their reels: font, colours, intro and outro, and the logo in a corner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from backend import assets, influencers
from backend.errors import Invalid
from backend.influencers import BrandKit
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.reels.schemas import STILL, ReelCard, SceneCard


@dataclass(frozen=True, slots=True)
class Logo:
    """`path`: where its file lies now. `corner`: a key of influencers.CORNERS."""

    path: Path
    sha256: str
    corner: str


def kit_of(tx: Session, reel: ReelCard) -> BrandKit:
    """The kit that this reel is to have; an empty one without an influencer, or where the reel does not want it."""
    if reel.influencer_id is None or not reel.style.brand:
        return BrandKit()
    return influencers.brand_kit(tx, reel.influencer_id)


def branded(reel: ReelCard, kit: BrandKit) -> ReelCard:
    """The reel in the kit's font and colours, with its intro and outro as scenes without words."""
    look = {name: value for name in ("font", "color", "highlight") if (value := getattr(kit, name))}
    scenes = list(reel.scenes)
    if kit.intro_asset_id:
        scenes.insert(0, _silent("intro", kit.intro_asset_id, kit.intro_seconds))
    if kit.outro_asset_id:
        scenes.append(_silent("outro", kit.outro_asset_id, kit.outro_seconds))
    numbered = tuple(replace(scene, position=n) for n, scene in enumerate(scenes))
    return replace(reel, scenes=numbered, style=reel.style.model_copy(update=look))


def fetch_logo(ctx: JobContext, kit: BrandKit) -> Logo | None:
    """Fetches its file. Raises Invalid for one that was deleted meanwhile."""
    if not kit.logo_asset_id:
        return None
    with ctx.transaction() as tx:
        card = assets.get_many(tx, [kit.logo_asset_id]).get(kit.logo_asset_id)
    if card is None:
        raise Invalid(tr_lazy("The logo of the brand kit was deleted. Choose another one on the influencer's page."))
    path = ctx.workdir / f"logo{Path(card.key).suffix}"
    assets.fetch_file(ctx, card.key, path)
    return Logo(path, card.sha256, kit.corner)


def _silent(name: str, asset_id: str, seconds: float) -> SceneCard:
    return SceneCard(
        id=name,
        position=0,
        words="",
        prompt="",
        asset_id=asset_id,
        movement=STILL,
        strength=0.5,
        seconds=seconds,
        transition="cut",
        sound="full",
    )
