"""Comparing checkpoints without a browser: asking, looking, voting as an editor, taking the winner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend import comparisons, influencers, jobs, loras
from backend.app import App
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.factories.trials import make_trial
from tests.pages.conftest import Open, words
from tests.support.browsing import browser


@pytest.fixture
def rows(app: App, workspace: Tenant) -> Rows:
    return fill_workspace(app.db, workspace)


@pytest.fixture
def trial_id(app: App, workspace: Tenant, rows: Rows) -> str:
    return make_trial(app.db, workspace, rows.run_id)


def test_the_form_says_what_it_costs_and_starts_one_job(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    at = open_page("models/comparisons", person=workspace.editor, run=rows.run_id)
    assert not at.exception
    assert "3 versions × 3 strengths × 3 prompts × 2 seeds and the base model: **60 pictures**" in words(at)
    key = f"trial:{rows.run_id}"
    at.get_by_key(f"{key}:strengths").set_value([0.6, 1.0])
    at.get_by_key(f"{key}:prompts").set_value("\n".join(f"bella {n}" for n in range(7))).run()
    assert "At most 6 prompts at once; there are 7" in at.warning[0].value
    at.get_by_key(f"{key}:prompts").set_value("bella at sunset")
    at.run()
    assert "3 versions × 2 strengths × 1 prompt × 2 seeds and the base model: **14 pictures**" in words(at)
    next(button for button in at.button if button.label == "Generate 14 pictures").click().run()
    assert not at.exception
    with app.db.transaction(workspace.caller) as tx:
        [card] = comparisons.page(tx)
        assert (card.total, card.plan.prompts, card.state) == (14, ["bella at sunset"], "pending")
        assert jobs.latest(tx, ("trial", card.id))


def test_a_run_without_a_checkpoint_says_so(open_page: Open, workspace: Tenant) -> None:
    at = open_page("models/comparisons", run="run_nothing")
    assert "does not exist here" in at.error[0].value
    assert "Nothing to compare yet" in words(open_page("models/comparisons"))


def test_the_grid_the_result_and_the_winner(open_page: Open, app: App, workspace: Tenant, rows: Rows, trial_id: str) -> None:
    at = open_page("models/comparisons", person=workspace.editor, id=trial_id)
    assert not at.exception
    assert "how much the pictures look like the 14 training pictures" in words(at)
    at.get_by_key(f"trial:view:{trial_id}").set_value("result").run()
    assert not at.exception
    page_text = words(at).replace("\\", "")
    assert "Suggested: step 100 at 0.6" in page_text
    assert "Step 150 at 1.0 may be overfitted" in page_text
    assert list(at.dataframe[0].value["Note"])[:4] == ["⚠ overfitted?", "⚠ overfitted?", "suggested", ""]
    next(field for field in at.text_input if field.label == "Name").set_value("bella-best")
    next(button for button in at.button if button.label == "Add to the library").click().run()
    assert "is in the library" in at.success[0].value
    with app.db.transaction(workspace.caller) as tx:
        lora = loras.by_name(tx, "bella-best")
        influencer = influencers.get(tx, rows.influencer_id)
        assert (lora.step, influencer.default_lora_id, influencer.default_lora_weight) == (100, lora.id, 0.6)


def test_without_a_judge_it_says_why(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    reason = "Set IDENTITY_MODEL to the folder of a vision model."
    trial_id = make_trial(app.db, workspace, rows.run_id, no_identity=reason, no_adherence=reason)
    at = open_page("models/comparisons", id=trial_id)
    at.get_by_key(f"trial:view:{trial_id}").set_value("result").run()
    assert not at.exception
    assert "Vote on at least 4 pairs" in words(at)
    assert any("No face score" in info.value for info in at.info)
    next(button for button in at.button if button.label == "Score again").click().run()
    with app.db.transaction(workspace.caller) as tx:
        assert jobs.latest(tx, ("trial", trial_id), "trial-scores")


def test_a_viewer_sees_everything_and_changes_nothing(open_page: Open, workspace: Tenant, trial_id: str) -> None:
    at = open_page("models/comparisons", person=workspace.viewer, id=trial_id)
    for view, offered in (("vote", "Only editors can vote"), ("result", "Suggested")):
        at.get_by_key(f"trial:view:{trial_id}").set_value(view).run()
        assert not at.exception
        assert offered in words(at)
        assert not {button.label for button in at.button} & {"Delete", "Add to the library", "Make a labelled grid (PNG)"}


def test_votes_over_http(app: App, workspace: Tenant, other_workspace: Tenant, trial_id: str) -> None:
    def asked(client: TestClient) -> Callable[..., Any]:
        def ask(method: str, path: str, **options: Any) -> Any:
            return client.request(method, f"/trials/{trial_id}/{path}", headers={"x-workspace": workspace.id}, **options)

        return ask

    with browser(app, workspace.editor) as client:
        ask = asked(client)
        first = ask("GET", "ballot").json()
        vote = {"leftId": first["pair"]["leftId"], "rightId": first["pair"]["rightId"], "choice": "left"}
        second = ask("POST", "votes", json=vote)
        assert (second.status_code, second.json()["mine"]) == (201, 1)
        assert second.json()["pair"] != first["pair"]
        undone = ask("DELETE", "votes/last").json()
        assert (undone["mine"], undone["pair"]) == (0, first["pair"]), "the pair comes back as it was shown"
        assert ask("DELETE", "votes/last").status_code == 409
        assert len(ask("GET", "cells").json()["data"]) == 14
        assert ask("GET", "scores.csv").text.count("\r\n") == 15
    with browser(app, workspace.viewer) as client:
        assert asked(client)("POST", "votes", json=vote).status_code == 403
    with browser(app, other_workspace.editor) as client:
        assert client.get(f"/trials/{trial_id}/ballot", headers={"x-workspace": other_workspace.id}).status_code == 404
