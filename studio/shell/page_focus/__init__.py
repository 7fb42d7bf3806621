"""What the menu does in the browser: marks the current links, folds on a phone, and brings keyboards to the page it opened."""

from __future__ import annotations

from studio.ui.browser_component import load

_component = load(__file__)
_PHONE_WIDTH_PX = 768


def page_focus(*, page: str, title: str) -> None:
    """Invisible. `page`: the address of the page shown; `title`: its heading."""
    _component(key="page-focus", data={"page": page, "title": title, "narrow": _PHONE_WIDTH_PX}, height=1)
