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
