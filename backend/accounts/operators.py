"""Operators: the people who run the installation and see all of it. Owners see their workspaces."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.tables import User
from backend.errors import NotPermitted
from backend.language import tr_lazy
from backend.settings import Settings


def is_operator(tx: Session, settings: Settings, user_id: str) -> bool:
    """Whether the person is one of OPERATOR_EMAILS; without that setting: whether they made the first workspace, as the first
    person of all did."""
    return user_id in operator_ids(tx, settings)


def operator_ids(tx: Session, settings: Settings) -> frozenset[str]:
    """The people who are operators."""
    if emails := settings.web.operator_emails:
        return frozenset(tx.scalars(select(User.id).where(User.email.in_(emails))))
    return frozenset(tx.scalars(select(User.id).order_by(User.created_at, User.id).limit(1)))


def require_operator(tx: Session, settings: Settings) -> None:
    """Raises NotPermitted unless the acting person is an operator. API keys never are: each belongs to one workspace."""
    if "api_key_id" in tx.info or not is_operator(tx, settings, tx.info["user_id"] or ""):
        raise NotPermitted(
            tr_lazy(
                "This is for whoever runs the studio (OPERATOR_EMAILS). Programs read /metrics and the details "
                "of /health with METRICS_TOKEN."
            )
        )
