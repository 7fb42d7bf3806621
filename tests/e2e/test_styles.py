"""A writing style in the browser: PDFs dropped, read, measured, written with; light, dark and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import looks
from tests.factories.account import Tenant
from tests.factories.pdfs import book, excerpt, scan

pytestmark = pytest.mark.e2e


def tab_of(visitor: BrowserContext, url: str, workspace: Tenant) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": url}])
    return visitor.new_page()


def test_learn_and_write(
    studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    workspace: Tenant,
    shoot: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    tab = tab_of(new_visitor(), studio_url, workspace)
    tab.goto(f"{studio_url}/writing-styles?ws={workspace.id}")
    expect(tab.get_by_text("No writing style yet")).to_be_visible()
    shoot(tab, "styles-empty")
    tab.get_by_label("Name", exact=True).fill("Walden pond")
    tab.get_by_role("button", name="Continue").click()
    files = [
        book(tmp_path / "one.pdf", excerpt("thoreau", 0, 4000)),
        book(tmp_path / "two.pdf", excerpt("thoreau", 4500, 3000)),
        scan(tmp_path / "a scan.pdf"),
    ]
    expect(tab.get_by_text("Drop PDFs by one author here")).to_be_visible()
    tab.locator("input[type=file]").first.set_input_files(files)
    expect(tab.get_by_text("What is it about?")).to_be_visible(timeout=120_000)
    address = tab.url
    tab.get_by_role("radio", name="Files").or_(tab.get_by_role("button", name="Files", exact=True)).first.click()
    expect(tab.get_by_text("OCR")).to_be_visible()
    shoot(tab, "styles-files")
    tab.get_by_role("radio", name="Style card").or_(tab.get_by_role("button", name="Style card", exact=True)).first.click()
    expect(tab.get_by_text("Examples", exact=True)).to_be_visible()
    shoot(tab, "styles-card")
    tab.get_by_role("radio", name="Write").or_(tab.get_by_role("button", name="Write", exact=True)).first.click()
    tab.get_by_label("What is it about?", exact=True).fill("walking to work in the rain")
    tab.get_by_role("button", name="Write").last.click()
    expect(tab.get_by_text("requested")).to_be_visible(timeout=60_000)
    expect(tab.get_by_text("Offline writer", exact=True)).to_be_visible()
    shoot(tab, "styles-text")
    with tab.expect_download() as coming:
        tab.get_by_role("button", name="Markdown").click()
    assert coming.value.suggested_filename == "walking-to-work-in-the-rain.md"
    assert "# walking to work" in Path(coming.value.path()).read_text("utf-8")
    for tab_name, shown_text in (("Write", "requested"), ("Style card", "Recognisable")):
        tab.goto(address)
        tab.get_by_role("radio", name=tab_name).or_(tab.get_by_role("button", name=tab_name, exact=True)).first.click()
        for look, expect_look in (("dark", looks.dark), ("phone", looks.phone)):
            expect_look(tab)
            looks.settled(tab)
            expect(tab.get_by_text(shown_text)).to_be_visible()
            assert looks.too_wide(tab) <= 0, look
            shoot(tab, f"styles-{'text' if tab_name == 'Write' else 'card'}-{look}")
        looks.light(tab)
