"""In a dialog with a form: what is typed reaches Python without leaving the field, Escape always closes, the focus stays in
the dialog, and the calendar behind it reads again when something was done."""

from __future__ import annotations

from studio.components.load import load

_component = load("keeper")
PAUSE_MS = 700


def keeper(key: str, *, stamp: int) -> None:
    """Shows nothing. `stamp`: goes up with each act."""
    _component(key=key, data={"stamp": stamp, "pause": PAUSE_MS})
