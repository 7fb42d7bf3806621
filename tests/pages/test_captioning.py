"""Caption with AI on the dataset's captions: what it says before, the run, what came of it, and who may."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, update

from backend import budgets, datasets
from backend.app import App
from backend.budgets import ledger
from backend.db.tables import DatasetImage, Job, LlmCall
from backend.db.transactions import SystemCaller
from tests.backend.datasets.captioning import context, run_attempt, start_job
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.pages.conftest import Open, words
from tests.pages.test_changes import press
from tests.pages.test_datasets import on


@pytest.fixture
def dataset_id(app: App, workspace: Tenant) -> str:
    with app.db.transaction(workspace.caller) as tx:
        dataset = make_dataset(tx, images=3)
        tx.execute(update(DatasetImage).where(DatasetImage.filename != "0.jpg").values(caption=""))
    return dataset


def run(app: App, workspace: Tenant, dataset_id: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        [job_id] = tx.scalars(select(Job.id).where(Job.subject_id == dataset_id))
    run_attempt(context(app, workspace, job_id))


def test_from_the_dialog_to_the_captions_and_back(open_page: Open, app: App, workspace: Tenant, dataset_id: str) -> None:
    at = on(open_page("models/datasets", id=dataset_id), dataset_id, "Captions")
    press(at, "Caption with AI …")
    page_text = words(at).replace("\\", "")
    assert "**2 pictures** · 1 caption stays as it is" in page_text
    assert "Free: no picture leaves this studio." in page_text
    assert "framing, format, light" in page_text
    opened = ("captioning:open", (dataset_id, (), 0))  # a browser runs the dialog alone again, AppTest the whole page
    at.radio[0].set_value("all")
    at.session_state[opened[0]] = opened[1]
    at.run()
    assert next(element for element in at.button if element.label == "Caption 3 pictures").disabled, (
        "somebody's caption needs a yes"
    )
    at.radio[0].set_value("empty")
    at.session_state[opened[0]] = opened[1]
    at.run()
    at.session_state[opened[0]] = opened[1]
    press(at, "Caption 2 pictures")
    assert not at.exception
    run(app, workspace, dataset_id)
    at = on(open_page("models/datasets", id=dataset_id), dataset_id, "Captions")
    page_text = words(at).replace("\\", "")
    assert "Captioned from what was measured" in page_text
    assert "2 written, 1 kept · $0.00" in page_text
    with app.db.transaction(workspace.caller) as tx:
        assert [image.caption for image in datasets.images(tx, dataset_id).images][1:] == ["bella, picture of one person"] * 2
    press(at, "Undo")
    with app.db.transaction(workspace.caller) as tx:
        assert [image.caption for image in datasets.images(tx, dataset_id).images][1:] == ["", ""]


def test_who_started_it_sees_the_captions_and_their_undo(open_page: Open, app: App, workspace: Tenant, dataset_id: str) -> None:
    at = on(open_page("models/datasets", id=dataset_id), dataset_id, "Captions")
    press(at, "Caption with AI …")
    at.session_state["captioning:open"] = (dataset_id, (), 0)
    press(at, "Caption 2 pictures")
    at.run()
    run(app, workspace, dataset_id)
    for caption in ("bella, picture of one person", ""):
        at.run()
        assert not at.exception
        assert [element.value for element in at.text_area if element.label != r"0\.jpg"] == [caption] * 2
        assert "have changed since you opened" not in words(at)
        if caption:
            press(at, "Undo")


def test_viewers_see_and_do_not_start(open_page: Open, app: App, workspace: Tenant, dataset_id: str) -> None:
    run_attempt(context(app, workspace, start_job(app, workspace, dataset_id)))
    at = on(open_page("models/datasets", person=workspace.viewer, id=dataset_id), dataset_id, "Captions")
    assert "Captioned from what was measured" in words(at)
    assert not [element for element in at.button if element.label in ("Undo", "Caption with AI …")]


def test_costs_name_the_work(open_page: Open, app: App, workspace: Tenant) -> None:
    for kind in ("auto-caption", "style-generation"):
        about = budgets.CallPurpose(kind)
        call = ledger.reserve(app.db, SystemCaller(workspace.id), most_usd=Decimal(1), purpose=about, settings=app.settings)
        with app.db.transaction(workspace.caller) as tx:
            tx.get_one(LlmCall, call.call_id).state = "settled"
    kinds = list(open_page("settings/costs").dataframe[2].value["Kind"])
    assert "Dataset captions" in kinds
    assert not any("-" in kind for kind in kinds)
