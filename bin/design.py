"""Writes what derives from the design system's tokens: the theme of .streamlit/config.toml and the tables of docs/DESIGN.md.
A test checks that both are up to date."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from backend.settings import ROOT
from studio.ui.design import tokens
from studio.ui.design.contrast import blended, contrast
from studio.ui.design.stylesheet import shadow

CONFIG, PAPER = ROOT / ".streamlit" / "config.toml", ROOT / "docs" / "DESIGN.md"
THEME = re.compile(r"^\[theme\]\n.*\Z", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def config(text: str) -> str:
    """config.toml with the theme written anew; what stands before `[theme]` stays."""
    return THEME.sub("\n".join(_theme()) + "\n", text)


def paper(text: str) -> str:
    """DESIGN.md with each table between `<!-- name -->` and `<!-- end -->` written anew."""
    tables = {"roles": _roles, "pairs": _pairs, "signs": _signs, "sizes": _sizes}
    return TABLE.sub(lambda match: match[1] + "\n".join(tables[match[2]]()) + "\n" + match[3], text)


def _theme() -> Iterator[str]:
    yield "[theme]"
    yield "# From here on written by `make design` from studio/ui/design/tokens.py."
    yield from _lines(
        {
            "font": "sans-serif",
            "baseRadius": tokens.RADII["large"],
            "buttonRadius": tokens.RADII["large"],
            "showWidgetBorder": True,
            "showSidebarBorder": False,
            "baseFontSize": tokens.BASE_FONT_PX,
            "headingFontSizes": [size for size, _ in tokens.HEADINGS],
            "headingFontWeights": [weight for _, weight in tokens.HEADINGS],
            "linkUnderline": False,
            "paddingTop": "3.5rem",
        }
    )
    yield from ("", "[theme.sidebar]", 'paddingTop = "0.5rem"')
    for theme, place in (("light", 0), ("dark", 1)):
        colors = {role: color[place] for role, color in tokens.COLORS.items()}
        yield from ("", f"[theme.{theme}]")
        yield from _lines(
            {
                "primaryColor": colors["accent"],
                "backgroundColor": colors["page"],
                "secondaryBackgroundColor": colors["panel"],
                "textColor": colors["text"],
                "borderColor": colors["border"],
                "linkColor": colors["link"],
                "chartCategoricalColors": [color[place] for color in tokens.SERIES],
            }
        )
        for hue, (words, ground) in tokens.TINTS.items():
            yield from _lines({f"{hue}TextColor": words[place], f"{hue}BackgroundColor": ground[place]})
        yield from ("", f"[theme.{theme}.sidebar]")
        yield from _lines({"backgroundColor": colors["menu"], "secondaryBackgroundColor": colors["field"]})


def _lines(values: dict[str, object]) -> Iterator[str]:
    yield from (f"{name} = {json.dumps(value)}" for name, value in values.items())


def _roles() -> Iterator[str]:
    yield from ("| Role | Light | Dark |", "|---|---|---|")
    yield from (f"| `--color-{role}` | `{color.light}` | `{color.dark}` |" for role, color in tokens.COLORS.items())


def _pairs() -> Iterator[str]:
    yield from ("| What | On | Light | Dark | At least |", "|---|---|---|---|---|")
    for above, below, least in tokens.PAIRS:
        above_color, below_color = tokens.COLORS[above], tokens.COLORS[below]
        measured = [f"{contrast(above_color[place], below_color[place]):.1f}" for place in (0, 1)]
        yield f"| {above} | {below} | {' | '.join(measured)} | {least} |"
    for hue, (words, ground) in tokens.TINTS.items():
        measured = [f"{contrast(words[place], ground[place]):.1f}" for place in (0, 1)]
        yield f"| {hue} words | {hue} ground | {' | '.join(measured)} | {tokens.WORDS} |"
    white = tokens.COLORS["on-picture"].light
    for veil, least in (("scrim", tokens.WORDS), ("scrim-thin", tokens.SIGNS)):
        measured_on_white = contrast(white, blended(*tokens.VEILS[veil], white))
        yield f"| on-picture | {veil} over a white picture | {measured_on_white:.1f} | {measured_on_white:.1f} | {least} |"


def _signs() -> Iterator[str]:
    page = tokens.COLORS["page"]
    yield from ("| Sign | Light | Dark | Contrast on the page |", "|---|---|---|---|")
    for name, color in tokens.signs().items():
        measured = " · ".join(f"{contrast(color[place], page[place]):.1f}" for place in (0, 1))
        yield f"| `--{name}` | `{color.light}` | `{color.dark}` | {measured} |"


def _sizes() -> Iterator[str]:
    yield from ("| Kind | Values |", "|---|---|")
    kinds: dict[str, Mapping[Any, Any]] = {
        "text": tokens.TYPE,
        "space": tokens.SPACES,
        "width": tokens.WIDTHS,
        "thumb": tokens.THUMB_PX,
    }
    kinds |= {"radius": tokens.RADII, "shadow": {name: shadow(name) for name in tokens.SHADOWS}, "motion": tokens.MOTION}
    for kind, values in kinds.items():
        yield f"| `--{kind}-…` | {'; '.join(f'{name} {value}' for name, value in values.items())} |"


if __name__ == "__main__":
    for file, written in ((CONFIG, config), (PAPER, paper)):
        file.write_text(written(file.read_text("utf-8")), "utf-8")
