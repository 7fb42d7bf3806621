"""Turns events into notices, workspace by workspace, from where it was left.

Level-triggered: the notices of events and the position up to which they were read commit together, so that whoever is killed
in between repeats what was not committed, and nothing that was committed is repeated. Any number may run: a workspace that
another process reads is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import Notice, NoticeDelivery, NoticeFeed
from backend.db.transactions import Anonymous, SystemCaller
from backend.kit.ids import new_id
from backend.notices import rules, sentences, sources
from backend.notices.clock import database_now
from backend.notices.kinds import KINDS
from backend.notices.people import Recipient, recipients
from backend.notices.preferences import next_digest
from backend.notices.schemas import Happening
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

BATCH = 500
_BEHIND = text(
    "SELECT w.id FROM workspaces w LEFT JOIN notice_feeds f ON f.tenant_id = w.id WHERE EXISTS "
    "(SELECT FROM events e WHERE e.tenant_id = w.id AND e.position > coalesce(f.position, 0))"
)


class Feeder:
    """Remembers the last position of the installation, so that a look costs one statement while nothing happens."""

    def __init__(self, app: App) -> None:
        self._app, self._position = app, -1

    def tick(self) -> int:
        """Reads all events that were committed until now. Returns how many notices were written or grew. Raises
        Unavailable."""
        with self._app.db.transaction(Anonymous()) as tx:
            events.stream.number(tx)
        with self._app.db.transaction(Anonymous()) as tx:
            last = events.stream.last_position(tx)
        if last == self._position:
            return 0
        with self._app.db.dispatch() as tx:
            behind = [str(tenant_id) for tenant_id in tx.scalars(_BEHIND)]
        written = sum(self._read(tenant_id) for tenant_id in behind)
        self._position = last
        return written

    def _read(self, tenant_id: str) -> int:
        written = 0
        while True:
            n_events, n_notices = read_batch(self._app, tenant_id)
            written += n_notices
            if n_events < BATCH:
                return written


def read_batch(app: App, tenant_id: str) -> tuple[int, int]:
    """Reads the workspace's next events that somebody may be told of. Returns how many these were, and how many notices were
    written or grew."""
    with app.db.transaction(SystemCaller(tenant_id)) as tx:
        tx.execute(insert(NoticeFeed).on_conflict_do_nothing())
        position = tx.scalar(select(NoticeFeed.position).with_for_update(skip_locked=True))
        if position is None:
            return 0, 0
        latest = events.stream.latest_in_workspace(tx)
        numbered = events.stream.after(tx, position, take=BATCH, up_to=latest, kinds=sources.EVENT_KINDS)
        written = write(tx, app.settings, sources.happenings(tx, numbered)) if numbered else []
        read_to = numbered[-1][0] if len(numbered) == BATCH else max(position, latest)
        tx.execute(update(NoticeFeed).values(position=read_to))
        if written:
            events.record(tx, "notice.added", "notice", written[0], {"count": len(written)})
        return len(numbered), len(written)


def write(tx: Session, settings: Settings, happenings: Sequence[Happening]) -> list[str]:
    """Writes the notices of `happenings` for each person who may be told, folded with what they have not read yet. Returns
    the ids of the notices that were written or grew."""
    if not happenings:
        return []
    at = database_now(tx)
    open_notices = _open_notices(tx, {(happening.kind, happening.subject) for happening in happenings})
    written: dict[str, None] = {}
    for recipient in recipients(tx, settings):
        for happening in happenings:
            if recipient.is_told(happening):
                key = recipient.user_id, happening.kind, happening.subject
                notice = _fold_or_open(tx, settings, recipient, happening, open_notices.get(key), at)
                if notice is not None:
                    open_notices[key] = notice
                    written[notice.id] = None
    tx.flush()
    return list(written)


def _open_notices(tx: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str, str], Notice]:
    """The newest notice of each person about each (kind, subject)."""
    newest = (
        select(Notice)
        .where(tuple_(Notice.kind, Notice.subject).in_(sorted(keys)))
        .ext(distinct_on(Notice.user_id, Notice.kind, Notice.subject))
        .order_by(Notice.user_id, Notice.kind, Notice.subject, Notice.episode.desc())
    )
    return {(notice.user_id, notice.kind, notice.subject): notice for notice in tx.scalars(newest)}


def _fold_or_open(
    tx: Session, settings: Settings, recipient: Recipient, happening: Happening, latest: Notice | None, at: datetime
) -> Notice | None:
    """The notice that `happening` went into; None: they were told of it before. `at`: the time now."""
    is_once = KINDS[happening.kind].once
    if latest is not None and (is_once or happening.position <= latest.position):
        return None
    if latest is not None and rules.folds(latest.first_at, latest.last_at, latest.read_at, happening.at):
        latest.count += 1
        latest.last_at, latest.position = max(latest.last_at, happening.at), happening.position
        latest.title, latest.message = sentences.title(happening, latest.count), sentences.message(happening, latest.count)
        if latest.noun_id != happening.noun_id:
            latest.noun_id = ""
        return latest
    preference = recipient.preference(happening.kind)
    notice = Notice(
        id=new_id("ntc"),
        user_id=recipient.user_id,
        kind=happening.kind,
        subject=happening.subject,
        episode=0 if is_once else happening.position,
        position=happening.position,
        count=1,
        title=sentences.title(happening, 1),
        message=sentences.message(happening, 1),
        noun=happening.noun,
        noun_id=happening.noun_id,
        in_app=preference.in_app,
        first_at=happening.at,
        last_at=happening.at,
    )
    tx.add(notice)
    for values in _deliveries(settings, recipient, happening.kind, at):
        tx.add(NoticeDelivery(id=new_id("ntd"), user_id=recipient.user_id, notice_id=notice.id, **values))
    return notice


def _deliveries(settings: Settings, recipient: Recipient, kind: str, at: datetime) -> list[dict[str, Any]]:
    """The messages that carry a new notice outside. They wait a little, so that a storm is one message."""
    preference, hours = recipient.preference(kind), recipient.hours
    soon = at + timedelta(seconds=settings.notices.settle_s)
    values: list[dict[str, Any]] = []
    if settings.notices.sends_email and recipient.email != hours.refused_email and preference.email != "off":
        if preference.email == "now":
            values.append({"way": "email", "next_at": soon})
        else:
            values.append({"way": "digest", "next_at": next_digest(hours, preference.email, at)})
    for target_id, way in recipient.targets:
        if preference.webhook if way == "webhook" else preference.apprise:
            values.append({"way": way, "target_id": target_id, "next_at": soon})
    return values
