"""Reading consents, and whether something may be done with one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from backend.consents.schemas import ConsentCard, ConsentEnded, ConsentPage, ConsentState, TranscriptCheck
from backend.db.tables import Consent, Job
from backend.errors import NotFound
from backend.language import joined, tr_lazy

_DIFFERS = tr_lazy("What was recorded is not this statement. Read it again, or let an owner listen and confirm it.")


def get(tx: Session, consent_id: str) -> ConsentCard:
    """Raises NotFound."""
    if card := find(tx, consent_id):
        return card
    raise NotFound(tr_lazy("This consent does not exist here. Open the list of consents."))


def find(tx: Session, consent_id: str) -> ConsentCard | None:
    row = tx.execute(_cards().where(Consent.id == consent_id)).first()
    return _card(*row) if row else None


def page(tx: Session, *, take: int = 60, cursor: str | None = None) -> ConsentPage:
    """Newest first. `cursor`: the last page's `next_cursor`. `total` counts all of them."""
    total = tx.scalar(select(func.count()).select_from(Consent)) or 0
    query = _cards().where(Consent.id < cursor) if cursor else _cards()
    rows = tx.execute(query.order_by(Consent.id.desc()).limit(take + 1)).all()
    cards = [_card(*row) for row in rows[:take]]
    return ConsentPage(cards, cards[-1].id if len(rows) > take else None, total)


def check_usable(tx: Session, consent_id: str, *, influencer_id: str | None = None) -> ConsentCard:
    """The consent, if it is valid now. `influencer_id`: for whom something is made; None: not known. Raises ConsentEnded, with
    the reason."""
    card = get(tx, consent_id)
    match card.state:
        case "revoked":
            raise ConsentEnded(revoked_sentence(card))
        case "expired":
            raise ConsentEnded(
                tr_lazy(
                    "The consent of {subject_name} ended on {expires_on}. Ask for a new one.",
                    subject_name=card.subject_name,
                    expires_on=str(card.expires_on),
                )
            )
        case "valid":
            if influencer_id and card.influencer_id and card.influencer_id != influencer_id:
                raise ConsentEnded(
                    tr_lazy(
                        "{subject_name} allowed this voice for another influencer only. Choose another voice.",
                        subject_name=card.subject_name,
                    )
                )
            return card
    raise ConsentEnded(
        tr_lazy("There is no valid consent of {subject_name} yet. Record the statement first.", subject_name=card.subject_name)
    )


def revoked_sentence(card: ConsentCard) -> str:
    name, reason = card.subject_name, card.revoke_reason.rstrip(".")
    day = f"{card.revoked_at:%Y-%m-%d}" if card.revoked_at else ""
    match bool(day), bool(reason):
        case True, True:
            text = tr_lazy("{name} revoked the consent for this voice on {day} ({reason}).", name=name, day=day, reason=reason)
        case True, False:
            text = tr_lazy("{name} revoked the consent for this voice on {day}.", name=name, day=day)
        case False, True:
            text = tr_lazy("{name} revoked the consent for this voice ({reason}).", name=name, reason=reason)
        case _:
            text = tr_lazy("{name} revoked the consent for this voice.", name=name)
    return joined(text, tr_lazy("Choose another voice."))


def _cards() -> Select[Any]:
    query: Any = select(Consent, Job.state, Job.error_message).outerjoin(Job, Job.id == Consent.job_id)
    with_jobs: Select[Any] = query.execution_options(populate_existing=True)
    return with_jobs


def _card(row: Consent, job_state: str | None, job_error: str | None) -> ConsentCard:
    state, problem = _state(row, job_state, job_error)
    names = (
        "id", "subject_kind", "subject_name", "language", "statement", "influencer_id", "expires_on", "job_id", "asset_id",
        "recorded_at", "transcript", "match", "revoked_at", "revoke_reason", "created_at",
    )  # fmt: skip
    values = {name: getattr(row, name) for name in names}
    check = cast(TranscriptCheck, row.transcript_check)
    return ConsentCard(**values, state=state, problem=problem, transcript_check=check)


def _state(row: Consent, job_state: str | None, job_error: str | None) -> tuple[ConsentState, str]:
    if row.revoked_at:
        return "revoked", ""
    if row.expires_on and row.expires_on < today():
        return "expired", ""
    if job_state in ("pending", "processing"):
        return "checking", ""
    if row.asset_id is None:
        return ("refused", job_error or tr_lazy("The check was stopped. Record again.")) if row.job_id else ("unread", "")
    return ("refused", _DIFFERS) if row.transcript_check == "differs" else ("valid", "")


def is_over() -> ColumnElement[bool]:
    """Of a consent's row: it was revoked, or its last day is over."""
    return or_(Consent.revoked_at.is_not(None), Consent.expires_on < today())


def today() -> date:
    return datetime.now(UTC).date()
