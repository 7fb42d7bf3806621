"""What an imported workflow needs before it may be used. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from backend.engines.comfyui.graphs import lint
from backend.engines.comfyui.graphs import mapping as comfy_mapping
from backend.engines.ports.workflow import Graph, InputSlot
from backend.language import tr_lazy, tr_lazy_plural
from backend.workflows.schemas import WorkflowCard

EXPECTED_ROLES = {
    "prompt": tr_lazy("No input takes the prompt: every picture would show what the workflow itself says."),
    "seed": tr_lazy("No input takes the seed: the same picture would come again and again."),
}


def problems(graph: Graph, mapping: Mapping[str, tuple[InputSlot, ...]], allowed: Collection[str]) -> list[str]:
    """What must be put right before the workflow runs at all, as sentences. `allowed`: classes of the setting."""
    sentences = lint.lint(graph)
    if sentences:
        return sentences
    if foreign_classes := lint.unknown_classes(graph, allowed):
        sentences.append(
            tr_lazy_plural(
                "The node {nodes} is not among those that may be used here: a node may run code or read files of the server. "
                "Who runs this studio can allow it in COMFYUI_ALLOWED_CLASSES; or take it out in ComfyUI.",
                "The nodes {nodes} are not among those that may be used here: a node may run code or read files of the server. "
                "Who runs this studio can allow them in COMFYUI_ALLOWED_CLASSES; or take them out in ComfyUI.",
                len(foreign_classes),
                nodes=", ".join(foreign_classes[:8]),
            )
        )
    for key in comfy_mapping.unbound_pictures(graph, dict(mapping)):
        sentences.append(
            tr_lazy(
                "{node} reads a file that lies on the server. Bind it to the start image, the mask or the pose, or "
                "take it out in ComfyUI.",
                node=lint.node_label(graph, key),
            )
        )
    return sentences


def remarks(card: WorkflowCard) -> list[str]:
    """Sentences about what may stay as it is, but may surprise."""
    return [sentence for role, sentence in EXPECTED_ROLES.items() if not card.mapping.get(role)]


def check_mapping(graph: Graph, mapping: Mapping[str, tuple[InputSlot, ...]]) -> str:
    """An error message when one input is bound twice; "" when all is well."""
    roles_by_slot: dict[InputSlot, str] = {}
    for role, slots in mapping.items():
        for slot in slots:
            if roles_by_slot.setdefault(slot, role) != role:
                return tr_lazy(
                    "{node}, {input} is bound twice. Choose another input for one of them.",
                    node=lint.node_label(graph, slot.node),
                    input=slot.input,
                )
    return ""
