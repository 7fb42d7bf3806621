"""ComfyUI graphs with slots: nodes are found by title, never by id, and values are bound into a copy. Pure.

A `Workflow` is a graph in API format and its slots: which input of which node takes the prompt, the seed, the size. Those of
`workflows/comfyui/` follow from the titles alone; those of an imported graph are what its owner chose
(`mapping.suggest`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from backend.engines.comfyui.graphs import lint, node_classes
from backend.engines.ports.workflow import PICTURE_ROLES, Graph, InputSlot, Node, RoleSlots, Workflow
from backend.errors import Invalid
from backend.language import tr_lazy, worded
from backend.settings import ROOT

FOLDER = ROOT / "workflows" / "comfyui"
_SAMPLER_ROLES = {
    "seed": "seed",
    "noise_seed": "seed",
    "steps": "steps",
    "cfg": "cfg",
    "sampler_name": "sampler",
    "scheduler": "scheduler",
    "denoise": "strength",
}
_SIZE_ROLES = {"width": "width", "height": "height", "target_width": "width", "target_height": "height"}
ROLES_BY_TITLE: dict[str, dict[str, str]] = {
    "checkpoint": {"ckpt_name": "checkpoint", "unet_name": "checkpoint"},
    "lora": {"lora_name": "lora"},
    "positive prompt": {
        "text": "prompt",
        "text_g": "prompt",
        "text_l": "prompt",
        "clip_l": "prompt",
        "t5xxl": "prompt",
        **_SIZE_ROLES,
    },
    "negative prompt": {"text": "negative", "text_g": "negative", "text_l": "negative", **_SIZE_ROLES},
    "size": _SIZE_ROLES,
    "sampler": _SAMPLER_ROLES,
    "sampler without cfg": {name: role for name, role in _SAMPLER_ROLES.items() if role != "cfg"},
    "guidance": {"guidance": "cfg"},
    "second pass": _SAMPLER_ROLES | {"denoise": "second_strength"},
    "larger": {"scale_by": "scale"},
    "picture": {"image": "picture"},
    "mask": {"image": "mask"},
    "pose": {"image": "pose"},
    "pose model": {"control_net_name": "control"},
    "pose strength": {"strength": "pose_strength"},
    "upscale model": {"model_name": "upscaler"},
    "motion model": {"model_name": "motion", "ckpt_name": "motion"},
    "frames": {"amount": "frames", "video_frames": "frames", "motion_bucket_id": "movement", "fps": "fps", **_SIZE_ROLES},
    "video": {"fps": "fps", "frame_rate": "fps"},
    "result": {"filename_prefix": "prefix"},
}
"""Title of a node (any case) -> input -> role. What a role takes: ROLES."""
ROLES: dict[str, str] = {
    "prompt": tr_lazy("Prompt"),
    "negative": tr_lazy("Negative prompt"),
    "seed": tr_lazy("Seed"),
    "steps": tr_lazy("Steps"),
    "cfg": tr_lazy("CFG"),
    "sampler": tr_lazy("Sampler"),
    "scheduler": tr_lazy("Scheduler"),
    "strength": tr_lazy("Strength (denoise)"),
    "width": tr_lazy("Width"),
    "height": tr_lazy("Height"),
    "checkpoint": tr_lazy("Checkpoint"),
    "lora": tr_lazy("LoRA"),
    "picture": tr_lazy("Start image"),
    "mask": tr_lazy("Mask"),
    "pose": tr_lazy("Pose picture"),
    "control": tr_lazy("ControlNet of the pose"),
    "pose_strength": tr_lazy("Strength of the pose"),
    "scale": tr_lazy("Enlargement before the second pass"),
    "second_strength": tr_lazy("Strength of the second pass"),
    "upscaler": tr_lazy("Upscale model"),
    "motion": tr_lazy("Motion model"),
    "movement": tr_lazy("Movement"),
    "frames": tr_lazy("Frames"),
    "fps": tr_lazy("Frames a second"),
    "prefix": tr_lazy("Result"),
}
"""Role -> its label. Values of picture roles are file names on the server; model names are relative to their folders."""
_TEXT_ROLES = ("prompt", "negative")
"""Roles for which "" is a value too."""


def role_label(role: str) -> str:
    """A role within a sentence, in the language of the reader: `start picture`, `CFG`."""
    name = worded(ROLES[role])
    return name if name[1].isupper() or name.startswith(("LoRA", "ControlNet")) else name[0].lower() + name[1:]


def bypass(workflow: Workflow, title: str, replacement: str) -> Workflow:
    """A copy in which node `replacement` feeds what node `title` fed. Both are titles, as "Pose" and "Pose reader"."""
    graph = copy.deepcopy(workflow.graph)
    removed, source = _find_by_title(graph, title), _find_by_title(graph, replacement)
    for node in graph.values():
        for name, key, _ in list(lint.links(node)):
            if key == removed:
                node["inputs"][name] = [source, 0]
    return replace(workflow, graph=graph)


def bind(workflow: Workflow, values: Mapping[str, Any], loras: Sequence[tuple[str, float]] = (), prefix: str = "") -> Graph:
    """A graph to send: `values` by role, one loader per LoRA (server's file name, weight), results under `prefix`.

    `strength` counts only where there is a start picture: without one everything is drawn.
    Roles the workflow does not have are passed over, except pictures and LoRAs; roles that are not given stay as the graph
    has them. Always one picture a prompt. What the results do not need is left out. Raises Invalid with a sentence.
    """
    graph = copy.deepcopy(workflow.graph)
    if unplaced := [ROLES[role] for role in PICTURE_ROLES if values.get(role) and not workflow.takes(role)]:
        raise Invalid(
            tr_lazy(
                "This workflow takes no {unplaced}. Choose another workflow, or ask without it.", unplaced=unplaced[0].lower()
            )
        )
    if missing := [ROLES[role] for role in workflow.needs_pictures() if not values.get(role)]:
        raise Invalid(tr_lazy("This workflow needs a {missing}. Choose one first.", missing=missing[0].lower()))
    skipped_roles = {"lora", "prefix"} if workflow.takes("picture") else {"lora", "prefix", "strength"}
    for role, value in values.items():
        empty = value is None or (value == "" and role not in _TEXT_ROLES)
        for slot in () if empty or role in skipped_roles else workflow.slots.get(role, ()):
            graph[slot.node]["inputs"][slot.input] = value
    _force_batch_of_one(graph)
    _chain_loras(graph, [slot.node for slot in workflow.slots.get("lora", ())], loras)
    for key in workflow.results:
        _make_saver(graph[key], prefix)
    required = lint.required_nodes(graph, workflow.results)
    return {key: node for key, node in graph.items() if key in required}


def from_graph(graph: Graph, *, name: str = "", slots: RoleSlots | None = None) -> Workflow:
    """A workflow from a graph; slots by title unless `slots` is given. Raises Invalid (lint errors, a slot that is missing)."""
    if errors := lint.lint(graph):
        raise Invalid(" ".join(errors[:3]))
    slots = slots_by_title(graph) if slots is None else slots
    for role, role_slots in slots.items():
        for slot in role_slots:
            if role not in ROLES or slot.input not in graph.get(slot.node, {}).get("inputs", {}):
                raise Invalid(
                    tr_lazy(
                        "“{name}” is bound to an input that the workflow does not have. Choose it again.",
                        name=ROLES.get(role, role),
                    )
                )
    result_nodes = tuple(slot.node for slot in slots.get("prefix", ()))
    return Workflow(name, graph, slots, result_nodes or tuple(lint.result_nodes(graph)))


def slots_by_title(graph: Graph) -> dict[str, tuple[InputSlot, ...]]:
    """The slots that node titles name (ROLES_BY_TITLE)."""
    slots: dict[str, tuple[InputSlot, ...]] = {}
    for key, node in graph.items():
        for name, role in ROLES_BY_TITLE.get(lint.title(node).strip().lower(), {}).items():
            if name in node["inputs"]:
                slots[role] = (*slots.get(role, ()), InputSlot(key, name))
    return slots


@cache
def load_builtin(name: str) -> Workflow:
    """A built-in workflow by file name, as `txt2img_sd15` of workflows/comfyui/. Raises Invalid (missing file, lint errors)."""
    path = FOLDER / f"{name}.json"
    try:
        return from_graph(lint.parse(path.read_text("utf-8")), name=name)
    except FileNotFoundError as error:
        raise Invalid(
            tr_lazy("There is no built-in workflow called {name}. Look into workflows/comfyui/.", name=repr(name))
        ) from error


def builtin_names() -> list[str]:
    """Names of the built-in workflows."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def _find_by_title(graph: Graph, title: str) -> str:
    node_id = next((key for key, node in graph.items() if lint.title(node).strip().lower() == title.lower()), None)
    if node_id is None:
        raise Invalid(tr_lazy("The workflow has no node called {title}.", title=repr(title)))
    return node_id


def _force_batch_of_one(graph: Graph) -> None:
    for node in graph.values():
        if "batch_size" in node["inputs"] and node["class_type"].startswith("Empty"):
            node["inputs"]["batch_size"] = 1


def _chain_loras(graph: Graph, loaders: Sequence[str], loras: Sequence[tuple[str, float]]) -> None:
    """Repeats the first of `loaders` once per LoRA, in order, and bypasses the others; without LoRAs all are bypassed."""
    if loras and not loaders:
        raise Invalid(tr_lazy("This workflow has no place for a LoRA. Add a Load LoRA node in ComfyUI, or create without one."))
    for key in loaders[1:] if loras else loaders:
        _bypass(graph, key)
    if not loras:
        return
    first = graph[loaders[0]]
    last_loader = loaders[0]
    for n, (name, weight) in enumerate(loras):
        key = loaders[0] if n == 0 else _free_id(graph, loaders[0], n)
        node: Node = copy.deepcopy(first) if n else first
        if n:
            node["inputs"] |= {
                side: [last_loader, output] for output, side in enumerate(("model", "clip")) if side in node["inputs"]
            }
            _rewire(graph, last_loader, {output: [key, output] for output in (0, 1)})
            graph[key] = node
        strengths = {side: weight for side in ("strength_model", "strength_clip") if side in node["inputs"]}
        node["inputs"] |= {"lora_name": name, **strengths}
        last_loader = key


def _bypass(graph: Graph, key: str) -> None:
    inputs = graph[key]["inputs"]
    _rewire(graph, key, {output: inputs.get(side) for output, side in enumerate(("model", "clip"))})


def _rewire(graph: Graph, key: str, replacements: Mapping[int, Any]) -> None:
    """Inputs that take output n of `key` take `replacements[n]` instead."""
    for node in graph.values():
        for name, source, output in list(lint.links(node)):
            if source == key and replacements.get(output) is not None:
                node["inputs"][name] = list(replacements[output])


def _free_id(graph: Graph, near: str, n: int) -> str:
    key = f"{near}-{n}"
    while key in graph:
        key += "-"
    return key


def _make_saver(node: Node, prefix: str) -> None:
    """Turns a preview node into one that saves, and sets its file name prefix."""
    if node["class_type"] in node_classes.PREVIEWERS:
        node["class_type"] = "SaveImage"
        node["inputs"]["filename_prefix"] = "studio"
    if prefix and "filename_prefix" in node["inputs"]:
        node["inputs"]["filename_prefix"] = prefix
