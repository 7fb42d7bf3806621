"""The design system: every colour stands among the tokens, what is derived from them is up to date, and words can be read."""

from __future__ import annotations

import re
import runpy
import subprocess

import pytest

from backend.content_plans import PostState
from backend.settings import ROOT
from studio.ui.design import tokens
from studio.ui.design.contrast import blended, contrast
from studio.ui.design.stylesheet import custom_properties, stylesheet

COLOR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b(?:rgba?|hsla?|oklch)\(")
USED = re.compile(r"var\((--(?:color|state|person|series|channel|veil|text|space|width|thumb|radius|shadow|motion)-[\w-]+)[,)]")
EXCEPTIONS = {
    "studio/ui/design/": "the tokens themselves",
    "studio/ui/mask_canvas/painting.js": "the paint of a mask: its pixels are read back by this colour",
    "studio/influencers/hub_brand.py": "colours of subtitles, which people choose and films carry",
}
"""What holds a colour of its own, and why."""


def studio_files() -> list[str]:
    listed = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard", "studio", "pages", "Home.py"], cwd=ROOT, text=True
    )
    return [
        path
        for path in listed.splitlines()
        if path.endswith((".py", ".js", ".css")) and "/vendor/" not in path and ROOT.joinpath(path).exists()
    ]


def test_no_colour_stands_outside_of_the_tokens() -> None:
    found = {
        f"{path}: {color[0]}"
        for path in studio_files()
        if not path.startswith(tuple(EXCEPTIONS)) and not path.endswith(".test.js")
        for color in COLOR.finditer((ROOT / path).read_text("utf-8"))
    }
    assert sorted(found) == [], "use a custom property of studio/ui/design/tokens.py"


def test_every_property_that_is_used_is_there() -> None:
    used = {name for path in studio_files() for name in USED.findall((ROOT / path).read_text("utf-8"))}
    assert len(used) > 40
    assert sorted(used - set(custom_properties())) == []


def test_config_and_paper_are_what_the_tokens_say() -> None:
    design = runpy.run_path(str(ROOT / "bin" / "design.py"))
    for file, written in (("CONFIG", "config"), ("PAPER", "paper")):
        text = design[file].read_text("utf-8")
        assert design[written](text) == text, "run `make design`"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_signs_can_be_told_from_what_is_under_them(theme: str) -> None:
    color = {role: getattr(both, theme) for role, both in tokens.COLORS.items()}
    measured = [(pair, contrast(color[pair.above], color[pair.below]), pair.least) for pair in tokens.PAIRS]
    for hue, (words, ground) in tokens.TINTS.items():
        for below in (getattr(ground, theme), color["page"], color["panel"]):
            measured.append((hue, contrast(getattr(words, theme), below), tokens.WORDS))
    measured += [(name, contrast("#ffffff", below), tokens.WORDS) for name, below in tokens.CHANNELS.items()]
    for name, sign in tokens.signs().items():
        measured += [(name, contrast(getattr(sign, theme), color[below]), tokens.SIGNS) for below in ("page", "panel")]
    for veil, least in (("scrim", tokens.WORDS), ("scrim-thin", tokens.SIGNS)):
        measured.append((veil, contrast(color["on-picture"], blended(*tokens.VEILS[veil], "#ffffff")), least))
    assert [(what, round(ratio, 2)) for what, ratio, least in measured if ratio < least] == []


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
    assert blended("#000000", 0.5, "#ffffff") == "#808080"


def test_every_state_of_a_post_has_its_colour() -> None:
    assert {state.value for state in PostState} == set(tokens.STATES)


def test_less_motion_is_none() -> None:
    assert "@media(prefers-reduced-motion:reduce){:root{--motion-quick:0s" in stylesheet()
