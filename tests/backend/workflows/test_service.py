"""Imported workflows: brought in, bound, tried, approved; what may harm a server stays out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from backend import workflows
from backend.db.transactions import Database
from backend.engines.comfyui.graphs import lint
from backend.engines.ports.workflow import InputSlot
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.workflows import WorkflowDraft, WorkflowEdit
from tests.factories import graphs as known
from tests.factories.account import Tenant

SD15 = "txt2img_lora_sd15"


@pytest.fixture
def tx(db: Database, workspace: Tenant) -> Iterator[Session]:
    with db.transaction(workspace.owner.caller, needs="owner") as session:
        yield session


def import_graph(tx: Session, name: str = SD15, title: str = "My graph") -> workflows.WorkflowCard:
    return workflows.import_workflow(tx, draft=WorkflowDraft(name=title, text=known.text(name)))


@pytest.mark.parametrize("name", known.NAMES)
def test_each_known_graph_comes_in_as_a_draft_with_suggestions(tx: Session, name: str) -> None:
    card = import_graph(tx, name)
    assert card.state == "draft"
    assert card.graph == known.graph(name)
    assert "prefix" in card.mapping
    assert workflows.problems(card.graph, card.mapping, ()) == []
    assert card.workflow.results
    assert [listed.id for listed in workflows.page(tx)] == [card.id]
    assert workflows.approved(tx) == []


def test_what_is_no_api_graph_is_refused_with_what_to_do(tx: Session) -> None:
    for text, message in (
        ('{"nodes": [], "links": []}', "Export"),
        ("hello", "not JSON"),
        ('{"1": {"class_type": "SaveImage"}}', "no inputs"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": 1e999}}}', "not JSON"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": "\\u0000"}}}', "cannot be read"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": "\\ud800"}}}', "cannot be read"),
    ):
        with pytest.raises(Invalid, match=message):
            workflows.import_workflow(tx, draft=WorkflowDraft(name="Broken", text=text))
    assert workflows.page(tx) == []


def test_names_are_used_once(tx: Session) -> None:
    first = import_graph(tx)
    with pytest.raises(Conflict, match="already"):
        import_graph(tx)
    workflows.delete(tx, first.id)
    import_graph(tx)
    with pytest.raises(Conflict, match="already"):
        workflows.undelete(tx, first.id)


def test_only_what_was_tried_is_approved_and_only_then_used(tx: Session) -> None:
    card = import_graph(tx)
    with pytest.raises(Invalid, match="Try the workflow first"):
        workflows.approve(tx, card.id, allowed=())
    with pytest.raises(Invalid, match="not approved yet"):
        workflows.usable(tx, card.id)
    assert workflows.usable(tx, card.id, trial=True).id == card.id
    workflows.record_trial_request(tx, card.id, "gen_2")
    workflows.record_trial(tx, card.id, "gen_1")
    assert workflows.get(tx, card.id).tried_at is None, "an older trial says nothing about the workflow as it is"
    workflows.record_trial(tx, card.id, "gen_2")
    card = workflows.approve(tx, card.id, allowed=())
    assert (card.state, card.approved_by) == ("approved", tx.info["user_id"])
    assert workflows.usable(tx, card.id).id == card.id
    assert [listed.id for listed in workflows.approved(tx)] == [card.id]


def test_another_binding_must_be_tried_and_approved_anew(tx: Session) -> None:
    card = import_graph(tx)
    workflows.record_trial_request(tx, card.id, "gen_1")
    workflows.record_trial(tx, card.id, "gen_1")
    workflows.approve(tx, card.id, allowed=())
    mapping = {role: tuple((slot.node, slot.input) for slot in slots) for role, slots in card.mapping.items()}
    renamed = workflows.edit(tx, card.id, draft=WorkflowEdit(name="Another name", mapping=mapping))
    assert (renamed.name, renamed.state) == ("Another name", "approved")
    swapped = {**mapping, "prompt": mapping["negative"], "negative": mapping["prompt"]}
    changed = workflows.edit(tx, card.id, draft=WorkflowEdit(name="Another name", mapping=swapped))
    assert changed.mapping["prompt"] == (InputSlot("7", "text"),)
    assert (changed.state, changed.tried_at, changed.approved_by) == ("draft", None, None)
    with pytest.raises(Invalid, match="does not have"):
        workflows.edit(tx, card.id, draft=WorkflowEdit(name="Another name", mapping={"prompt": (("99", "text"),)}))
    both = {"prompt": mapping["prompt"], "negative": mapping["prompt"]}
    with pytest.raises(Invalid, match="bound twice"):
        workflows.edit(tx, card.id, draft=WorkflowEdit(name="Another name", mapping=both))


def test_classes_beyond_the_list_need_the_operator(tx: Session) -> None:
    graph = known.graph(SD15) | {"50": {"class_type": "ShellCommand", "inputs": {"run": "id"}}}
    card = workflows.import_workflow(tx, draft=WorkflowDraft(name="Dangerous", text=json.dumps(graph)))
    workflows.record_trial_request(tx, card.id, "gen_1")
    workflows.record_trial(tx, card.id, "gen_1")
    with pytest.raises(Invalid, match=r"ShellCommand.*COMFYUI_ALLOWED_CLASSES"):
        workflows.approve(tx, card.id, allowed=())
    workflows.approve(tx, card.id, allowed={"ShellCommand"})
    with pytest.raises(Invalid, match="Dangerous cannot be used"):
        workflows.check_usable(workflows.get(tx, card.id), allowed=())


def test_a_file_of_the_server_is_never_read_by_its_name(tx: Session) -> None:
    graph = known.graph("img2img_lora_sd15")
    card = workflows.import_workflow(tx, draft=WorkflowDraft(name="From a file", text=json.dumps(graph)))
    mapping = {
        role: tuple((slot.node, slot.input) for slot in slots) for role, slots in card.mapping.items() if role != "picture"
    }
    card = workflows.edit(tx, card.id, draft=WorkflowEdit(name=card.name, mapping=mapping))
    [problem] = workflows.problems(card.graph, card.mapping, ())
    assert lint.node_label(graph, "11") in problem
    assert "Bind it" in problem


def test_the_archive_takes_approval_away(tx: Session) -> None:
    card = import_graph(tx)
    workflows.record_trial_request(tx, card.id, "gen_1")
    workflows.record_trial(tx, card.id, "gen_1")
    workflows.approve(tx, card.id, allowed=())
    workflows.archive(tx, card.id)
    assert workflows.page(tx) == []
    assert [listed.id for listed in workflows.page(tx, archived=True)] == [card.id]
    with pytest.raises(Invalid, match="is archived"):
        workflows.usable(tx, card.id, trial=True)
    restored = workflows.archive(tx, card.id, archived=False)
    assert (restored.state, restored.tried_at is not None) == ("draft", True)


def test_deleting_is_taken_back(tx: Session) -> None:
    card = import_graph(tx)
    workflows.delete(tx, card.id)
    assert workflows.page(tx) == []
    with pytest.raises(NotFound, match="was deleted"):
        workflows.usable(tx, card.id)
    with pytest.raises(NotFound):
        workflows.edit(tx, card.id, draft=WorkflowEdit(name="Another name"))
    assert workflows.undelete(tx, card.id).deleted_at is None


def test_other_workspaces_and_viewers(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        card = import_graph(tx)
    with db.transaction(other_workspace.owner.caller) as tx:
        assert workflows.page(tx) == []
        with pytest.raises(NotFound):
            workflows.get(tx, card.id)
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor"):
        pass
