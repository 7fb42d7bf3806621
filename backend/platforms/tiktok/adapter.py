"""TikTok: a video appears with its last chunk, pictures with content/init (docs/contracts/tiktok.md, 2 and 3).

Videos are uploaded (FILE_UPLOAD: no verified domain is needed); pictures are fetched by TikTok. A lost answer of content/init
leaves no publish_id to ask by: that is the one outcome nobody can know.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.events import Handle, Log, Progress
from backend.platforms.common import AdapterBase, address, read
from backend.platforms.errors import InvalidPost, OutcomeUnknown, PrepareAgain
from backend.platforms.port import (
    Accepted,
    Access,
    Account,
    Event,
    Handled,
    NotPublished,
    Outcome,
    PostRequest,
    PrepareStatus,
    Published,
    Unknown,
)
from backend.platforms.tiktok.client import Client, Creator, Status
from backend.platforms.tiktok.error_messages import LABEL, asking, failed, sending
from backend.settings import Settings

MB = 1024 * 1024
LEAST_CHUNK, MOST_CHUNK = 5 * MB, 64 * MB


class TikTok(AdapterBase):
    name = "tiktok"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = Client(settings.tiktok_api_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    def account(self, access: Access) -> Account:
        """creator_info: what may be chosen now. TikTok does not say how many posts are left."""
        with asking():
            return _account(access, self._api.creator(access.token))

    def prepare(self, post: PostRequest, access: Access, handle: Handled | None = None) -> Generator[Event, None, None]:
        account = self.account(access)  # tiktok.md, 1: mandatory before each post
        self.require_valid(post, account)
        kept = self.usable(handle, post)
        if kept.get("publish_id") or kept.get("ready"):
            yield from self._resume(post, access, kept)
            return
        kept = {"of": post.fingerprint, "username": account.name}
        if post.format != "video":
            _picture_body(post, account)  # says now what is missing
            yield Log("TikTok: its pictures API has no AI flag; only the text says it")
            yield Handle({**kept, "ready": True, "pictures": True})
            return
        yield from self._upload(post, access, kept, account)

    def check(self, handle: Handled, access: Access) -> PrepareStatus:
        if not handle.get("publish_id"):
            return PrepareStatus("ready")
        try:
            found = self._status(handle, access)
        except PrepareAgain as gone:
            return PrepareStatus("gone", gone.message)
        match found.status:
            case "PUBLISH_COMPLETE":
                return PrepareStatus("published")
            case "FAILED":
                error = failed(found.fail_reason)
                return PrepareStatus("failed", error.message, error=error)
            case "PROCESSING_UPLOAD" if (found.uploaded or 0) < handle.get("size", 0):
                return PrepareStatus("ready")
        return PrepareStatus("published", "TikTok has all of it and works on it.")

    def finalize(self, post: PostRequest, handle: Handled, access: Access) -> Published | Accepted:
        self.require_same(handle, post)
        if handle.get("pictures"):
            return self._init_pictures(post, handle, access)
        media, first = post.media[0], handle["sent"]
        if first != handle["chunk"] * (handle["chunks"] - 1):
            raise PrepareAgain("The upload to TikTok is not complete. It begins again.", detail=f"{first} bytes sent")
        data = read(media, first, media.size - first)
        with sending(last=True):
            status = self._api.put(handle["upload_url"], data, first=first, total=media.size, mime=media.mime)
        if status == 206:
            raise OutcomeUnknown("TikTok wants more of a video that is complete. It is being asked.", detail="206 at the end")
        return Accepted(dict(handle), "TikTok has the video and works on it.", self.poll_s(film=True))

    def reconcile(self, handle: Handled, access: Access, *, age_s: float) -> Outcome:
        if not handle.get("publish_id"):
            return Unknown("TikTok's answer was lost before it named the post, and it cannot be asked. Look at the account.")
        try:
            found = self._status(handle, access)
        except PrepareAgain:
            return Unknown("TikTok no longer knows this post's number. Look at the account.")
        match found.status:
            case "PUBLISH_COMPLETE":
                return _published(handle, found)
            case "FAILED":
                error = failed(found.fail_reason)
                return NotPublished(error.message, error)
            case "PROCESSING_UPLOAD":
                if found.uploaded is not None and found.uploaded < handle.get("size", 0):
                    return self.not_yet(age_s, "TikTok does not have the end of the video.")
        return Accepted(dict(handle), "TikTok works on it.", self.poll_s(film=True))

    def comment(self, published: Published, text: str, access: Access) -> str:
        raise InvalidPost("TikTok lets no other program write comments.")

    def find_comment(self, published: Published, text: str, access: Access) -> str:
        return ""

    def _upload(self, post: PostRequest, access: Access, kept: Handled, account: Account) -> Generator[Event, None, None]:
        media = post.media[0]
        chunk, count = chunks(media.size, self.settings.platform_chunk_size)
        info = {"title": post.caption, **_audience(post, account), **_promotion(post), "is_aigc": post.ai_made}
        info["disable_duet"] = account.duet_off or not post.options.allow_duet
        info["disable_stitch"] = account.stitch_off or not post.options.allow_stitch
        if post.options.cover_ms is not None:
            info["video_cover_timestamp_ms"] = post.options.cover_ms
        source = {"source": "FILE_UPLOAD", "video_size": media.size, "chunk_size": chunk, "total_chunk_count": count}
        yield Log(f"TikTok: is_aigc={str(post.ai_made).lower()}, privacy_level={post.privacy}")
        with asking():
            made = self._api.init_video(info, source, access.token)
        kept = {**kept, "publish_id": made.publish_id, "upload_url": made.upload_url, "size": media.size, "sent": 0}
        kept["chunk"], kept["chunks"] = chunk, count
        yield Handle(dict(kept))
        yield from self._send(post, kept)

    def _resume(self, post: PostRequest, access: Access, kept: Handled) -> Generator[Event, None, None]:
        """The chunk whose answer was lost may be there: TikTok says how many bytes it has."""
        if kept.get("publish_id"):
            found = self._status(kept, access)
            if found.status == "FAILED":
                raise PrepareAgain("TikTok gave up the upload. It begins again.", platform_code=found.fail_reason)
            if found.uploaded is not None and found.uploaded < kept["size"] and not found.uploaded % kept["chunk"]:
                kept["sent"] = found.uploaded
            yield Handle(dict(kept))
            if found.status == "PROCESSING_UPLOAD":
                yield from self._send(post, kept)
        else:
            yield Handle(kept)

    def _send(self, post: PostRequest, kept: Handled) -> Generator[Event, None, None]:
        """All chunks but the last."""
        media, last = post.media[0], kept["chunk"] * (kept["chunks"] - 1)
        while kept["sent"] < last:
            data = read(media, kept["sent"], kept["chunk"])
            with sending(last=False):
                self._api.put(kept["upload_url"], data, first=kept["sent"], total=media.size, mime=media.mime)
            kept["sent"] += len(data)
            yield Handle(dict(kept))
            yield Progress(kept["sent"], media.size, "sending")

    def _init_pictures(self, post: PostRequest, handle: Handled, access: Access) -> Accepted:
        account = self.account(access)
        self.require_valid(post, account)
        with asking(publishing=True):
            made = self._api.init_pictures(_picture_body(post, account), access.token)
        kept = {**handle, "publish_id": made.publish_id}
        return Accepted(kept, "TikTok fetches the pictures.", self.poll_s(film=False))

    def _status(self, handle: Handled, access: Access) -> Status:
        with asking():
            return self._api.status(handle["publish_id"], access.token)


def chunks(size: int, wish: int) -> tuple[int, int]:
    """(chunk size, their number) as tiktok.md, 2 wants them: 5 to 64 MB each, at most 1000, the last one takes what is over."""
    chunk = max(LEAST_CHUNK, min(MOST_CHUNK, wish), -(-size // 1000))
    count = max(1, size // chunk)
    return (size, 1) if count == 1 else (chunk, count)


def _account(access: Access, creator: Creator) -> Account:
    return Account(
        access.account_id,
        creator.username,
        creator.nickname,
        creator.avatar,
        privacy=creator.privacy,
        max_video_s=creator.max_video_s,
        comments_off=creator.comment_disabled,
        duet_off=creator.duet_disabled,
        stitch_off=creator.stitch_disabled,
    )


def _audience(post: PostRequest, account: Account) -> dict[str, Any]:
    return {"privacy_level": post.privacy, "disable_comment": account.comments_off or not post.options.allow_comments}


def _promotion(post: PostRequest) -> dict[str, Any]:
    return {"brand_content_toggle": post.options.paid_partnership, "brand_organic_toggle": post.options.own_brand}


def _picture_body(post: PostRequest, account: Account) -> dict[str, Any]:
    info = {"title": post.title, "description": post.caption, **_audience(post, account), **_promotion(post)}
    info["auto_add_music"] = post.options.auto_music
    urls = [address(LABEL, media) for media in post.media]
    source = {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": 0}
    return {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": info, "source_info": source}


def _published(handle: Handled, found: Status) -> Published:
    """tiktok.md, 4: the public number comes only after moderation, minutes to hours later."""
    if not found.post_ids:
        return Published(handle["publish_id"], "", dict(handle))
    id, kind = found.post_ids[0], "photo" if handle.get("pictures") else "video"
    url = f"https://www.tiktok.com/@{handle['username']}/{kind}/{id}" if handle.get("username") else ""
    return Published(id, url, {**handle, "post": id})
