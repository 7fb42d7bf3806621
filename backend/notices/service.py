"""A person's own notices: listed, counted and marked as read. Nobody sees those of somebody else, whatever their role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from backend.db.tables import Notice
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy
from backend.notices.kinds import KINDS
from backend.notices.schemas import NoticeCard, NoticeCounts, NoticePage

MAX_PAGE_SIZE = 200
KEEP_DAYS = 90.0


def page(
    tx: Session, *, kinds: Sequence[str] = (), unread: bool = False, take: int = 50, skip: int = 0, cursor: str | None = None
) -> NoticePage:
    """The acting person's notices, newest first. `kinds`: of these alone; `cursor`: the last page's `next_cursor`. Raises
    Invalid (no such kind)."""
    where = _shown(tx, kinds)
    if unread:
        where.append(Notice.read_at.is_(None))
    total = tx.scalar(select(func.count()).select_from(Notice).where(*where)) or 0
    query = select(Notice).where(*where)
    if cursor:
        last = select(Notice.last_at).where(Notice.id == cursor).scalar_subquery()
        query = query.where(or_(Notice.last_at < last, and_(Notice.last_at == last, Notice.id < cursor)))
    take = min(take, MAX_PAGE_SIZE)
    rows = tx.scalars(query.order_by(Notice.last_at.desc(), Notice.id.desc()).offset(skip).limit(take + 1)).all()
    cards = [card(row) for row in rows[:take]]
    return NoticePage(cards, cards[-1].id if len(rows) > take else None, total)


def extra(tx: Session, *, take: int) -> list[NoticeCard]:
    """The newest unread notices whose cause is no entry of the inbox."""
    kinds = [kind.name for kind in KINDS.values() if not kind.is_derived]
    where = [*_shown(tx, kinds), Notice.read_at.is_(None)]
    query = select(Notice).where(*where).order_by(Notice.last_at.desc(), Notice.id.desc())
    return [card(row) for row in tx.scalars(query.limit(take))]


def counts(tx: Session) -> NoticeCounts:
    """The acting person's unread notices."""
    query = select(Notice.kind, func.count()).where(*_shown(tx, ()), Notice.read_at.is_(None)).group_by(Notice.kind)
    by_kind: dict[str, int] = {kind: n for kind, n in tx.execute(query)}
    extra_count = sum(n for kind, n in by_kind.items() if kind in KINDS and not KINDS[kind].is_derived)
    return NoticeCounts(sum(by_kind.values()), extra_count, by_kind)


def mark(tx: Session, notice_id: str, *, read: bool = True) -> NoticeCard:
    """Marks a notice as read, or as unread again. Raises NotFound, also for somebody else's."""
    at = func.coalesce(Notice.read_at, func.clock_timestamp()) if read else None
    change = update(Notice).where(*_shown(tx, ()), Notice.id == notice_id).values(read_at=at).returning(Notice)
    row = tx.scalars(change, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise NotFound(tr_lazy("This notice does not exist here any more."))
    return card(row)


def mark_all(tx: Session, *, kinds: Sequence[str] = ()) -> int:
    """Marks all of the acting person's notices as read, or those of some kinds. Returns how many were unread. Raises
    Invalid."""
    unread = update(Notice).where(*_shown(tx, kinds), Notice.read_at.is_(None))
    return len(tx.scalars(unread.values(read_at=func.clock_timestamp()).returning(Notice.id)).all())


def purge_old(tx: Session) -> int:
    """Deletes the workspace's notices of which nothing happened for KEEP_DAYS, with their messages. Returns how many."""
    old = Notice.last_at < func.clock_timestamp() - timedelta(days=KEEP_DAYS)
    return len(tx.scalars(delete(Notice).where(old).returning(Notice.id)).all())


def card(row: Notice) -> NoticeCard:
    return NoticeCard(
        id=row.id,
        kind=row.kind,
        label=KINDS[row.kind].label if row.kind in KINDS else row.kind,
        title=row.title,
        message=row.message,
        count=row.count,
        noun=row.noun,
        noun_id=row.noun_id,
        first_at=row.first_at,
        last_at=row.last_at,
        read_at=row.read_at,
        subject=row.subject,
    )


def _shown(tx: Session, kinds: Sequence[str]) -> list[ColumnElement[bool]]:
    """What the inbox of the acting person shows. Raises Invalid."""
    if unknown_kinds := set(kinds) - set(KINDS):
        raise Invalid(
            tr_lazy("There is no kind of notice “{min}”. Kinds: {kinds}.", min=min(unknown_kinds)[:60], kinds=", ".join(KINDS))
        )
    where: list[ColumnElement[bool]] = [Notice.user_id == (tx.info["user_id"] or ""), Notice.in_app.is_(True)]
    return [*where, Notice.kind.in_(kinds)] if kinds else where
