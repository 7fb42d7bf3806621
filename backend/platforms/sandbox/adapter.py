"""The practice platform (ops/sandbox_platform): drafts are prepared, publish makes one visible. It takes bytes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from backend.engines.events import Handle, Log, Progress
from backend.platforms.common import AdapterBase, lost, read, translate_transport_errors
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
    Quota,
    Unknown,
)
from backend.platforms.sandbox.client import Client, Draft, Refusal
from backend.settings import Settings

LABEL = "The sandbox"


class Sandbox(AdapterBase):
    name = "sandbox"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = Client(settings.sandbox_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    def account(self, access: Access) -> Account:
        with asking():
            me = self._api.me(access.token)
        return Account(me.id, me.name, me.name, me.avatar, quota=Quota(me.used, me.total))

    def prepare(self, post: PostRequest, access: Access, handle: Handled | None = None) -> Generator[Event, None, None]:
        self.require_valid(post)
        kept, draft = self.usable(handle, post), None
        if kept.get("draft"):
            draft = self._draft(kept, access)
        else:
            yield Log(f"Sandbox: ai_made={str(post.ai_made).lower()}")
            with asking():
                draft = self._api.create(_body(post), access.token)
            kept = {"of": post.fingerprint, "draft": draft.id, "film": any(one.kind == "video" for one in post.media)}
        yield Handle(dict(kept))
        for n, media in enumerate(post.media):
            if n not in draft.stored:
                with asking():
                    self._api.put(kept["draft"], n, read(media, 0, media.size), mime=media.mime, token=access.token)
            yield Progress(n + 1, len(post.media), "sending")

    def check(self, handle: Handled, access: Access) -> PrepareStatus:
        try:
            found = self._draft(handle, access)
        except PrepareAgain as gone:
            return PrepareStatus("gone", gone.message)
        match found.state:
            case "ready" | "published":
                return PrepareStatus("ready" if found.state == "ready" else "published")
            case "failed":
                error = InvalidPost(f"{LABEL} refuses the post: {found.reason}. Change it and try again.")
                return PrepareStatus("failed", error.message, error=error)
        return PrepareStatus("waiting", f"{LABEL} works on the files.", self.poll_s(film=bool(handle.get("film"))))

    def finalize(self, post: PostRequest, handle: Handled, access: Access) -> Published | Accepted:
        self.require_same(handle, post)
        with asking(publishing=True):
            found = self._api.publish(handle["draft"], access.token)
        return _published(handle, found)

    def reconcile(self, handle: Handled, access: Access, *, age_s: float) -> Outcome:
        try:
            found = self._draft(handle, access)
        except PrepareAgain:
            return Unknown(f"{LABEL} has forgotten the post. Look at its feed.")
        if found.state == "published":
            return _published(handle, found)
        if found.state == "failed":
            error = InvalidPost(f"{LABEL} refuses the post: {found.reason}. Change it and try again.")
            return NotPublished(error.message, error)
        return self.not_yet(age_s, f"{LABEL} says that it has not published it.")

    def comment(self, published: Published, text: str, access: Access) -> str:
        with asking(publishing=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: Access) -> str:
        with asking():
            listed = self._api.comments(published.remote_id, access.token)
        return next((id for id, said in listed if said.strip() == text.strip()), "")

    def _draft(self, handle: Handled, access: Access) -> Draft:
        with asking():
            return self._api.draft(handle["draft"], access.token)


@contextmanager
def asking(*, publishing: bool = False) -> Generator[None, None, None]:
    """`publishing`: around the irreversible call."""
    with translate_transport_errors(LABEL, irreversible=publishing):
        try:
            yield
        except Refusal as refused:
            raise explained(refused, publishing=publishing) from refused


def explained(refused: Refusal, *, publishing: bool = False) -> PlatformError:
    data: dict[str, Any] = {"platform_code": refused.code, "detail": f"{refused.status} {refused.message}"}
    match refused.status:
        case 401:
            return TokenRefused(f"{LABEL} no longer accepts the connection. Connect the account again.", **data)
        case 403:
            return Forbidden(f"{LABEL} does not let this account post. Turn that off on its switches page.", **data)
        case 404 | 410:
            return PrepareAgain(f"{LABEL} no longer knows what was prepared. It is prepared again.", **data)
        case 425:
            return Transient(f"{LABEL} is not ready with the files yet. It is asked again.", **data)
        case 429:
            quota = refused.code == "quota"
            say = "The account has posted as often as it may today." if quota else f"{LABEL} wants fewer calls."
            after, hinted = refused.retry_after or 60.0, refused.retry_after is not None
            return RateLimitedByPlatform(
                f"{say} It goes on later.", retry_after=after, hinted=hinted, what="quota" if quota else "rate", **data
            )
        case status if status >= 500 or status == 409:
            if publishing:
                return lost(LABEL, str(data["detail"]))
            return Transient(f"{LABEL} has a fault right now. It is tried again.", **data)
    return InvalidPost(f"{LABEL} refuses the post: {refused.message.rstrip('.')}. Change it and try again.", **data)


def _published(handle: Handled, found: Draft) -> Published:
    return Published(found.post_id, found.url, {**handle, "post": found.post_id})


def _body(post: PostRequest) -> dict[str, Any]:
    files = [
        {"kind": one.kind, "mime": one.mime, "width": one.width, "height": one.height, "size": one.size, "alt": one.alt_text}
        for one in post.media
    ]
    return {"format": post.format, "caption": post.caption, "title": post.title, "ai_made": post.ai_made, "files": files}
