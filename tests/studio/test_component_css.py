"""What can be read is decided in the style sheets: no white words on the theme's accent, which is light in the dark theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio import ui

STUDIO = Path(ui.__file__).parent.parent
SHEETS = sorted(path for path in STUDIO.rglob("*.css") if "vendor" not in path.parts)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_white_words_on_the_accent(sheet: Path) -> None:
    rules = RULE.findall(sheet.read_text("utf-8"))
    pale = [where.strip() for where, what in rules if "background: var(--st-primary-color)" in what and "color: #fff" in what]
    assert not pale, "use var(--filled)"


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_white_words_on_what_is_filled_have_a_contrast_of_four_and_a_half() -> None:
    [colours] = re.findall(
        r"--filled: light-dark\((#\w{6}), (#\w{6})\)", (STUDIO / "ui" / "shared" / "shared.css").read_text("utf-8")
    )
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in colours)
