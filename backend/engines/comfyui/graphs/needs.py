"""The node classes and model files a graph needs, and which of them a server lacks; checked before anything is sent. Pure.

`info` is the answer of GET /object_info (comfyui.md, 7): class -> {"input": {"required"|"optional": {name: spec}}}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backend.engines.comfyui.graphs import lint, node_classes
from backend.engines.ports.workflow import Graph
from backend.language import joined, tr_lazy

Info = Mapping[str, Any]
_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Requirements:
    """`files`: (folder under the server's `models/`, name as the graph has it)."""

    classes: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


def requirements(graph: Graph) -> Requirements:
    files = [(folder, value) for _, _, folder, value in _file_inputs(graph)]
    return Requirements(tuple(sorted({node["class_type"] for node in graph.values()})), tuple(dict.fromkeys(files)))


def missing_parts(info: Info, graph: Graph) -> list[str]:
    """One sentence for each node class, model and LoRA that the server does not have, with what to install; empty: it has all.

    Options it does not offer (a sampler of a newer version) are named too. Pictures are uploaded, so never missing.
    """
    absent = [name for name in requirements(graph).classes if name not in info]
    messages = [_missing_class_message(name) for name in absent]
    reported: set[tuple[str, str]] = set()
    for key, name, folder, value in _file_inputs(graph):
        offered = options(info, graph[key]["class_type"], name)
        if offered is not None and value not in offered and (folder, value) not in reported:
            reported.add((folder, value))
            messages.append(_missing_file_message(folder, value, offered))
    return messages + list(_unknown_option_messages(info, graph))


def options(info: Info, class_type: str, name: str) -> list[str] | None:
    """The options a server offers for an input; None when the input is no list of options or the class is missing.

    Reads both formats: `[[options], {}]`, and `["COMBO", {"options": [options]}]` of newer nodes.
    """
    inputs = (info.get(class_type) or {}).get("input") or {}
    spec = next((side[name] for part in ("required", "optional") if name in (side := inputs.get(part) or {})), None)
    if not isinstance(spec, (list, tuple)) or not spec:
        return None
    if isinstance(spec[0], (list, tuple)):
        return [str(option) for option in spec[0]]
    if spec[0] == "COMBO" and len(spec) > 1 and isinstance(spec[1], Mapping) and isinstance(spec[1].get("options"), list):
        return [str(option) for option in spec[1]["options"]]
    return None


def pose_control_net(info: Info, base: str) -> str:
    """The server's ControlNet for poses of this family of checkpoints (by its name); "" when there is none."""
    control_nets = [name for name in options(info, "ControlNetLoader", "control_net_name") or [] if "pose" in name.lower()]
    return next((name for name in control_nets if _is_xl(name) == (base == "sdxl")), "") if base in {"sd15", "sdxl"} else ""


def pose_reader(info: Info) -> str:
    """The server's checkpoint that reads poses from pictures; "" when it or its nodes are not there."""
    if not {"SDPoseKeypointExtractor", "SDPoseDrawKeypoints"} <= set(info):
        return ""
    return next((name for name in options(info, "CheckpointLoaderSimple", "ckpt_name") or [] if "sdpose" in name.lower()), "")


def features(info: Info, base: str) -> tuple[str, ...]:
    """What built-in workflows can do on this server with a checkpoint of family `base` (values of `ModelCard.features`)."""
    supported = ["graph"]
    if base != "flux":
        supported += [feature for feature, classes in _FEATURES.items() if all(name in info for name in classes)]
        supported += ["pose"] if pose_control_net(info, base) else []
        supported += ["pose-photo"] if "pose" in supported and pose_reader(info) else []
    return tuple(supported)


_FEATURES = {
    "picture": ("LoadImage", "ImageScale", "VAEEncode"),
    "mask": ("LoadImage", "LoadImageMask", "SetLatentNoiseMask", "VAEEncode"),
    "hires": ("LatentUpscaleBy",),
}


def _file_inputs(graph: Graph) -> Iterator[tuple[str, str, str, str]]:
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            folder = node_classes.model_folder(node["class_type"], name)
            if folder and isinstance(value, str):
                yield key, name, folder, value


def _missing_class_message(name: str) -> str:
    if pack := node_classes.custom_node_pack(name):
        return tr_lazy(
            "The server has no node {node}: install the custom nodes {pack} there (ComfyUI Manager) and restart it.",
            node=name,
            pack=pack,
        )
    return tr_lazy(
        "The server has no node {node}: update ComfyUI there, or install the custom nodes that bring it, and restart it.",
        node=name,
    )


def _missing_file_message(folder: str, value: str, offered: list[str]) -> str:
    shown = ", ".join(offered[:_MAX_SHOWN]) + (" …" if len(offered) > _MAX_SHOWN else "")
    return joined(
        tr_lazy(
            "The server has no {kind} {file}: put it into models/{folder} there.",
            kind=node_classes.NOUN_BY_FOLDER.get(folder, tr_lazy("file")),
            file=value,
            folder=folder,
        ),
        tr_lazy("It has {names}.", names=shown) if offered else tr_lazy("It has none."),
    )


def _unknown_option_messages(info: Info, graph: Graph) -> Iterator[str]:
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if not isinstance(value, str) or node_classes.model_folder(node["class_type"], name):
                continue
            if node["class_type"] in node_classes.IMAGE_LOADERS and name == "image":
                continue
            offered = options(info, node["class_type"], name)
            if offered is not None and value not in offered:
                yield tr_lazy(
                    "{node} has {input} {value}, which the server does not know. It offers: {names}.",
                    node=lint.node_label(graph, key),
                    input=name,
                    value=repr(value),
                    names=", ".join(offered[:12]),
                )


def _is_xl(name: str) -> bool:
    return "xl" in name.lower()
