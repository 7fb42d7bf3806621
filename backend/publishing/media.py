"""A post's prepared files as its platform gets them: by URL where it fetches them, by path where bytes are uploaded.

Where the storage is not public, the studio hands a file out itself, under a signed URL that ends after 26 hours
(`assets.signed_url`). It is made when a post is being sent and given to the platform only.
"""

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
from backend.language import tr_lazy
from backend.platforms.errors import InvalidPost
from backend.platforms.port import Media, PlatformAdapter, PostProblem, PostRequest
from backend.platforms.registry import PLATFORMS
from backend.publishing.schemas import URL_TTL_S
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

Files = Sequence[AssetCard]
PREPARING = tr_lazy("The files are being prepared.")


def prepared_request(ctx: JobContext, post: posts.PostCard, *, waited_s: float) -> tuple[PostRequest, Files]:
    """The request with its prepared files, without URLs, and the files. `waited_s`: seconds since the attempt began.

    Raises RateLimited while files are being prepared, Invalid when one cannot be, InvalidPost when one is gone.
    """
    with ctx.transaction() as tx:
        recipes = posts.rendition_recipes(tx, post)
        if len(recipes) < len(post.media):
            raise InvalidPost(tr_lazy("A picture or video of this post is gone. Remove it and choose another one."))
        files = renditions.ready_files(tx, recipes)
        if files is None:
            renditions.start_preparation(tx, recipes)
        else:
            return _request(tx, post, files), files
    raise RateLimited(PREPARING, retry_after=max(1.0, min(15.0, waited_s / 4)))


def _request(tx: Session, post: posts.PostCard, files: Files) -> PostRequest:
    request = posts.build_request(tx, post)
    media = tuple(_media(card, post.alt_texts.get(asset_id, "")) for card, asset_id in zip(files, post.media, strict=True))
    return replace(request, media=media)


def _media(card: AssetCard, alt_text: str) -> Media:
    facts = renditions.facts_of(card)
    return Media(
        kind="video" if card.kind == "video" else "picture",
        mime=card.content_type,
        width=facts.width,
        height=facts.height,
        size=card.size_bytes,
        sha256=card.sha256,
        duration_s=facts.duration_s,
        fps=facts.fps,
        codec=facts.codec,
        audio=facts.audio,
        alt_text=alt_text,
    )


def with_sources(ctx: JobContext, platform: PlatformAdapter, request: PostRequest, files: Files) -> PostRequest:
    """The request with a URL or a local path for each file, as the platform needs it.

    Raises InvalidPost: the platform cannot reach the files; NotFound: one is gone.
    """
    if platform.source(request) == "url":
        urls = [file_url(ctx.app, ctx.tenant_id, card, platform=platform.name) for card in files]
        media = tuple(replace(file, url=url) for file, url in zip(request.media, urls, strict=True))
    else:
        media = tuple(replace(file, path=_fetch(ctx, card)) for file, card in zip(request.media, files, strict=True))
    return replace(request, media=media)


def file_url(app: App, tenant_id: str, card: AssetCard, *, platform: str) -> str:
    """A URL that a platform can fetch the file from for 26 hours: the storage's own if that is public, else the studio's.

    https where there is any: platforms fetch nothing else reliably (docs/contracts/instagram.md, 2). Raises InvalidPost:
    there is no public address.
    """
    settings = app.settings
    if urlsplit(settings.storage.public_endpoint).scheme != "https" and urlsplit(settings.web.public_url).scheme == "https":
        return assets.signed_url(settings, tenant_id=tenant_id, card=card, seconds=URL_TTL_S)
    if presigned_url := app.storage.presign_get(card.key, expires=URL_TTL_S):
        return presigned_url
    if _is_local_platform(settings, platform):
        return assets.signed_url(settings, tenant_id=tenant_id, card=card, seconds=URL_TTL_S, local=True)
    raise InvalidPost(
        tr_lazy(
            "{unreachable_message} Then schedule the post again.",
            unreachable_message=_unreachable_message(PLATFORMS[platform].label),
        )
    )


def _is_local_platform(settings: Settings, platform: str) -> bool:
    """Whether this platform is a test server on this machine (`make platforms`), which can reach the studio as it is."""
    return urlsplit(PLATFORMS[platform].api_url(settings)).hostname in ("127.0.0.1", "localhost", "::1")


def reachability_problems(tx: Session, settings: Settings, post: posts.PostCard) -> tuple[PostProblem, ...]:
    """Whether the platform will be able to fetch this studio's files, checked when a post is planned. Does not block: the
    studio may get a public address before the post is due."""
    platform = PLATFORMS[post.platform]
    limits = platform.formats.get(posts.build_request(tx, post).format)
    is_public = settings.storage.public_endpoint or urlsplit(settings.web.public_url).scheme == "https"
    if is_public or _is_local_platform(settings, post.platform) or limits is None or not limits.fetched:
        return ()
    return (PostProblem("out_of_reach", _unreachable_message(platform.label), "media"),)


def _unreachable_message(label: str) -> str:
    return tr_lazy(
        "{platform} fetches files over the internet, and nothing of this studio can be reached from there. Whoever runs it "
        "must set PUBLIC_URL (or S3_PUBLIC_ENDPOINT) to a public https address and restart.",
        platform=label,
    )


def _fetch(ctx: JobContext, card: AssetCard) -> Path:
    path = ctx.workdir / _file_name(card)
    if not path.exists():
        assets.fetch(ctx.app.storage, card, path)
    return path


def _file_name(card: AssetCard) -> str:
    return f"{card.id}{mimetypes.guess_extension(card.content_type) or ''}"
