"""The verbs of consents: ask for one, take its recording, confirm what no recogniser could, and revoke."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.assets import uploads
from backend.consents import rules
from backend.consents.queries import get, today
from backend.consents.schemas import (
    CHECK_KIND,
    NOUN,
    READ_WITHIN_HOURS,
    UPLOAD_NOUN,
    ConsentCard,
    ConsentDraft,
    RecordingDraft,
    RecordingPayload,
)
from backend.db.tables import Consent, Workspace
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy

_REVOKE_CALLBACKS: dict[str, Callable[[Session, str], None]] = {}
_MAX_REASON = 500


def on_revoke(subject_kind: str, callback: Callable[[Session, str], None]) -> None:
    """Registers `callback(tx, consent_id)`, called in the transaction that revokes a consent, to end what was made possible by
    it. Called by slices at import."""
    _REVOKE_CALLBACKS[subject_kind] = callback


def create(tx: Session, draft: ConsentDraft) -> ConsentCard:
    """Writes the statement that the person is to read aloud within a day. Raises Invalid, NotFound."""
    if draft.language not in rules.LANGUAGES:
        languages = ", ".join(f"{title} ({code})" for code, title in rules.LANGUAGES.items())
        raise Invalid(
            tr_lazy(
                "There is no statement in {language}. Choose a language that the person understands: {languages}.",
                language=repr(draft.language),
                languages=languages,
            )
        )
    if draft.expires_on and draft.expires_on < today():
        raise Invalid(tr_lazy("The last day is over already. Choose a later one, or none."))
    influencer = influencers.get(tx, draft.influencer_id).name if draft.influencer_id else ""
    words = rules.fresh_words(draft.language)
    company = tx.scalars(select(Workspace.name).where(Workspace.id == tx.info["tenant_id"])).one()
    text = rules.statement(
        draft.language,
        name=draft.subject_name,
        company=company,
        influencer=influencer,
        expires_on=draft.expires_on,
        words=words,
    )
    consent_id = new_id("con")
    created_by = tx.info.get("user_id")
    tx.add(Consent(id=consent_id, statement=text, words=words, created_by=created_by, **draft.model_dump()))
    tx.flush()
    events.record(tx, "consent.created", NOUN, consent_id, {"subject_kind": draft.subject_kind})
    return get(tx, consent_id)


def record(tx: Session, draft: RecordingDraft, *, request_key: str) -> ConsentCard:
    """Takes a recording of the statement: a job checks it. The same `request_key` returns the first.

    Raises NotFound, Conflict (it is valid or over already, is being checked, or its words are not fresh any more).
    """
    if jobs.find_by_key(tx, request_key):
        return get(tx, draft.consent_id)
    row = _locked(tx, draft.consent_id)
    card = get(tx, draft.consent_id)
    if card.state not in ("unread", "refused"):
        raise Conflict(tr_lazy("This consent is {state}: nothing can be recorded for it. Create a new one.", state=card.state))
    if datetime.now(UTC) - row.created_at > timedelta(hours=READ_WITHIN_HOURS):
        raise Conflict(tr_lazy("The words of this statement are more than a day old. Make a new statement, and record that."))
    upload = uploads.get(tx, draft.upload_id)
    if (upload.noun, upload.noun_id) != (UPLOAD_NOUN, row.id):
        raise NotFound(tr_lazy("This upload does not exist for this consent. Record it again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This recording was used already, or has not arrived yet. Record it again."))
    job = jobs.enqueue(
        tx,
        kind=CHECK_KIND,
        payload=RecordingPayload(consent_id=row.id, upload_id=upload.id),
        title=tr_lazy("Consent of {name}", name=row.subject_name),
        request_key=request_key,
        subject=(NOUN, row.id),
    )
    tx.execute(update(Consent).where(Consent.id == row.id).values(job_id=job.id))
    uploads.accept(tx, [upload.id])
    return get(tx, row.id)


def confirm(tx: Session, consent_id: str) -> ConsentCard:
    """An owner listened to the recording and heard the statement. Raises NotFound, Conflict: there is nothing to confirm."""
    _locked(tx, consent_id)
    card = get(tx, consent_id)
    if card.asset_id is None or card.transcript_check not in ("differs", "unchecked") or card.state not in ("refused", "valid"):
        raise Conflict(tr_lazy("There is no recording here that waits for a confirmation."))
    confirmed = {"transcript_check": "confirmed", "confirmed_by": tx.info.get("user_id")}
    tx.execute(update(Consent).where(Consent.id == consent_id).values(**confirmed))
    events.record(tx, "consent.confirmed", NOUN, consent_id)
    return get(tx, consent_id)


def revoke(tx: Session, consent_id: str, reason: str = "") -> ConsentCard:
    """Ends the consent at once and for good. What it allowed cannot be used any more, and what waits for it fails. Revoking
    again changes nothing. Raises NotFound, Invalid."""
    row = _locked(tx, consent_id)
    if row.revoked_at:
        return get(tx, consent_id)
    reason = " ".join(reason.split())
    if len(reason) > _MAX_REASON:
        raise Invalid(tr_lazy("Write the reason in at most {max_reason} characters.", max_reason=_MAX_REASON))
    revoked = {"revoked_at": func.clock_timestamp(), "revoked_by": tx.info.get("user_id"), "revoke_reason": reason}
    tx.execute(update(Consent).where(Consent.id == consent_id).values(**revoked))
    events.record(tx, "consent.revoked", NOUN, consent_id, {"reason": reason})
    if callback := _REVOKE_CALLBACKS.get(row.subject_kind):
        callback(tx, consent_id)
    return get(tx, consent_id)


def _locked(tx: Session, consent_id: str) -> Consent:
    row = tx.get(Consent, consent_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound(tr_lazy("This consent does not exist here. Open the list of consents."))
    return row
