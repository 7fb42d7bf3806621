"""From where a transaction acts, as columns of what it writes for the audit log."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.db.callers import NOWHERE, Origin

COLUMNS = ("source", "api_key_id", "address", "user_agent")
_ADDRESS_CHARACTERS, _AGENT_CHARACTERS = 64, 200


def origin_columns(tx: Session) -> dict[str, str | None]:
    """COLUMNS and their values; all None where the studio or a job of it acts."""
    origin: Origin = tx.info.get("origin") or NOWHERE
    source = origin.source or ("unknown" if tx.info.get("user_id") and not tx.info.get("job_id") else None)
    return {
        "source": source,
        "api_key_id": tx.info.get("api_key_id"),
        "address": origin.address[:_ADDRESS_CHARACTERS] or None,
        "user_agent": origin.user_agent[:_AGENT_CHARACTERS] or None,
    }
