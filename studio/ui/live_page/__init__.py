"""Pages that follow what others do: they run again within two seconds of an event."""

from __future__ import annotations

from typing import Any

from backend.kit.clock import now
from studio.shell.frame import Page
from studio.ui.browser_component import ignore, load

_component = load(__file__)


def live_page(page: Page, *nouns: str, key: str = "live-page") -> None:
    """Runs the page, or the fragment that this is called in, again when something happened to one of `nouns`: `plan`, `post`,
    `picture` (also one that a running job has drawn), `job`, `channel`, … as events name them.

    Never while somebody types, and not while a dialog or a menu is open over the page: then once that has ended. Call it
    before the page reads what it shows.
    """
    data: dict[str, Any] = {
        "workspace": page.workspace.id,
        "nouns": nouns,
        "userId": page.user.id,
        "readAt": now().timestamp() * 1000,
    }
    _component(key=key, data=data, on_changed_change=ignore, height=1)
