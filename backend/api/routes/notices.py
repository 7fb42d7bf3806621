"""What the acting person is told: notices, and how they want to hear of them. An API key reads and marks those of whoever made
it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from html import escape
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import notices
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.language import reader, reading, tr, worded
from backend.notices import EmailChoice, HourSettings, Preference, TargetWay

router = APIRouter(prefix="/notices", tags=["notices"])
SCOPE = needs_scope("notices")
HTML = "text/html"
_PAGE = (
    "<!doctype html><html lang='{language}'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    "<title>{title}</title><body style='font-family:system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem'>"
    "{body}</body></html>"
)
Kinds = Annotated[list[str], Query(max_length=30, description="of these kinds alone, as `training.done`")]


class NoticeResponse(ApiModel):
    """`title`, `message`: sentences for people. `count`: how many happenings it stands for, between `firstAt` and `lastAt`.
    `noun`, `nounId`: what it is about; without an id, several such things. `readAt` null: unread."""

    id: str = Field(examples=["ntc_0190"])
    kind: str = Field(examples=["training.done"])
    label: Worded
    title: Worded
    message: Worded
    count: int
    noun: str
    noun_id: str
    first_at: datetime
    last_at: datetime
    read_at: datetime | None


class NoticeCountsResponse(ApiModel):
    """Unread ones. `extra`: those whose cause is no entry of the inbox; `byKind`: without zeros."""

    unread: int
    extra: int
    by_kind: dict[str, int]


class MarkRequest(ApiRequest):
    is_read: bool = True


class MarkAllRequest(ApiRequest):
    """`kinds` empty: all."""

    kinds: list[str] = Field(default=[], max_length=30, examples=[["training.done"]])


class MarkedResponse(ApiModel):
    marked: int


class PreferenceResponse(ApiModel):
    """`email`: off, now, or in a daily or weekly digest. `isDefault`: the person has not chosen."""

    kind: str = Field(examples=["training.done"])
    label: Worded
    in_app: bool
    email: EmailChoice
    webhook: bool
    apprise: bool
    is_default: bool


class PreferenceRequest(ApiRequest):
    kind: str = Field(max_length=60, examples=["training.done"])
    in_app: bool = True
    email: EmailChoice = Field("off", examples=["daily"])
    webhook: bool = False
    apprise: bool = False


class PreferencesRequest(ApiRequest):
    """Kinds that are left out stay as they are."""

    preferences: list[PreferenceRequest] = Field(max_length=50, examples=[[{"kind": "training.done", "email": "daily"}]])


class HoursRequest(ApiRequest):
    """Local times in `zone`; `quietFrom` and `quietTo` "": no quiet hours. `digestWeekday`: of weekly digests, 0 is Monday."""

    zone: str = Field(max_length=60, examples=["Europe/Rome"])
    quiet_from: str = Field("", max_length=5, examples=["22:00"])
    quiet_to: str = Field("", max_length=5, examples=["07:00"])
    digest_at: str = Field("08:00", max_length=5)
    digest_weekday: int = Field(0, ge=0, le=6)


class HoursResponse(ApiModel):
    """As they were set. `refusedEmail`: the address that the mail server refused for good, and `refusal` says why; nothing is
    mailed there until a test arrives or the address is changed."""

    zone: str
    quiet_from: str
    quiet_to: str
    digest_at: str
    digest_weekday: int
    refused_email: str
    refusal: str


class TargetRequest(ApiRequest):
    """`url`: https://… of a program, or an Apprise URL of Telegram, Slack, Discord or ntfy."""

    url: str = Field(max_length=1000, examples=["ntfys://ntfy.sh/my-studio"])


class TargetResponse(ApiModel):
    """`label`: the service and the host; the URL is not shown again. `lastError` "": the last try worked, or there was none."""

    id: str = Field(examples=["ntt_0190"])
    way: TargetWay
    label: str
    last_error: str
    last_sent_at: datetime | None
    created_at: datetime


class NewTargetResponse(TargetResponse):
    """`secret`: signs what goes to a webhook (Standard Webhooks), shown this once; "" for other ways."""

    secret: str


@router.get("", dependencies=[SCOPE])
def list_notices(
    app: Studio,
    caller: Caller,
    response: Response,
    kind: Kinds = [],  # noqa: B006
    unread: bool = False,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80, description="nextCursor of the page before")] = None,
) -> Listing[NoticeResponse]:
    """The acting person's own, newest first."""
    with app.db.transaction(caller) as tx:
        page = notices.page(tx, kinds=kind, unread=unread, take=take, skip=skip, cursor=cursor)
    responses = [NoticeResponse.model_validate(card) for card in page.cards]
    return listing(response, responses, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.get("/counts", dependencies=[SCOPE])
def count_notices(app: Studio, caller: Caller) -> NoticeCountsResponse:
    """How many are unread, for a badge."""
    with app.db.transaction(caller) as tx:
        return NoticeCountsResponse.model_validate(notices.counts(tx))


@router.post("/read", dependencies=[SCOPE])
def mark_all_notices(body: MarkAllRequest, app: Studio, caller: Caller) -> MarkedResponse:
    """Marks all as read, or those of some kinds."""
    with app.db.transaction(caller) as tx:
        return MarkedResponse(marked=notices.mark_all(tx, kinds=body.kinds))


@router.post("/{notice_id}/read", dependencies=[SCOPE])
def mark_notice(notice_id: str, body: MarkRequest, app: Studio, caller: Caller) -> NoticeResponse:
    """Marks one as read, or as unread again."""
    with app.db.transaction(caller) as tx:
        return NoticeResponse.model_validate(notices.mark(tx, notice_id, read=body.is_read))


@router.get("/preferences", dependencies=[SCOPE])
def list_preferences(app: Studio, caller: Caller, response: Response) -> Listing[PreferenceResponse]:
    """How the acting person hears of each kind that they may be told of."""
    with app.db.transaction(caller) as tx:
        cards = notices.preferences(tx, app.settings)
    return listing(response, [_preference(card) for card in cards])


@router.put("/preferences", dependencies=[SCOPE])
def set_notice_preferences(
    body: PreferencesRequest, app: Studio, caller: Caller, response: Response
) -> Listing[PreferenceResponse]:
    """How the acting person wants to hear of these kinds from now on."""
    chosen = {item.kind: Preference(item.in_app, item.email, item.webhook, item.apprise) for item in body.preferences}
    with app.db.transaction(caller) as tx:
        notices.set_preferences(tx, app.settings, chosen)
        cards = notices.preferences(tx, app.settings)
    return listing(response, [_preference(card) for card in cards])


@router.get("/hours", dependencies=[SCOPE])
def read_notice_hours(app: Studio, caller: Caller) -> HoursResponse:
    """The acting person's time zone, quiet hours and time of digests."""
    with app.db.transaction(caller) as tx:
        return HoursResponse.model_validate(notices.hour_settings(tx, app.settings))


@router.put("/hours", dependencies=[SCOPE])
def set_notice_hours(body: HoursRequest, app: Studio, caller: Caller) -> HoursResponse:
    """What waits to be sent follows at once."""
    with app.db.transaction(caller) as tx:
        return HoursResponse.model_validate(notices.set_hours(tx, app.settings, HourSettings(**body.model_dump())))


@router.post("/test-email", status_code=204, dependencies=[SCOPE])
def send_notice_test_email(app: Studio, caller: Caller) -> None:
    """Sends one to the acting person at once. 400 with what the mail server said when it did not take it."""
    notices.send_test_email(app, caller)


@router.get("/targets", dependencies=[SCOPE])
def list_notice_targets(app: Studio, caller: Caller, response: Response) -> Listing[TargetResponse]:
    """The acting person's other addresses."""
    with app.db.transaction(caller) as tx:
        return listing(response, [TargetResponse.model_validate(card) for card in notices.targets(tx)])


@router.post("/targets", status_code=201, dependencies=[SCOPE])
def add_notice_target(body: TargetRequest, app: Studio, caller: Caller) -> NewTargetResponse:
    """An API key may not: the address would outlive it."""
    with app.db.transaction(caller) as tx:
        new_target = notices.add_target(tx, app.settings, body.url)
    return NewTargetResponse(**TargetResponse.model_validate(new_target.card).model_dump(), secret=new_target.secret)


@router.delete("/targets/{target_id}", status_code=204, dependencies=[SCOPE])
def remove_notice_target(target_id: str, app: Studio, caller: Caller) -> None:
    """With what waits to be sent there."""
    with app.db.transaction(caller) as tx:
        notices.remove_target(tx, target_id)


@router.post("/targets/{target_id}/test", dependencies=[SCOPE])
def send_notice_test(target_id: str, app: Studio, caller: Caller) -> TargetResponse:
    """Sends a message there at once; `lastError` says what became of it."""
    return TargetResponse.model_validate(notices.send_test(app, caller, target_id))


@router.get(
    "/unsubscribe/{token}",
    response_class=Response,
    responses={200: {"description": "A page with one button.", "content": {HTML: {"schema": {"type": "string"}}}}},
)
def show_unsubscribe(token: str, app: Studio) -> Response:
    """Of a link in an e-mail. Stops nothing yet: mail scanners open links too."""
    with reading(notices.reader_of(app.db, app.settings, token)):
        label = worded(notices.label_of(app.settings, token))
        question = tr("Stop e-mails of the kind “{kind}”?", kind=label) if label else tr("Stop digests?")
        button = escape(tr("Stop them"))
        return _html(f"<h1>{escape(question)}</h1><form method='post'><button>{button}</button></form>")


@router.post(
    "/unsubscribe/{token}",
    response_class=Response,
    responses={200: {"description": "Done.", "content": {HTML: {"schema": {"type": "string"}}}}},
)
def unsubscribe_by_link(token: str, app: Studio) -> Response:
    """One click, without signing in (RFC 8058): the address is the permission."""
    with reading(notices.reader_of(app.db, app.settings, token)):
        label = worded(notices.unsubscribe(app.db, app.settings, token))
        done = (
            tr("You get no e-mails of the kind “{kind}” any more.", kind=label) if label else tr("You get no digests any more.")
        )
        again = tr("You can choose again in the studio: Settings, Notices.")
        return _html(f"<h1>{escape(done)}</h1><p>{escape(again)}</p>")


def _preference(card: notices.PreferenceCard) -> PreferenceResponse:
    return PreferenceResponse(kind=card.kind, label=card.label, is_default=card.is_default, **asdict(card.preference))


def _html(body: str) -> Response:
    page = _PAGE.format(language=reader().language, title=escape(tr("E-mails")), body=body)
    return Response(page, media_type=f"{HTML}; charset=utf-8", headers={"referrer-policy": "no-referrer"})
