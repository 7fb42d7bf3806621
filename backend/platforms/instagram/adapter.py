"""Instagram adapter: containers are prepared, media_publish makes one visible (docs/contracts/instagram.md, 2)."""

from __future__ import annotations

from collections.abc import Generator

from backend.engines.ports.events import Handle, Log, Progress
from backend.language import tr_lazy
from backend.platforms.common import AdapterBase, fetch_url, wait_alive
from backend.platforms.errors import InvalidPost, PlatformError, PrepareAgain, Transient
from backend.platforms.instagram.client import Container, InstagramClient
from backend.platforms.instagram.error_messages import container_error, translate_api_errors
from backend.platforms.port import (
    AccountAccess,
    Event,
    HandleState,
    Media,
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
from backend.settings import Settings

CHILDREN_POLLS = 60


class Instagram(AdapterBase):
    name = "instagram"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._api = InstagramClient(
            settings.instagram.graph_url,
            settings.instagram.api_version,
            token_url=settings.instagram.token_url,
            timeout_s=settings.publishing.timeout_s,
        )

    def close(self) -> None:
        self._api.close()

    def account(self, access: AccountAccess) -> PlatformAccount:
        """`quota` is read, never assumed: Meta's documents name 25, 50 and 100."""
        with translate_api_errors(reading=True):
            me = self._api.me(access.token)
            used = self._api.usage(access.account_id, access.token)
        quota = Quota(used.used, used.total, used.duration)
        return PlatformAccount(me.id, me.username, me.name or me.username, me.picture, quota=quota)

    def prepare(
        self, post: PostRequest, access: AccountAccess, handle: HandleState | None = None
    ) -> Generator[Event, None, None]:
        self.require_valid(post)
        state = self.matching_handle(handle, post)
        if state.get("container"):
            yield Handle(state)
            return
        is_video = any(media.kind == "video" for media in post.media)
        state = {"of": post.fingerprint, "children": state.get("children", []), "film": is_video}
        if post.format == "carousel":
            yield from self._prepare_children(post, access, state)
        fields = _container_fields(post, state["children"])
        yield Log(f"Instagram: is_ai_generated={fields.get('is_ai_generated', 'false')}")
        with translate_api_errors():
            container = self._api.create(access.account_id, fields, access.token)
        yield Handle({**state, "container": container})

    def check(self, handle: HandleState, access: AccountAccess) -> PrepareStatus:
        return self._prepare_status(self._container(handle, access), self.poll_s(video=bool(handle.get("film"))))

    def finalize(self, post: PostRequest, handle: HandleState, access: AccountAccess) -> Published | PublishAccepted:
        """Checks the container first, because it is undocumented what a second media_publish of the same one does."""
        self.require_same(handle, post)
        container = self._container(handle, access)
        match container.status_code:
            case "PUBLISHED":
                return _published_without_id(handle)
            case "IN_PROGRESS":
                raise Transient(tr_lazy("Instagram is not ready with the files yet. It is asked again."))
            case "ERROR":
                raise container_error(container.status)
            case "EXPIRED":
                raise PrepareAgain(tr_lazy("What was prepared on Instagram has expired. It is prepared again."))
        with translate_api_errors(publishing=True):
            media = self._api.publish(access.account_id, handle["container"], access.token)
        state = {**handle, "media": media}
        return Published(media, self._permalink(media, access), state)

    def reconcile(self, handle: HandleState, access: AccountAccess, *, age_s: float) -> Outcome:
        if handle.get("media"):
            return Published(handle["media"], self._permalink(handle["media"], access), dict(handle))
        try:
            container = self._container(handle, access)
        except Transient as error:
            return Unknown(error.message, ask_again_s=self.poll_s(video=True))
        match container.status_code:
            case "PUBLISHED":
                return _published_without_id(handle)
            case "ERROR":
                return NotPublished(tr_lazy("Instagram could not publish it."), container_error(container.status))
            case "EXPIRED":
                expired = PrepareAgain(tr_lazy("What was prepared on Instagram has expired. It is prepared again."))
                return NotPublished(tr_lazy("It was not published, and what was prepared has expired."), expired)
        return self.not_published_yet(age_s, tr_lazy("Instagram says that it has not published it."))

    def comment(self, published: Published, text: str, access: AccountAccess) -> str:
        if not published.exact:
            raise InvalidPost(
                tr_lazy("Instagram did not say which post it is, so the first comment has to be written by hand.")
            )
        # instagram.md, 8: it has answered 400 20/1772107 although the comment was written, so an error means unknown.
        with translate_api_errors(publishing=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: AccountAccess) -> str:
        with translate_api_errors(reading=True):
            comments = self._api.comments(published.remote_id, access.token)
        return next((id for id, comment_text in comments if comment_text.strip() == text.strip()), "")

    def _prepare_children(self, post: PostRequest, access: AccountAccess, state: HandleState) -> Generator[Event, None, None]:
        """Creates the containers of a carousel's files and waits until all are FINISHED, as their parent needs them
        (instagram.md, 2)."""
        children: list[str] = list(state["children"])
        for media in post.media[len(children) :]:
            with translate_api_errors():
                children.append(self._api.create(access.account_id, _child_fields(media), access.token))
            state["children"] = list(children)
            yield Handle(dict(state))
            yield Progress(len(children), len(post.media), tr_lazy("sending"))
        for n, id in enumerate(children):
            for _ in range(CHILDREN_POLLS):
                with translate_api_errors(reading=True):
                    status = self._prepare_status(self._api.container(id, access.token), 0.0)
                if status.state == "ready":
                    break
                if status.state != "waiting":
                    raise status.error or PrepareAgain(
                        tr_lazy("What was prepared on Instagram has expired. It is prepared again.")
                    )
                yield from wait_alive(self.poll_s(video=post.media[n].kind == "video") / 2)
            else:
                raise Transient(tr_lazy("Instagram is not ready with the files yet. It is asked again."))

    def _container(self, handle: HandleState, access: AccountAccess) -> Container:
        with translate_api_errors(reading=True):
            return self._api.container(handle["container"], access.token)

    def _prepare_status(self, container: Container, ask_again_s: float) -> PrepareStatus:
        match container.status_code:
            case "FINISHED":
                return PrepareStatus("ready")
            case "PUBLISHED":
                return PrepareStatus("published")
            case "EXPIRED":
                return PrepareStatus("gone", tr_lazy("What was prepared on Instagram has expired."))
            case "ERROR":
                error = container_error(container.status)
                return PrepareStatus("failed", error.message, error=error)
        return PrepareStatus("waiting", tr_lazy("Instagram works on the files."), ask_again_s)

    def _permalink(self, media: str, access: AccountAccess) -> str:
        """ "" when it cannot be read: a missing link must not fail a post that is live (publishing.md, 1)."""
        try:
            with translate_api_errors(reading=True):
                return self._api.permalink(media, access.token)
        except PlatformError:
            return ""


def _published_without_id(handle: HandleState) -> Published:
    """Published with an unknown id: a published container does not name its media, and guessing from the account's list could
    pick another post (instagram.md, 2)."""
    return Published("", "", dict(handle), exact=False)


def _child_fields(media: Media) -> dict[str, str]:
    return {**_file_fields(media), **({"media_type": "VIDEO"} if media.kind == "video" else {}), "is_carousel_item": "true"}


def _file_fields(media: Media) -> dict[str, str]:
    if media.kind == "video":
        return {"video_url": fetch_url("Instagram", media)}
    return {"image_url": fetch_url("Instagram", media), **({"alt_text": media.alt_text} if media.alt_text else {})}


def _container_fields(post: PostRequest, children: list[str]) -> dict[str, str]:
    """Fields of the container that is published. Only the parent gets the AI flag; stories get no caption (instagram.md, 7)."""
    options, first_media = post.options, post.media[0]
    fields = {"is_ai_generated": "true"} if post.ai_made else {}
    match post.format:
        case "carousel":
            fields |= {"media_type": "CAROUSEL", "children": ",".join(children)}
        case "story":
            return {**fields, "media_type": "STORIES", **_file_fields(first_media)}
        case "reel":
            fields |= {"media_type": "REELS", **_file_fields(first_media), "share_to_feed": str(options.share_to_feed).lower()}
            if options.cover_ms is not None:
                fields["thumb_offset"] = str(options.cover_ms)
        case _:
            fields |= _file_fields(first_media)
    if post.caption:
        fields["caption"] = post.caption
    if options.collaborators:
        fields["collaborators"] = ",".join(options.collaborators)
    if options.location_id:
        fields["location_id"] = options.location_id
    return fields
