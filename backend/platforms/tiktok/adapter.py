"""TikTok adapter: a video appears with its last chunk, pictures with content/init (docs/contracts/tiktok.md, 2 and 3).

Videos are uploaded (FILE_UPLOAD needs no verified domain); pictures are fetched by TikTok. When the answer of content/init is
lost, there is no publish_id to ask with, so its outcome cannot be known.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.ports.events import Handle, Log, Progress
from backend.language import joined, tr_lazy
from backend.platforms.common import AdapterBase, fetch_url, read_bytes
from backend.platforms.errors import InvalidPost, OutcomeUnknown, PrepareAgain
from backend.platforms.port import (
    LOOK_AT_ACCOUNT,
    AccountAccess,
    Event,
    HandleState,
    NotPublished,
    Outcome,
    PlatformAccount,
    PostRequest,
    PrepareStatus,
    PublishAccepted,
    Published,
    Unknown,
)
from backend.platforms.tiktok.client import Creator, Status, TikTokClient
from backend.platforms.tiktok.error_messages import LABEL, publish_failure, translate_api_errors, translate_chunk_errors
from backend.settings import Settings

MB = 1024 * 1024
MIN_CHUNK, MAX_CHUNK = 5 * MB, 64 * MB


class TikTok(AdapterBase):
    name = "tiktok"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = TikTokClient(settings.tiktok.api_url, timeout_s=settings.publishing.timeout_s)

    def close(self) -> None:
        self._api.close()

    def account(self, access: AccountAccess) -> PlatformAccount:
        """creator_info: the options of this account now. TikTok does not tell how many posts are left."""
        with translate_api_errors():
            return _account(access, self._api.creator(access.token))

    def prepare(
        self, post: PostRequest, access: AccountAccess, handle: HandleState | None = None
    ) -> Generator[Event, None, None]:
        account = self.account(access)  # tiktok.md, 1: mandatory before each post
        self.require_valid(post, account)
        state = self.matching_handle(handle, post)
        if state.get("publish_id") or state.get("ready"):
            yield from self._resume(post, access, state)
            return
        state = {"of": post.fingerprint, "username": account.name}
        if post.format != "video":
            _picture_body(post, account)  # raises now when a file has no public URL
            yield Log("TikTok: its pictures API has no AI flag; only the text says it")
            yield Handle({**state, "ready": True, "pictures": True})
            return
        yield from self._upload(post, access, state, account)

    def check(self, handle: HandleState, access: AccountAccess) -> PrepareStatus:
        if not handle.get("publish_id"):
            return PrepareStatus("ready")
        try:
            publish_status = self._status(handle, access)
        except PrepareAgain as gone:
            return PrepareStatus("gone", gone.message)
        match publish_status.status:
            case "PUBLISH_COMPLETE":
                return PrepareStatus("published")
            case "FAILED":
                error = publish_failure(publish_status.fail_reason)
                return PrepareStatus("failed", error.message, error=error)
            case "PROCESSING_UPLOAD" if (publish_status.uploaded or 0) < handle.get("size", 0):
                return PrepareStatus("ready")
        return PrepareStatus("published", tr_lazy("TikTok has all of it and works on it."))

    def finalize(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> Published | PublishAccepted:
        self.require_same(handle, post)
        if handle.get("pictures"):
            return self._init_pictures(post, handle, access)
        media, first = post.media[0], handle["sent"]
        if first != handle["chunk"] * (handle["chunks"] - 1):
            raise PrepareAgain(tr_lazy("The upload to TikTok is not complete. It begins again."), detail=f"{first} bytes sent")
        data = read_bytes(media, first, media.size - first)
        with translate_chunk_errors(last=True):
            status = self._api.put(handle["upload_url"], data, first=first, total=media.size, mime=media.mime)
        if status == 206:
            raise OutcomeUnknown(
                tr_lazy("TikTok wants more of a video that is complete. It is being asked."), detail="206 at the end"
            )
        return PublishAccepted(dict(handle), tr_lazy("TikTok has the video and works on it."), self.poll_s(video=True))

    def reconcile(self, handle: HandleState, access: AccountAccess, *, age_s: float) -> Outcome:
        if not handle.get("publish_id"):
            return Unknown(
                joined(tr_lazy("TikTok's answer was lost before it named the post, and it cannot be asked."), LOOK_AT_ACCOUNT)
            )
        try:
            publish_status = self._status(handle, access)
        except PrepareAgain:
            return Unknown(joined(tr_lazy("TikTok no longer knows this post's number."), LOOK_AT_ACCOUNT))
        match publish_status.status:
            case "PUBLISH_COMPLETE":
                return _published(handle, publish_status)
            case "FAILED":
                error = publish_failure(publish_status.fail_reason)
                return NotPublished(error.message, error)
            case "PROCESSING_UPLOAD":
                if publish_status.uploaded is not None and publish_status.uploaded < handle.get("size", 0):
                    return self.not_published_yet(age_s, tr_lazy("TikTok does not have the end of the video."))
        return PublishAccepted(dict(handle), tr_lazy("TikTok works on it."), self.poll_s(video=True))

    def comment(self, published: Published, text: str, access: AccountAccess) -> str:
        raise InvalidPost(tr_lazy("TikTok lets no other program write comments."))

    def find_comment(self, published: Published, text: str, access: AccountAccess) -> str:
        return ""

    def _upload(
        self, post: PostRequest, access: AccountAccess, state: HandleState, account: PlatformAccount
    ) -> Generator[Event, None, None]:
        media = post.media[0]
        chunk, count = chunk_layout(media.size, self.settings.publishing.chunk_size)
        info = {"title": post.caption, **_audience(post, account), **_promotion(post), "is_aigc": post.ai_made}
        info["disable_duet"] = account.duet_off or not post.options.allow_duet
        info["disable_stitch"] = account.stitch_off or not post.options.allow_stitch
        if post.options.cover_ms is not None:
            info["video_cover_timestamp_ms"] = post.options.cover_ms
        source = {"source": "FILE_UPLOAD", "video_size": media.size, "chunk_size": chunk, "total_chunk_count": count}
        yield Log(f"TikTok: is_aigc={str(post.ai_made).lower()}, privacy_level={post.privacy}")
        with translate_api_errors():
            init = self._api.init_video(info, source, access.token)
        state = {**state, "publish_id": init.publish_id, "upload_url": init.upload_url, "size": media.size, "sent": 0}
        state["chunk"], state["chunks"] = chunk, count
        yield Handle(dict(state))
        yield from self._send(post, state)

    def _resume(self, post: PostRequest, access: AccountAccess, state: HandleState) -> Generator[Event, None, None]:
        """Continues after the bytes that TikTok has: a chunk whose answer was lost may have arrived."""
        if state.get("publish_id"):
            publish_status = self._status(state, access)
            if publish_status.status == "FAILED":
                raise PrepareAgain(
                    tr_lazy("TikTok cancelled the upload. It begins again."), platform_code=publish_status.fail_reason
                )
            if (
                publish_status.uploaded is not None
                and publish_status.uploaded < state["size"]
                and not publish_status.uploaded % state["chunk"]
            ):
                state["sent"] = publish_status.uploaded
            yield Handle(dict(state))
            if publish_status.status == "PROCESSING_UPLOAD":
                yield from self._send(post, state)
        else:
            yield Handle(state)

    def _send(self, post: PostRequest, state: HandleState) -> Generator[Event, None, None]:
        """Uploads all chunks but the last, which publishes the video."""
        media, last = post.media[0], state["chunk"] * (state["chunks"] - 1)
        while state["sent"] < last:
            data = read_bytes(media, state["sent"], state["chunk"])
            with translate_chunk_errors(last=False):
                self._api.put(state["upload_url"], data, first=state["sent"], total=media.size, mime=media.mime)
            state["sent"] += len(data)
            yield Handle(dict(state))
            yield Progress(state["sent"], media.size, tr_lazy("sending"))

    def _init_pictures(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> PublishAccepted:
        account = self.account(access)
        self.require_valid(post, account)
        with translate_api_errors(publishing=True):
            init = self._api.init_pictures(_picture_body(post, account), access.token)
        state = {**handle, "publish_id": init.publish_id}
        return PublishAccepted(state, tr_lazy("TikTok fetches the pictures."), self.poll_s(video=False))

    def _status(self, handle: HandleState, access: AccountAccess) -> Status:
        with translate_api_errors():
            return self._api.status(handle["publish_id"], access.token)


def chunk_layout(size: int, preferred: int) -> tuple[int, int]:
    """(chunk size, number of chunks) by tiktok.md, 2: 5 to 64 MB each, at most 1000, the last one takes the remainder."""
    chunk_size = max(MIN_CHUNK, min(MAX_CHUNK, preferred), -(-size // 1000))
    count = max(1, size // chunk_size)
    return (size, 1) if count == 1 else (chunk_size, count)


def _account(access: AccountAccess, creator: Creator) -> PlatformAccount:
    return PlatformAccount(
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


def _audience(post: PostRequest, account: PlatformAccount) -> dict[str, Any]:
    return {"privacy_level": post.privacy, "disable_comment": account.comments_off or not post.options.allow_comments}


def _promotion(post: PostRequest) -> dict[str, Any]:
    return {"brand_content_toggle": post.options.paid_partnership, "brand_organic_toggle": post.options.own_brand}


def _picture_body(post: PostRequest, account: PlatformAccount) -> dict[str, Any]:
    info = {"title": post.title, "description": post.caption, **_audience(post, account), **_promotion(post)}
    info["auto_add_music"] = post.options.auto_music
    urls = [fetch_url(LABEL, media) for media in post.media]
    source = {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": 0}
    return {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": info, "source_info": source}


def _published(handle: HandleState, publish_status: Status) -> Published:
    """Without a post id until moderation is done, minutes to hours later (tiktok.md, 4)."""
    if not publish_status.post_ids:
        return Published(handle["publish_id"], "", dict(handle))
    id, kind = publish_status.post_ids[0], "photo" if handle.get("pictures") else "video"
    url = f"https://www.tiktok.com/@{handle['username']}/{kind}/{id}" if handle.get("username") else ""
    return Published(id, url, {**handle, "post": id})
