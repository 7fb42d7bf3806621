"""YouTube: the session's address is the handle, the video exists with the last byte (docs/contracts/youtube.md, 1).

The session can be asked what it has: a lost answer costs nothing here, and asking after it is complete names the video.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.events import Handle, Log, Progress
from backend.platforms.common import AdapterBase, read
from backend.platforms.errors import Forbidden, InvalidPost, PrepareAgain, Transient
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
from backend.platforms.youtube.client import Client, Upload, Video
from backend.platforms.youtube.error_messages import asking, failed
from backend.settings import Settings

STEP = 256 * 1024
"""Chunks are multiples of this, except the last."""
NO_PROGRESS = 3


class YouTube(AdapterBase):
    name = "youtube"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = Client(
            settings.youtube_api_url, token_url=settings.youtube_token_url, timeout_s=settings.platform_timeout_s
        )
        self._chunk = max(STEP, settings.platform_chunk_size // STEP * STEP)

    def close(self) -> None:
        self._api.close()

    def account(self, access: Access) -> Account:
        """YouTube has no call that says what is left of the quota: it is read from the refusal."""
        with asking():
            channel = self._api.channel(access.token)
        if channel is None:
            raise Forbidden("This Google account has no YouTube channel. Make one, then connect again.")
        return Account(
            channel.id, channel.handle or channel.title, channel.title, channel.picture, ("public", "unlisted", "private")
        )

    def prepare(self, post: PostRequest, access: Access, handle: Handled | None = None) -> Generator[Event, None, None]:
        self.require_valid(post)
        media, kept = post.media[0], self.usable(handle, post)
        stored = 0
        if kept.get("session"):
            try:
                found = self._probe(kept)
            except PrepareAgain:
                kept = {}  # an unfinished session that is gone left nothing behind
            else:
                stored = found.stored
                yield Handle(_with(kept, found.video))
                if found.video:
                    return
        if not kept:
            yield Log(f"YouTube: containsSyntheticMedia={str(post.ai_made).lower()}, privacyStatus={post.privacy or 'public'}")
            with asking():
                session = self._api.start(_resource(post), size=media.size, mime=media.mime, token=access.token)
            kept = {"of": post.fingerprint, "session": session, "size": media.size, "mime": media.mime}
            yield Handle(dict(kept))
        last = (media.size - 1) // self._chunk * self._chunk
        stuck = 0
        while stored < last:
            with asking():
                found = self._put(post, kept, stored, min(self._chunk, last - stored))
            stuck = 0 if found.stored > stored else stuck + 1
            if stuck == NO_PROGRESS:
                raise Transient(
                    "YouTube does not take the video right now. It is tried again.", detail=f"{stored} bytes stored"
                )
            stored = found.stored
            yield Progress(stored, media.size, "sending")

    def check(self, handle: Handled, access: Access) -> PrepareStatus:
        if handle.get("video"):
            return PrepareStatus("published")
        try:
            found = self._probe(handle)
        except PrepareAgain as gone:
            return PrepareStatus("gone", gone.message)
        return PrepareStatus("published" if found.video else "ready")

    def finalize(self, post: PostRequest, handle: Handled, access: Access) -> Published | Accepted:
        """Sends what the session does not have yet; a complete session answers with its video and nothing is sent."""
        self.require_same(handle, post)
        found = self._probe(handle)
        size = post.media[0].size
        stuck = 0
        while found.video is None:
            stored, length = found.stored, min(self._chunk, size - found.stored)
            if length <= 0:
                raise PrepareAgain("The upload to YouTube went wrong. It begins again.", detail=f"{stored} of {size} stored")
            with asking(last=stored + length == size):
                found = self._put(post, handle, stored, length)
            stuck = 0 if found.video or found.stored > stored else stuck + 1
            if stuck == NO_PROGRESS:  # 308 every time: it says itself that it does not have the end
                raise Transient(
                    "YouTube does not take the video right now. It is tried again.", detail=f"{stored} bytes stored"
                )
        return _standing(handle, found.video, self.poll_s(film=True))

    def reconcile(self, handle: Handled, access: Access, *, age_s: float) -> Outcome:
        if not handle.get("video"):
            try:
                found = self._probe(handle)
            except PrepareAgain:
                return Unknown("YouTube has forgotten the upload, so it cannot be asked. Look at the channel.")
            if found.video is None:
                return self.not_yet(age_s, "YouTube does not have the end of the video.")
            return _standing(handle, found.video, self.poll_s(film=True))
        with asking():
            video = self._api.video(handle["video"], access.token)
        if video is None:
            gone = InvalidPost("The video is no longer on YouTube.")
            again = self.not_yet(age_s, "YouTube does not show the video.")
            return again if isinstance(again, Unknown) else NotPublished(gone.message, gone)
        if video.upload_status in ("failed", "rejected", "deleted"):
            error = failed(video)
            return NotPublished(error.message, error)
        return _standing(handle, video, self.poll_s(film=True))

    def comment(self, published: Published, text: str, access: Access) -> str:
        with asking(last=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: Access) -> str:
        with asking():
            listed = self._api.comments(published.remote_id, access.token)
        return next((id for id, said in listed if said.strip() == text.strip()), "")

    def _probe(self, handle: Handled) -> Upload:
        with asking():
            return self._api.probe(handle["session"], total=handle["size"])

    def _put(self, post: PostRequest, handle: Handled, first: int, length: int) -> Upload:
        media = post.media[0]
        data = read(media, first, length)
        return self._api.put(handle["session"], data, first=first, total=media.size, mime=media.mime)


def _with(handle: Handled, video: Video | None) -> Handled:
    return {**handle, "video": video.id} if video else dict(handle)


def _standing(handle: Handled, video: Video, ask_again_s: float) -> Published | Accepted:
    kept, url = _with(handle, video), f"https://www.youtube.com/watch?v={video.id}"
    if video.upload_status == "processed":
        return Published(video.id, url, kept)
    return Accepted(kept, "YouTube has the video and works on it.", ask_again_s, url)


def _resource(post: PostRequest) -> dict[str, Any]:
    """youtube.md, 1 and 6: containsSyntheticMedia says that it was made by AI."""
    options = post.options
    snippet: dict[str, Any] = {"title": post.title.strip(), "description": post.caption, "categoryId": options.category}
    if options.tags:
        snippet["tags"] = list(options.tags)
    if options.language:
        snippet["defaultLanguage"] = options.language
    status = {
        "privacyStatus": post.privacy or "public",
        "selfDeclaredMadeForKids": options.made_for_kids,
        "containsSyntheticMedia": post.ai_made,
    }
    return {"snippet": snippet, "status": status}
