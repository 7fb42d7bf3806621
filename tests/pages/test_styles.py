"""The Writing styles page without a browser: from nothing to a text, and what viewers see."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend import jobs, writing_styles
from backend.app import App
from backend.db.tables import StyleSource, StyleText
from backend.kit.ids import new_id
from backend.writing_styles import StyleTextDraft, pipeline
from backend.writing_styles.schemas import StyleWritingPayload
from studio.shell import resources
from tests.backend.budgets.conftest import Make, make_app, server
from tests.factories.account import Tenant
from tests.factories.styles import make_style
from tests.pages.conftest import Open, words
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context

__all__ = ["make_app", "server"]


def test_the_first_style_begins_with_a_name(app: App, workspace: Tenant, open_page: Open) -> None:
    at = open_page("models/writing_styles")
    assert not at.exception
    assert "No writing style yet" in words(at)
    at.text_input(key="styles:new:name").set_value("ab")
    next(button for button in at.button if button.label == "Continue").click().run()
    assert "3 to 80 characters" in words(at)
    at.text_input(key="styles:new:name").set_value("Letters")
    next(button for button in at.button if button.label == "Continue").click().run()
    assert not at.exception
    with app.db.transaction(workspace.caller) as tx:
        [style] = writing_styles.page(tx)
    at = open_page("models/writing_styles", id=style.id)
    assert "Nothing learned yet" in words(at)
    assert "At least 400 words" in words(at)


def test_a_text_is_asked_for_seen_and_exported(app: App, workspace: Tenant, open_page: Open) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx)
    at = open_page("models/writing_styles", id=style.id)
    assert not at.exception
    assert "offline writer writes" in words(at)
    at.text_area(key=f"style:wish:{style.id}:topic").set_value("a wet walk")
    at.number_input(key=f"style:wish:{style.id}:words").set_value(60)
    next(button for button in at.button if button.label == "Write").click().run()
    assert not at.exception
    assert "a wet walk" in words(at)
    assert any(button.label == "Cancel" for button in at.button)
    with app.db.transaction(workspace.caller) as tx:
        [text] = writing_styles.texts(tx, style.id)
    pipeline.write(
        make_context(app, workspace, writing_styles.WRITING_KIND, StyleWritingPayload(text_id=text.id), job_id=text.job_id),
        StyleWritingPayload(text_id=text.id),
    )
    at = open_page("models/writing_styles", id=style.id, person=workspace.viewer)
    assert not at.exception
    assert "60 requested" in words(at)
    assert "style match" in words(at)
    assert not [button.label for button in at.button if button.label in ("Write", "Delete", "Cancel")]


def test_the_card_and_a_deletion_taken_back(app: App, workspace: Tenant, open_page: Open) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx, "Pond <b>notes</b>")
        writing_styles.write(tx, style.id, StyleTextDraft(topic="tea"), request_key="k")
    at = open_page("models/writing_styles", id=style.id)
    at.segmented_control(key=f"style:part:{style.id}").set_value("card").run()
    assert not at.exception
    assert "Examples" in words(at)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        writing_styles.delete(tx, style.id)
    at = open_page("models/writing_styles")
    at.session_state["styles:gone"] = (style.id, style.name)
    at.run()
    next(button for button in at.button if button.label == "Undo").click().run()
    with app.db.transaction(workspace.caller) as tx:
        assert writing_styles.get(tx, style.id).name == "Pond <b>notes</b>"


def test_what_had_come_and_what_could_not_be_read_is_told(app: App, workspace: Tenant, open_page: Open) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx)
        text = writing_styles.write(tx, style.id, StyleTextDraft(topic="tea"), request_key="k")
        tx.execute(update(StyleText).where(StyleText.id == text.id).values(draft="The kettle sang before"))
        jobs.cancel(tx, text.job_id)
        tx.add(StyleSource(id=new_id("src"), style_id=style.id, upload_id="up_1", filename="a scan.pdf", state="refused"))
    at = open_page("models/writing_styles", id=style.id)
    assert not at.exception
    assert "Cancelled" in words(at)
    assert "Written so far: 4 words." in words(at)
    assert "1 of 2 files could not be read" in words(at)
    at.segmented_control(key=f"style:part:{style.id}").set_value("sources").run()
    assert "could not be read" not in words(at)


def test_a_model_that_cannot_be_asked_is_not_offered_one_that_is_away_is(
    open_page: Open, make_app: Make, server: ModelServer, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, away = make_app(TEXT_MODEL_STYLE="acme/poet", TEXT_FALLBACKS=""), make_app(OPENROUTER_BASE_URL="http://127.0.0.1:9")
    with wrong.db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx)
    for paid, message, disabled in ((wrong, "TEXT_MODEL_STYLE", True), (away, "does not answer", False)):
        monkeypatch.setattr(resources, "app", lambda paid=paid: paid)
        at = open_page("models/writing_styles", id=style.id)
        assert not at.exception
        assert message in words(at).replace("\\", "")
        assert next(button for button in at.button if button.label == "Write").disabled == disabled
