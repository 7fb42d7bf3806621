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
    pale = [
        where.strip()
        for where, what in rules
        if "background: var(--st-primary-color)" in what and "color: var(--color-on-" in what
    ]
    assert not pale, "use var(--color-filled)"
