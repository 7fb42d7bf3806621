"""YouTube adapter: the handle is the upload session's URL; the video exists with its last byte (docs/contracts/youtube.md, 1).

The session tells how many bytes it has, and after the last one which video it became, so a lost answer is harmless.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.ports.events import Handle, Log, Progress
from backend.language import joined, tr_lazy
from backend.platforms.common import AdapterBase, read_bytes
from backend.platforms.errors import Forbidden, InvalidPost, PrepareAgain, Transient
from backend.platforms.port import (
    LOOK_AT_CHANNEL,
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
from backend.platforms.youtube.client import UploadProgress, Video, YouTubeClient
from backend.platforms.youtube.error_messages import processing_failure, translate_api_errors
from backend.settings import Settings

CHUNK_STEP = 256 * 1024
"""Bytes. Chunks must be multiples of this, except the last."""
MAX_STALLED_CHUNKS = 3


class YouTube(AdapterBase):
    name = "youtube"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = YouTubeClient(
            settings.youtube.api_url, token_url=settings.youtube.token_url, timeout_s=settings.publishing.timeout_s
        )
        self._chunk = max(CHUNK_STEP, settings.publishing.chunk_size // CHUNK_STEP * CHUNK_STEP)

    def close(self) -> None:
        self._api.close()

    def account(self, access: AccountAccess) -> PlatformAccount:
        """Without a quota: YouTube has no call for it, so an exceeded quota shows only in the error."""
        with translate_api_errors():
            channel = self._api.channel(access.token)
        if channel is None:
            raise Forbidden(tr_lazy("This Google account has no YouTube channel. Make one, then connect again."))
        return PlatformAccount(
            channel.id, channel.handle or channel.title, channel.title, channel.picture, self.platform.fixed_privacy
        )

    def prepare(
        self, post: PostRequest, access: AccountAccess, handle: HandleState | None = None
    ) -> Generator[Event, None, None]:
        self.require_valid(post)
        media, state = post.media[0], self.matching_handle(handle, post)
        stored = 0
        if state.get("session"):
            try:
                progress = self._probe(state)
            except PrepareAgain:
                state = {}  # an unfinished session that has expired leaves nothing behind
            else:
                stored = progress.stored
                yield Handle(_with_video(state, progress.video))
                if progress.video:
                    return
        if not state:
            yield Log(f"YouTube: containsSyntheticMedia={str(post.ai_made).lower()}, privacyStatus={post.privacy or 'public'}")
            with translate_api_errors():
                session = self._api.start(_resource(post), size=media.size, mime=media.mime, token=access.token)
            state = {"of": post.fingerprint, "session": session, "size": media.size, "mime": media.mime}
            yield Handle(dict(state))
        last = (media.size - 1) // self._chunk * self._chunk
        stalled_chunks = 0
        while stored < last:
            with translate_api_errors():
                progress = self._put(post, state, stored, min(self._chunk, last - stored))
            stalled_chunks = 0 if progress.stored > stored else stalled_chunks + 1
            if stalled_chunks == MAX_STALLED_CHUNKS:
                raise Transient(
                    tr_lazy("YouTube does not take the video right now. It is tried again."), detail=f"{stored} bytes stored"
                )
            stored = progress.stored
            yield Progress(stored, media.size, tr_lazy("sending"))

    def check(self, handle: HandleState, access: AccountAccess) -> PrepareStatus:
        if handle.get("video"):
            return PrepareStatus("published")
        try:
            progress = self._probe(handle)
        except PrepareAgain as error:
            return PrepareStatus("gone", error.message)
        return PrepareStatus("published" if progress.video else "ready")

    def finalize(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> Published | PublishAccepted:
        """Sends the bytes that the session lacks; a complete session answers with its video, and nothing is sent."""
        self.require_same(handle, post)
        progress = self._probe(handle)
        size = post.media[0].size
        stalled_chunks = 0
        while progress.video is None:
            stored, length = progress.stored, min(self._chunk, size - progress.stored)
            if length <= 0:
                raise PrepareAgain(
                    tr_lazy("The upload to YouTube went wrong. It begins again."), detail=f"{stored} of {size} stored"
                )
            with translate_api_errors(last=stored + length == size):
                progress = self._put(post, handle, stored, length)
            stalled_chunks = 0 if progress.video or progress.stored > stored else stalled_chunks + 1
            if stalled_chunks == MAX_STALLED_CHUNKS:  # 308 every time: YouTube surely does not have the end
                raise Transient(
                    tr_lazy("YouTube does not take the video right now. It is tried again."), detail=f"{stored} bytes stored"
                )
        return _outcome_of(handle, progress.video, self.poll_s(video=True))

    def reconcile(self, handle: HandleState, access: AccountAccess, *, age_s: float) -> Outcome:
        if not handle.get("video"):
            try:
                progress = self._probe(handle)
            except PrepareAgain:
                return Unknown(joined(tr_lazy("YouTube has forgotten the upload, so it cannot be asked."), LOOK_AT_CHANNEL))
            if progress.video is None:
                return self.not_published_yet(age_s, tr_lazy("YouTube does not have the end of the video."))
            return _outcome_of(handle, progress.video, self.poll_s(video=True))
        with translate_api_errors():
            video = self._api.video(handle["video"], access.token)
        if video is None:
            missing = InvalidPost(tr_lazy("The video is no longer on YouTube."))
            outcome = self.not_published_yet(age_s, tr_lazy("YouTube does not show the video."))
            return outcome if isinstance(outcome, Unknown) else NotPublished(missing.message, missing)
        if video.upload_status in ("failed", "rejected", "deleted"):
            error = processing_failure(video)
            return NotPublished(error.message, error)
        return _outcome_of(handle, video, self.poll_s(video=True))

    def comment(self, published: Published, text: str, access: AccountAccess) -> str:
        with translate_api_errors(last=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: AccountAccess) -> str:
        with translate_api_errors():
            comments = self._api.comments(published.remote_id, access.token)
        return next((id for id, comment_text in comments if comment_text.strip() == text.strip()), "")

    def _probe(self, handle: HandleState) -> UploadProgress:
        with translate_api_errors():
            return self._api.probe(handle["session"], total=handle["size"])

    def _put(self, post: PostRequest, handle: HandleState, first: int, length: int) -> UploadProgress:
        media = post.media[0]
        data = read_bytes(media, first, length)
        return self._api.put(handle["session"], data, first=first, total=media.size, mime=media.mime)


def _with_video(handle: HandleState, video: Video | None) -> HandleState:
    return {**handle, "video": video.id} if video else dict(handle)


def _outcome_of(handle: HandleState, video: Video, ask_again_s: float) -> Published | PublishAccepted:
    state, url = _with_video(handle, video), f"https://www.youtube.com/watch?v={video.id}"
    if video.upload_status == "processed":
        return Published(video.id, url, state)
    return PublishAccepted(state, tr_lazy("YouTube has the video and works on it."), ask_again_s, url)


def _resource(post: PostRequest) -> dict[str, Any]:
    """The video's metadata. containsSyntheticMedia marks it as AI-made (youtube.md, 1 and 6)."""
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
