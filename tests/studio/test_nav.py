"""The list of pages and the files on disk are the same list."""

from __future__ import annotations

from pathlib import Path

from studio.shell import nav


def test_every_page_is_listed_once() -> None:
    on_disk = {
        path.relative_to(nav.ROOT / "pages").with_suffix("").as_posix() for path in Path(nav.ROOT / "pages").rglob("*.py")
    }
    assert {item.file for item in nav.ITEMS} == on_disk
    assert len({item.path for item in nav.ITEMS}) == len(nav.ITEMS)
    assert [item.path for item in nav.ITEMS].count("") == 1


def test_addresses_keep_their_query() -> None:
    assert nav.url("models/training", {"ws": "ws_1", "id": "run_1"}) == "/training?ws=ws_1&id=run_1"
    assert nav.url("home/home", {}) == "/"


def test_moved_addresses_lead_to_pages() -> None:
    paths = {item.path for item in nav.ITEMS}
    assert not paths & set(nav.MOVED)
    assert set(nav.MOVED.values()) <= paths


def test_every_section_of_the_menu_has_a_page() -> None:
    assert [nav.first_page(section.name).section for section in nav.SECTIONS] == [section.name for section in nav.SECTIONS]
    assert {item.section for item in nav.ITEMS} == {section.name for section in nav.SECTIONS}
    assert [tab.title for tab in nav.tabs("library")][:1] == ["Gallery"]
    assert nav.tabs("results") == []
