"""`python bin/make_icons.py`: draws the icons of studio/static from its mark.svg, with the Chromium that browser tests use."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "studio" / "static"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SAFE_SHARE = 0.78
"""Of a maskable icon's side, that the mark takes: systems cut such icons to a circle of 0.8 of it (W3C App Manifest)."""


def main() -> None:
    mark = (STATIC / "mark.svg").read_text("utf-8")
    program = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page()
        for name, side, svg in (
            ("icon-192.png", 192, mark),
            ("icon-512.png", 512, mark),
            ("icon-maskable-512.png", 512, _without_corners(mark, SAFE_SHARE)),
            ("apple-touch-icon.png", 180, _without_corners(mark, 1.0)),
        ):
            tab.set_viewport_size({"width": side, "height": side})
            tab.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{side}px;height:{side}px}}</style>{svg}")
            (STATIC / name).write_bytes(tab.screenshot(omit_background=True))
        browser.close()


def _without_corners(mark: str, share: float) -> str:
    """The whole square filled, and what stands on it in its middle, at `share` of its size."""
    square = re.sub(r' rx="\d+"', "", mark)
    head, filled, figure = re.split(r"(<rect[^>]*/>)", square, maxsplit=1)
    figure = figure.removesuffix("</svg>")
    return f'{head}{filled}<g transform="translate(32 32) scale({share}) translate(-32 -32)">{figure}</g></svg>'


if __name__ == "__main__":
    main()
