"""The palette of every page: what it is given, where it leads; and the switch that turns single keys off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from backend import accounts
from backend.accounts import ReadingSettings
from backend.db.transactions import Anonymous, Database
from studio.shell import command_palette
from tests.factories.account import Person, Tenant
from tests.pages.conftest import Open

ONLY_FOR_EDITORS = {"create/pictures", "models/training", "settings/api_keys", "influencers/wizard", "library/finish"}


class FakePalette:
    """In place of the browser: keeps what was sent, and chooses once."""

    def __init__(self) -> None:
        self.sent: Mapping[str, Any] = {}
        self.choice: dict[str, Any] | None = None

    def __call__(self, *, data: Mapping[str, Any] | None = None, **_arguments: Any) -> dict[str, Any]:
        self.sent = data or {}
        choice, self.choice = self.choice, None
        return {"chosen": choice}


@pytest.fixture
def palette(monkeypatch: pytest.MonkeyPatch) -> FakePalette:
    fake = FakePalette()
    monkeypatch.setattr(command_palette, "_component", fake)
    return fake


def reading_of(db: Database, person: Person) -> ReadingSettings:
    with db.transaction(Anonymous()) as tx:
        session = accounts.resolve_session(tx, person.token)
    assert session is not None
    return session.user.reading


def test_everybody_is_offered_the_pages_of_their_role(open_page: Open, workspace: Tenant, palette: FakePalette) -> None:
    assert not open_page("home/home", person=workspace.editor).exception
    of_editors = {file for file, *_ in palette.sent["pages"]}
    assert not open_page("home/home", person=workspace.viewer).exception
    of_viewers = {file for file, *_ in palette.sent["pages"]}
    assert not open_page("home/home", person=workspace.owner).exception
    assert {file for file, *_ in palette.sent["pages"]} - of_editors == {"settings/backups"}, "of operators"
    assert not open_page("home/home", person=workspace.viewer).exception
    assert of_editors >= ONLY_FOR_EDITORS
    assert of_viewers == of_editors - {
        file for file in of_editors if file.split("/")[0] in ("create", "models", "settings")
    } - (ONLY_FOR_EDITORS) | {"settings/account", "settings/notices"}
    assert (palette.sent["canEdit"], palette.sent["singleKeys"], palette.sent["current"]) == (False, True, "home/home")


def test_a_choice_opens_its_page_or_changes_the_theme(
    open_page: Open, workspace: Tenant, palette: FakePalette, db: Database
) -> None:
    palette.choice = {"file": "library/boards", "query": {}}
    assert open_page("home/home").title[0].value == "Boards"
    palette.choice = {"file": "../secrets", "query": {}}
    assert open_page("home/home").title[0].value == "Home"
    palette.choice = {"theme": "dark"}
    assert not open_page("home/home").exception
    assert (reading_of(db, workspace.owner).theme, palette.sent["theme"]) == ("dark", "dark")
    palette.choice = {"theme": "pink"}
    assert "theme is one of" in open_page("home/home").error[0].value
    assert reading_of(db, workspace.owner).theme == "dark"


def test_single_keys_are_turned_off_for_one_person(
    open_page: Open, workspace: Tenant, palette: FakePalette, db: Database
) -> None:
    at = open_page("settings/account", person=workspace.editor)
    at.toggle(key="single-keys").set_value(False).run()
    assert not at.exception
    assert (reading_of(db, workspace.editor).single_keys, palette.sent["singleKeys"]) == ("off", False)
    next(button for button in at.button if button.label == "Save language and region").click().run()
    assert reading_of(db, workspace.editor).single_keys == "off", "the form beside it leaves it alone"
    assert reading_of(db, workspace.owner).single_keys == ""
    at.toggle(key="single-keys").set_value(True).run()
    assert reading_of(db, workspace.editor).single_keys == ""
