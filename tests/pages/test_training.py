"""Runs on their page: estimated, repeated, continued, put off, noted and compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from backend import accounts, datasets, training
from backend.accounts import ReadingSettings
from backend.db.tables import Device
from backend.db.transactions import Anonymous, Database
from backend.kit.clock import now
from backend.training import ParamsDraft, RunCard, RunDraft
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.fakes.engines import MODEL
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def field(at: AppTest, kind: str, label: str) -> Any:
    return next(element for element in at.get(kind) if element.label == label)


def newest(db: Database, workspace: Tenant) -> RunCard:
    with db.transaction(workspace.caller) as tx:
        return training.page(tx).cards[0]


def test_what_a_run_needs_is_said_before_its_button_and_follows_the_form(open_page: Open, db: Database, rows: Rows) -> None:
    with db.transaction(Anonymous()) as tx:
        tx.add(Device(id="h/cuda:0", host="h", name="cuda:0", vram_mb=1_000, engines={"trainer": "peft", "image": "x"}))
    at = open_page("models/training")
    assert "Needs about **620 MB** of memory. cuda:0 has 1.0 GB" in words(at)
    assert "from your last 1 run like it" in words(at)
    assert "1 job before yours" in words(at)
    field(at, "number_input", "Batch size").set_value(32)
    field(at, "number_input", "Rank (dim)").set_value(256).run()
    assert "It will probably run out of memory" in at.warning[0].value
    assert "not known yet" in words(at)


def test_a_run_is_repeated_with_changes_on_the_same_pictures(
    open_page: Open, db: Database, workspace: Tenant, rows: Rows
) -> None:
    at = press(open_page("models/training", id=rows.run_id), "Duplicate with changes")
    assert "bella\\-v1 again, with changes" in words(at)
    field(at, "number_input", "Steps").set_value(120)
    field(at, "text_input", "Notes").input("fewer steps")
    press(at, "Start training")
    assert not at.exception
    new_run = newest(db, workspace)
    assert (new_run.name, new_run.params.steps, new_run.image_count, new_run.notes) == ("bella-v2", 120, 14, "fewer steps")
    assert (new_run.copied_from_run_id, new_run.sample_prompts) == (rows.run_id, ("portrait of bella",))
    assert "A copy of bella-v1 with changes" in "".join(link.label for link in at.get("page_link"))

    copy_page = open_page("models/training", duplicate=rows.run_id)
    copy_page.session_state[f"follow:{rows.run_id}:None:pictures"] = "current"
    press(copy_page.run(), "Start training")
    assert newest(db, workspace).image_count == 13


def test_a_checkpoint_is_continued_with_the_shape_it_has(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = press(open_page("models/training", id=rows.run_id), "Continue from here")
    assert "Continue from step 50 of bella\\-v1" in words(at)
    assert field(at, "number_input", "Rank (dim)").disabled
    assert not field(at, "number_input", "Steps").disabled
    assert "after 50 steps learned before" in words(at)
    press(at, "Start training")
    assert not at.exception
    new_run = newest(db, workspace)
    assert (new_run.continued_from_run_id, new_run.continued_from_step, new_run.steps_before) == (rows.run_id, 50, 50)


def test_a_run_is_asked_for_tonight_and_started_now(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = open_page("models/training")
    at.session_state["training:when"] = "Tonight"
    assert "Not before" in words(at.run())
    press(at, "Start training")
    assert not at.exception
    new_run = newest(db, workspace)
    assert new_run.not_before
    assert timedelta(0) < new_run.not_before - now() <= timedelta(days=1)
    assert "Not before" in words(at)
    press(at, "Start now")
    assert newest(db, workspace).not_before is None


def test_a_start_is_in_the_zone_that_was_shown_though_the_person_has_changed_theirs(
    open_page: Open, db: Database, workspace: Tenant, rows: Rows
) -> None:
    def set_zone(zone: str) -> None:
        with db.transaction(workspace.owner.caller) as tx:
            accounts.set_reading(tx, ReadingSettings(zone=zone))

    set_zone("Asia/Tokyo")
    at = open_page("models/training")
    at.session_state["training:when"] = "Tonight"
    assert "Asia/Tokyo time" in words(at.run())
    set_zone("America/New_York")
    assert "Asia/Tokyo time" in words(at.run())
    press(at, "Start training")
    planned = newest(db, workspace).not_before
    assert planned
    assert planned.astimezone(ZoneInfo("Asia/Tokyo")).hour == 2


def test_notes_are_kept_and_shown_in_the_list(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    first, second = (open_page("models/training", id=rows.run_id) for _ in range(2))
    field(first, "text_area", "Notes").input("hair too red").run()
    assert "Saved." in words(first)
    field(second, "text_area", "Notes").input("mine").run()
    assert "Somebody else changed these notes" in second.error[0].value
    assert "hair too red" in words(open_page("models/training"))
    viewer = open_page("models/training", person=workspace.viewer, id=rows.run_id)
    assert field(viewer, "text_area", "Notes").disabled
    assert not {"Duplicate with changes", "Continue from here"} & {button.label for button in viewer.button}


def test_runs_stand_beside_each_other(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset = datasets.get(tx, rows.dataset_id)
        draft = RunDraft(dataset_id=dataset.id, name="bella-v9", params=ParamsDraft(steps=300, batch=2))
        second = training.start(tx, draft=draft, models=[MODEL], request_key="two")
    at = open_page("models/training", compare=f"{rows.run_id},{second.id},run_0")
    assert not at.exception
    html = "".join(element.body for element in at.get("html"))
    assert "Batch size&nbsp;≠" in html
    assert "Seed" not in html
    assert html.count("<img") == 3
    assert "/api/media/" in html
    assert at.query_params["compare"] == f"{rows.run_id},{second.id}"
    field(at, "multiselect", "Runs to compare (2 to 6)").set_value([rows.run_id]).run()
    assert "Choose at least two runs" in words(at)


def test_pages_of_runs_that_do_not_exist(open_page: Open, rows: Rows) -> None:
    assert "may have been made in another workspace" in open_page("models/training", duplicate="run_0").error[0].value
    assert "Choose at least two runs" in words(open_page("models/training", compare="run_0"))
