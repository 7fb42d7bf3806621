"""An imported graph as a value: which input of which node takes the prompt, the seed, the size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
Graph = dict[str, Node]
"""Node id -> node, as ComfyUI's API format has it; `backend.engines.comfyui.graphs` checks and binds it."""
PICTURE_ROLES = ("picture", "mask", "pose")


@dataclass(frozen=True, slots=True)
class InputSlot:
    node: str
    input: str


RoleSlots = Mapping[str, tuple[InputSlot, ...]]


@dataclass(frozen=True, slots=True)
class Workflow:
    """`slots`: role -> the inputs that take it. `results`: ids of the nodes whose files are the result."""

    name: str
    graph: Graph
    slots: RoleSlots
    results: tuple[str, ...]

    def takes(self, role: str) -> bool:
        return bool(self.slots.get(role))

    def needs_pictures(self) -> tuple[str, ...]:
        """Roles among PICTURE_ROLES that must be given."""
        return tuple(role for role in PICTURE_ROLES if self.takes(role))
