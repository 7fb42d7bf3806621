"""The chapters of the help: docs/help/<language>/<number>-<slug>.md, the same ones in each language.

A file has a title (`# …`), a sentence about the chapter, and sections (`## …`). A section that explains pages names them below
its heading: `<!-- pages: create/pictures create/prompts -->`. A test holds that every page has its section, and that every name
in **bold** is one that pages show.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "help"
_PAGES = re.compile(r"^<!-- pages: ([a-z_/ ]+) -->\n", re.MULTILINE)
_MARKS = re.compile(r"[*`#]|^- ", re.MULTILINE)
_EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True)
class ChapterSection:
    """`pages`: those that it explains, such as `create/pictures`. `text`: Markdown."""

    title: str
    pages: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    slug: str
    title: str
    intro: str
    sections: tuple[ChapterSection, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that has every word of a search. `excerpt`: its text around the first of them, without marks."""

    chapter: Chapter
    section: ChapterSection
    excerpt: str


@cache
def chapters(language: str) -> tuple[Chapter, ...]:
    """In the order of their numbers; English where the help is not in this language."""
    folder = FOLDER / language
    return tuple(_read(file) for file in sorted((folder if folder.is_dir() else FOLDER / "en").glob("*.md")))


def chapter(language: str, slug: str) -> Chapter | None:
    return next((each for each in chapters(language) if each.slug == slug), None)


def about_page(language: str, file: str) -> tuple[Chapter, ChapterSection] | None:
    """The section that explains the page `file` (such as `create/pictures`), with its chapter."""
    pairs = ((each, section) for each in chapters(language) for section in each.sections)
    return next(((each, section) for each, section in pairs if file in section.pages), None)


def search(language: str, query: str) -> list[Hit]:
    """Sections with every word of `query`, accents and capitals aside; those with one in a title first."""
    words = _folded(query).split()
    if not words:
        return []
    in_titles: list[Hit] = []
    in_texts: list[Hit] = []
    for each in chapters(language):
        for section in each.sections:
            titles, text = _folded(f"{each.title} {section.title}"), _MARKS.sub("", section.text)
            if all(word in titles or word in _folded(text) for word in words):
                hits = in_titles if any(word in titles for word in words) else in_texts
                hits.append(Hit(each, section, _excerpt(text, words)))
    return in_titles + in_texts


def _read(file: Path) -> Chapter:
    head, *parts = file.read_text("utf-8").split("\n## ")
    title, _, intro = head.removeprefix("# ").partition("\n")
    sections = []
    for part in parts:
        heading, _, text = part.partition("\n")
        comment = _PAGES.search(text)
        pages = tuple(comment[1].split()) if comment else ()
        sections.append(ChapterSection(heading, pages, _PAGES.sub("", text).strip()))
    return Chapter(file.stem.partition("-")[2], title, intro.strip(), tuple(sections))


def _folded(text: str) -> str:
    """Lower case without accents; as long as `text` where that has composed letters only."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _excerpt(text: str, words: list[str]) -> str:
    line = " ".join(text.split())
    places = [place for word in words if (place := _folded(line).find(word)) >= 0]
    earliest = max(min(places, default=0) - _EXCERPT_CHARS // 3, 0)
    start = line.rfind(" ", 0, earliest) + 1 if earliest else 0
    end = len(line) if start + _EXCERPT_CHARS >= len(line) else line.rfind(" ", start, start + _EXCERPT_CHARS)
    return ("… " if start else "") + line[start:end] + (" …" if end < len(line) else "")
