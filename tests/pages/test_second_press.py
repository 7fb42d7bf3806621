"""An impatient person presses a button a second time before the page has answered the first press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update
from streamlit.testing.v1 import AppTest

from backend import accounts, datasets, generation, reels
from backend.accounts import passwords
from backend.app import App
from backend.datasets import CaptionEdit
from backend.db.tables import DatasetRight, Job, Reel, User
from backend.reels import ReelDraft
from studio.shell.frame import _Switch
from studio.ui import forms
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open


@pytest.fixture(autouse=True)
def patient_double_click(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the second press comes later than a person's would."""
    monkeypatch.setattr(forms, "DOUBLE_CLICK_S", 60.0)


@pytest.fixture
def rows(app: App, workspace: Tenant) -> Rows:
    return fill_workspace(app.db, workspace)


@pytest.fixture
def count(app: App, workspace: Tenant) -> Callable[[Any], int]:
    """Rows of a table."""

    def counted(table: Any) -> int:
        with app.db.transaction(workspace.caller) as tx:
            return int(tx.scalar(select(func.count()).select_from(table)) or 0)

    return counted


def press_twice(at: AppTest, label: str) -> None:
    """Both presses are of the page as it was drawn before them."""
    [button] = [button for button in at.button if button.label == label]
    button.click()
    states, query, page = at._tree.get_widget_states(), dict(at.query_params), at._finished_page_script_hash
    # A browser sends no state of buttons that are not pressed; for one that is gone AppTest's would count as a change
    pressed = [widget for widget in states.widgets if widget.WhichOneof("value") != "trigger_value" or widget.trigger_value]
    del states.widgets[:]
    states.widgets.extend(pressed)
    for _ in range(2):
        at.query_params.clear()
        at.query_params.update(query)
        at._finished_page_script_hash = page
        at._run(states)
    assert [error.value for error in [*at.error, *at.exception]] == []


def test_rights_are_declared_once(open_page: Open, rows: Rows, count: Callable[[Any], int]) -> None:
    at = open_page("models/datasets", id=rows.dataset_id)
    at.session_state[f"dataset:tabs:{rows.dataset_id}"] = "Rights"
    at.run()
    at.radio[0].set_value("myself")
    before = count(DatasetRight)
    press_twice(at, "I confirm this")
    assert count(DatasetRight) == before + 1


def test_a_change_of_captions_is_undone_once(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        for word in ("indoors", "at home"):
            datasets.edit_captions(tx, rows.dataset_id, CaptionEdit(verb="suffix", put=word), request_key=word)
    press_twice(open_page("models/datasets", id=rows.dataset_id), "Undo")
    with app.db.transaction(workspace.caller) as tx:
        assert [edit.undone_at is not None for edit in datasets.list_edits(tx, rows.dataset_id, take=2)] == [True, False]


def test_a_failed_job_is_tried_again_once(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    at = open_page("settings/jobs")
    at.session_state["jobs:filter"] = "failed"
    at.run()
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        others = update(Job).where(Job.state == "failed", Job.id != rows.job_ids["failed"])
        tx.execute(others.values(state="cancelled"))
    at.run()
    press_twice(at, "Try again")


def test_a_script_becomes_one_reel(open_page: Open, rows: Rows, count: Callable[[Any], int]) -> None:
    at = open_page("create/reels")
    at.text_area(key="reels:script").set_value("Water first.").run()
    press_twice(at, "Make scenes")
    assert count(Reel) == 1


def test_a_script_of_a_topic_is_written_once_and_followed_at_once(
    open_page: Open, rows: Rows, count: Callable[[Any], int]
) -> None:
    at, before = open_page("create/reels"), count(Job)
    at.session_state["reels:way"] = "topic"
    at.run()
    at.text_input(key="reels:topic").set_value("running early").run()
    followed = len(at.get("bidi_component"))
    [button] = [button for button in at.button if button.label == "Write the script"]
    button.click().run()
    assert len(at.get("bidi_component")) == followed + 1
    press_twice(at, "Write the script")
    assert count(Job) == before + 1


def test_a_scene_is_previewed_once(
    open_page: Open, app: App, workspace: Tenant, rows: Rows, count: Callable[[Any], int]
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        [picture] = generation.pictures(tx, [rows.picture_ids[0]])
        assert picture
        reel = reels.create(tx, ReelDraft(script="Water first."))
        reels.save_scene(tx, reel.id, reel.scenes[0].id, reels.SceneDraft(words="Water first.", asset_id=picture.asset_id))
    at, before = open_page("create/reels", id=reel.id), count(Job)
    press_twice(at, "Preview")
    assert count(Job) == before + 1


def test_a_password_is_changed_once(open_page: Open, app: App, workspace: Tenant) -> None:
    known = passwords.hash_password(SecretStr("three happy ducks"))
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(User).where(User.id == workspace.owner.id).values(password_hash=known))
    at = open_page("settings/account")
    fields = {field.label: field for field in at.text_input}
    fields["Current password"].set_value("three happy ducks")
    fields["New password"].set_value("seven happy ducks")
    press_twice(at, "Change password")
    [changed, empty] = [field.value for field in at.text_input if field.label in ("Current password", "New password")]
    assert (changed, empty) == ("", "")


def test_a_lost_invitation_link_is_made_anew_once(open_page: Open, app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        lost = accounts.invite(tx, role="viewer", email="vera@example.org")
    at = open_page("settings/workspace")
    press_twice(at, "New link")
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        [invitation] = accounts.invitations(tx)
    assert (invitation.role, invitation.email) == ("viewer", "vera@example.org")
    assert invitation.id != lost.card.id
    assert "?invite=" in at.code[0].value


def test_the_page_that_was_asked_for_opens_although_the_way_there_was_broken_off(open_page: Open, rows: Rows) -> None:
    """The second press came when the address had the other page's query already, and this page's path."""
    at = open_page("library/gallery", id=rows.picture_ids[0])
    query = {"ws": at.query_params["ws"], "remix": rows.picture_ids[0]}
    at.session_state["_switch"] = _Switch("library/gallery", "create/pictures", query)
    at.query_params.clear()
    at.query_params.update(query)
    at.run()
    assert "Create pictures" in [button.label for button in at.button]
