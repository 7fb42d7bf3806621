"""From the lines of a PDF's pages to paragraphs: running lines go, words cut at line ends are whole again. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

EDGE = 3
"""Lines at the top and at the bottom of a page in which headers and footers are looked for."""
_NUMBER = re.compile(r"\d+|\b[ivxlcdm]{1,7}\b", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"[\s\-–—.·|/()\[\]]*(?:(?:page|pagina|pag|p|seite|página)\.?\s*)?(?:\d{1,4}|[ivxlcdm]{1,7})"
                          r"(?:\s*(?:of|di|de|von|/)\s*\d{1,4})?[\s\-–—.·|/()\[\]]*", re.IGNORECASE)  # fmt: skip
_ENDS = (".", "!", "?", "…", ":", "”", '"', "»", "’", "'", ")")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200b\u202f]+")
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "\ufffe": "-", "\u00ad": "", "\x02": "-"})
"""pdfium says a hyphen at a line's end as U+FFFE or U+0002."""


def paragraphs(pages: Sequence[str]) -> tuple[str, int]:
    """(paragraphs parted by an empty line, how many running lines were dropped). `pages`: their text, lines as printed."""
    lines = [[line.strip() for line in _SPACES.sub(" ", page.translate(_LIGATURES)).splitlines()] for page in pages]
    kept, dropped = _without_running(lines)
    width = _usual_width(kept)
    return "\n\n".join(_paragraphs(kept, width)), dropped


def _without_running(pages: list[list[str]]) -> tuple[list[list[str]], int]:
    """Headers, footers and page numbers: lines at the edges that come again on many pages, whatever number is in them."""
    filled = [[line for line in page if line] for page in pages]
    seen = Counter(key for page in filled for key in {_key(line) for line in _edges(page)})
    often = {key for key, n in seen.items() if n >= max(3, len([page for page in filled if page]) * 0.3)}
    dropped = 0
    made = []
    for page in pages:
        inked = [at for at, line in enumerate(page) if line]
        edges = {*inked[:EDGE], *inked[-EDGE:]}
        gone = {at for at in edges if _key(page[at]) in often or (at in (inked[0], inked[-1]) and _numbered(page[at]))}
        dropped += len(gone)
        made.append([line for at, line in enumerate(page) if at not in gone])
    return made, dropped


def _edges(page: Sequence[str]) -> list[str]:
    return [*page[:EDGE], *page[-EDGE:]] if len(page) > 2 * EDGE else list(page)


def _key(line: str) -> str:
    return _NUMBER.sub("#", line.lower())


def _numbered(line: str) -> bool:
    return bool(_ONLY_NUMBER.fullmatch(line))


def _usual_width(pages: Sequence[Sequence[str]]) -> int:
    """Characters of an ordinary full line: a much shorter one ends its paragraph."""
    widths = sorted(len(line) for page in pages for line in page if line)
    return widths[len(widths) * 3 // 4] if widths else 0


def _paragraphs(pages: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """A paragraph may go on over the page's end."""
    parts: list[str] = []
    last = ""
    for line in (line for page in pages for line in page):
        ended = last.endswith(_ENDS) if not line else _ended(last, line, width)
        if parts and ended:
            yield _joined(parts)
            parts = []
        if line:
            parts.append(line)
            last = line
    if parts:
        yield _joined(parts)


def _ended(last: str, line: str, width: int) -> bool:
    return last.endswith(_ENDS) and len(last) < width * 0.85 and not line[:1].islower()


def _joined(lines: Sequence[str]) -> str:
    made = lines[0]
    for line in lines[1:]:
        if made.endswith("-") and not made.endswith("--") and line[:1].islower():
            made = made[:-1] + line
        else:
            made += " " + line
    return made
