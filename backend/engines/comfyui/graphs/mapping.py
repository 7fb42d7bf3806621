"""Suggests slots for an imported graph: by node titles, else by walking back from its sampler. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.engines.comfyui.graphs import lint, node_classes
from backend.engines.comfyui.graphs.workflow import ROLES, slots_by_title
from backend.engines.ports.workflow import Graph, InputSlot

_ROLE_BY_TITLE = {
    "prompt": "prompt",
    "positive": "prompt",
    "negative": "negative",
    "seed": "seed",
    "steps": "steps",
    "cfg": "cfg",
    "width": "width",
    "height": "height",
    "reference": "picture",
    "input image": "picture",
    "start picture": "picture",
    "load image": "",
    "pose": "pose",
    "mask": "mask",
    "result": "prefix",
    "output": "prefix",
}
_VALUE_INPUTS = (
    "text",
    "value",
    "string",
    "seed",
    "noise_seed",
    "steps",
    "cfg",
    "width",
    "height",
    "image",
    "filename_prefix",
    "int",
)
RoleSlots = dict[str, tuple[InputSlot, ...]]


def suggest(graph: Graph) -> RoleSlots:
    """Slots for a linted graph, by title first, then by walking the graph. Suggestions, to be confirmed by a person."""
    slots_by_role = dict(slots_by_title(graph))
    for role, slots in (*_by_title_words(graph), *_by_walking(graph)):
        taken = {slot for role_slots in slots_by_role.values() for slot in role_slots}
        if slots and not slots_by_role.get(role) and not taken & set(slots):
            slots_by_role[role] = slots
    return {role: slots_by_role[role] for role in ROLES if slots_by_role.get(role)}


def slot_choices(graph: Graph, role: str) -> list[InputSlot]:
    """The inputs a person may choose for a role: those that hold a value of its kind. Links are not offered."""
    kinds: dict[str, tuple[type, ...]] = {"prompt": (str,), "negative": (str,)}
    numbers = {
        "seed",
        "steps",
        "cfg",
        "width",
        "height",
        "strength",
        "scale",
        "second_strength",
        "pose_strength",
        "frames",
        "fps",
    }
    value_types = (int, float) if role in numbers else kinds.get(role, (str,))
    options = []
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if isinstance(value, bool) or not isinstance(value, value_types) or not _fits(node["class_type"], name, role):
                continue
            options.append(InputSlot(key, name))
    return options


def unbound_pictures(graph: Graph, slots: RoleSlots) -> list[str]:
    """Ids of image loaders with a fixed file name. Each must be bound: that file of the server may be anybody's."""
    bound = {slot.node for role in ("picture", "mask", "pose") for slot in slots.get(role, ())}
    return [
        key
        for key, node in graph.items()
        if node["class_type"] in node_classes.IMAGE_LOADERS
        and key not in bound
        and isinstance(node["inputs"].get("image"), str)
    ]


def _fits(class_type: str, name: str, role: str) -> bool:
    match role:
        case "picture" | "mask" | "pose":
            return class_type in node_classes.IMAGE_LOADERS and name == "image"
        case "lora":
            return name == "lora_name"
        case "prefix":
            return name == "filename_prefix"
        case "checkpoint" | "control" | "upscaler" | "motion":
            return bool(node_classes.model_folder(class_type, name)) and name != "lora_name"
        case "prompt" | "negative":
            return not node_classes.model_folder(class_type, name) and name in {
                "text",
                "text_g",
                "text_l",
                "t5xxl",
                "clip_l",
                "value",
                "string",
            }
        case "sampler" | "scheduler":
            return name in {"sampler_name", "scheduler"} and name.startswith(role)
        case _:
            return True


def _by_title_words(graph: Graph) -> Iterator[tuple[str, tuple[InputSlot, ...]]]:
    """Titles as people write them: `PROMPT`, `Input: negative`, `seed`."""
    for word, role in _ROLE_BY_TITLE.items():
        hits = [key for key, node in graph.items() if _title_contains(node, word)]
        slots = tuple(InputSlot(key, name) for key in hits[:1] if (name := _value_input(graph, key, role)))
        if role and slots and _fits(graph[slots[0].node]["class_type"], slots[0].input, role):
            yield role, slots


def _title_contains(node: dict[str, Any], word: str) -> bool:
    """Whether the node's own title contains `word`; a title that is just the class name does not count."""
    title = lint.title(node)
    return title != node["class_type"] and word in title.lower().replace("_", " ")


def _value_input(graph: Graph, key: str, role: str) -> str:
    inputs = graph[key]["inputs"]
    names = [name for name in (role, *_VALUE_INPUTS) if name in inputs and not isinstance(inputs[name], list)]
    return names[0] if names else ""


def _by_walking(graph: Graph) -> Iterator[tuple[str, tuple[InputSlot, ...]]]:
    samplers = [key for key, node in graph.items() if _is_sampler(node)]
    # The first pass draws from an empty latent or a picture, the second from another sampler.
    samplers.sort(key=lambda key: sum(other in lint.required_nodes(graph, [key]) for other in samplers))
    if samplers:
        first, second = samplers[0], samplers[1:2]
        yield from _sampler_slots(graph, first, [*samplers])
        if second:
            yield "second_strength", _slots(graph, second, ("denoise",))
    yield "lora", _slots(graph, [key for key in graph if "lora_name" in graph[key]["inputs"]], ("lora_name",))
    yield from _picture_slots(graph)
    yield "scale", _slots(graph, list(graph), ("scale_by",))[:1] if samplers[1:] else ()
    yield "prefix", _slots(graph, lint.result_nodes(graph)[:1], ("filename_prefix",))
    for role, class_type, name in _BY_CLASS:
        yield role, _slots(graph, [key for key in graph if graph[key]["class_type"] == class_type], (name,))


_BY_CLASS = (
    ("checkpoint", "CheckpointLoaderSimple", "ckpt_name"),
    ("checkpoint", "UNETLoader", "unet_name"),
    ("control", "ControlNetLoader", "control_net_name"),
    ("pose_strength", "ControlNetApplyAdvanced", "strength"),
    ("upscaler", "UpscaleModelLoader", "model_name"),
    ("motion", "ADE_LoadAnimateDiffModel", "model_name"),
    ("motion", "ImageOnlyCheckpointLoader", "ckpt_name"),
    ("frames", "RepeatLatentBatch", "amount"),
    ("frames", "SVD_img2vid_Conditioning", "video_frames"),
    ("movement", "SVD_img2vid_Conditioning", "motion_bucket_id"),
    ("fps", "VHS_VideoCombine", "frame_rate"),
    ("fps", "CreateVideo", "fps"),
    ("seed", "RandomNoise", "noise_seed"),
    ("sampler", "KSamplerSelect", "sampler_name"),
    ("scheduler", "BasicScheduler", "scheduler"),
    ("steps", "BasicScheduler", "steps"),
    ("cfg", "FluxGuidance", "guidance"),
    ("width", "ImageScale", "width"),
    ("height", "ImageScale", "height"),
    ("width", "SVD_img2vid_Conditioning", "width"),
    ("height", "SVD_img2vid_Conditioning", "height"),
)


def _is_sampler(node: dict[str, Any]) -> bool:
    return "steps" in node["inputs"] and "positive" in node["inputs"]


def _sampler_slots(graph: Graph, key: str, samplers: list[str]) -> Iterator[tuple[str, tuple[InputSlot, ...]]]:
    inputs = graph[key]["inputs"]
    for role, names in (
        ("seed", ("seed", "noise_seed")),
        ("steps", ("steps",)),
        ("cfg", ("cfg",)),
        ("sampler", ("sampler_name",)),
        ("scheduler", ("scheduler",)),
    ):
        yield role, _slots(graph, samplers, names)
    yield "strength", _slots(graph, [key], ("denoise",))
    yield "prompt", _text_slots(graph, inputs.get("positive"), "positive")
    yield "negative", _text_slots(graph, inputs.get("negative"), "negative")
    latents = lint.required_nodes(graph, [inputs["latent_image"][0]]) if lint.is_link(inputs.get("latent_image")) else set()
    empty = [node_id for node_id in graph if node_id in latents and graph[node_id]["class_type"].startswith("Empty")]
    scaled = [node_id for node_id in graph if node_id in latents and graph[node_id]["class_type"] == "ImageScale"]
    sized = [node_id for node_id in graph if {"width", "height", "text_g"} <= graph[node_id]["inputs"].keys()]
    yield "width", _slots(graph, [*empty, *scaled, *sized], ("width", "target_width"))
    yield "height", _slots(graph, [*empty, *scaled, *sized], ("height", "target_height"))
    for loader in lint.required_nodes(graph, [inputs["model"][0]]) if lint.is_link(inputs.get("model")) else ():
        if "ckpt_name" in graph[loader]["inputs"] and graph[loader]["class_type"] == "CheckpointLoaderSimple":
            yield "checkpoint", (InputSlot(loader, "ckpt_name"),)


def _text_slots(graph: Graph, link: Any, side: str) -> tuple[InputSlot, ...]:
    """The text inputs nearest to the sampler on `side` (positive or negative), followed through ControlNet nodes."""
    visited: set[str] = set()
    while lint.is_link(link) and link[0] in graph and link[0] not in visited:
        visited.add(link[0])
        inputs = graph[link[0]]["inputs"]
        if slots := _slots(graph, [link[0]], ("text", "text_g", "text_l", "t5xxl", "clip_l")):
            return slots
        for name in ("text", "text_g"):
            if lint.is_link(inputs.get(name)):
                return _slots(graph, [inputs[name][0]], ("value", "string", "text"))
        link = inputs.get(side) or inputs.get("conditioning") or inputs.get("conditioning_1")
    return ()


def _picture_slots(graph: Graph) -> Iterator[tuple[str, tuple[InputSlot, ...]]]:
    """Image loaders by what they feed: a mask, a ControlNet (pose), else the start picture."""
    for key, node in graph.items():
        if node["class_type"] not in node_classes.IMAGE_LOADERS or not isinstance(node["inputs"].get("image"), str):
            continue
        uses = _picture_uses(graph, key)
        role = (
            "mask" if node["class_type"] == "LoadImageMask" or uses == {"mask"} else "pose" if uses == {"pose"} else "picture"
        )
        yield role, (InputSlot(key, "image"),)


def _picture_uses(graph: Graph, key: str) -> set[str]:
    """The uses (`pose`, `mask`, `picture`) of the image that node `key` loads."""
    uses: set[str] = set()
    pending, visited = [key], {key}
    while pending:
        current = pending.pop()
        for other, node in graph.items():
            for name, source, _ in lint.links(node):
                if source != current:
                    continue
                if node["class_type"].startswith("ControlNetApply") and name == "image":
                    uses.add("pose")
                elif name == "mask":
                    uses.add("mask")
                elif name in {"pixels", "init_image"} or node["class_type"] == "ImageUpscaleWithModel":
                    uses.add("picture")
                elif other not in visited:
                    visited.add(other)
                    pending.append(other)
    return uses


def _slots(graph: Graph, keys: list[str], names: tuple[str, ...]) -> tuple[InputSlot, ...]:
    """Those of `names` that these nodes hold as values of their own."""
    return tuple(
        InputSlot(key, name)
        for key in dict.fromkeys(keys)
        for name in names
        if name in graph[key]["inputs"] and not isinstance(graph[key]["inputs"][name], list)
    )
