"""Checks that a text is a ComfyUI graph in API format that is safe to send: a bad one can kill the server's prompt thread.

The server does not validate nodes that no output needs (docs/contracts/comfyui.md, 6), so every node is checked here. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any

from backend.engines.comfyui.graphs import node_classes
from backend.engines.ports.workflow import Graph, Node
from backend.errors import Invalid
from backend.language import tr_lazy

MAX_NODES = 500
MAX_GRAPH_CHARS = 1024 * 1024
"""Characters of a graph as JSON."""
EDITOR_FORMAT = tr_lazy(
    "This is a workflow saved for ComfyUI's editor: its inputs have no names, so no other program can run it. Open it "
    "in ComfyUI and choose Workflow, Export (API) (in older versions: turn on Dev mode in the settings, then Save (API "
    "Format)). Upload that file."
)
_NOT_A_GRAPH = tr_lazy("This is not a ComfyUI workflow. Upload the JSON file that ComfyUI makes with Workflow, Export (API).")


def parse(text: str | bytes) -> Graph:
    """The graph in a file or a pasted text; the body of a POST /prompt is unwrapped. Raises Invalid with what to do.

    Nodes keep `class_type`, `inputs` and their title; everything else in them is left out. Not yet linted.
    """
    if len(text) > MAX_GRAPH_CHARS:
        raise Invalid(
            tr_lazy("This file is too large for a workflow: at most 1 MB. Upload the workflow alone, without pictures in it.")
        )
    try:
        data = json.loads(text, parse_float=_finite_float, parse_constant=_finite_float)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            tr_lazy("This is not JSON, so it is not a workflow. {partition}", partition=_NOT_A_GRAPH.partition(". ")[2])
        ) from error
    if isinstance(data, dict) and isinstance(data.get("prompt"), dict) and "class_type" not in data["prompt"]:
        data = data["prompt"]
    if is_editor_format(data):
        raise Invalid(EDITOR_FORMAT)
    if (
        not isinstance(data, dict)
        or not data
        or not any(isinstance(node, dict) and "class_type" in node for node in data.values())
    ):
        raise Invalid(_NOT_A_GRAPH)
    return {str(key): _normalized_node(node) for key, node in data.items()}


def is_editor_format(data: object) -> bool:
    """The shape the editor saves (`nodes` and `links`); the server answers 500 to it (comfyui.md, 2)."""
    return isinstance(data, Mapping) and isinstance(data.get("nodes"), list)


def lint(graph: Mapping[str, Any]) -> list[str]:
    """Sentences for what keeps `graph` from being sent; empty: nothing. Allowed classes are checked by `unknown_classes`."""
    if is_editor_format(graph):
        return [EDITOR_FORMAT]
    if not graph:
        return [tr_lazy("The workflow has no nodes.")]
    if len(graph) > MAX_NODES:
        return [tr_lazy("The workflow has {n:,} nodes; at most {most} can be used.", n=len(graph), most=MAX_NODES)]
    node_errors = [message for key, node in graph.items() if (message := _node_error(str(key), node))]
    if node_errors:
        return node_errors
    errors = [error for key, node in graph.items() for error in _link_errors(graph, key, node)]
    if not errors and (cycle := _find_cycle(graph)):
        errors.append(
            tr_lazy(
                "The nodes {nodes} feed each other in a ring. Break it in ComfyUI.",
                nodes=", ".join(node_label(graph, key) for key in cycle),
            )
        )
    if not result_nodes(graph):
        errors.append(
            tr_lazy("The workflow saves nothing. Add a Save Image node (or Save Video) in ComfyUI and export it again.")
        )
    return errors


def unknown_classes(graph: Mapping[str, Node], extra: Collection[str] = ()) -> list[str]:
    """Node classes that are neither built in nor in `extra`, each once, in order."""
    allowed = node_classes.ALLOWED | set(extra)
    return list(dict.fromkeys(node["class_type"] for node in graph.values() if node["class_type"] not in allowed))


def result_nodes(graph: Mapping[str, Node]) -> list[str]:
    """Ids of the nodes that save files; if there are none, of those that only preview."""
    savers = [key for key, node in graph.items() if node["class_type"] in node_classes.SAVERS]
    return savers or [key for key, node in graph.items() if node["class_type"] in node_classes.PREVIEWERS]


def title(node: Node) -> str:
    """The node's title in ComfyUI, else its class."""
    node_title = (node.get("_meta") or {}).get("title")
    return node_title if isinstance(node_title, str) and node_title.strip() else str(node["class_type"])


def node_label(graph: Mapping[str, Node], key: str) -> str:
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


def required_nodes(graph: Mapping[str, Node], targets: Collection[str]) -> set[str]:
    """`targets` and every node upstream of them."""
    visited: set[str] = set()
    pending = [key for key in targets if key in graph]
    while pending:
        key = pending.pop()
        if key not in visited:
            visited.add(key)
            pending += [source for _, source, _ in links(graph[key]) if source in graph]
    return visited


def _finite_float(text: str) -> float:
    """Raises ValueError for NaN and infinity: JSON has neither, and Postgres stores neither in jsonb."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _normalized_node(node: object) -> Node:
    if not isinstance(node, dict):
        return {"class_type": "", "inputs": node}
    meta = node.get("_meta")
    node_title = meta.get("title") if isinstance(meta, dict) else None
    normalized = {"class_type": node.get("class_type"), "inputs": node.get("inputs")}
    return normalized | ({"_meta": {"title": node_title[:100]}} if isinstance(node_title, str) else {})


def _node_error(key: str, node: object) -> str:
    if not isinstance(node, dict) or not isinstance(node.get("class_type"), str) or not node["class_type"]:
        return tr_lazy(
            "The node {node} does not say what it is (class_type). Export the workflow from ComfyUI again.", node=key
        )
    if not isinstance(node.get("inputs"), dict):
        return tr_lazy(
            "The node {node} ({kind}) has no inputs. Export the workflow from ComfyUI again.", node=key, kind=node["class_type"]
        )
    names = (key, node["class_type"], *map(str, node["inputs"]))
    if any(len(name) > 200 or not name.isprintable() for name in names) or not _is_storable(node["inputs"]):
        return tr_lazy(
            "A node has an id, a class or an input whose name cannot be read. Export the workflow from ComfyUI again."
        )
    return ""


def _is_storable(inputs: Node) -> bool:
    """Whether Postgres can store the values: no NUL and no lone surrogate in them."""
    text = json.dumps(inputs, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _link_errors(graph: Mapping[str, Any], key: str, node: Node) -> Iterator[str]:
    for name, value in node["inputs"].items():
        if is_link(value):
            if value[0] not in graph:
                yield tr_lazy(
                    "{node} takes “{input}” from the node {source}, which is not there. Connect it again in ComfyUI.",
                    node=node_label(graph, key),
                    input=name,
                    source=value[0],
                )
            elif value[1] < 0 or value[1] != int(value[1]):
                yield tr_lazy(
                    "{node} takes “{input}” from an output that does not exist. Connect it again in ComfyUI.",
                    node=node_label(graph, key),
                    input=name,
                )
        elif isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
            yield tr_lazy(
                "{node} has something in “{input}” that is neither a value nor a connection.",
                node=node_label(graph, key),
                input=name,
            )


def _find_cycle(graph: Mapping[str, Node]) -> list[str]:
    """Ids of the nodes of a cycle; empty when there is none."""
    sources_by_key = {key: {source for _, source, _ in links(node)} for key, node in graph.items()}
    while without_sources := [key for key, sources in sources_by_key.items() if not sources & sources_by_key.keys()]:
        for key in without_sources:
            del sources_by_key[key]
    # Nodes downstream of the cycle remain too; those that feed nothing are not part of it.
    while without_users := [key for key in sources_by_key if not any(key in sources for sources in sources_by_key.values())]:
        for key in without_users:
            del sources_by_key[key]
    return list(sources_by_key)
