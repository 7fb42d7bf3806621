"""Values of workflows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.graphs.lint import MAX_GRAPH_CHARS
from backend.engines.ports.workflow import Graph, InputSlot, Workflow
from backend.kit.drafts import Draft

Name = Annotated[str, Field(min_length=3, max_length=80)]
Inputs = Annotated[tuple[tuple[str, str], ...], Field(max_length=50)]
"""(node id, input) pairs."""


class WorkflowDraft(Draft):
    """`text`: the JSON that ComfyUI saves with Workflow, Export (API)."""

    name: Name
    notes: str = Field("", max_length=4000)
    text: str = Field(max_length=MAX_GRAPH_CHARS + 1)


class WorkflowEdit(Draft):
    """`mapping`: role (`comfy_workflow.ROLES`) -> inputs that take it; None: unchanged."""

    name: Name
    notes: str = Field("", max_length=4000)
    mapping: dict[str, Inputs] | None = None


@dataclass(frozen=True, slots=True)
class WorkflowCard:
    """`state`: draft, approved, archived. `tried_id`: the request of its trial picture; `tried_at`: when that was drawn."""

    id: str
    name: str
    notes: str
    state: str
    graph: Graph
    mapping: dict[str, tuple[InputSlot, ...]]
    tried_id: str | None
    tried_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @property
    def workflow(self) -> Workflow:
        """The workflow with its inputs bound. Raises Invalid when one of them does not exist."""
        return comfy_workflow.from_graph(self.graph, name=self.name, slots=self.mapping)

    @property
    def takes(self) -> tuple[str, ...]:
        return tuple(role for role in comfy_workflow.ROLES if self.mapping.get(role))

    @property
    def checkpoint(self) -> str:
        """The base model it always draws with; "" when the request chooses, or there is none."""
        checkpoints = [
            node["inputs"].get("ckpt_name") for node in self.graph.values() if node["class_type"] == "CheckpointLoaderSimple"
        ]
        return str(checkpoints[0]) if checkpoints and "checkpoint" not in self.mapping else ""
