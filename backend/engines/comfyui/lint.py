"""Whether a text is a ComfyUI graph in API format that may be sent to a server: a bad one can kill the server's prompt thread.

A node that no output needs is not looked at by the server before it runs (docs/contracts/comfyui.md, 6): everything is
checked here first. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any

from backend.engines.comfyui import node_classes
from backend.errors import Invalid

Node = dict[str, Any]
Graph = dict[str, Node]
MOST_NODES = 500
LONGEST = 1024 * 1024
"""Characters of a graph as JSON."""
EDITOR = (
    "This is a workflow saved for ComfyUI's editor: it has no names of inputs, so that no other program can run it. Open it in "
    "ComfyUI and choose Workflow, Export (API) (in older versions: turn on Dev mode in the settings, then Save (API Format)). "
    "Bring that file."
)
_NOT_A_GRAPH = "This is no ComfyUI workflow. Bring the JSON file that ComfyUI makes with Workflow, Export (API)."


def parse(text: str | bytes) -> Graph:
    """The graph in a file or a pasted text; the body of a POST /prompt is unwrapped. Raises Invalid with what to do.

    Nodes keep `class_type`, `inputs` and their title; everything else in them is left out. Not yet linted.
    """
    if len(text) > LONGEST:
        raise Invalid("This file is too large for a workflow: at most 1 MB. Bring the workflow alone, without pictures in it.")
    try:
        found = json.loads(text, parse_float=_number, parse_constant=_number)
    except (ValueError, RecursionError) as broken:
        raise Invalid(f"This is not JSON, so no workflow. {_NOT_A_GRAPH.partition('. ')[2]}") from broken
    if isinstance(found, dict) and isinstance(found.get("prompt"), dict) and "class_type" not in found["prompt"]:
        found = found["prompt"]
    if is_editors(found):
        raise Invalid(EDITOR)
    if (
        not isinstance(found, dict)
        or not found
        or not any(isinstance(one, dict) and "class_type" in one for one in found.values())
    ):
        raise Invalid(_NOT_A_GRAPH)
    return {str(key): _kept(node) for key, node in found.items()}


def is_editors(found: object) -> bool:
    """The shape the editor saves (`nodes` and `links`); the server answers 500 to it (comfyui.md, 2)."""
    return isinstance(found, Mapping) and isinstance(found.get("nodes"), list)


def lint(graph: Mapping[str, Any]) -> list[str]:
    """What keeps `graph` from being sent, as sentences; empty: nothing. Which classes are allowed is `foreign`'s question."""
    if is_editors(graph):
        return [EDITOR]
    if not graph:
        return ["The workflow has no nodes."]
    if len(graph) > MOST_NODES:
        return [f"The workflow has {len(graph):,} nodes; at most {MOST_NODES} can be used."]
    broken = [said for key, node in graph.items() if (said := _broken(str(key), node))]
    if broken:
        return broken
    wrong = [one for key, node in graph.items() for one in _links(graph, key, node)]
    if not wrong and (ring := _ring(graph)):
        wrong.append(
            f"The nodes {', '.join(called(graph, key) for key in ring)} feed each other in a ring. Break it in ComfyUI."
        )
    if not results(graph):
        wrong.append("The workflow saves nothing. Add a Save Image node (or Save Video) in ComfyUI and export it again.")
    return wrong


def foreign(graph: Mapping[str, Node], extra: Collection[str] = ()) -> list[str]:
    """Classes beyond the built-in list and `extra`, each once, in order."""
    known = node_classes.ALLOWED | set(extra)
    return list(dict.fromkeys(node["class_type"] for node in graph.values() if node["class_type"] not in known))


def results(graph: Mapping[str, Node]) -> list[str]:
    """Ids of the nodes that save something; those that keep files before those that only show them."""
    kept = [key for key, node in graph.items() if node["class_type"] in node_classes.SAVERS]
    return kept or [key for key, node in graph.items() if node["class_type"] in node_classes.PREVIEWS]


def title(node: Node) -> str:
    """As people see it in ComfyUI, else its class."""
    said = (node.get("_meta") or {}).get("title")
    return said if isinstance(said, str) and said.strip() else str(node["class_type"])


def called(graph: Mapping[str, Node], key: str) -> str:
    """A node in a sentence: `KSampler (3)`."""
    return f"{title(graph[key])} ({key})"


def links(node: Node) -> Iterator[tuple[str, str, int]]:
    """Every input that comes from another node: (input, that node's id, its output)."""
    for name, value in node["inputs"].items():
        if is_link(value):
            yield name, value[0], int(value[1])


def is_link(value: object) -> bool:
    """As the server decides it: a list of a node's id and the number of an output."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], (int, float))
        and not isinstance(value[1], bool)
    )


def needed(graph: Mapping[str, Node], ends: Collection[str]) -> set[str]:
    """`ends` and every node that something on the way to them needs."""
    seen: set[str] = set()
    waiting = [key for key in ends if key in graph]
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += [source for _, source, _ in links(graph[key]) if source in graph]
    return seen


def _number(said: str) -> float:
    """JSON has no infinity, and no database keeps one. Raises ValueError."""
    value = float(said)
    if not isfinite(value):
        raise ValueError(said)
    return value


def _kept(node: object) -> Node:
    if not isinstance(node, dict):
        return {"class_type": "", "inputs": node}
    said = node.get("_meta")
    meta = said.get("title") if isinstance(said, dict) else None
    kept = {"class_type": node.get("class_type"), "inputs": node.get("inputs")}
    return kept | ({"_meta": {"title": meta[:100]}} if isinstance(meta, str) else {})


def _broken(key: str, node: object) -> str:
    if not isinstance(node, dict) or not isinstance(node.get("class_type"), str) or not node["class_type"]:
        return f"The node {key} says not what it is (class_type). Export the workflow from ComfyUI again."
    if not isinstance(node.get("inputs"), dict):
        return f"The node {key} ({node['class_type']}) has no inputs. Export the workflow from ComfyUI again."
    names = (key, node["class_type"], *map(str, node["inputs"]))
    if any(len(name) > 200 or not name.isprintable() for name in names) or not _storable(node["inputs"]):
        return "A node has an id, a class or an input whose name cannot be read. Export the workflow from ComfyUI again."
    return ""


def _storable(inputs: Node) -> bool:
    """No NUL and no half of a surrogate pair anywhere in the values."""
    said = json.dumps(inputs, ensure_ascii=False)
    return "\\u0000" not in said and not any("\ud800" <= sign <= "\udfff" for sign in said)


def _links(graph: Mapping[str, Any], key: str, node: Node) -> Iterator[str]:
    again = "Connect it again in ComfyUI."
    for name, value in node["inputs"].items():
        if is_link(value):
            if value[0] not in graph:
                yield f"{called(graph, key)} takes “{name}” from the node {value[0]}, which is not there. {again}"
            elif value[1] < 0 or value[1] != int(value[1]):
                yield f"{called(graph, key)} takes “{name}” from an output that does not exist. {again}"
        elif isinstance(value, list) and any(isinstance(one, (list, dict)) for one in value):
            yield f"{called(graph, key)} has something in “{name}” that is no value and no connection."


def _ring(graph: Mapping[str, Node]) -> list[str]:
    """The nodes of a ring, if there is one."""
    before = {key: {source for _, source, _ in links(node)} for key, node in graph.items()}
    while free := [key for key, sources in before.items() if not sources & before.keys()]:
        for key in free:
            del before[key]
    # Those behind a ring are left too: only who also leads into it is in it.
    while ends := [key for key in before if not any(key in sources for sources in before.values())]:
        for key in ends:
            del before[key]
    return list(before)
