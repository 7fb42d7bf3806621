"""An Italian browser: from the first owner to a scheduled post, and not one English sentence of ours on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from backend.db.transactions import Database
from tests.support.other_language import EnglishOnPages

pytestmark = pytest.mark.e2e


def test_a_whole_way_in_italian(bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database) -> None:
    tab, english = new_visitor(locale="it-IT", timezone_id="Europe/Rome").new_page(), EnglishOnPages("it")
    found: dict[str, list[str]] = {}

    def reads(sight: Locator) -> None:
        """Once `sight` is there, nothing on the page is English."""
        expect(sight).to_be_visible()
        tab.wait_for_load_state("networkidle")
        if texts := english.on(tab):
            found[tab.url.removeprefix(bare_studio_url)] = texts

    def link(name: str) -> Locator:
        return tab.get_by_role("link", name=name, exact=True)

    tab.goto(bare_studio_url)
    reads(tab.get_by_role("heading", name="Ecco il tuo studio"))
    expect(tab.locator("html")).to_have_attribute("lang", "it")
    for label, value in (("Il tuo nome", "Ada Conti"), ("E-mail", "ada@example.org"), ("Password", "three happy ducks")):
        tab.get_by_label(label, exact=True).fill(value)
    tab.get_by_role("button", name="Crea lo studio").click()
    reads(tab.get_by_text("È la prima volta?"))
    tab.get_by_role("button", name="No, grazie").click()
    tab.get_by_role("button", name="Prova prima un esempio").click()
    reads(tab.get_by_role("heading", name="Mia Rossi"))
    for name, title in (("Home", "Home"), ("Inbox", "Inbox"), ("Crea", "Immagini"), ("Testi", "Testi")):
        link(name).first.click()
        reads(tab.locator("h1", has_text=title))
    for path, title in (("account", "Profilo"), ("help?chapter=posts", "Guida")):
        tab.goto(f"{bare_studio_url}/{path}")
        reads(tab.locator("h1", has_text=title))
    link("Libreria").first.click()
    reads(tab.locator("h1", has_text="Galleria"))
    tile = tab.get_by_role("listitem").first
    tile.hover()
    tile.get_by_role("button", name="Crea post").click()
    schedule = tab.get_by_role("button", name="Approva e programma", exact=True)
    reads(schedule)
    schedule.click()
    reads(tab.get_by_text("Programmato per"))
    link("Calendario").first.click()
    reads(tab.get_by_role("heading", name="Calendario"))
    link("Impostazioni").first.click()
    reads(tab.get_by_role("heading", name="Spazio di lavoro"))
    assert not found
