"""The Write page: texts, ideas, a talk, drafts; without a model and with one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from backend import writing
from backend.app import App
from backend.db.tables import TextDraft
from backend.db.transactions import Database
from backend.errors import EngineUnavailable
from backend.writing import WriteOrder
from studio.shell import resources
from tests.backend.budgets.conftest import Make, make_app, server
from tests.backend.writing.conftest import answer_json, text
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words
from tests.servers.openrouter import ModelServer

__all__ = ["make_app", "server"]


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


def shown(at: AppTest) -> str:
    return words(at).replace("\\", "")


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def field(at: AppTest, label: str) -> Any:
    return next(field for field in [*at.text_area, *at.text_input] if field.label == label)


def test_texts_are_written_chosen_and_changed(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    at = open_page("create/texts", influencer=rows.influencer_id)
    assert "No text yet" in shown(at)
    assert "Basic templates" in shown(at)
    assert next(button for button in at.button if button.label == "Write").disabled
    field(at, "What is the post about?").set_value("morning yoga").run()
    press(press(at, "Write"), "Write")
    with app.db.transaction(workspace.caller) as tx:
        of_influencer = select(func.count()).where(TextDraft.influencer_id == rows.influencer_id)
        assert tx.scalar(of_influencer) == 3, "two quick clicks ask once"
    assert shown(at).lower().count("morning yoga") >= 3
    assert "caption" in shown(at)
    assert "Instagram" in shown(at)
    press(at, "Keep only this")
    assert "2 variants are in the trash" in shown(at)
    press(at, "Restore")
    press(at, "Hook")
    with app.db.transaction(workspace.caller) as tx:
        cards = writing.page(tx).cards
    assert sum(bool(card.earlier) for card in cards) == 1
    press(at, "Undo")
    press(at, "Mark as used")
    drafts = open_page("library/texts", influencer=rows.influencer_id)
    assert "2 of 2" in shown(drafts)
    alone = open_page("create/texts", id=cards[0].id)
    assert "Picture prompt" in shown(alone)


def test_a_text_and_its_picture_are_asked_for_once(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    at = open_page("create/texts", influencer=rows.influencer_id)
    field(at, "What is the post about?").set_value("morning yoga").run()
    press(press(at, "Write caption + picture"), "Write caption + picture")
    with app.db.transaction(workspace.caller) as tx:
        job = writing.latest_job(tx, writing.CONTENT_KIND, rows.influencer_id)
    assert job is not None
    assert job.state == "pending"
    assert "morning yoga" in job.title


def test_a_paid_model_is_named_with_what_it_costs_and_what_was_mended(
    open_page: Open, rows: Rows, make_app: Make, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = make_app()
    monkeypatch.setattr(resources, "app", lambda: paid)
    at = open_page("create/texts", influencer=rows.influencer_id)
    monkeypatch.setattr(resources, "app", lambda: paid)
    field(at, "What is the post about?").set_value("morning yoga").run()
    assert "Costs at most $" in shown(at)
    server.faults.says = [answer_json(text(1, hashtags=["#One"]), text(2), text(3)), answer_json(text(4))]
    press(at, "Write")
    assert "Fixed automatically. Hashtags" in shown(at)
    assert "anthropic/claude-3-5-sonnet" in shown(at)


def test_ideas_are_asked_for_and_shown_by_day(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    at = press(open_page("create/texts", influencer=rows.influencer_id, part="ideas"), "Suggest ideas")
    with app.db.transaction(workspace.caller) as tx:
        assert writing.latest_job(tx, writing.IDEAS_KIND, rows.influencer_id) is not None
    assert "No ideas yet" not in shown(at)


def test_a_talk_is_kept_and_cleared(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    at = open_page("create/texts", influencer=rows.influencer_id, part="chat")
    at.chat_input[0].set_value("Hello *you*, who are you?").run()
    assert not at.exception
    assert "who are you" in shown(at)
    assert "offline writer, no model" in shown(at)
    with app.db.transaction(workspace.owner.caller) as tx:
        (line,) = writing.chat.list_lines(tx, rows.influencer_id)
        assert line.state == "said"
        assert writing.chat.clear(tx, rows.influencer_id) == 1
    with app.db.transaction(workspace.editor.caller) as tx:
        assert writing.chat.list_lines(tx, rows.influencer_id) == []


def test_what_went_wrong_in_a_talk_is_said_where_it_can_be_asked_again(
    open_page: Open, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise EngineUnavailable("The language model does not answer right now.")

    at = open_page("create/texts", influencer=rows.influencer_id, part="chat")
    with monkeypatch.context() as broken:
        broken.setattr("backend.writing.chat.budgets.complete", away)
        at.chat_input[0].set_value("Hello?").run()
    assert not at.exception
    assert [error.value for error in at.error] == ["The language model does not answer right now\\."]
    assert "No answer came." in shown(at)
    next(button for button in at.button if button.label == "Ask again").click().run()
    assert not at.error
    assert "offline writer, no model" in shown(at)


def test_viewers_read(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    order = WriteOrder(influencer_id=rows.influencer_id, topic="yoga")
    with app.db.transaction(workspace.caller) as tx:
        card = writing.create(tx, order, writing.TextParts(caption="A day of yoga and tea, and nothing else at all."))
    for part in ("write", "ideas", "chat"):
        at = open_page("create/texts", person=workspace.viewer, influencer=rows.influencer_id, part=part)
        assert not at.exception
        offered = {button.label for button in at.button if not button.disabled}
        assert not offered & {
            "Write",
            "Suggest ideas",
            "Edit",
            "Mark as used",
            "Delete",
            "Create post",
            "Write caption + picture",
        }
    draft_page = open_page("create/texts", person=workspace.viewer, id=card.id)
    assert "by hand" in shown(draft_page)
    assert "Edit" not in {button.label for button in draft_page.button}


def test_the_prompt_of_a_text_opens_create(open_page: Open, rows: Rows, app: App, workspace: Tenant) -> None:
    order = WriteOrder(influencer_id=rows.influencer_id, topic="yoga", content_type="reel")
    with app.db.transaction(workspace.caller) as tx:
        card = writing.create(tx, order, writing.TextParts(caption="Yoga.", picture="on a terrace at dawn"))
    at = open_page("create/pictures", text=card.id)
    assert field(at, "Prompt").value == "on a terrace at dawn"
