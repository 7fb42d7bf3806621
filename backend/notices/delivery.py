"""The sender: finds messages that are due, in all workspaces, and carries each to its person.

Any number may run. Messages are claimed for longer than a try may take. In the inbox nothing is there twice. Outside, one
message is sent twice in one case: the sender is killed, or loses the database, after the other side took the message and before
that is noted. Then it is the same message again, with the same Message-ID (e-mail) or webhook-id (webhook), by which programs
leave out repeats; Telegram, Slack, Discord and ntfy show it twice.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Notice, NoticeDelivery, NoticeTarget, Workspace
from backend.db.tables.message_column import words_of
from backend.db.transactions import Member, SystemCaller
from backend.errors import Invalid, Refused
from backend.kit.ids import new_id
from backend.language import reading, tr, tr_lazy, worded
from backend.notices import emails, preferences, push, rules, targets, unsubscribe
from backend.notices.clock import database_now
from backend.notices.emails import Letter
from backend.notices.mail_server import Mailer, SendResult
from backend.notices.people import Recipient, recipients
from backend.notices.schemas import NoticeCard, TargetCard
from backend.notices.service import card
from backend.notices.sources import OWN_ADDRESS
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

CLAIM_S = 120.0
"""How long a message that was claimed is left alone: longer than the tries of a batch may take."""
AT_ONCE = 4
KEEP_DAYS = 30.0
_LOCK = text("SELECT pg_advisory_xact_lock(7316540221)")
"""Claims of several senders come one after the other, so that a digest is not torn in two."""


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """Messages of one person that go out as one: a digest of many, or a single one. `attempts`: with this one."""

    tenant_id: str
    user_id: str
    way: str
    target_id: str | None
    delivery_ids: tuple[str, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes out: read in one transaction, sent outside of any. `held_until`: quiet hours end then, nothing is sent now;
    `is_dropped`: nobody wants it any more."""

    claim: DeliveryClaim
    recipient: Recipient | None = None
    notices: tuple[NoticeCard, ...] = ()
    delivery_ids: tuple[str, ...] = ()
    workspace: str = ""
    at: datetime | None = None
    url: str = ""
    secret: str = ""
    held_until: datetime | None = None
    is_dropped: bool = False


def deliver_due(app: App) -> int:
    """Carries what is due. Returns how many messages were tried. Raises Unavailable."""
    tried = 0
    while claims := _claim(app):
        with Mailer(app.settings.notices.smtp_url.get_secret_value()) as mailer:
            tried += sum(_carry(app, mailer, claim) for claim in claims)
    return tried


def purge_deliveries(tx: Session) -> int:
    """Deletes what ended more than KEEP_DAYS ago. `tx` is a dispatch transaction."""
    old = NoticeDelivery.created_at < func.clock_timestamp() - timedelta(days=KEEP_DAYS)
    ended = NoticeDelivery.state != "pending"
    return len(tx.scalars(delete(NoticeDelivery).where(old, ended).returning(NoticeDelivery.id)).all())


def _claim(app: App) -> list[DeliveryClaim]:
    pending = NoticeDelivery.state == "pending", NoticeDelivery.next_at <= func.clock_timestamp()
    person = NoticeDelivery.tenant_id, NoticeDelivery.user_id
    batch = select(NoticeDelivery.id, NoticeDelivery.way, *person).where(*pending).order_by(NoticeDelivery.next_at)
    with app.db.dispatch() as tx:
        tx.execute(_LOCK)
        first = tx.execute(batch.limit(AT_ONCE)).all()
        if not first:
            return []
        ids = [row.id for row in first]
        digests = sorted({(row.tenant_id, row.user_id) for row in first if row.way == "digest"})
        if digests:
            ids += tx.scalars(
                select(NoticeDelivery.id).where(*pending, NoticeDelivery.way == "digest", tuple_(*person).in_(digests))
            ).all()
        claimed = (
            update(NoticeDelivery)
            .where(NoticeDelivery.id.in_(set(ids)))
            .values(attempts=NoticeDelivery.attempts + 1, next_at=func.clock_timestamp() + timedelta(seconds=CLAIM_S))
        )
        columns = NoticeDelivery.id, *person, NoticeDelivery.way, NoticeDelivery.target_id, NoticeDelivery.attempts
        rows = tx.execute(claimed.returning(*columns)).all()
    claims = [DeliveryClaim(row.tenant_id, row.user_id, row.way, row.target_id, (row.id,), row.attempts) for row in rows]
    return [*(claim for claim in claims if claim.way != "digest"), *_joined([c for c in claims if c.way == "digest"])]


def _joined(digests: Sequence[DeliveryClaim]) -> list[DeliveryClaim]:
    """One claim for each person."""
    joined: dict[tuple[str, str], DeliveryClaim] = {}
    for claim in digests:
        before = joined.get((claim.tenant_id, claim.user_id))
        if before is not None:
            ids, attempts = before.delivery_ids + claim.delivery_ids, max(before.attempts, claim.attempts)
            claim = replace(claim, delivery_ids=ids, attempts=attempts)
        joined[claim.tenant_id, claim.user_id] = claim
    return list(joined.values())


def _carry(app: App, mailer: Mailer, claim: DeliveryClaim) -> int:
    """Sends one message and notes what became of it. Returns 0 when there was nothing to try."""
    caller = SystemCaller(claim.tenant_id)
    with app.db.transaction(caller) as tx:
        outgoing = _read(tx, app.settings, claim)
        if outgoing.is_dropped or outgoing.held_until is not None:
            _note_unsent(tx, outgoing)
            return 0
    assert outgoing.recipient is not None
    with reading(outgoing.recipient.reader):
        result = _sent(app.settings, mailer, outgoing)
    with app.db.transaction(caller) as tx:
        _note(tx, outgoing, result)
    return 1


def _read(tx: Session, settings: Settings, claim: DeliveryClaim) -> Outgoing:
    """What is to be sent now, by what the person wants by now."""
    recipient = next(iter(recipients(tx, settings, user_id=claim.user_id)), None)
    if recipient is None:
        return Outgoing(claim, is_dropped=True)
    rows = tx.execute(
        select(NoticeDelivery.id, Notice)
        .join(Notice, (Notice.id == NoticeDelivery.notice_id) & (Notice.tenant_id == NoticeDelivery.tenant_id))
        .where(NoticeDelivery.id.in_(claim.delivery_ids), NoticeDelivery.state == "pending")
        .order_by(Notice.last_at.desc(), Notice.id.desc())
    ).all()
    due = [(delivery_id, notice) for delivery_id, notice in rows if _is_wanted(settings, recipient, claim, notice)]
    if not due:
        return Outgoing(claim, is_dropped=True)
    now, hours = database_now(tx), recipient.hours
    held_until = None
    if claim.way != "digest":
        held_until = rules.quiet_until(now, zone=hours.zone, quiet_from=hours.quiet_from, quiet_to=hours.quiet_to)
    workspace = tx.scalar(select(Workspace.name).where(Workspace.id == claim.tenant_id)) or ""
    ids, notices = tuple(delivery_id for delivery_id, _ in due), tuple(card(notice) for _, notice in due)
    target = tx.get(NoticeTarget, claim.target_id) if claim.target_id else None
    url, secret = targets.opened(settings, target) if target is not None else ("", "")
    return Outgoing(claim, recipient, notices, ids, workspace, now, url, secret, held_until)


def _is_wanted(settings: Settings, recipient: Recipient, claim: DeliveryClaim, notice: Notice) -> bool:
    """E-mails not of what was read, of kinds that were turned off, or to an address that was refused."""
    preference = recipient.preference(notice.kind)
    if claim.way in ("email", "digest"):
        can_send = settings.notices.sends_email and recipient.email != recipient.hours.refused_email
        return can_send and notice.read_at is None and preference.email != "off"
    return preference.webhook if claim.way == "webhook" else preference.apprise


def _note_unsent(tx: Session, outgoing: Outgoing) -> None:
    """Drops messages, or holds them until the quiet hours end; that is no try."""
    values: dict[str, object] = {"state": "dropped"}
    if outgoing.held_until is not None:
        values = {"next_at": outgoing.held_until, "attempts": NoticeDelivery.attempts - 1}
    tx.execute(update(NoticeDelivery).where(*_this_try(outgoing.claim)).values(**values))


def _this_try(claim: DeliveryClaim) -> tuple[ColumnElement[bool], ...]:
    return NoticeDelivery.id.in_(claim.delivery_ids), NoticeDelivery.state == "pending"


def inbox_url(settings: Settings, tenant_id: str) -> str:
    return f"{settings.web.base_url}/inbox?ws={tenant_id}&show=notice_log"


def letter(
    settings: Settings, recipient: Recipient, *, tenant_id: str, workspace: str, kind: str, id: str, at: datetime
) -> Letter:
    """Addresses and links of an e-mail. `kind`: what its link stops."""
    base = settings.web.base_url
    return Letter(
        sender=settings.notices.sender,
        recipient=(recipient.name, recipient.email),
        message_id=id,
        at=at,
        workspace=workspace,
        inbox_url=inbox_url(settings, tenant_id),
        settings_url=f"{base}/notice-settings?ws={tenant_id}",
        unsubscribe_url=unsubscribe.link(settings, tenant_id=tenant_id, user_id=recipient.user_id, kind=kind),
    )


def _sent(settings: Settings, mailer: Mailer, outgoing: Outgoing) -> SendResult:
    """Outside of any transaction: it may take as long as the other side likes, up to its limit."""
    assert outgoing.at is not None
    claim, notice = outgoing.claim, outgoing.notices[0]
    if claim.way == "webhook":
        body = push.webhook_body(notice, tenant_id=claim.tenant_id, at=outgoing.at)
        return push.post(settings, outgoing.url, outgoing.secret, message_id=claim.delivery_ids[0], body=body, at=outgoing.at)
    if claim.way == "apprise":
        link = inbox_url(settings, claim.tenant_id)
        return push.push(settings, outgoing.url, title=worded(notice.title), message=worded(notice.message), link=link)
    return _sent_by_mail(settings, mailer, outgoing)


def _sent_by_mail(settings: Settings, mailer: Mailer, outgoing: Outgoing) -> SendResult:
    assert outgoing.recipient is not None
    assert outgoing.at is not None
    claim, notices = outgoing.claim, outgoing.notices
    is_digest = claim.way == "digest"
    headed = letter(
        settings,
        outgoing.recipient,
        tenant_id=claim.tenant_id,
        workspace=outgoing.workspace,
        kind=unsubscribe.DIGEST if is_digest else notices[0].kind,
        id=min(claim.delivery_ids),
        at=outgoing.at,
    )
    email = emails.digest(headed, notices) if is_digest else emails.of_notice(headed, notices[0])
    return mailer.send(email, outgoing.recipient.email)


def _note(tx: Session, outgoing: Outgoing, result: SendResult) -> None:
    """Writes what became of a try; of messages of a digest that were not in it, that nobody wants them."""
    claim = outgoing.claim
    delay = rules.retry_delay(claim.attempts, jitter=random.random)
    values: dict[str, object] = {"last_error": result.reason}
    if result.state == "sent":
        values |= {"state": "delivered", "delivered_at": func.clock_timestamp()}
    elif result.state == "later" and delay is not None:
        values |= {"next_at": func.clock_timestamp() + delay}
    else:
        values |= {"state": "failed"}
    in_it = *_this_try(claim), NoticeDelivery.id.in_(outgoing.delivery_ids)
    tx.execute(update(NoticeDelivery).where(*in_it).values(**values))
    left_out = *_this_try(claim), NoticeDelivery.id.not_in(outgoing.delivery_ids)
    tx.execute(update(NoticeDelivery).where(*left_out).values(state="dropped"))
    if claim.target_id:
        sent_at = {"last_sent_at": func.clock_timestamp()} if result.state == "sent" else {}
        change = update(NoticeTarget).where(NoticeTarget.id == claim.target_id)
        tx.execute(change.values(last_error=result.reason[:500], last_error_words=words_of(result.reason), **sent_at))
    if values.get("state") == "failed":
        _tell_of_failure(tx, outgoing, result)


def _tell_of_failure(tx: Session, outgoing: Outgoing, result: SendResult) -> None:
    """The person hears in the inbox of an address that takes nothing: of a mail address once, of others with each message
    that was given up for it."""
    claim, recipient = outgoing.claim, outgoing.recipient
    address: str = OWN_ADDRESS
    if claim.target_id:
        address = tx.scalar(select(NoticeTarget.label).where(NoticeTarget.id == claim.target_id)) or tr_lazy("an address")
    elif (
        recipient is None
        or result.state != "refused"
        or not preferences.note_refusal(tx, claim.user_id, recipient.email, result.reason)
    ):
        return
    data = {"user_id": claim.user_id, "address": address, "reason": result.reason}
    events.record(tx, "notice.address_refused", "notice_address", claim.target_id or claim.user_id, data)


def send_test_email(app: App, caller: Member) -> None:
    """An e-mail to the acting person, at once; also to an address that was refused before. Raises Invalid (no SMTP_URL),
    Refused with what the server said."""
    settings = app.settings
    if not settings.notices.sends_email:
        raise Invalid(tr_lazy("No mail server is set. Whoever runs the studio sets SMTP_URL."))
    with app.db.transaction(caller) as tx:
        recipient = recipients(tx, settings, user_id=tx.info["user_id"] or "-")[0]
        workspace, at = tx.scalar(select(Workspace.name)) or "", database_now(tx)
    message_id = new_id("ntd")
    headed = letter(
        settings, recipient, tenant_id=caller.tenant_id, workspace=workspace, kind=unsubscribe.DIGEST, id=message_id, at=at
    )
    with Mailer(settings.notices.smtp_url.get_secret_value()) as mailer, reading(recipient.reader):
        result = mailer.send(emails.test(headed), recipient.email)
    if result.state != "sent":
        raise Refused(tr_lazy("The mail server did not take it: {reason}", reason=result.reason))
    with app.db.transaction(caller) as tx:
        preferences.try_address_again(tx, recipient.user_id)


def send_test(app: App, caller: Member, target_id: str) -> TargetCard:
    """A message to one of the acting person's addresses, at once; its card says what became of it. Raises NotFound."""
    settings = app.settings
    with app.db.transaction(caller) as tx:
        row = targets.own_target(tx, target_id)
        (url, secret), way, at = targets.opened(settings, row), row.way, database_now(tx)
    title, message = tr("A test from your studio"), tr("Messages arrive here.")
    if way == "webhook":
        body = {"type": "notice.test", "timestamp": at.isoformat(), "data": {"workspace": caller.tenant_id, "title": title}}
        result = push.post(settings, url, secret, message_id=new_id("ntd"), body=body, at=at)
    else:
        result = push.push(settings, url, title=title, message=message, link=inbox_url(settings, caller.tenant_id))
    with app.db.transaction(caller) as tx:
        return targets.note_result(tx, target_id, result.reason if result.state != "sent" else "")
