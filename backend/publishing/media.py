"""A post's prepared files as its platform gets them: by URL where it fetches them, by path where bytes are uploaded.

Where the storage is not public, the studio hands a file out itself, under a signed URL that needs no sign-in and ends after 26
hours. Its token holds workspace, asset and end of validity, encrypted and authenticated with the key ring, so it can neither be
read nor changed. It is made when a post is being sent and given to the platform only.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from backend import assets, renditions
from backend.assets import AssetCard
from backend.content_plans import ownership as posts
from backend.errors import Invalid, NotFound, RateLimited
from backend.jobs import JobContext
from backend.kit.clock import now
from backend.kit.secrets import KeyRing
from backend.platforms.errors import InvalidPost
from backend.platforms.port import Media, PlatformAdapter, PostProblem, PostRequest
from backend.platforms.registry import PLATFORMS
from backend.publishing.schemas import URL_TTL_S
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

SIGNED_PATH = "/api/handed"
_FOR, _ROW = "handed", "file"
_GONE = "There is nothing at this address. It was made for one post and has ended, or it is not whole."
Files = Sequence[AssetCard]
PREPARING = "The files are being prepared."


def signed_url(settings: Settings, *, tenant_id: str, asset_id: str, name: str, local: bool = False) -> str:
    """The URL. `name`: its last part, for platforms that look at the file extension; US-ASCII (docs/contracts/instagram.md, 2).

    `local`: for a platform on this machine.
    """
    expires_at = int((now() + timedelta(seconds=URL_TTL_S)).timestamp())
    sealed = _ring(settings).seal(json.dumps([tenant_id, asset_id, expires_at]), tenant_id=_FOR, row_id=_ROW)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    base = f"http://{host}:{settings.web.port}" if local else settings.web.base_url
    return f"{base}{SIGNED_PATH}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}/{name}"


def open_token(settings: Settings, token: str) -> tuple[str, str]:
    """(workspace id, asset id) of a token. Raises NotFound: expired or invalid."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        tenant_id, asset_id, expires_at = json.loads(_ring(settings).open(sealed, tenant_id=_FOR, row_id=_ROW))
    except (Invalid, ValueError, binascii.Error) as error:
        raise NotFound(_GONE) from error
    if datetime.fromtimestamp(expires_at, UTC) < now():
        raise NotFound(_GONE)
    return tenant_id, asset_id


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())


def prepared_request(ctx: JobContext, post: posts.PostCard, *, waited_s: float) -> tuple[PostRequest, Files]:
    """The request with its prepared files, without URLs, and the files. `waited_s`: seconds since the attempt began.

    Raises RateLimited while files are being prepared, Invalid when one cannot be, InvalidPost when one is gone.
    """
    with ctx.transaction() as tx:
        recipes = posts.rendition_recipes(tx, post)
        if len(recipes) < len(post.media):
            raise InvalidPost("A picture or video of this post is not here any more. Take it out and choose another one.")
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
        return signed_url(settings, tenant_id=tenant_id, asset_id=card.id, name=_file_name(card))
    if presigned_url := app.storage.presign_get(card.key, expires=URL_TTL_S):
        return presigned_url
    if _is_local_platform(settings, platform):
        return signed_url(settings, tenant_id=tenant_id, asset_id=card.id, name=_file_name(card), local=True)
    raise InvalidPost(f"{_unreachable_message(PLATFORMS[platform].label)} Then schedule the post again.")


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
    return (
        f"{label} fetches files over the internet, and nothing of this studio can be reached from there. Whoever runs it must "
        "set PUBLIC_URL (or S3_PUBLIC_ENDPOINT) to a public https address and restart."
    )


def _fetch(ctx: JobContext, card: AssetCard) -> Path:
    path = ctx.workdir / _file_name(card)
    if not path.exists():
        assets.fetch(ctx.app.storage, card, path)
    return path


def _file_name(card: AssetCard) -> str:
    return f"{card.id}{mimetypes.guess_extension(card.content_type) or ''}"
