"""What a graph needs of a server, and what of it that server lacks: said before anything is sent. Pure.

`info` is the answer of GET /object_info (comfyui.md, 7): class -> {"input": {"required"|"optional": {name: spec}}}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backend.engines.comfyui import lint, node_classes
from backend.engines.comfyui.lint import Graph

Info = Mapping[str, Any]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Needs:
    """`files`: (folder under the server's `models/`, name as the graph has it)."""

    classes: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


def needs(graph: Graph) -> Needs:
    files = [(folder, value) for _, _, folder, value in _files(graph)]
    return Needs(tuple(sorted({node["class_type"] for node in graph.values()})), tuple(dict.fromkeys(files)))


def missing(info: Info, graph: Graph) -> list[str]:
    """One sentence for each node class, model and LoRA that the server does not have, with what to install; empty: it has all.

    Words it does not offer in a list (a sampler of a newer version) are named too. Pictures are uploaded, so never missing.
    """
    absent = [name for name in needs(graph).classes if name not in info]
    said = [_no_class(name) for name in absent]
    named: set[tuple[str, str]] = set()
    for key, name, folder, value in _files(graph):
        offered = options(info, graph[key]["class_type"], name)
        if offered is not None and value not in offered and (folder, value) not in named:
            named.add((folder, value))
            said.append(_no_file(folder, value, offered))
    return said + list(_no_words(info, graph))


def options(info: Info, class_type: str, name: str) -> list[str] | None:
    """What a server offers for an input that is a list of words; None when it is none or the class is not there.

    Both shapes: `[[words], {}]`, and `["COMBO", {"options": [words]}]` of newer nodes.
    """
    sides = (info.get(class_type) or {}).get("input") or {}
    spec = next((side[name] for part in ("required", "optional") if name in (side := sides.get(part) or {})), None)
    if not isinstance(spec, (list, tuple)) or not spec:
        return None
    if isinstance(spec[0], (list, tuple)):
        return [str(one) for one in spec[0]]
    if spec[0] == "COMBO" and len(spec) > 1 and isinstance(spec[1], Mapping) and isinstance(spec[1].get("options"), list):
        return [str(one) for one in spec[1]["options"]]
    return None


def pose_net(info: Info, base: str) -> str:
    """The server's ControlNet for poses of this family of checkpoints (by its name); "" when there is none."""
    found = [name for name in options(info, "ControlNetLoader", "control_net_name") or [] if "pose" in name.lower()]
    return next((name for name in found if _xl(name) == (base == "sdxl")), "") if base in {"sd15", "sdxl"} else ""


def pose_reader(info: Info) -> str:
    """The server's checkpoint that reads poses from pictures; "" when it or its nodes are not there."""
    if not {"SDPoseKeypointExtractor", "SDPoseDrawKeypoints"} <= set(info):
        return ""
    return next((name for name in options(info, "CheckpointLoaderSimple", "ckpt_name") or [] if "sdpose" in name.lower()), "")


def features(info: Info, base: str) -> tuple[str, ...]:
    """What built-in workflows can do on this server with a checkpoint of this family (words of `ModelCard.features`)."""
    found = ["graph"]
    if base != "flux":
        found += [word for word, classes in _FEATURES.items() if all(name in info for name in classes)]
        found += ["pose"] if pose_net(info, base) else []
        found += ["pose-photo"] if "pose" in found and pose_reader(info) else []
    return tuple(found)


_FEATURES = {
    "picture": ("LoadImage", "ImageScale", "VAEEncode"),
    "mask": ("LoadImage", "LoadImageMask", "SetLatentNoiseMask", "VAEEncode"),
    "hires": ("LatentUpscaleBy",),
}


def _files(graph: Graph) -> Iterator[tuple[str, str, str, str]]:
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            folder = node_classes.folder(node["class_type"], name)
            if folder and isinstance(value, str):
                yield key, name, folder, value


def _no_class(name: str) -> str:
    if pack := node_classes.pack(name):
        return f"The server has no node {name}: install the custom nodes {pack} there (ComfyUI Manager) and restart it."
    return f"The server has no node {name}: update ComfyUI there, or install the custom nodes that bring it, and restart it."


def _no_file(folder: str, value: str, offered: list[str]) -> str:
    noun = node_classes.NOUNS.get(folder, "file")
    has = f"It has {', '.join(offered[:_SHOWN])}{' …' if len(offered) > _SHOWN else ''}." if offered else "It has none."
    return f"The server has no {noun} {value}: put it into models/{folder} there. {has}"


def _no_words(info: Info, graph: Graph) -> Iterator[str]:
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if not isinstance(value, str) or node_classes.folder(node["class_type"], name):
                continue
            if node["class_type"] in node_classes.PICTURES and name == "image":
                continue
            offered = options(info, node["class_type"], name)
            if offered is not None and value not in offered:
                yield (
                    f"{lint.called(graph, key)} has {name} {value!r}, which the server does not know. "
                    f"It offers: {', '.join(offered[:12])}."
                )


def _xl(name: str) -> bool:
    return "xl" in name.lower()
