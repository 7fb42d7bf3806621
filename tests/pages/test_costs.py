"""The Costs page, and asking for an idea on Create."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from backend import budgets, inbox
from backend.app import App
from backend.budgets import ledger
from backend.db.tables import LlmCall
from backend.db.transactions import Database, SystemCaller
from studio.shell import resources
from tests.backend.budgets.conftest import Make, make_app, server
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.pages.conftest import Open, words
from tests.servers.openrouter import ModelServer

__all__ = ["make_app", "server"]


def shown(at: AppTest) -> str:
    """As people read it: without the marks that keep markdown off."""
    return words(at).replace("\\", "")


def spend(app: App, workspace: Tenant, usd: str, *, state: str = "settled") -> None:
    about = budgets.CallPurpose("suggestion", influencer_id="inf_gone")
    call = ledger.reserve(app.db, SystemCaller(workspace.id), most_usd=Decimal(usd), purpose=about, settings=app.settings)
    with app.db.transaction(workspace.caller) as tx:
        row = tx.get_one(LlmCall, call.call_id)
        row.state, row.model = state, "a/model" if state == "settled" else ""


def test_nothing_spent_yet(open_page: Open) -> None:
    page_text = shown(open_page("settings/costs"))
    assert "No AI calls this month" in page_text
    assert "No language model is set" in page_text
    assert "of $150.00" in page_text


def test_what_was_spent_and_on_whom(open_page: Open, app: App, workspace: Tenant) -> None:
    spend(app, workspace, "1.25")
    spend(app, workspace, "7", state="estimated")
    at = open_page("settings/costs")
    page_text = shown(at)
    assert "$8.25" in page_text
    assert "82% of the limit is spent" in page_text
    assert "1 answer was stopped or got lost" in page_text
    tables = [frame.value for frame in at.dataframe]
    assert len(tables) == 4
    assert list(tables[1]["Influencer"]) == ["A deleted influencer"]
    assert list(tables[2]["Cost"]) == ["$8.25"]
    assert dict(zip(tables[3]["Model"], tables[3]["Cost"], strict=True)) == {
        "Not known: stopped or lost": "$7.00",
        "a/model": "$1.25",
    }


def test_who_comes_near_the_limit_hears_of_it_where_they_are(
    open_page: Open, make_app: Make, server: ModelServer, db: Database, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, paid = fill_workspace(db, workspace), make_app()
    monkeypatch.setattr(resources, "app", lambda: paid)
    for usd, then, state in (
        ("8.5", "Calls that could cost more than what is left are refused", "near"),
        ("1.5", "It starts again tomorrow", "spent"),
    ):
        spend(paid, workspace, usd)
        page_text = shown(open_page("create/texts", influencer=rows.influencer_id))
        assert "AI texts" in page_text
        assert then in page_text
        with paid.db.transaction(workspace.caller) as tx:
            assert [entry.state for entry in inbox.entries(tx, paid.settings) if entry.noun == "budget"] == [state]


def test_an_owner_sets_limits_and_others_look(open_page: Open, app: App, workspace: Tenant) -> None:
    at = open_page("settings/costs")
    at.number_input[0].set_value(2.5)
    next(button for button in at.button if button.label == "Save limits").click()
    at.run()
    assert "of $2.50" in shown(at)
    at.number_input[1].set_value(1000.0)
    next(button for button in at.button if button.label == "Save limits").click()
    at.run()
    assert "at most" in at.error[0].value
    viewer = open_page("settings/costs", person=workspace.viewer)
    assert not viewer.number_input
    assert "of $2.50" in shown(viewer)


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_an_idea_fills_the_prompt(open_page: Open, db: Database, workspace: Tenant, role: str) -> None:
    rows = fill_workspace(db, workspace)
    at = open_page("create/pictures", person=getattr(workspace, role), influencer=rows.influencer_id)
    topic = next(field for field in at.text_input if field.label == "What is the post about?")
    ask = next(button for button in at.button if button.label == "Suggest")
    assert ask.disabled == (role == "viewer")
    if ask.disabled:
        return
    topic.set_value("morning yoga")
    ask.click()
    at.run()
    assert not at.exception
    assert "morning yoga" in words(at).lower()
    next(button for button in at.button if button.label == "Use as prompt").click()
    at.run()
    prompt = next(field for field in at.text_area if field.label == "Prompt")
    assert prompt.value
    assert prompt.value in [code.value for code in at.code], "as it was shown, in words that the checkpoint knows"
