"""Imports workflows, binds their inputs, tries, approves and archives them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import ComfyGraph
from backend.engines.comfyui.graphs import lint, workflow
from backend.engines.comfyui.graphs import mapping as comfy_mapping
from backend.engines.ports.workflow import InputSlot
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy
from backend.workflows import rules
from backend.workflows.queries import card_of, get
from backend.workflows.schemas import WorkflowCard, WorkflowDraft, WorkflowEdit

MAX_WORKFLOWS = 200
"""Workflows a workspace may have."""
InputMapping = Mapping[str, tuple[InputSlot, ...]]


def import_workflow(tx: Session, *, draft: WorkflowDraft) -> WorkflowCard:
    """Imports a workflow as a draft with suggested inputs. Raises Invalid (no API graph, or one that could harm a server),
    Conflict (the name).
    """
    graph = lint.parse(draft.text)
    if problems := lint.lint(graph):
        raise Invalid(" ".join(problems[:5]))
    if (tx.scalar(select(func.count()).select_from(ComfyGraph).where(ComfyGraph.deleted_at.is_(None))) or 0) >= MAX_WORKFLOWS:
        raise Invalid(
            tr_lazy(
                "There are {max_workflows} workflows already. Delete one that is not needed any more.",
                max_workflows=MAX_WORKFLOWS,
            )
        )
    _check_name_free(tx, draft.name)
    row = ComfyGraph(id=new_id("wfl"), name=draft.name, notes=draft.notes, graph=graph, created_by=tx.info.get("user_id"))
    row.mapping = _to_json(comfy_mapping.suggest(graph))
    tx.add(row)
    tx.flush()
    events.record(tx, "workflow.imported", "workflow", row.id, {"name": row.name})
    return get(tx, row.id)


def edit(tx: Session, graph_id: str, *, draft: WorkflowEdit) -> WorkflowCard:
    """Saves an edit. A changed mapping makes it a draft again, to be tried and approved. Raises Invalid, NotFound, Conflict."""
    row = _get_for_update(tx, graph_id)
    if draft.name != row.name:
        _check_name_free(tx, draft.name)
    row.name, row.notes = draft.name, draft.notes
    if draft.mapping is not None:
        mapping = {role: tuple(InputSlot(*pair) for pair in inputs) for role, inputs in draft.mapping.items() if inputs}
        workflow.from_graph(row.graph, slots=mapping)
        if message := rules.check_mapping(row.graph, mapping):
            raise Invalid(message)
        if _to_json(mapping) != row.mapping:
            row.mapping, row.tried_id, row.tried_at = _to_json(mapping), None, None
            row.state, row.approved_at, row.approved_by = "draft", None, None
    return _save(tx, row)


def approve(tx: Session, graph_id: str, *, allowed: Collection[str]) -> WorkflowCard:
    """Approves it: every member of the workspace can draw with it. For owners. Raises Invalid with what is still wrong,
    NotFound.
    """
    row = _get_for_update(tx, graph_id)
    card = card_of(row)
    if problems := rules.problems(card.graph, card.mapping, allowed):
        raise Invalid(" ".join(problems))
    if row.tried_at is None:
        raise Invalid(tr_lazy("Try the workflow first: it needs a trial picture before it can be approved."))
    row.state, row.approved_at, row.approved_by = "approved", func.clock_timestamp(), tx.info.get("user_id")
    events.record(tx, "workflow.approved", "workflow", row.id, {"name": row.name})
    return _save(tx, row)


def archive(tx: Session, graph_id: str, *, archived: bool = True) -> WorkflowCard:
    """Archives it, or takes it out of the archive as a draft that was tried. Raises NotFound."""
    row = _get_for_update(tx, graph_id)
    if archived != (row.state == "archived"):
        row.state = "archived" if archived else "draft"
        row.approved_at = row.approved_by = None
    return _save(tx, row)


def delete(tx: Session, graph_id: str) -> None:
    """`undelete` undoes it. Pictures drawn with it stay. Raises NotFound."""
    row = _get_for_update(tx, graph_id)
    row.deleted_at = func.clock_timestamp()
    events.record(tx, "workflow.deleted", "workflow", row.id, {"name": row.name})
    tx.flush()


def undelete(tx: Session, graph_id: str) -> WorkflowCard:
    """Raises NotFound, Conflict (its name was taken since)."""
    row = tx.get(ComfyGraph, graph_id, with_for_update=True)
    if row is None:
        raise NotFound(tr_lazy("This workflow does not exist here. It may have been deleted."))
    if row.deleted_at is not None:
        _check_name_free(tx, row.name)
    row.deleted_at = None
    return _save(tx, row)


def check_usable(card: WorkflowCard, *, allowed: Collection[str]) -> None:
    """Called before every use, because the allowed classes may have changed. Raises Invalid."""
    if problems := rules.problems(card.graph, card.mapping, allowed):
        raise Invalid(joined(tr_lazy("The workflow {name} cannot be used.", name=card.name), *problems))


def record_trial_request(tx: Session, graph_id: str, generation_id: str) -> None:
    """Says which request draws its trial picture."""
    _get_for_update(tx, graph_id).tried_id = generation_id
    tx.flush()


def record_trial(tx: Session, graph_id: str, generation_id: str) -> None:
    """Says that the trial picture was drawn. It counts only if the workflow was not changed since the request."""
    same_trial = (ComfyGraph.id == graph_id, ComfyGraph.tried_id == generation_id)
    tx.execute(update(ComfyGraph).where(*same_trial).values(tried_at=func.clock_timestamp()))


def _get_for_update(tx: Session, graph_id: str) -> ComfyGraph:
    row = tx.get(ComfyGraph, graph_id, with_for_update=True, populate_existing=True)
    if row is None or row.deleted_at is not None:
        raise NotFound(tr_lazy("This workflow does not exist here. It may have been deleted."))
    return row


def _save(tx: Session, row: ComfyGraph) -> WorkflowCard:
    row.updated_at = func.clock_timestamp()
    tx.flush()
    return get(tx, row.id)


def _check_name_free(tx: Session, name: str) -> None:
    if tx.scalar(select(ComfyGraph.id).where(ComfyGraph.name == name, ComfyGraph.deleted_at.is_(None))):
        raise Conflict(tr_lazy("There is a workflow called “{name}” already. Choose another name.", name=name))


def _to_json(mapping: InputMapping) -> dict[str, Any]:
    return {role: [[slot.node, slot.input] for slot in slots] for role, slots in mapping.items()}
