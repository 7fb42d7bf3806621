"""What the browser has to know of its reader: the page's language, and the theme, from the first frame of the next page on."""

from __future__ import annotations

from studio.ui.browser_component import load

_component = load(__file__)
THEME_COOKIE = "studio_theme"


def reader_script(*, language: str, theme: str | None) -> None:
    """Invisible. `theme`: light, dark, "" for the system's, None: left as it is. A change loads the page again."""
    _component(key="reader-script", data={"language": language, "theme": theme, "cookie": THEME_COOKIE}, height=1)
