"""What of API keys can be undone: name and quotas. A key that was revoked stays so."""

from __future__ import annotations

from backend import undo
from backend.access import api_keys
from backend.access.schemas import ApiKeyChange
from backend.db.tables import ApiKey


def register_parts() -> None:
    undo.register(
        undo.Part(
            "api_key.changed",
            read=undo.columns(ApiKey, *ApiKeyChange.model_fields, where=ApiKey.revoked_at.is_(None)),
            write=lambda tx, api_key_id, values: api_keys.change(tx, api_key_id, ApiKeyChange(**values)),
            needs="owner",
        )
    )
