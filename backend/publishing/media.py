"""A post's files as its platform gets them: prepared ones, by address where it fetches them, by path where it takes bytes."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from backend import assets, renditions
from backend.assets import AssetCard
from backend.content_plans import ownership as posts
from backend.errors import RateLimited
from backend.jobs import JobContext
from backend.platforms.errors import InvalidPost
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Media, Platform, PostRequest, Problem
from backend.publishing import signed_urls
from backend.publishing.schemas import ALIVE_S
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.bootstrap import App

Files = Sequence[AssetCard]
PREPARING = "The files are being prepared."


def prepared(ctx: JobContext, post: posts.PostCard, *, waited_s: float) -> tuple[PostRequest, Files]:
    """The post with its files as they go out, without addresses. Raises RateLimited while they are made, Invalid when one
    cannot be, InvalidPost when one is gone."""
    with ctx.transaction() as tx:
        wanted = posts.recipes(tx, post)
        if len(wanted) < len(post.media):
            raise InvalidPost("A picture or video of this post is not here any more. Take it out and choose another one.")
        files = renditions.ready(tx, wanted)
        if files is None:
            renditions.ask(tx, wanted)
        else:
            return _request(tx, post, files), files
    raise RateLimited(PREPARING, retry_after=max(1.0, min(15.0, waited_s / 4)))


def _request(tx: Session, post: posts.PostCard, files: Files) -> PostRequest:
    plain = posts.request(tx, post)
    media = tuple(_media(card, post.alt_texts.get(asset_id, "")) for card, asset_id in zip(files, post.media, strict=True))
    return replace(plain, media=media)


def _media(card: AssetCard, alt_text: str) -> Media:
    facts = renditions.facts(card)
    return Media(
        kind="video" if card.kind == "video" else "picture", mime=card.content_type, width=facts.width, height=facts.height,
        size=card.size_bytes, sha256=card.sha256, duration_s=facts.duration_s, fps=facts.fps, codec=facts.codec,
        audio=facts.audio, alt_text=alt_text,
    )  # fmt: skip


def handed(ctx: JobContext, platform: Platform, request: PostRequest, files: Files) -> PostRequest:
    """With what the platform needs to get the bytes. Raises InvalidPost: it cannot reach them; NotFound: one is gone."""
    if platform.source(request) == "url":
        urls = [address(ctx.app, ctx.tenant_id, card, platform=platform.name) for card in files]
        media = tuple(replace(one, url=url) for one, url in zip(request.media, urls, strict=True))
    else:
        media = tuple(replace(one, path=_fetched(ctx, card)) for one, card in zip(request.media, files, strict=True))
    return replace(request, media=media)


def address(app: App, tenant_id: str, card: AssetCard, *, platform: str) -> str:
    """Where a platform fetches it, for 26 hours: the storage's own address if that is public, else the studio's.

    https where there is any: platforms follow nothing else reliably (instagram.md, 2). Raises InvalidPost: there is none.
    """
    settings = app.settings
    if urlsplit(settings.s3_public_endpoint).scheme != "https" and urlsplit(settings.public_url).scheme == "https":
        return signed_urls.link(settings, tenant_id=tenant_id, asset_id=card.id, name=_name(card))
    if link := app.storage.presign_get(card.key, expires=ALIVE_S):
        return link
    if _on_this_machine(settings, platform):
        return signed_urls.link(settings, tenant_id=tenant_id, asset_id=card.id, name=_name(card), local=True)
    raise InvalidPost(f"{_out_of_reach(PLATFORMS[platform].label)} Then schedule the post again.")


def _on_this_machine(settings: Settings, platform: str) -> bool:
    """Whether this platform is a server for trying things out (`make platforms`): that one reaches the studio as it is."""
    urls = {"instagram": settings.instagram_graph_url, "tiktok": settings.tiktok_api_url, "youtube": settings.youtube_api_url}
    return urlsplit(urls.get(platform, "")).hostname in ("127.0.0.1", "localhost", "::1")


def problems(tx: Session, settings: Settings, post: posts.PostCard) -> tuple[Problem, ...]:
    """What keeps the platform from getting this studio's files, long before a post is due. Nothing is prevented by it: who runs
    the studio may open it in the meantime."""
    known = PLATFORMS[post.platform]
    limits = known.formats.get(posts.request(tx, post).format)
    public = settings.s3_public_endpoint or urlsplit(settings.public_url).scheme == "https"
    if public or _on_this_machine(settings, post.platform) or limits is None or not limits.fetched:
        return ()
    return (Problem("out_of_reach", _out_of_reach(known.label), "media"),)


def _out_of_reach(label: str) -> str:
    return (
        f"{label} fetches files over the internet, and nothing of this studio can be reached from there. Whoever runs it must "
        "set PUBLIC_URL (or S3_PUBLIC_ENDPOINT) to a public https address and restart."
    )


def _fetched(ctx: JobContext, card: AssetCard) -> Path:
    path = ctx.workdir / _name(card)
    if not path.exists():
        assets.fetch(ctx.app.storage, card, path)
    return path


def _name(card: AssetCard) -> str:
    return f"{card.id}{mimetypes.guess_extension(card.content_type) or ''}"
