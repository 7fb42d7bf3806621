"""A reel's page whose reel is changed elsewhere meanwhile."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from backend import reels
from backend.db.transactions import Database
from backend.reels import ReelDraft, SceneCard, SceneDraft
from tests.factories.account import Tenant
from tests.pages.conftest import Open


def test_what_is_written_in_one_tab_outlives_what_is_saved_in_another(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        reel = reels.create(tx, ReelDraft(script="Water first.\n\nThen run.", voice_id=None))
    at, save = open_page("create/reels", id=reel.id), f"scene:{reel.scenes[0].id}:save"

    def saved_scene(tx: Session) -> SceneCard:
        return reels.get(tx, reel.id).scenes[0]

    def save_elsewhere(**changes: object) -> None:
        with db.transaction(workspace.editor.caller, needs="editor") as tx:
            values = {name: getattr(saved_scene(tx), name) for name in SceneDraft.model_fields}
            reels.save_scene(tx, reel.id, reel.scenes[0].id, SceneDraft(**values | changes))

    def saved() -> tuple[str, float | None]:
        with db.transaction(workspace.caller) as tx:
            return saved_scene(tx).words, saved_scene(tx).seconds

    field(at, "text_area", "Words").set_value("Coffee first.")
    save_elsewhere(seconds=5.0)
    at.button(key=save).click().run()
    assert saved() == ("Coffee first.", 5.0), "both changes are kept"
    assert field(at, "number_input", "Seconds").value == 5.0

    field(at, "text_area", "Words").set_value("Tea first.")
    save_elsewhere(words="Milk first.")
    at.button(key=save).click().run()
    assert any("This scene was changed elsewhere." in toast.value for toast in at.toast)
    assert field(at, "text_area", "Words").value == "Tea first."
    assert saved() == ("Milk first.", 5.0)
    at.button(key=save).click().run()
    assert saved() == ("Tea first.", 5.0)


def test_a_script_outlives_a_reload_until_it_is_a_reel(open_page: Open) -> None:
    field(open_page("create/reels"), "text_area", "Script").set_value("Water first.").run()
    at = open_page("create/reels")
    assert field(at, "text_area", "Script").value == "Water first."
    next(button for button in at.button if button.label == "Make scenes").click().run()
    assert not at.exception
    assert field(open_page("create/reels"), "text_area", "Script").value == ""


def field(at: AppTest, kind: str, label: str) -> Any:
    [found] = [element for element in at.get(kind) if element.label == label]
    return found
