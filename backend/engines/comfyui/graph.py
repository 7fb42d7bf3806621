"""How a ComfyUI graph draws: found by walking back from its sampler. Both shapes are read, the API's and the editor's. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_NODES = 2_000
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height"),
}
"""Names of what the editor's graph keeps as bare values, in order."""
Node = dict[str, Any]
Nodes = dict[str, Node]


def read(graph: dict[str, Any]) -> dict[str, Any] | None:
    """prompt, negative, model, sampler, steps, cfg, seed, width, height, loras; None without a sampler."""
    nodes = _from_editor(graph) if isinstance(graph.get("nodes"), list) else _from_api(graph)
    sampler = next((node for node in nodes.values() if _is_sampler(node)), None)
    if sampler is None:
        return None
    said = sampler["inputs"]
    latent = next(_up(nodes, said.get("latent_image"), "width"), {})
    return {
        "prompt": _text(nodes, said.get("positive")),
        "negative": _text(nodes, said.get("negative")),
        "model": _name(next(_up(nodes, said.get("model"), "ckpt_name"), {}).get("ckpt_name")),
        "sampler": _plain(said.get("sampler_name")),
        "steps": _int(said.get("steps")),
        "cfg": _float(said.get("cfg")),
        "seed": _int(_value(nodes, said.get("seed", said.get("noise_seed"))), -1),
        "width": _int(latent.get("width")),
        "height": _int(latent.get("height")),
        "loras": tuple(
            (_name(one.get("lora_name")), _float(one.get("strength_model"), 1.0))
            for one in _up(nodes, said.get("model"), "lora_name")
        ),
    }


def _is_sampler(node: Node) -> bool:
    said = node["inputs"]
    return "steps" in said and ("seed" in said or "noise_seed" in said) and "positive" in said


def _from_api(graph: dict[str, Any]) -> Nodes:
    nodes: Nodes = {}
    for key, node in list(graph.items())[:MOST_NODES]:
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
            nodes[str(key)] = {"inputs": node["inputs"]}
    return nodes


def _from_editor(graph: dict[str, Any]) -> Nodes:
    """Links become `[node, slot]`, bare widget values get their names."""
    links, rows = {}, graph.get("links")
    for link in rows if isinstance(rows, list) else ():
        if isinstance(link, list) and len(link) >= 3:
            links[str(link[0])] = [str(link[1]), link[2]]
    nodes: Nodes = {}
    for node in graph["nodes"][:MOST_NODES]:
        if not isinstance(node, dict):
            continue
        values = node.get("widgets_values")
        names = _WIDGETS.get(str(node.get("type")), ())
        inputs = dict(values) if isinstance(values, dict) else {}
        if isinstance(values, list):
            inputs |= {name: value for name, value in zip(names, values, strict=False) if name}
        slots = node.get("inputs")
        for slot in slots if isinstance(slots, list) else ():
            if isinstance(slot, dict) and str(slot.get("link")) in links:
                inputs[str(slot.get("name"))] = links[str(slot["link"])]
        nodes[str(node.get("id"))] = {"inputs": inputs}
    return nodes


def _up(nodes: Nodes, link: Any, wanted: str) -> Iterator[dict[str, Any]]:
    """Inputs of the nodes before `link` that have `wanted`, nearest first; a graph that bites its tail ends too."""
    seen: set[str] = set()
    waiting = [link]
    while waiting:
        at = waiting.pop(0)
        key = str(at[0]) if isinstance(at, list) and at else ""
        if key in seen or key not in nodes:
            continue
        seen.add(key)
        said = nodes[key]["inputs"]
        if wanted in said:
            yield said
        waiting.extend(value for value in said.values() if isinstance(value, list))


def _text(nodes: Nodes, link: Any) -> str:
    """The words nearest to the sampler; a text that comes from another node is followed."""
    for said in _up(nodes, link, "text"):
        value = _value(nodes, said["text"])
        if isinstance(value, str):
            return value
    return ""


def _value(nodes: Nodes, value: Any) -> Any:
    """A value, or what the primitive node behind a link holds."""
    for _ in range(8):
        if not (isinstance(value, list) and value and str(value[0]) in nodes):
            return value
        said = nodes[str(value[0])]["inputs"]
        value = next((said[key] for key in ("value", "text", "string", "seed", "noise_seed", "int") if key in said), None)
    return None


def _name(value: Any) -> str:
    """`models/bella.safetensors` -> `bella`."""
    text = _plain(value).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = text.rpartition(".")
    return stem if dot and ending.lower() in ("safetensors", "ckpt", "pt", "bin", "gguf") else text


def _plain(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _int(value: Any, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else otherwise


def _float(value: Any, otherwise: float = 0.0) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 1e6:
        return otherwise
    return float(value) if value == value else otherwise
