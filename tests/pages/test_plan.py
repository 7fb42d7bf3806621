"""The calendar's page: what it says, without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.app import App
from tests.factories.account import Tenant
from tests.factories.posts import Planner, make_planner
from tests.pages.conftest import Open, words


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all", zone="Europe/Berlin")


def said(at: AppTest) -> str:
    return words(at).replace("\\", "")


def test_an_empty_calendar_says_how_to_begin(open_page: Open, bella: Planner) -> None:
    at = open_page("calendar/calendar", influencer=bella.influencer.id)
    assert "Nothing planned on" in said(at)
    assert "Fill the week" in {button.label for button in at.button}
