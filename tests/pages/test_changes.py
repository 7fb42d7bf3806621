"""What people change through pages ends in the database once, and a wrong value gets a sentence and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import datasets, generation, influencers, jobs, loras, training
from backend.db.transactions import Database
from studio.ui.format import plain
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def field(at: AppTest, kind: str, label: str) -> Any:
    return next(element for element in at.get(kind) if element.label == label)


def test_the_wizard_makes_an_influencer_with_its_dataset_and_can_be_left(
    open_page: Open, db: Database, workspace: Tenant
) -> None:
    at = open_page("influencers/wizard")
    field(at, "text_input", "Name").input("Mo")
    press(at, "Continue")
    assert "3 to 80 characters" in at.error[0].value
    assert field(at, "text_input", "Name").value == "Mo"

    field(at, "text_input", "Name").input("Mona Lisa")
    press(at, "Continue")
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        [card] = influencers.page(tx).cards
        [dataset] = datasets.page(tx).cards
    assert (card.trigger_word, dataset.trigger_word, dataset.influencer_id) == ("mona_lisa", "mona_lisa", card.id)
    assert card.setup == {"step": 2, "dataset_id": dataset.id, "done": False}

    again = open_page("influencers/wizard", id=card.id)
    assert "Pictures of Mona Lisa" in words(again)
    assert next(button for button in again.button if button.label == "Continue").disabled
    assert "Add pictures" in words(open_page("home/home"))
    with db.transaction(workspace.caller, needs="editor") as tx:
        make_pictures(tx, 1, influencer_id=card.id)
    assert "the next step is" not in words(open_page("home/home")), "there are pictures already"


def test_an_influencer_is_saved_and_an_older_edit_is_refused(
    open_page: Open, db: Database, workspace: Tenant, rows: Rows
) -> None:
    first, second = (open_page("influencers/influencers", id=rows.influencer_id, tab="persona") for _ in range(2))
    field(first, "text_input", "Tone").input("dry")
    press(first, "Save")
    with db.transaction(workspace.caller) as tx:
        assert influencers.get(tx, rows.influencer_id).persona.tone == "dry"
    field(second, "text_input", "Tone").input("sweet")
    press(second, "Save")
    assert "Somebody else changed" in second.error[0].value
    assert field(second, "text_input", "Tone").value == "sweet"
    press(second, "Load the newer version")
    assert field(second, "text_input", "Tone").value == "dry"


def test_pressing_create_twice_asks_once(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    with db.transaction(workspace.caller) as tx:
        before = jobs.page(tx).total
    at = open_page("create/pictures")
    field(at, "text_area", "Prompt").input("portrait, in a forest").run()
    press(press(at, "Create pictures"), "Create pictures")
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        assert jobs.page(tx).total == before + 1
        request = generation.latest(tx)[0]
    assert request.recipe.prompt == "bella, portrait, in a forest"
    assert "**Prompt**: bella, portrait, in a forest" in words(open_page("settings/jobs", id=request.job_id))
    assert [ref.name for ref in request.recipe.loras] == ["bella-v1"]


def test_an_unknown_lora_in_a_prompt_is_named_before_anything_starts(open_page: Open, rows: Rows) -> None:
    at = open_page("create/pictures")
    field(at, "text_area", "Prompt").input("portrait <lora:bela-v1:0.8>").run()
    assert plain("Did you mean bella-v1") in at.warning[0].value
    press(at, "Create pictures")
    assert plain("Did you mean bella-v1") in at.error[0].value


def test_a_remix_fills_the_form_as_the_picture_was_made(open_page: Open, rows: Rows) -> None:
    at = open_page("create/pictures", remix=rows.picture_ids[3], seed="same")
    assert field(at, "text_area", "Prompt").value == "portrait, at the beach, smiling"
    assert field(at, "number_input", "Seed").value == 3
    assert field(at, "slider", "How many?").value == 1


def test_drawing_from_a_picture_shows_it_and_asks_how_far(open_page: Open, rows: Rows) -> None:
    at = open_page("create/pictures", **{"from": rows.picture_ids[0]})
    assert field(at, "slider", "How far from the start image").value == 0.6


def test_a_lora_is_renamed_or_told_why_not(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = open_page("models/loras", id=rows.lora_id)
    field(at, "text_input", "Name").input("Not a word!")
    press(at, "Rename")
    assert plain("For example: not-a-word") in at.error[0].value
    field(at, "text_input", "Name").input("bella-best")
    press(at, "Rename")
    with db.transaction(workspace.caller) as tx:
        assert loras.get(tx, rows.lora_id).name == "bella-best"


def test_a_failed_job_is_tried_again(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = open_page("settings/jobs")
    at.session_state["jobs:filter"] = "failed"
    press(at.run(), "Try again")
    with db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, rows.job_ids["failed"]).state == "pending"


def test_jobs_are_shown_by_kind(open_page: Open, rows: Rows) -> None:
    def titles() -> set[str]:
        return {str(element.value).split("**")[1] for element in at.markdown if str(element.value).startswith("**")}

    at = open_page("settings/jobs")
    at.session_state["jobs:filter"] = "all"
    at.run()
    assert {"4 × bella in a forest", "Check 12 files"} <= titles()
    field(at, "selectbox", "Kind").select("Dataset checks").run()
    assert titles() == {"Check 12 files"}
    at.session_state["jobs:filter"] = "active"
    assert "Nothing of this kind" in words(at.run())
    press(at, "Show every kind")
    assert field(at, "selectbox", "Kind").value == ""
    assert not at.exception


def test_every_parameter_of_a_run_can_be_said(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = open_page("models/training")
    for label, value in (("Warm-up steps", 5), ("Caption dropout (0 to 0.9)", 0.25), ("Min-SNR gamma (0: off)", 3.0)):
        field(at, "number_input", label).set_value(value)
    press(at, "Start training")
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        params = training.page(tx).cards[0].params
    assert (params.warmup_steps, params.caption_dropout, params.min_snr_gamma) == (5, 0.25, 3.0)
