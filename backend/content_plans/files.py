"""A post's files as they are sent: the rendition each needs, and its facts, whether it is prepared yet or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from backend import assets, renditions, videos
from backend.assets import AssetCard
from backend.content_plans.schemas import PostCard
from backend.language import tr_lazy
from backend.platforms import rules as platforms
from backend.platforms.port import Format, Media
from backend.platforms.registry import PLATFORMS
from backend.renditions import FileFacts, RenditionRecipe

_PICTURE_BYTES = min(
    limits.picture.size for platform in PLATFORMS.values() for limits in platform.formats.values() if limits.picture
)
"""Largest size in bytes that every platform takes: one prepared file serves all of them."""
_GONE = tr_lazy("This file is gone. Remove it and choose another one.")


def rendition_recipes(tx: Session, post: PostCard) -> list[tuple[str, RenditionRecipe]]:
    """(asset id, recipe) of each file in order, always with the AI mark. Files that are gone are left out."""
    asset_cards = assets.get_many(tx, post.media)
    return _recipes_of(post, asset_cards)


def request_renditions(tx: Session, post: PostCard) -> None:
    """Starts preparing the post's files, so that they are ready when it is due."""
    title = " ".join((post.title or post.caption).split())[:60]
    renditions.start_preparation(
        tx, rendition_recipes(tx, post), title=tr_lazy("Prepare files: {title}", title=title) if title else ""
    )


def platform_media(tx: Session, post: PostCard) -> tuple[tuple[Media, ...], dict[int, str]]:
    """(files as the platform will get them, without URLs; position -> why that file cannot be sent).

    Files that are gone are left out of the first. Positions count all of the post's files from 0.
    """
    asset_cards = with_durations(tx, assets.get_many(tx, post.media))
    recipes = _recipes_of(post, asset_cards)
    status_by_rendition = renditions.rendition_status(tx, recipes)
    files: list[Media] = []
    troubles: dict[int, str] = {
        n: _GONE
        for n, asset_id in enumerate(post.media)
        if asset_id not in asset_cards or asset_cards[asset_id].state != "stored"
    }
    for asset_id, recipe in recipes:
        card, status = asset_cards[asset_id], status_by_rendition.get((asset_id, recipe.digest))
        if isinstance(status, AssetCard):
            facts, sha256 = renditions.facts_of(status), status.sha256
        else:
            facts, sha256 = renditions.expected_facts_of(card, recipe), card.sha256
        if isinstance(status, str):
            troubles[post.media.index(asset_id)] = status
        files.append(to_media(card, facts, sha256=sha256, alt_text=post.alt_texts.get(asset_id, "")))
    return tuple(files), troubles


def present_positions(tx: Session, post: PostCard) -> list[int]:
    """Positions, among all of the post's files, of those that still exist."""
    asset_cards = assets.get_many(tx, post.media)
    return [n for n, asset_id in enumerate(post.media) if asset_id in asset_cards]


def to_media(card: AssetCard, facts: FileFacts, *, sha256: str, alt_text: str = "") -> Media:
    """A file as the platform's rules see it. A size that is not known yet becomes 0 and is not checked."""
    return Media(
        kind="video" if card.kind == "video" else "picture",
        mime=facts.mime,
        width=facts.width,
        height=facts.height,
        size=facts.size or 0,
        sha256=sha256,
        alt_text=alt_text,
        duration_s=facts.duration_s,
        fps=facts.fps,
        codec=facts.codec,
        audio=facts.audio,
    )


def with_durations(tx: Session, cards: Mapping[str, AssetCard]) -> dict[str, AssetCard]:
    """The cards with `duration_s` filled in for older videos, whose assets were stored without it."""
    unmeasured = [card.id for card in cards.values() if card.kind == "video" and "duration_s" not in card.meta]
    lengths = videos.durations(tx, unmeasured) if unmeasured else {}
    return {
        asset_id: replace(card, meta={**lengths[asset_id], **card.meta}) if asset_id in lengths else card
        for asset_id, card in cards.items()
    }


def choose_format(platform: str, chosen: str, kinds: Sequence[str]) -> Format:
    """The chosen format; "": the one that suits the files: several make a carousel, a video a reel, Short or video."""
    if chosen:
        return chosen  # type: ignore[return-value]
    offered = platforms.formats(platform)
    preferred: tuple[Format, ...] = (
        ("carousel",) if len(kinds) > 1 else ("reel", "short", "video") if "video" in kinds else ("picture", "carousel")
    )
    return next((format for format in preferred if format in offered), offered[0])


def recipe_of(card: AssetCard, edit: Mapping[str, object], *, max_bytes: int | None) -> RenditionRecipe:
    """The recipe of one file. `max_bytes`: how large a converted video may be; None: any size."""
    is_video = card.kind == "video"
    limits = {"max_bytes": max_bytes if is_video and edit.get("transcode") else None if is_video else _PICTURE_BYTES}
    return RenditionRecipe.model_validate({"kind": "video" if is_video else "picture", **edit, **limits})


def _recipes_of(post: PostCard, asset_cards: Mapping[str, AssetCard]) -> list[tuple[str, RenditionRecipe]]:
    asset_ids = [asset_id for asset_id in post.media if asset_id in asset_cards]
    format_limits = PLATFORMS[post.platform].formats.get(
        choose_format(post.platform, post.format, [asset_cards[asset_id].kind for asset_id in asset_ids])
    )
    max_bytes = format_limits.video.size if format_limits and format_limits.video else None
    return [
        (asset_id, recipe_of(asset_cards[asset_id], post.edits.get(asset_id, {}), max_bytes=max_bytes))
        for asset_id in asset_ids
    ]
