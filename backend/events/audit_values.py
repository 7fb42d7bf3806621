"""What of a changed thing's values the audit log keeps: enough to see what was done, nothing that somebody wrote in private.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HIDDEN = "…"
"""Stands for a value that is not kept."""
_LONGEST = 80
_KEPT_TEXTS = frozenset(
    {
        "name", "title", "role", "state", "from", "to", "gate", "privacy", "country", "kind", "daily_usd", "monthly_usd",
        "default_lora_id", "cover_asset_id", "cover_id", "voice_id", "influencer_id", "approval", "host", "last_four", "reason",
        "stage", "error_code", "expires_at", "platform", "format", "rating",
    }
)  # fmt: skip
"""Fields whose texts are names or words of the studio. Texts of all others may be what people wrote, or secret."""
_KEPT_LISTS = frozenset({"scopes", "event_types"})


def without_private(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`values` without what may be private: numbers, yes and no, and dates are kept, texts of named fields too; the rest is
    HIDDEN."""
    return None if values is None else {name: _without_private(name, value) for name, value in values.items()}


def changed(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The fields in which the two differ, as they are kept. None: it was not there."""
    if before is None or after is None:
        return without_private(before), without_private(after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return without_private({name: before.get(name) for name in names}), without_private(
        {name: after.get(name) for name in names}
    )


def _without_private(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and (name in _KEPT_TEXTS or not value):
        return value if len(value) <= _LONGEST else value[:_LONGEST] + HIDDEN
    if name == "sentence":  # the studio's own, of how many of what
        return value
    if isinstance(value, list) and name in _KEPT_LISTS:
        return [str(item)[:_LONGEST] for item in value[:50]]
    return HIDDEN
