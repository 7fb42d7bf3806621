"""The eight graphs that a live ComfyUI accepted (docs/contracts/comfyui.md, 9), and the /object_info of a matching server."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from backend.engines.comfyui.graphs import lint, node_classes
from backend.engines.ports.workflow import Graph

FOLDER = Path(__file__).parent / "comfy_graphs"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text("utf-8")


def graph(name: str) -> Graph:
    return lint.parse(text(name))


def shuffled(graph: Graph, seed: int) -> tuple[Graph, dict[str, str]]:
    """The same graph with other ids in another order, and old id -> new id."""
    luck = random.Random(seed)
    ids = [str(n) for n in luck.sample(range(1, 1000), len(graph))]
    new = dict(zip(graph, ids, strict=True))
    nodes = list(graph.items())
    luck.shuffle(nodes)
    return {new[key]: _renamed(node, new) for key, node in nodes}, new


def object_info_of(*graphs: Graph) -> dict[str, Any]:
    """An /object_info of a server that has every class of `graphs` and every file they name."""
    info: dict[str, Any] = {}
    for graph in graphs:
        for node in graph.values():
            required = info.setdefault(node["class_type"], {"input": {"required": {}}})["input"]["required"]
            for name, value in node["inputs"].items():
                if node_classes.model_folder(node["class_type"], name) or name in {"sampler_name", "scheduler"}:
                    words = required.setdefault(name, [[], {}])[0]
                    words += [value] if value not in words else []
    return info


def _renamed(node: dict[str, Any], new: dict[str, str]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(node))
    for name, source, _ in list(lint.links(copy)):
        copy["inputs"][name][0] = new[source]
    return copy
