"""Image parameters of a ComfyUI graph (API or editor format), found by walking back from its sampler. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_NODES = 2_000
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height"),
}
"""Node class -> names of its widget values, in the order in which the editor format stores them."""
Node = dict[str, Any]
Nodes = dict[str, Node]


def read_parameters(graph: dict[str, Any]) -> dict[str, Any] | None:
    """A dict of prompt, negative, model, sampler, steps, cfg, seed, width, height, loras; None without a sampler."""
    nodes = _from_editor(graph) if isinstance(graph.get("nodes"), list) else _from_api(graph)
    sampler = next((node for node in nodes.values() if _is_sampler(node)), None)
    if sampler is None:
        return None
    inputs = sampler["inputs"]
    latent = next(_walk_upstream(nodes, inputs.get("latent_image"), "width"), {})
    return {
        "prompt": _text(nodes, inputs.get("positive")),
        "negative": _text(nodes, inputs.get("negative")),
        "model": _name(next(_walk_upstream(nodes, inputs.get("model"), "ckpt_name"), {}).get("ckpt_name")),
        "sampler": _short_text(inputs.get("sampler_name")),
        "steps": _int(inputs.get("steps")),
        "cfg": _float(inputs.get("cfg")),
        "seed": _int(_value(nodes, inputs.get("seed", inputs.get("noise_seed"))), -1),
        "width": _int(latent.get("width")),
        "height": _int(latent.get("height")),
        "loras": tuple(
            (_name(lora.get("lora_name")), _float(lora.get("strength_model"), 1.0))
            for lora in _walk_upstream(nodes, inputs.get("model"), "lora_name")
        ),
    }


def _is_sampler(node: Node) -> bool:
    inputs = node["inputs"]
    return "steps" in inputs and ("seed" in inputs or "noise_seed" in inputs) and "positive" in inputs


def _from_api(graph: dict[str, Any]) -> Nodes:
    nodes: Nodes = {}
    for key, node in list(graph.items())[:MAX_NODES]:
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
            nodes[str(key)] = {"inputs": node["inputs"]}
    return nodes


def _from_editor(graph: dict[str, Any]) -> Nodes:
    """Nodes in API format: links become `[node, slot]`, widget values get their names."""
    links, rows = {}, graph.get("links")
    for link in rows if isinstance(rows, list) else ():
        if isinstance(link, list) and len(link) >= 3:
            links[str(link[0])] = [str(link[1]), link[2]]
    nodes: Nodes = {}
    for node in graph["nodes"][:MAX_NODES]:
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


def _walk_upstream(nodes: Nodes, link: Any, input_name: str) -> Iterator[dict[str, Any]]:
    """Inputs of the nodes upstream of `link` that have `input_name`, nearest first. Cycles are followed once."""
    visited: set[str] = set()
    pending = [link]
    while pending:
        current = pending.pop(0)
        key = str(current[0]) if isinstance(current, list) and current else ""
        if key in visited or key not in nodes:
            continue
        visited.add(key)
        inputs = nodes[key]["inputs"]
        if input_name in inputs:
            yield inputs
        pending.extend(value for value in inputs.values() if isinstance(value, list))


def _text(nodes: Nodes, link: Any) -> str:
    """The text nearest to the sampler; one that comes from another node is followed."""
    for inputs in _walk_upstream(nodes, link, "text"):
        value = _value(nodes, inputs["text"])
        if isinstance(value, str):
            return value
    return ""


def _value(nodes: Nodes, value: Any) -> Any:
    """The value itself, or the value of the primitive node it links to (at most 8 links away)."""
    for _ in range(8):
        if not (isinstance(value, list) and value and str(value[0]) in nodes):
            return value
        inputs = nodes[str(value[0])]["inputs"]
        value = next((inputs[key] for key in ("value", "text", "string", "seed", "noise_seed", "int") if key in inputs), None)
    return None


def _name(value: Any) -> str:
    """`models/bella.safetensors` -> `bella`."""
    text = _short_text(value).replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = text.rpartition(".")
    return stem if dot and suffix.lower() in ("safetensors", "ckpt", "pt", "bin", "gguf") else text


def _short_text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _int(value: Any, default: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else default


def _float(value: Any, default: float = 0.0) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 1e6:
        return default
    return float(value) if value == value else default
