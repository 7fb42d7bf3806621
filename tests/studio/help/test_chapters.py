"""The help says the same in both languages, explains every page, and names only what is there."""

from __future__ import annotations

import re

import pytest

from backend.language import LANGUAGES, translations
from studio.help import chapters, help
from studio.shell import nav
from tests.support.catalogue import catalogue_keys

ROOT = nav.ROOT


def test_the_languages_have_the_same_chapters() -> None:
    shapes = {
        language: [(each.slug, [section.pages for section in each.sections]) for each in chapters.chapters(language)]
        for language in LANGUAGES
    }
    assert shapes["it"] == shapes["en"]
    assert [slug for slug, _ in shapes["en"]] == list(help._ICONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_explained_once(language: str) -> None:
    named = [file for each in chapters.chapters(language) for section in each.sections for file in section.pages]
    assert sorted(named) == sorted(item.file for item in nav.ITEMS if not item.is_hidden)
    found = chapters.about_page(language, "create/pictures")
    assert found
    assert found[0].slug == "create"


@pytest.mark.parametrize("language", LANGUAGES)
def test_bold_words_are_on_pages(language: str) -> None:
    """What the help tells people to press or look for has that name."""
    templates = {english for _, english, _ in catalogue_keys()}
    catalogue = translations(language)
    on_pages = templates if language == "en" else {catalogue.gettext(each) for each in templates} | {"Nuovo", "Archivia"}
    if language == "en":
        on_pages = on_pages | {"New"}
    for each in chapters.chapters(language):
        for section in each.sections:
            missing = [name for name in re.findall(r"\*\*(.+?)\*\*", section.text) if name not in on_pages]
            assert not missing, f"{language}/{each.slug}, {section.title}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_that_are_named_exist(language: str) -> None:
    for each in chapters.chapters(language):
        for section in each.sections:
            for name in re.findall(r"`(docs/[^`]+|\.env\.example)`", section.text):
                assert (ROOT / name).exists(), name


def test_a_search_finds_sections_without_regard_to_accents_and_capitals() -> None:
    hits = chapters.search("it", "ATTIVITA riprova")
    assert [(hit.chapter.slug, hit.section.title) for hit in hits] == [("results", "Attività")]
    assert "Riprova" in hits[0].excerpt
    assert "*" not in hits[0].excerpt
    assert chapters.search("en", "seed")[0].chapter.slug in ("training", "create")
    assert chapters.search("en", "calendar")[0].section.title == "Calendar"
    assert chapters.search("en", "  ") == []
    assert chapters.search("en", "xylophone") == []


def test_an_unknown_chapter_or_language_is_none_or_english() -> None:
    assert chapters.chapter("en", "nothing") is None
    assert chapters.chapters("fr") == chapters.chapters("en")
