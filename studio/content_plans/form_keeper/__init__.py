"""Helps a dialog with a form: sends what is typed to Python while the field keeps the focus, closes on Escape, keeps the focus
in the dialog, and makes the calendar behind it reload after an action."""

from __future__ import annotations

from studio.ui.browser_component import load

_component = load(__file__, "keeper")
PAUSE_MS = 700


def form_keeper(key: str, *, stamp: int) -> None:
    """Invisible. `stamp`: goes up with each action."""
    _component(key=key, data={"stamp": stamp, "pause": PAUSE_MS})
