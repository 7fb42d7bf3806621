"""Imported workflows: brought in, bound, tried, approved; what may harm a server stays out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from backend import graphs
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.graphs import GraphDraft, GraphEdit
from backend.kit.db import Database
from backend.tools import comfy_lint
from backend.tools.comfy_workflow import Slot
from tests.factories import graphs as known
from tests.factories.account import Tenant

SD15 = "txt2img_lora_sd15"


@pytest.fixture
def tx(db: Database, workspace: Tenant) -> Iterator[Session]:
    with db.transaction(workspace.owner.caller, needs="owner") as session:
        yield session


def brought(tx: Session, name: str = SD15, called: str = "My graph") -> graphs.GraphCard:
    return graphs.bring_in(tx, draft=GraphDraft(name=called, text=known.text(name)))


@pytest.mark.parametrize("name", known.NAMES)
def test_each_known_graph_comes_in_as_a_draft_with_suggestions(tx: Session, name: str) -> None:
    card = brought(tx, name)
    assert card.state == "draft"
    assert card.graph == known.graph(name)
    assert "prefix" in card.mapping
    assert graphs.problems(card.graph, card.mapping, ()) == []
    assert card.workflow.results
    assert [one.id for one in graphs.page(tx)] == [card.id]
    assert graphs.approved(tx) == []


def test_what_is_no_api_graph_is_refused_with_what_to_do(tx: Session) -> None:
    for text, says in (
        ('{"nodes": [], "links": []}', "Export"),
        ("hello", "not JSON"),
        ('{"1": {"class_type": "SaveImage"}}', "no inputs"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": 1e999}}}', "not JSON"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": "\\u0000"}}}', "cannot be read"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"a": "\\ud800"}}}', "cannot be read"),
    ):
        with pytest.raises(Invalid, match=says):
            graphs.bring_in(tx, draft=GraphDraft(name="Broken", text=text))
    assert graphs.page(tx) == []


def test_names_are_used_once(tx: Session) -> None:
    first = brought(tx)
    with pytest.raises(Conflict, match="already"):
        brought(tx)
    graphs.delete(tx, first.id)
    brought(tx)
    with pytest.raises(Conflict, match="already"):
        graphs.undelete(tx, first.id)


def test_only_what_was_tried_is_approved_and_only_then_used(tx: Session) -> None:
    card = brought(tx)
    with pytest.raises(Invalid, match="Try the workflow first"):
        graphs.approve(tx, card.id, allowed=())
    with pytest.raises(Invalid, match="not approved yet"):
        graphs.usable(tx, card.id)
    assert graphs.usable(tx, card.id, trial=True).id == card.id
    graphs.trying(tx, card.id, "gen_2")
    graphs.tried(tx, card.id, "gen_1")
    assert graphs.get(tx, card.id).tried_at is None, "an older trial says nothing about the workflow as it is"
    graphs.tried(tx, card.id, "gen_2")
    card = graphs.approve(tx, card.id, allowed=())
    assert (card.state, card.approved_by) == ("approved", tx.info["user_id"])
    assert graphs.usable(tx, card.id).id == card.id
    assert [one.id for one in graphs.approved(tx)] == [card.id]


def test_another_binding_must_be_tried_and_approved_anew(tx: Session) -> None:
    card = brought(tx)
    graphs.trying(tx, card.id, "gen_1")
    graphs.tried(tx, card.id, "gen_1")
    graphs.approve(tx, card.id, allowed=())
    plain = {role: tuple((slot.node, slot.input) for slot in slots) for role, slots in card.mapping.items()}
    same = graphs.edit(tx, card.id, draft=GraphEdit(name="Another name", mapping=plain))
    assert (same.name, same.state) == ("Another name", "approved")
    turned = {**plain, "prompt": plain["negative"], "negative": plain["prompt"]}
    changed = graphs.edit(tx, card.id, draft=GraphEdit(name="Another name", mapping=turned))
    assert changed.mapping["prompt"] == (Slot("7", "text"),)
    assert (changed.state, changed.tried_at, changed.approved_by) == ("draft", None, None)
    with pytest.raises(Invalid, match="does not have"):
        graphs.edit(tx, card.id, draft=GraphEdit(name="Another name", mapping={"prompt": (("99", "text"),)}))
    both = {"prompt": plain["prompt"], "negative": plain["prompt"]}
    with pytest.raises(Invalid, match="bound twice"):
        graphs.edit(tx, card.id, draft=GraphEdit(name="Another name", mapping=both))


def test_classes_beyond_the_list_need_the_operator(tx: Session) -> None:
    graph = known.graph(SD15) | {"50": {"class_type": "ShellCommand", "inputs": {"run": "id"}}}
    card = graphs.bring_in(tx, draft=GraphDraft(name="Dangerous", text=json.dumps(graph)))
    graphs.trying(tx, card.id, "gen_1")
    graphs.tried(tx, card.id, "gen_1")
    with pytest.raises(Invalid, match=r"ShellCommand.*COMFYUI_ALLOWED_CLASSES"):
        graphs.approve(tx, card.id, allowed=())
    graphs.approve(tx, card.id, allowed={"ShellCommand"})
    with pytest.raises(Invalid, match="Dangerous cannot be used"):
        graphs.check(graphs.get(tx, card.id), allowed=())


def test_a_file_of_the_server_is_never_read_by_its_name(tx: Session) -> None:
    graph = known.graph("img2img_lora_sd15")
    card = graphs.bring_in(tx, draft=GraphDraft(name="From a file", text=json.dumps(graph)))
    mapping = {role: tuple((s.node, s.input) for s in slots) for role, slots in card.mapping.items() if role != "picture"}
    card = graphs.edit(tx, card.id, draft=GraphEdit(name=card.name, mapping=mapping))
    [said] = graphs.problems(card.graph, card.mapping, ())
    assert comfy_lint.called(graph, "11") in said
    assert "Bind it" in said


def test_the_archive_takes_approval_away(tx: Session) -> None:
    card = brought(tx)
    graphs.trying(tx, card.id, "gen_1")
    graphs.tried(tx, card.id, "gen_1")
    graphs.approve(tx, card.id, allowed=())
    graphs.archive(tx, card.id)
    assert graphs.page(tx) == []
    assert [one.id for one in graphs.page(tx, archived=True)] == [card.id]
    with pytest.raises(Invalid, match="in the archive"):
        graphs.usable(tx, card.id, trial=True)
    back = graphs.archive(tx, card.id, archived=False)
    assert (back.state, back.tried_at is not None) == ("draft", True)


def test_deleting_is_taken_back(tx: Session) -> None:
    card = brought(tx)
    graphs.delete(tx, card.id)
    assert graphs.page(tx) == []
    with pytest.raises(NotFound, match="was deleted"):
        graphs.usable(tx, card.id)
    with pytest.raises(NotFound):
        graphs.edit(tx, card.id, draft=GraphEdit(name="Another name"))
    assert graphs.undelete(tx, card.id).deleted_at is None


def test_other_workspaces_and_viewers(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        card = brought(tx)
    with db.transaction(other_workspace.owner.caller) as tx:
        assert graphs.page(tx) == []
        with pytest.raises(NotFound):
            graphs.get(tx, card.id)
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor"):
        pass
