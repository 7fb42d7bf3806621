"""A post's files as they go out: how each is made ready, and what it is then, made or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from backend import assets, renditions, videos
from backend.assets import AssetCard
from backend.content_plans.schemas import PostCard
from backend.platforms import rules as platforms
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Format, Media
from backend.renditions import Facts, Recipe

_PICTURE_BYTES = min(limits.picture.size for known in PLATFORMS.values() for limits in known.formats.values() if limits.picture)
"""The same for all platforms, so that one file serves them all."""
_GONE = "This file is not here any more. Take it out and choose another one."


def recipes(tx: Session, post: PostCard) -> list[tuple[str, Recipe]]:
    """How each of its files goes out, in order, always with the AI mark; a file that is gone is left out."""
    there = assets.get_many(tx, post.media)
    return _recipes(post, there)


def prepare(tx: Session, post: PostCard) -> None:
    """Asks that its files are ready when it is due."""
    said = " ".join((post.title or post.caption).split())[:60]
    renditions.ask(tx, recipes(tx, post), title=f"Prepare files: {said}" if said else "")


def media(tx: Session, post: PostCard) -> tuple[tuple[Media, ...], dict[int, str]]:
    """As the platform will get them, but for their addresses, those that are gone left out; and why one cannot go out, by its
    number among all of the post's."""
    there = known(tx, assets.get_many(tx, post.media))
    wanted = _recipes(post, there)
    standing = renditions.standing(tx, wanted)
    files: list[Media] = []
    troubles = {n: _GONE for n, one in enumerate(post.media) if one not in there or there[one].state != "stored"}
    for asset_id, recipe in wanted:
        card, stands = there[asset_id], standing.get((asset_id, recipe.digest))
        if isinstance(stands, AssetCard):
            facts, sha256 = renditions.facts(stands), stands.sha256
        else:
            facts, sha256 = renditions.expected(card, recipe), card.sha256
        if isinstance(stands, str):
            troubles[post.media.index(asset_id)] = stands
        files.append(seen(card, facts, sha256=sha256, alt_text=post.alt_texts.get(asset_id, "")))
    return tuple(files), troubles


def numbers(tx: Session, post: PostCard) -> list[int]:
    """Of the files that are there: their numbers among all of the post's."""
    there = assets.get_many(tx, post.media)
    return [n for n, one in enumerate(post.media) if one in there]


def seen(card: AssetCard, facts: Facts, *, sha256: str, alt_text: str = "") -> Media:
    """A file as the platform's rules see it. A size that is not known yet is not checked."""
    return Media(
        kind="video" if card.kind == "video" else "picture", mime=facts.mime, width=facts.width, height=facts.height,
        size=facts.size or 0, sha256=sha256, alt_text=alt_text, duration_s=facts.duration_s, fps=facts.fps, codec=facts.codec,
        audio=facts.audio,
    )  # fmt: skip


def known(tx: Session, cards: Mapping[str, AssetCard]) -> dict[str, AssetCard]:
    """With the length of videos whose files were made before that was kept beside them."""
    unsaid = [one.id for one in cards.values() if one.kind == "video" and "duration_s" not in one.meta]
    lengths = videos.durations(tx, unsaid) if unsaid else {}
    return {
        asset_id: replace(card, meta={**lengths[asset_id], **card.meta}) if asset_id in lengths else card
        for asset_id, card in cards.items()
    }


def fitting(post: PostCard, kinds: tuple[str, ...]) -> Format:
    """The chosen format, else the one that suits the files: several are a carousel, a film is a reel, a Short or a video."""
    if post.format:
        return post.format  # type: ignore[return-value]
    offered = platforms.formats(post.platform)
    wish: tuple[Format, ...] = (
        ("carousel",) if len(kinds) > 1 else ("reel", "short", "video") if "video" in kinds else ("picture", "carousel")
    )
    return next((one for one in wish if one in offered), offered[0])


def recipe_of(card: AssetCard, edit: Mapping[str, object], *, most: int | None) -> Recipe:
    """`most`: bytes a converted film may have."""
    film = card.kind == "video"
    more = {"max_bytes": most if film and edit.get("transcode") else None if film else _PICTURE_BYTES}
    return Recipe.model_validate({"kind": "video" if film else "picture", **edit, **more})


def _recipes(post: PostCard, there: Mapping[str, AssetCard]) -> list[tuple[str, Recipe]]:
    mine = [one for one in post.media if one in there]
    takes = PLATFORMS[post.platform].formats.get(fitting(post, tuple(there[one].kind for one in mine)))
    most = takes.film.size if takes and takes.film else None
    return [(one, recipe_of(there[one], post.edits.get(one, {}), most=most)) for one in mine]
