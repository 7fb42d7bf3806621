"""Turns the lines of PDF pages into paragraphs: removes running headers and footers, joins hyphenated words. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

EDGE_LINES = 3
"""How many lines at the top and at the bottom of a page are searched for headers and footers."""
_DIGITS_OR_ROMAN = re.compile(r"\d+|\b[ivxlcdm]{1,7}\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[\s\-–—.·|/()\[\]]*(?:(?:page|pagina|pag|p|seite|página)\.?\s*)?(?:\d{1,4}|[ivxlcdm]{1,7})"
    r"(?:\s*(?:of|di|de|von|/)\s*\d{1,4})?[\s\-–—.·|/()\[\]]*",
    re.IGNORECASE,
)
_SENTENCE_ENDS = (".", "!", "?", "…", ":", "”", '"', "»", "’", "'", ")")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200b\u202f]+")
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "\ufffe": "-", "\u00ad": "", "\x02": "-"})
"""pdfium returns a hyphen at a line's end as U+FFFE or U+0002."""


def paragraphs(pages: Sequence[str]) -> tuple[str, int]:
    """(paragraphs separated by an empty line, number of removed running lines). `pages`: their text, lines as printed."""
    lines = [[line.strip() for line in _SPACES.sub(" ", page.translate(_LIGATURES)).splitlines()] for page in pages]
    body, dropped = _drop_running_lines(lines)
    width = _usual_width(body)
    return "\n\n".join(_paragraphs(body, width)), dropped


def _drop_running_lines(pages: list[list[str]]) -> tuple[list[list[str]], int]:
    """(pages without running lines, number of removed lines): headers, footers and page numbers, which are lines at the edges
    that repeat on many pages except for the numbers in them."""
    filled = [[line for line in page if line] for page in pages]
    counts = Counter(key for page in filled for key in {_line_key(line) for line in _edge_lines(page)})
    repeated = {key for key, n in counts.items() if n >= max(3, len([page for page in filled if page]) * 0.3)}
    dropped = 0
    bodies = []
    for page in pages:
        filled_lines = [i for i, line in enumerate(page) if line]
        edges = {*filled_lines[:EDGE_LINES], *filled_lines[-EDGE_LINES:]}
        running = {
            i
            for i in edges
            if _line_key(page[i]) in repeated or (i in (filled_lines[0], filled_lines[-1]) and _is_page_number(page[i]))
        }
        dropped += len(running)
        bodies.append([line for i, line in enumerate(page) if i not in running])
    return bodies, dropped


def _edge_lines(page: Sequence[str]) -> list[str]:
    return [*page[:EDGE_LINES], *page[-EDGE_LINES:]] if len(page) > 2 * EDGE_LINES else list(page)


def _line_key(line: str) -> str:
    return _DIGITS_OR_ROMAN.sub("#", line.lower())


def _is_page_number(line: str) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(line))


def _usual_width(pages: Sequence[Sequence[str]]) -> int:
    """Characters of a full line (third quartile); a much shorter line ends its paragraph."""
    widths = sorted(len(line) for page in pages for line in page if line)
    return widths[len(widths) * 3 // 4] if widths else 0


def _paragraphs(pages: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Paragraphs, also across page breaks."""
    parts: list[str] = []
    last = ""
    for line in (line for page in pages for line in page):
        ended = last.endswith(_SENTENCE_ENDS) if not line else _ends_paragraph(last, line, width)
        if parts and ended:
            yield _join_lines(parts)
            parts = []
        if line:
            parts.append(line)
            last = line
    if parts:
        yield _join_lines(parts)


def _ends_paragraph(last: str, line: str, width: int) -> bool:
    return last.endswith(_SENTENCE_ENDS) and len(last) < width * 0.85 and not line[:1].islower()


def _join_lines(lines: Sequence[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        if text.endswith("-") and not text.endswith("--") and line[:1].islower():
            text = text[:-1] + line
        else:
            text += " " + line
    return text
