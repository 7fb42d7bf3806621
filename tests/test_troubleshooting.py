"""docs/troubleshooting.md quotes what the studio says, and each symptom is produced by the test that it names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = re.findall(
    r"^\| [^|]*“([^”]+)”[^|]*\|[^|]*\|[^|]*\| `(tests/[^`:]+)(?:::(\w+))?` \|$",
    (ROOT / "docs" / "troubleshooting.md").read_text(),
    re.MULTILINE,
)


@cache
def sentences_of_the_studio() -> str:
    """All its code, with strings that go over several lines joined."""
    files = (path for folder in ("backend", "studio", "ops") for path in (ROOT / folder).rglob("*.py"))
    code = "\n".join(path.read_text() for path in files)
    return re.sub(r'"\s*\n\s*f?"', "", code)


def test_every_symptom_is_a_row() -> None:
    table_rows = (ROOT / "docs" / "troubleshooting.md").read_text().count("\n| “")
    assert len(ROWS) >= table_rows >= 15


@pytest.mark.parametrize(("sentence", "file", "test"), ROWS, ids=[row[0][:30] for row in ROWS])
def test_a_symptom_is_worded_as_the_studio_words_it_and_was_produced(sentence: str, file: str, test: str) -> None:
    for part in filter(None, map(str.strip, re.split(r"…|\(…\)", sentence))):
        assert part.strip(" .()") in sentences_of_the_studio(), f"no such words: {part}"
    assert (ROOT / file).is_file()
    assert not test or f"def {test}(" in (ROOT / file).read_text()
