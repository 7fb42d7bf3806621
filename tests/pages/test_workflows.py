"""The Workflows page and what Create offers of them, without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from backend import generation, workflows
from backend.app import App
from backend.engines.ports.image import ModelCard
from backend.workflows import WorkflowDraft
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.fakes.engines import MODEL
from tests.pages.conftest import Open, words

ABLE = replace(MODEL, features=("picture", "mask", "pose", "hires", "graph"))


@pytest.fixture
def offered(app: App, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """An engine with everything."""
    monkeypatch.setattr(app.engines.image, "models", lambda: [ABLE])
    monkeypatch.setattr(app.engines.image, "missing_for", lambda workflow: [f"The server has no node for {workflow.name}."])
    return ABLE


def brought(app: App, tenant: Tenant, *, approved: bool = False, graph: dict[str, Any] | None = None) -> workflows.WorkflowCard:
    text = json.dumps(graph) if graph else known.text("txt2img_lora_sd15")
    with app.db.transaction(tenant.caller, needs="owner") as tx:
        card = workflows.import_workflow(tx, draft=WorkflowDraft(name="Soft light", text=text))
        if approved:
            workflows.record_trial_request(tx, card.id, "gen_x")
            workflows.record_trial(tx, card.id, "gen_x")
            card = workflows.approve(tx, card.id, allowed=())
    return card


def test_an_empty_page_says_what_workflows_are_for(open_page: Open) -> None:
    at = open_page("models/workflows")
    assert not at.exception
    assert "No workflows yet" in words(at)
    assert "COMFYUI_URL" in words(at)
    assert "Import" in words(at)


def test_bringing_one_in_by_pasting(app: App, workspace: Tenant, open_page: Open) -> None:
    at = open_page("models/workflows")
    next(field for field in at.text_area if field.label.startswith("or paste")).set_value('{"nodes": [], "links": []}')
    next(field for field in at.text_input if field.label == "Name").set_value("Mine")
    next(button for button in at.button if button.label == "Import").click().run()
    assert any("Dev mode" in error.value for error in at.error), [error.value for error in at.error]
    next(field for field in at.text_area if field.label.startswith("or paste")).set_value(known.text("txt2img_lora_sd15"))
    next(button for button in at.button if button.label == "Import").click().run()
    assert not at.exception
    with app.db.transaction(workspace.caller) as tx:
        assert [card.name for card in workflows.page(tx)] == ["Mine"]


def test_one_is_bound_tried_and_approved(app: App, workspace: Tenant, open_page: Open, offered: ModelCard) -> None:
    card = brought(app, workspace)
    at = open_page("models/workflows", id=card.id)
    assert not at.exception
    assert next(button for button in at.button if button.label == "Approve").disabled
    assert "The server has no node for Soft light" in words(at)
    next(button for button in at.button if button.label == "Create a trial picture").click().run()
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        request = generation.get(tx, str(workflows.get(tx, card.id).tried_id))
        assert (request.n, request.recipe.workflow.name if request.recipe.workflow else "") == (1, "Soft light")
        workflows.record_trial(tx, card.id, request.id)
    at = open_page("models/workflows", id=card.id)
    next(button for button in at.button if button.label == "Approve").click().run()
    assert "Create offers it" in words(at)
    with app.db.transaction(workspace.caller) as tx:
        assert workflows.get(tx, card.id).state == "approved"


def test_what_may_not_run_is_said_and_cannot_be_tried(app: App, workspace: Tenant, open_page: Open, offered: ModelCard) -> None:
    graph = known.graph("txt2img_lora_sd15") | {"50": {"class_type": "ShellCommand", "inputs": {}}}
    at = open_page("models/workflows", id=brought(app, workspace, graph=graph).id)
    assert "The node ShellCommand is not among those that may be used here" in words(at)
    assert next(button for button in at.button if button.label == "Create a trial picture").disabled


def test_viewers_see_but_cannot_change(app: App, workspace: Tenant, open_page: Open, offered: ModelCard) -> None:
    card = brought(app, workspace)
    at = open_page("models/workflows", person=workspace.viewer)
    assert "Soft light" in words(at)
    assert "Import" not in words(at)
    at = open_page("models/workflows", person=workspace.viewer, id=card.id)
    assert not at.exception
    labels = {button.label for button in at.button}
    assert not labels & {"Create a trial picture", "Approve", "Archive", "Delete workflow"}
    assert all(field.disabled for field in at.multiselect)


def test_create_offers_what_is_approved_and_what_the_engine_can(
    app: App, workspace: Tenant, open_page: Open, offered: ModelCard
) -> None:
    card = brought(app, workspace, approved=True)
    at = open_page("create/pictures", workflow=card.id)
    assert not at.exception
    assert next(field for field in at.selectbox if field.label == "Workflow").value == card.id
    assert "Uses prompt, negative prompt, seed" in words(at)
    assert "Second pass" in [control.label for control in at.segmented_control]


def test_a_pose_is_taken_from_a_picture_of_the_gallery(
    app: App, workspace: Tenant, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        [picture] = make_pictures(tx, 1)
    at = open_page("library/gallery", id=picture)
    assert "Use pose" not in words(at), "no model here reads poses"
    reads = replace(ABLE, features=(*ABLE.features, "pose-photo"))
    monkeypatch.setattr(app.engines.image, "models", lambda: [reads])
    at = open_page("library/gallery", id=picture)
    assert "Use pose" in words(at)
    at = open_page("create/pictures", pose=picture)
    assert not at.exception
    assert "Uses the pose of this picture" in words(at)
    assert not next(toggle for toggle in at.toggle if toggle.label.startswith("The picture is a drawn")).value


def test_create_offers_nothing_that_cannot_be_had(app: App, workspace: Tenant, open_page: Open) -> None:
    brought(app, workspace, approved=True)
    at = open_page("create/pictures")
    assert "Workflow" not in [field.label for field in at.selectbox]
    assert "Second pass" not in words(at)
