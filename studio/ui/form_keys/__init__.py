"""What a page that is a form knows of the keyboard: Ctrl+Enter starts it from anywhere, what is typed reaches Python while the
field keeps the focus, and what has not reached it when the page is left is sent to the API."""

from __future__ import annotations

from collections.abc import Mapping

from studio.ui.browser_component import ignore, load

_component = load(__file__)
PAUSE_MS = 700


def form_keys(key: str, *, workspace: str, form: str, texts: Mapping[str, tuple[str, str]]) -> bool:
    """Invisible. Whether Ctrl+Enter was just pressed (Command+Enter on a Mac), with what was typed already taken.

    `form`: its name, as it is kept (`studio.ui.kept_form`). `texts`: name of a value -> (key of its text field, what is kept).
    """
    fields = {name: {"key": widget_key, "kept": saved_text} for name, (widget_key, saved_text) in texts.items()}
    data = {"pause": PAUSE_MS, "workspace": workspace, "form": form, "fields": fields}
    return bool(_component(key=key, data=data, height=1, on_submitted_change=ignore).get("submitted"))
