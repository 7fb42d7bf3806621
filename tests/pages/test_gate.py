"""What stands in front of every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from backend import accounts
from backend.db.transactions import Anonymous, Database
from backend.errors import Unavailable
from backend.settings import Settings
from studio.shell import resources
from tests.factories.account import Tenant
from tests.pages.conftest import Open, words

HOME = str(Path(__file__).resolve().parent.parent.parent / "Home.py")


@pytest.fixture
def stranger(app: Any, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A first look at the studio, with no cookie."""
    monkeypatch.setattr(resources, "app", lambda: app)
    return AppTest.from_file(HOME, default_timeout=30)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_the_first_visitor_is_asked_to_found(stranger: AppTest) -> None:
    at = stranger.run()
    assert at.title[0].value == "Welcome to your studio"
    press(at, "Create the studio")
    assert "at least 10 characters" in at.error[0].value
    assert "2 to 80" in at.error[0].value
    at.text_input[0].set_value("Ada")
    at.text_input[1].set_value("ada@example.org")
    at.text_input[2].set_value("three happy ducks")
    press(at, "Create the studio")
    assert not at.error
    assert not at.exception
    at.run()
    assert at.title[0].value == "Sign in"


def test_strangers_see_no_page_and_no_menu(stranger: AppTest, workspace: Tenant) -> None:
    at = stranger.run()
    for file in ("library/gallery", "settings/jobs", "settings/workspace", "home/home"):
        at.switch_page(f"pages/{file}.py").run()
        assert [title.value for title in at.title] == ["Sign in"]
        assert not at.sidebar.children


def test_a_cookie_of_nobody_is_no_cookie(stranger: AppTest, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for cookies in ({"studio_sid": "made up"}, {"studio_sid": ""}, {"studio_sid": "' OR 1=1"}):
        monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", cookies)
        assert stranger.run().title[0].value == "Sign in"


def test_wrong_passwords_then_a_wait(stranger: AppTest, workspace: Tenant) -> None:
    at = stranger.run()
    for _ in range(5):
        at.text_input[0].set_value(workspace.owner.email)
        at.text_input[1].set_value("not the password")
        press(at, "Sign in")
        assert "or password" in at.error[0].value
    press(at, "Sign in")
    assert "Wait" in at.error[0].value


def test_a_revoked_session_loses_its_page_at_the_next_click(open_page: Open, workspace: Tenant, db: Database) -> None:
    at = open_page("settings/workspace")
    assert "Create invite link" in words(at)
    with db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, workspace.owner.token)
    press(at, "Create invite link")
    assert [title.value for title in at.title] == ["Sign in"]
    assert not at.exception


def test_another_workspaces_address_is_explained(open_page: Open, workspace: Tenant, other_workspace: Tenant) -> None:
    at = open_page("library/gallery", ws=other_workspace.id)
    assert not at.exception
    assert "do not belong to this workspace" in at.error[0].value


def test_stale_links_are_explained(stranger: AppTest, workspace: Tenant) -> None:
    for name, words_ in (("invite", "Ask for a new link"), ("reset", "Ask an owner for a new one")):
        stranger.query_params.clear()
        stranger.query_params[name] = "made up"
        at = stranger.run()
        assert words_ in at.error[0].value
        assert not at.exception


def test_a_reset_link_lets_in(stranger: AppTest, workspace: Tenant, db: Database) -> None:
    with db.transaction(workspace.caller, needs="owner") as tx:
        secret = accounts.create_reset_link(tx, workspace.viewer.id, settings=Settings.model_validate({}))
    stranger.query_params["reset"] = secret
    at = stranger.run()
    assert at.title[0].value == "Choose a new password"
    at.text_input[0].set_value("five sleepy cats")
    press(at, "Save and sign in")
    assert not at.error
    assert accounts.sign_in(db, email=workspace.viewer.email, password=SecretStr("five sleepy cats"))


def test_a_studio_without_its_database_says_so(stranger: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Unavailable("The database does not answer. Start it.")

    monkeypatch.setattr(resources, "app", away)
    at = stranger.run()
    assert "does not answer" in at.error[0].value
    assert not at.exception


def test_storage_that_is_starting_is_said_and_the_rest_works(
    open_page: Open, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Storage is starting" not in words(open_page("library/gallery"))
    monkeypatch.setattr(type(app.storage), "ready", lambda self: False)
    at = open_page("library/gallery")
    assert not at.exception
    assert "Storage is starting" in words(at)
    assert "Storage is starting" not in words(open_page("settings/account"))
