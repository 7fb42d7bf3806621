"""Instagram: containers are prepared, media_publish makes one visible (docs/contracts/instagram.md, 2)."""

from __future__ import annotations

from collections.abc import Generator

from backend.engines.events import Handle, Log, Progress
from backend.platforms.common import AdapterBase, address, waiting
from backend.platforms.errors import InvalidPost, PlatformError, PrepareAgain, Transient
from backend.platforms.instagram.client import Client, Container
from backend.platforms.instagram.error_messages import asking, of_status
from backend.platforms.port import (
    Accepted,
    Access,
    Account,
    Event,
    Handled,
    Media,
    NotPublished,
    Outcome,
    PostRequest,
    PrepareStatus,
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
        self._api = Client(
            settings.instagram_graph_url,
            settings.instagram_api_version,
            token_url=settings.instagram_token_url,
            timeout_s=settings.platform_timeout_s,
        )

    def close(self) -> None:
        self._api.close()

    def account(self, access: Access) -> Account:
        """`quota` is read, never assumed: documents say 25, 50 and 100."""
        with asking(reading=True):
            me = self._api.me(access.token)
            used = self._api.usage(access.account_id, access.token)
        quota = Quota(used.used, used.total, used.duration)
        return Account(me.id, me.username, me.name or me.username, me.picture, quota=quota)

    def prepare(self, post: PostRequest, access: Access, handle: Handled | None = None) -> Generator[Event, None, None]:
        self.require_valid(post)
        kept = self.usable(handle, post)
        if kept.get("container"):
            yield Handle(kept)
            return
        film = any(one.kind == "video" for one in post.media)
        kept = {"of": post.fingerprint, "children": kept.get("children", []), "film": film}
        if post.format == "carousel":
            yield from self._children(post, access, kept)
        fields = _fields(post, kept["children"])
        yield Log(f"Instagram: is_ai_generated={fields.get('is_ai_generated', 'false')}")
        with asking():
            container = self._api.create(access.account_id, fields, access.token)
        yield Handle({**kept, "container": container})

    def check(self, handle: Handled, access: Access) -> PrepareStatus:
        return self._standing(self._container(handle, access), self.poll_s(film=bool(handle.get("film"))))

    def finalize(self, post: PostRequest, handle: Handled, access: Access) -> Published | Accepted:
        """Looks first: what a second media_publish does with a published container is documented nowhere."""
        self.require_same(handle, post)
        found = self._container(handle, access)
        match found.status_code:
            case "PUBLISHED":
                return _nameless(handle)
            case "IN_PROGRESS":
                raise Transient("Instagram is not ready with the files yet. It is asked again.")
            case "ERROR":
                raise of_status(found.status)
            case "EXPIRED":
                raise PrepareAgain("What was prepared on Instagram has expired. It is prepared again.")
        with asking(publishing=True):
            media = self._api.publish(access.account_id, handle["container"], access.token)
        kept = {**handle, "media": media}
        return Published(media, self._permalink(media, access), kept)

    def reconcile(self, handle: Handled, access: Access, *, age_s: float) -> Outcome:
        if handle.get("media"):
            return Published(handle["media"], self._permalink(handle["media"], access), dict(handle))
        try:
            found = self._container(handle, access)
        except Transient as error:
            return Unknown(error.message, ask_again_s=self.poll_s(film=True))
        match found.status_code:
            case "PUBLISHED":
                return _nameless(handle)
            case "ERROR":
                return NotPublished("Instagram could not publish it.", of_status(found.status))
            case "EXPIRED":
                gone = PrepareAgain("What was prepared on Instagram has expired. It is prepared again.")
                return NotPublished("It was not published, and what was prepared has expired.", gone)
        return self.not_yet(age_s, "Instagram says that it has not published it.")

    def comment(self, published: Published, text: str, access: Access) -> str:
        if not published.exact:
            raise InvalidPost("Instagram did not say which post it is, so the first comment has to be written by hand.")
        # instagram.md, 8: seen answered 400 20/1772107 after the comment was there.
        with asking(publishing=True):
            return self._api.comment(published.remote_id, text, access.token)

    def find_comment(self, published: Published, text: str, access: Access) -> str:
        with asking(reading=True):
            listed = self._api.comments(published.remote_id, access.token)
        return next((id for id, said in listed if said.strip() == text.strip()), "")

    def _children(self, post: PostRequest, access: Access, kept: Handled) -> Generator[Event, None, None]:
        """instagram.md, 2: children are FINISHED before the parent is made."""
        children: list[str] = list(kept["children"])
        for media in post.media[len(children) :]:
            with asking():
                children.append(self._api.create(access.account_id, _child(media), access.token))
            kept["children"] = list(children)
            yield Handle(dict(kept))
            yield Progress(len(children), len(post.media), "sending")
        for n, id in enumerate(children):
            for _ in range(CHILDREN_POLLS):
                with asking(reading=True):
                    standing = self._standing(self._api.container(id, access.token), 0.0)
                if standing.state == "ready":
                    break
                if standing.state != "waiting":
                    raise standing.error or PrepareAgain("What was prepared on Instagram has expired. It is prepared again.")
                yield from waiting(self.poll_s(film=post.media[n].kind == "video") / 2)
            else:
                raise Transient("Instagram is not ready with the files yet. It is asked again.")

    def _container(self, handle: Handled, access: Access) -> Container:
        with asking(reading=True):
            return self._api.container(handle["container"], access.token)

    def _standing(self, found: Container, ask_again_s: float) -> PrepareStatus:
        match found.status_code:
            case "FINISHED":
                return PrepareStatus("ready")
            case "PUBLISHED":
                return PrepareStatus("published")
            case "EXPIRED":
                return PrepareStatus("gone", "What was prepared on Instagram has expired.")
            case "ERROR":
                error = of_status(found.status)
                return PrepareStatus("failed", error.message, error=error)
        return PrepareStatus("waiting", "Instagram works on the files.", ask_again_s)

    def _permalink(self, media: str, access: Access) -> str:
        """Its absence never fails a post that is live (publishing.md, 1)."""
        try:
            with asking(reading=True):
                return self._api.permalink(media, access.token)
        except PlatformError:
            return ""


def _nameless(handle: Handled) -> Published:
    """instagram.md, 2: a published container does not say as which media, and the account's list is never guessed from."""
    return Published("", "", dict(handle), exact=False)


def _child(media: Media) -> dict[str, str]:
    return {**_file(media), **({"media_type": "VIDEO"} if media.kind == "video" else {}), "is_carousel_item": "true"}


def _file(media: Media) -> dict[str, str]:
    if media.kind == "video":
        return {"video_url": address("Instagram", media)}
    return {"image_url": address("Instagram", media), **({"alt_text": media.alt_text} if media.alt_text else {})}


def _fields(post: PostRequest, children: list[str]) -> dict[str, str]:
    """Of the container that is published. instagram.md, 7: the AI flag on the parent only; captions not on stories."""
    options, first = post.options, post.media[0]
    fields = {"is_ai_generated": "true"} if post.ai_made else {}
    match post.format:
        case "carousel":
            fields |= {"media_type": "CAROUSEL", "children": ",".join(children)}
        case "story":
            return {**fields, "media_type": "STORIES", **_file(first)}
        case "reel":
            fields |= {"media_type": "REELS", **_file(first), "share_to_feed": str(options.share_to_feed).lower()}
            if options.cover_ms is not None:
                fields["thumb_offset"] = str(options.cover_ms)
        case _:
            fields |= _file(first)
    if post.caption:
        fields["caption"] = post.caption
    if options.collaborators:
        fields["collaborators"] = ",".join(options.collaborators)
    if options.location_id:
        fields["location_id"] = options.location_id
    return fields
