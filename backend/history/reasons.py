"""Why something has no undo, and what to do instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from backend.language import tr_lazy

_UNDONE = tr_lazy("Undone.")
_CREATED = tr_lazy("Something was made. Delete it where it is shown if nobody needs it.")
_FOR_GOOD = tr_lazy("Deleted for good.")
_ACCESS = tr_lazy("Whoever lost access must be let in anew: make a new link or key.")
_STARTED = tr_lazy("It has begun. Stop it in Activity if it is still running.")
_WITHDRAWN = tr_lazy("What was withdrawn stays withdrawn. Begin a new one.")
_BY_HAND = tr_lazy("Change it back where it is shown.")
_REASONS: Mapping[str, str] = {
    "created": _CREATED,
    "added": _CREATED,
    "imported": _CREATED,
    "hook_created": tr_lazy("The address before no longer works."),
    "secret_changed": tr_lazy("The secret before no longer works."),
    "erased": _FOR_GOOD,
    "revoked": _ACCESS,
    "withdrawn": _ACCESS,
    "removed": _ACCESS,
    "rights_withdrawn": _WITHDRAWN,
    "started": _STARTED,
    "run_started": _STARTED,
    "cancel_requested": tr_lazy("It was stopped. Start it again from where it came."),
    "connected": tr_lazy("Disconnect it under Channels."),
}
"""The last part of an event's kind -> why it has no undo."""


def why_not(kind: str, *, undone: bool) -> str:
    """For `worded`. `undone`: there was an undo, and it was used."""
    return _UNDONE if undone else _REASONS.get(kind.partition(".")[2], _BY_HAND)
