"""Reads imported workflows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.tables import ComfyGraph
from backend.engines.comfyui.graphs.workflow import ROLES
from backend.engines.ports.workflow import InputSlot
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy
from backend.workflows.schemas import WorkflowCard


def get(tx: Session, graph_id: str) -> WorkflowCard:
    """Deleted ones too (`deleted_at`). Raises NotFound."""
    row = tx.get(ComfyGraph, graph_id, populate_existing=True)
    if row is None:
        raise NotFound(tr_lazy("This workflow does not exist here. It may have been deleted."))
    return card_of(row)


def page(tx: Session, *, archived: bool = False) -> list[WorkflowCard]:
    """By name; archived ones only when asked for."""
    query = select(ComfyGraph).where(ComfyGraph.deleted_at.is_(None), (ComfyGraph.state == "archived").is_(archived))
    rows = tx.scalars(query.order_by(ComfyGraph.name).execution_options(populate_existing=True))
    return [card_of(row) for row in rows]


def approved(tx: Session) -> list[WorkflowCard]:
    """Those that Create offers, by name."""
    return [card for card in page(tx) if card.state == "approved"]


def usable(tx: Session, graph_id: str, *, trial: bool = False) -> WorkflowCard:
    """A workflow to draw with; `trial`: also one that is not approved yet. Raises NotFound, Invalid with what is missing."""
    card = get(tx, graph_id)
    if card.deleted_at:
        raise NotFound(tr_lazy("The workflow {name} was deleted. Choose another one.", name=card.name))
    if card.state == "archived":
        raise Invalid(
            tr_lazy("The workflow {name} is archived. Choose another one, or restore it on its page.", name=card.name)
        )
    if card.state != "approved" and not trial:
        raise Invalid(
            tr_lazy(
                "The workflow {name} is not approved yet. An owner tries and approves it on the page Workflows.", name=card.name
            )
        )
    return card


def card_of(row: ComfyGraph) -> WorkflowCard:
    names = (
        "id",
        "name",
        "notes",
        "state",
        "graph",
        "tried_id",
        "tried_at",
        "approved_by",
        "approved_at",
        "created_by",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    mapping = {
        role: tuple(InputSlot(str(node), str(name)) for node, name in row.mapping[role])
        for role in ROLES
        if row.mapping.get(role)
    }
    return WorkflowCard(**{name: getattr(row, name) for name in names}, mapping=mapping)
