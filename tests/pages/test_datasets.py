"""The dataset page: the gate with its fixes, captions in bulk and by two people, rights, and what viewers may not."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from backend import datasets
from backend.db.tables import DatasetImage
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words
from tests.pages.test_changes import field, press


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


def on(at: AppTest, dataset_id: str, tab: str) -> AppTest:
    at.session_state[f"dataset:tabs:{dataset_id}"] = tab
    at.run()
    assert not at.exception
    return at


def captions(db: Database, workspace: Tenant, dataset_id: str) -> list[str]:
    with db.transaction(workspace.caller) as tx:
        return [image.caption for image in datasets.images(tx, dataset_id).images]


def test_the_grid_gets_its_first_page_and_its_filters(open_page: Open, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    grids: list[dict[str, Any]] = []
    component = importlib.import_module("studio.datasets.dataset_grid")
    monkeypatch.setattr(component, "_component", lambda **said: grids.append(said["data"]) or {})
    at = open_page("models/datasets", id=rows.dataset_id)
    assert not at.exception
    [data] = grids
    assert len(data["first"]) == 14
    assert data["selectable"]
    assert [[code for code, *_ in tile["reasons"]] for tile in data["first"][2:4]] == [[], ["blurred"]]
    counts = {key: n for key, _, n, _ in data["filters"]}
    assert (counts[""], counts["included"], counts["excluded"], counts["blurred"]) == (14, 13, 1, 1)


def test_a_fix_is_one_press_and_one_undo(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    def left_out() -> int:
        with db.transaction(workspace.caller) as tx:
            return datasets.readiness(tx, rows.dataset_id).stats.included

    with db.transaction(workspace.caller) as tx:
        ids = tx.scalars(select(DatasetImage.id).where(DatasetImage.dataset_id == rows.dataset_id)).all()
        tx.execute(update(DatasetImage).where(DatasetImage.id.in_(ids[:3])).values(alike=ids[0]))
    at = on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Check")
    assert "Near-duplicates, side by side" in words(at)
    assert "best" in words(at)
    press(at, "Keep only this")
    assert left_out() == 11
    assert "Kept 00\\.jpg of its group" in words(at)
    press(at, "Undo")
    assert left_out() == 13
    assert "Leave out blurred pictures (1)" in [button.label for button in at.button]


def test_thresholds_are_tuned(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Check")
    assert "1 picture is blurred" in " ".join(element.value for element in at.warning)
    field(at, "number_input", "Sharpness, at least").set_value(5.0)
    press(at, "Apply")
    assert "blurred" not in " ".join(element.value for element in at.warning)
    with db.transaction(workspace.caller) as tx:
        assert datasets.get(tx, rows.dataset_id).thresholds.sharpness == 5.0


def test_captions_are_replaced_and_taken_back(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    before = captions(db, workspace, rows.dataset_id)
    at = on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Captions")
    field(at, "text_input", "Find").input("portrait")
    field(at, "text_input", "Replace with").input("photo")
    press(at.run(), "Change 14 captions")
    assert not at.exception
    assert "Replaced “portrait” with “photo”" in words(at)
    assert all(caption.startswith("photo of bella") for caption in captions(db, workspace, rows.dataset_id))
    press(at, "Undo")
    assert captions(db, workspace, rows.dataset_id) == before


def test_a_trait_in_a_caption_is_taken_out_after_a_look(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    with db.transaction(workspace.caller) as tx:
        image = datasets.images(tx, rows.dataset_id, take=1).images[0]
        datasets.set_captions(tx, {image.id: ("bella, green eyes, at sea", image.caption_version)})
    at = on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Captions")
    assert "**green eyes** · 1 of 13, a trait of the person" in words(at)
    press(at, "Remove …")
    assert not at.exception
    press(at, "Change 1 caption")
    assert captions(db, workspace, rows.dataset_id)[0] == "bella, at sea"


def test_two_people_in_one_dataset_lose_no_caption(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    first, second = [on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Captions") for _ in range(2)]
    field(first, "text_area", r"00\.jpg").input("bella in Rome")
    press(first, "Save captions")
    field(second, "text_area", r"00\.jpg").input("bella in Oslo")
    field(second, "text_area", r"01\.jpg").input("bella in Lima")
    press(second, "Save captions")
    assert second.error
    assert field(second, "text_area", r"01\.jpg").value == "bella in Lima"
    assert captions(db, workspace, rows.dataset_id)[0] == "bella in Rome"


def test_the_table_saves_what_was_typed(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = on(open_page("models/datasets", id=rows.dataset_id), rows.dataset_id, "Captions")
    at.session_state[f"captions:view:{rows.dataset_id}"] = "Table"
    at.run()
    with db.transaction(workspace.caller) as tx:
        first = datasets.images(tx, rows.dataset_id, take=1).images[0].id
    at.session_state[f"captions:{rows.dataset_id}:Table:{first}:0:first"] = {
        "edited_rows": {1: {"Caption": "bella in Lima"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    press(at, "Save captions")
    assert not at.exception
    assert captions(db, workspace, rows.dataset_id)[1] == "bella in Lima"


def test_rights_are_declared_with_a_name_and_kept(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        card = datasets.create(tx, name="Fresh", trigger_word="fresh")
    at = on(open_page("models/datasets", id=card.id), card.id, "Rights")
    press(at, "I confirm this")
    assert "Choose one" in at.warning[0].value
    at.radio[0].set_value("agreed")
    press(at, "I confirm this")
    assert "who agreed" in at.error[0].value
    field(at, "text_input", "Who agreed, and where is that kept?").input("Ana, release of May")
    press(at, "I confirm this")
    assert "Ana, release of May" in words(at).replace("\\", "")
    assert "Owner Example" in words(at)
    press(at, "Withdraw the statement")
    with db.transaction(workspace.caller) as tx:
        assert datasets.get(tx, card.id).rights_statement == ""
        assert len(datasets.rights_history(tx, card.id)) == 2


@pytest.mark.parametrize("tab", ["Pictures", "Check", "Captions", "Rights", "Settings"])
def test_a_viewer_sees_every_tab_and_changes_nothing(open_page: Open, workspace: Tenant, rows: Rows, tab: str) -> None:
    at = on(open_page("models/datasets", person=workspace.viewer, id=rows.dataset_id), rows.dataset_id, tab)
    offered = [button.label for button in at.button if not button.disabled]
    assert not {"Undo", "Keep only this", "Apply", "Save captions", "Save", "I confirm this", "Delete the dataset"} & set(
        offered
    )
    assert not [label for label in offered if label.startswith(("Leave out", "Change", "Take out", "Withdraw"))]
