"""Consents of people to artificial copies of their voice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_fk, tenant_key


class Consent(Tenanted, Dated, Base):
    """A statement that a person reads aloud, and the recording of it. Nothing is deleted: what was allowed stays provable."""

    __tablename__ = "consents"
    __table_args__ = (
        tenant_key(),
        tenant_fk("asset_id", "assets"),
        CheckConstraint(one_of("subject_kind", "voice", "face"), name="subject_kind"),
        CheckConstraint(
            one_of("transcript_check", "", "matched", "differs", "unchecked", "confirmed"), name="transcript_check"
        ),
        Index(None, "tenant_id", "influencer_id"),
        Index(None, "tenant_id", "asset_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_name: Mapped[str]
    language: Mapped[str]
    statement: Mapped[str]
    words: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """The random words at its end."""
    influencer_id: Mapped[str | None]
    """For whom the copy may be used; None: every influencer of the workspace. It stays when the influencer is deleted, so that
    nobody else gets the voice: no foreign key."""
    expires_on: Mapped[date | None]
    """The last day (UTC); None: until it is revoked."""
    job_id: Mapped[str | None]
    """The check of the latest recording."""
    asset_id: Mapped[str | None]
    recorded_at: Mapped[datetime | None]
    transcript: Mapped[str] = mapped_column(server_default="")
    match: Mapped[float | None]
    """Share of the statement that the recogniser heard, 0 to 1; None: there is no recogniser for the language."""
    transcript_check: Mapped[str] = mapped_column(server_default="")
    confirmed_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoke_reason: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str | None]
