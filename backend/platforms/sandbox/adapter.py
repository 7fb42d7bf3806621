"""Adapter of the practice platform (ops/sandbox_platform): drafts with uploaded files are prepared, publish makes one
visible."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from backend.engines.ports.events import Handle, Log, Progress
from backend.language import tr_lazy
from backend.platforms.common import AdapterBase, answer_lost, read_bytes, translate_transport_errors
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
    Transient,
)
from backend.platforms.port import (
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
    Quota,
    Unknown,
)
from backend.platforms.sandbox.client import SandboxApiError, SandboxClient, SandboxDraft
from backend.settings import Settings

LABEL = "The sandbox"


class Sandbox(AdapterBase):
    name = "sandbox"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = SandboxClient(settings.sandbox.url, timeout_s=settings.publishing.timeout_s)

    def close(self) -> None:
        self._api.close()

    def account(self, access: AccountAccess) -> PlatformAccount:
        with translate_api_errors():
            me = self._api.me(access.token)
        return PlatformAccount(me.id, me.name, me.name, me.avatar, quota=Quota(me.used, me.total))

    def prepare(
        self, post: PostRequest, access: AccountAccess, handle: HandleState | None = None
    ) -> Generator[Event, None, None]:
        self.require_valid(post)
        state, draft = self.matching_handle(handle, post), None
        if state.get("draft"):
            draft = self._draft(state, access)
        else:
            yield Log(f"Sandbox: ai_made={str(post.ai_made).lower()}")
            with translate_api_errors():
                draft = self._api.create(_body(post), access.token)
            state = {
                "of": post.fingerprint,
                "draft": draft.id,
                "film": any(media_file.kind == "video" for media_file in post.media),
            }
        yield Handle(dict(state))
        for n, media in enumerate(post.media):
            if n not in draft.stored:
                with translate_api_errors():
                    self._api.put(state["draft"], n, read_bytes(media, 0, media.size), mime=media.mime, token=access.token)
            yield Progress(n + 1, len(post.media), tr_lazy("sending"))

    def check(self, handle: HandleState, access: AccountAccess) -> PrepareStatus:
        try:
            draft = self._draft(handle, access)
        except PrepareAgain as gone:
            return PrepareStatus("gone", gone.message)
        match draft.state:
            case "ready" | "published":
                return PrepareStatus("ready" if draft.state == "ready" else "published")
            case "failed":
                error = InvalidPost(
                    tr_lazy("{label} refuses the post: {reason}. Change it and try again.", label=LABEL, reason=draft.reason)
                )
                return PrepareStatus("failed", error.message, error=error)
        return PrepareStatus(
            "waiting", tr_lazy("{label} works on the files.", label=LABEL), self.poll_s(video=bool(handle.get("film")))
        )

    def finalize(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> Published | PublishAccepted:
        self.require_same(handle, post)
        with translate_api_errors(publishing=True):
            draft = self._api.publish(handle["draft"], access.token)
        return _published(handle, draft)

    def reconcile(self, handle: HandleState, access: AccountAccess, *, age_s: float) -> Outcome:
        try:
            draft = self._draft(handle, access)
        except PrepareAgain:
            return Unknown(tr_lazy("{label} has forgotten the post. Look at its feed.", label=LABEL))
        if draft.state == "published":
            return _published(handle, draft)
        if draft.state == "failed":
            error = InvalidPost(
                tr_lazy("{label} refuses the post: {reason}. Change it and try again.", label=LABEL, reason=draft.reason)
            )
            return NotPublished(error.message, error)
        return self.not_published_yet(age_s, tr_lazy("{label} says that it has not published it.", label=LABEL))

    def comment(self, published: Published, text: str, access: AccountAccess) -> str:
        with translate_api_errors(publishing=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: AccountAccess) -> str:
        with translate_api_errors():
            comments = self._api.comments(published.remote_id, access.token)
        return next((id for id, comment_text in comments if comment_text.strip() == text.strip()), "")

    def _draft(self, handle: HandleState, access: AccountAccess) -> SandboxDraft:
        with translate_api_errors():
            return self._api.draft(handle["draft"], access.token)


@contextmanager
def translate_api_errors(*, publishing: bool = False) -> Generator[None, None, None]:
    """Turns API and connection errors into PlatformErrors. `publishing`: around the irreversible call."""
    with translate_transport_errors(LABEL, irreversible=publishing):
        try:
            yield
        except SandboxApiError as error:
            raise to_platform_error(error, publishing=publishing) from error


def to_platform_error(error: SandboxApiError, *, publishing: bool = False) -> PlatformError:
    data: dict[str, Any] = {"platform_code": error.code, "detail": f"{error.http_status} {error.message}"}
    match error.http_status:
        case 401:
            return TokenRefused(
                tr_lazy("{label} no longer accepts the connection. Connect the account again.", label=LABEL), **data
            )
        case 403:
            return Forbidden(
                tr_lazy("{label} does not let this account post. Turn that off on its switches page.", label=LABEL), **data
            )
        case 404 | 410:
            return PrepareAgain(
                tr_lazy("{label} no longer knows what was prepared. It is prepared again.", label=LABEL), **data
            )
        case 425:
            return Transient(tr_lazy("{label} is not ready with the files yet. It is asked again.", label=LABEL), **data)
        case 429:
            is_quota = error.code == "quota"
            message = (
                tr_lazy("The account has posted as often as it may today. It continues later.")
                if is_quota
                else tr_lazy("{label} wants fewer calls. It continues later.", label=LABEL)
            )
            retry_after, hinted = error.retry_after or 60.0, error.retry_after is not None
            return RateLimitedByPlatform(
                message,
                retry_after=retry_after,
                hinted=hinted,
                what="quota" if is_quota else "rate",
                **data,
            )
        case status if status >= 500 or status == 409:
            if publishing:
                return answer_lost(LABEL, str(data["detail"]))
            return Transient(tr_lazy("{label} has a fault right now. It is tried again.", label=LABEL), **data)
    return InvalidPost(
        tr_lazy("{label} refuses the post: {rstrip}. Change it and try again.", label=LABEL, rstrip=error.message.rstrip(".")),
        **data,
    )


def _published(handle: HandleState, draft: SandboxDraft) -> Published:
    return Published(draft.post_id, draft.url, {**handle, "post": draft.post_id})


def _body(post: PostRequest) -> dict[str, Any]:
    files = [
        {
            "kind": media.kind,
            "mime": media.mime,
            "width": media.width,
            "height": media.height,
            "size": media.size,
            "alt": media.alt_text,
        }
        for media in post.media
    ]
    return {"format": post.format, "caption": post.caption, "title": post.title, "ai_made": post.ai_made, "files": files}
