"""ComfyUI graphs as we use them: their nodes are found by title, never by id, and values are bound into a copy. Pure.

A `Workflow` is a graph in API format and its slots: which input of which node takes the prompt, the seed, the size. Those of
`workflows/comfyui/` follow from the titles alone; those of an imported graph are what its owner chose
(`comfy_mapping.suggest`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from backend.engines.comfyui import lint, node_classes
from backend.engines.comfyui.lint import Graph, Node
from backend.errors import Invalid
from backend.settings import ROOT

FOLDER = ROOT / "workflows" / "comfyui"
_SAMPLER = {
    "seed": "seed",
    "noise_seed": "seed",
    "steps": "steps",
    "cfg": "cfg",
    "sampler_name": "sampler",
    "scheduler": "scheduler",
    "denoise": "strength",
}
_SIZE = {"width": "width", "height": "height", "target_width": "width", "target_height": "height"}
TITLES: dict[str, dict[str, str]] = {
    "checkpoint": {"ckpt_name": "checkpoint", "unet_name": "checkpoint"},
    "lora": {"lora_name": "lora"},
    "positive prompt": {
        "text": "prompt",
        "text_g": "prompt",
        "text_l": "prompt",
        "clip_l": "prompt",
        "t5xxl": "prompt",
        **_SIZE,
    },
    "negative prompt": {"text": "negative", "text_g": "negative", "text_l": "negative", **_SIZE},
    "size": _SIZE,
    "sampler": _SAMPLER,
    "sampler without cfg": {name: role for name, role in _SAMPLER.items() if role != "cfg"},
    "guidance": {"guidance": "cfg"},
    "second pass": _SAMPLER | {"denoise": "second_strength"},
    "larger": {"scale_by": "scale"},
    "picture": {"image": "picture"},
    "mask": {"image": "mask"},
    "pose": {"image": "pose"},
    "pose model": {"control_net_name": "control"},
    "pose strength": {"strength": "pose_strength"},
    "upscale model": {"model_name": "upscaler"},
    "motion model": {"model_name": "motion", "ckpt_name": "motion"},
    "frames": {"amount": "frames", "video_frames": "frames", "motion_bucket_id": "movement", "fps": "fps", **_SIZE},
    "video": {"fps": "fps", "frame_rate": "fps"},
    "result": {"filename_prefix": "prefix"},
}
"""Title of a node (any case) -> input -> role. What a role takes: ROLES."""
ROLES: dict[str, str] = {
    "prompt": "Prompt",
    "negative": "Negative prompt",
    "seed": "Seed",
    "steps": "Steps",
    "cfg": "CFG",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "strength": "Strength (denoise)",
    "width": "Width",
    "height": "Height",
    "checkpoint": "Checkpoint",
    "lora": "LoRA",
    "picture": "Start picture",
    "mask": "Mask",
    "pose": "Pose picture",
    "control": "ControlNet of the pose",
    "pose_strength": "Strength of the pose",
    "scale": "Enlargement before the second pass",
    "second_strength": "Strength of the second pass",
    "upscaler": "Upscale model",
    "motion": "Motion model",
    "movement": "Movement",
    "frames": "Frames",
    "fps": "Frames a second",
    "prefix": "Result",
}
"""Every role and what people call it. Pictures are names of files on the server; models are relative to their folders."""
PICTURES = ("picture", "mask", "pose")
_TEXTS = ("prompt", "negative")
"""Of which nothing is a value too."""


def said(role: str) -> str:
    """A role within a sentence: `start picture`, `CFG`."""
    name = ROLES[role]
    return name if name[1].isupper() or name.startswith(("LoRA", "ControlNet")) else name[0].lower() + name[1:]


@dataclass(frozen=True, slots=True)
class Slot:
    node: str
    input: str


Slots = Mapping[str, tuple[Slot, ...]]


@dataclass(frozen=True, slots=True)
class Workflow:
    """`slots`: role -> the inputs that take it. `results`: ids of the nodes whose files are the result."""

    name: str
    graph: Graph
    slots: Slots
    results: tuple[str, ...]

    def takes(self, role: str) -> bool:
        return bool(self.slots.get(role))

    def needs_pictures(self) -> tuple[str, ...]:
        """Roles among PICTURES that must be given."""
        return tuple(role for role in PICTURES if self.takes(role))

    def without(self, title: str, instead: str) -> Workflow:
        """What came from the node with this title comes from the one called `instead`: `without("Pose reader", "Pose")`."""
        graph = copy.deepcopy(self.graph)
        gone, source = _titled(graph, title), _titled(graph, instead)
        for node in graph.values():
            for name, key, _ in list(lint.links(node)):
                if key == gone:
                    node["inputs"][name] = [source, 0]
        return Workflow(self.name, graph, self.slots, self.results)

    def bind(self, values: Mapping[str, Any], loras: Sequence[tuple[str, float]] = (), prefix: str = "") -> Graph:
        """A graph to send: `values` by role, one loader per LoRA (server's file name, weight), results under `prefix`.

        `strength` counts only where there is a start picture: without one everything is drawn.
        Roles the workflow does not have are passed over, except pictures and LoRAs; roles that are not given stay as the graph
        has them. Always one picture a prompt. What the results do not need is left out. Raises Invalid with a sentence.
        """
        graph = copy.deepcopy(self.graph)
        if lost := [ROLES[role] for role in PICTURES if values.get(role) and not self.takes(role)]:
            raise Invalid(f"This workflow takes no {lost[0].lower()}. Choose another workflow, or ask without it.")
        if missing := [ROLES[role] for role in self.needs_pictures() if not values.get(role)]:
            raise Invalid(f"This workflow needs a {missing[0].lower()}. Choose one first.")
        passed = {"lora", "prefix"} if self.takes("picture") else {"lora", "prefix", "strength"}
        for role, value in values.items():
            empty = value is None or (value == "" and role not in _TEXTS)
            for slot in () if empty or role in passed else self.slots.get(role, ()):
                graph[slot.node]["inputs"][slot.input] = value
        _one_picture(graph)
        _chain(graph, [slot.node for slot in self.slots.get("lora", ())], loras)
        for key in self.results:
            _kept(graph[key], prefix)
        wanted = lint.needed(graph, self.results)
        return {key: node for key, node in graph.items() if key in wanted}


def of(graph: Graph, *, name: str = "", slots: Slots | None = None) -> Workflow:
    """A graph with its slots: those its titles name, unless given. Raises Invalid (lint, a slot that is not there)."""
    if wrong := lint.lint(graph):
        raise Invalid(" ".join(wrong[:3]))
    slots = by_title(graph) if slots is None else slots
    for role, some in slots.items():
        for slot in some:
            if role not in ROLES or slot.input not in graph.get(slot.node, {}).get("inputs", {}):
                raise Invalid(
                    f"“{ROLES.get(role, role)}” is bound to an input that the workflow does not have. Choose it again."
                )
    chosen = tuple(slot.node for slot in slots.get("prefix", ()))
    return Workflow(name, graph, slots, chosen or tuple(lint.results(graph)))


def by_title(graph: Graph) -> dict[str, tuple[Slot, ...]]:
    """The slots that titles name (TITLES)."""
    found: dict[str, tuple[Slot, ...]] = {}
    for key, node in graph.items():
        for name, role in TITLES.get(lint.title(node).strip().lower(), {}).items():
            if name in node["inputs"]:
                found[role] = (*found.get(role, ()), Slot(key, name))
    return found


@cache
def load(name: str) -> Workflow:
    """A built-in one: `txt2img_sd15` of workflows/comfyui/. Raises Invalid for a broken file (they are linted before use)."""
    path = FOLDER / f"{name}.json"
    try:
        return of(lint.parse(path.read_text("utf-8")), name=name)
    except FileNotFoundError as missing:
        raise Invalid(f"There is no built-in workflow called {name!r}. Look into workflows/comfyui/.") from missing


def names() -> list[str]:
    """Of the built-in ones."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def fingerprint(graph: Graph) -> str:
    """The same for the same graph, whatever the order of its nodes."""
    return json.dumps(graph, sort_keys=True, separators=(",", ":"))


def _titled(graph: Graph, title: str) -> str:
    found = next((key for key, node in graph.items() if lint.title(node).strip().lower() == title.lower()), None)
    if found is None:
        raise Invalid(f"The workflow has no node called {title!r}.")
    return found


def _one_picture(graph: Graph) -> None:
    for node in graph.values():
        if "batch_size" in node["inputs"] and node["class_type"].startswith("Empty"):
            node["inputs"]["batch_size"] = 1


def _chain(graph: Graph, loaders: Sequence[str], loras: Sequence[tuple[str, float]]) -> None:
    """The first of `loaders` becomes one loader per LoRA, in order; the others, and without LoRAs all, are passed by."""
    if loras and not loaders:
        raise Invalid("This workflow has no place for a LoRA. Add a Load LoRA node in ComfyUI, or draw without one.")
    for key in loaders[1:] if loras else loaders:
        _pass_by(graph, key)
    if not loras:
        return
    first = graph[loaders[0]]
    ends = loaders[0]
    for n, (name, weight) in enumerate(loras):
        key = loaders[0] if n == 0 else _free(graph, loaders[0], n)
        node: Node = copy.deepcopy(first) if n else first
        if n:
            node["inputs"] |= {side: [ends, at] for at, side in enumerate(("model", "clip")) if side in node["inputs"]}
            _rewire(graph, ends, {at: [key, at] for at in (0, 1)})
            graph[key] = node
        strengths = {side: weight for side in ("strength_model", "strength_clip") if side in node["inputs"]}
        node["inputs"] |= {"lora_name": name, **strengths}
        ends = key


def _pass_by(graph: Graph, key: str) -> None:
    said = graph[key]["inputs"]
    _rewire(graph, key, {at: said.get(side) for at, side in enumerate(("model", "clip"))})


def _rewire(graph: Graph, key: str, instead: Mapping[int, Any]) -> None:
    """Whoever takes output n of `key` takes `instead[n]`."""
    for node in graph.values():
        for name, source, at in list(lint.links(node)):
            if source == key and instead.get(at) is not None:
                node["inputs"][name] = list(instead[at])


def _free(graph: Graph, near: str, n: int) -> str:
    key = f"{near}-{n}"
    while key in graph:
        key += "-"
    return key


def _kept(node: Node, prefix: str) -> None:
    """A node that only shows a picture keeps it, under our name."""
    if node["class_type"] in node_classes.PREVIEWS:
        node["class_type"] = "SaveImage"
        node["inputs"]["filename_prefix"] = "studio"
    if prefix and "filename_prefix" in node["inputs"]:
        node["inputs"]["filename_prefix"] = prefix
