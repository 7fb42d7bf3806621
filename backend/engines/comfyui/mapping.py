"""Which input of an imported graph takes what: by the titles its maker gave, else by walking back from its sampler. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.engines.comfyui import lint, node_classes
from backend.engines.comfyui.lint import Graph
from backend.engines.comfyui.workflow import ROLES, Slot, by_title

_TITLED = {
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
_VALUES = (
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
Found = dict[str, tuple[Slot, ...]]


def suggest(graph: Graph) -> Found:
    """Slots for a linted graph: what titles name, then what is found by walking. Both are for a person to look at."""
    found = dict(by_title(graph))
    for role, slots in (*_by_words(graph), *_by_walking(graph)):
        taken = {slot for some in found.values() for slot in some}
        if slots and not found.get(role) and not taken & set(slots):
            found[role] = slots
    return {role: found[role] for role in ROLES if found.get(role)}


def choices(graph: Graph, role: str) -> list[Slot]:
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
    wanted = (int, float) if role in numbers else kinds.get(role, (str,))
    said = []
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if isinstance(value, bool) or not isinstance(value, wanted) or not _fits(node["class_type"], name, role):
                continue
            said.append(Slot(key, name))
    return said


def unbound_pictures(graph: Graph, slots: Found) -> list[str]:
    """Nodes that would read a file of the server by a name of their own: each must take a picture of ours."""
    bound = {slot.node for role in ("picture", "mask", "pose") for slot in slots.get(role, ())}
    return [
        key
        for key, node in graph.items()
        if node["class_type"] in node_classes.PICTURES and key not in bound and isinstance(node["inputs"].get("image"), str)
    ]


def _fits(class_type: str, name: str, role: str) -> bool:
    match role:
        case "picture" | "mask" | "pose":
            return class_type in node_classes.PICTURES and name == "image"
        case "lora":
            return name == "lora_name"
        case "prefix":
            return name == "filename_prefix"
        case "checkpoint" | "control" | "upscaler" | "motion":
            return bool(node_classes.folder(class_type, name)) and name != "lora_name"
        case "prompt" | "negative":
            return not node_classes.folder(class_type, name) and name in {
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


def _by_words(graph: Graph) -> Iterator[tuple[str, tuple[Slot, ...]]]:
    """Titles as people write them: `PROMPT`, `Input: negative`, `seed`."""
    for word, role in _TITLED.items():
        hits = [key for key, node in graph.items() if _named(node, word)]
        slots = tuple(Slot(key, name) for key in hits[:1] if (name := _value_of(graph, key, role)))
        if role and slots and _fits(graph[slots[0].node]["class_type"], slots[0].input, role):
            yield role, slots


def _named(node: dict[str, Any], word: str) -> bool:
    """Its own title says it; a class name does not count."""
    said = lint.title(node)
    return said != node["class_type"] and word in said.lower().replace("_", " ")


def _value_of(graph: Graph, key: str, role: str) -> str:
    inputs = graph[key]["inputs"]
    own = [name for name in (role, *_VALUES) if name in inputs and not isinstance(inputs[name], list)]
    return own[0] if own else ""


def _by_walking(graph: Graph) -> Iterator[tuple[str, tuple[Slot, ...]]]:
    samplers = [key for key, node in graph.items() if _samples(node)]
    # The first pass draws from an empty latent or a picture, the second from another sampler.
    samplers.sort(key=lambda key: sum(other in lint.needed(graph, [key]) for other in samplers))
    if samplers:
        first, second = samplers[0], samplers[1:2]
        yield from _of_sampler(graph, first, [*samplers])
        if second:
            yield "second_strength", _slots(graph, second, ("denoise",))
    yield "lora", _slots(graph, [key for key in graph if "lora_name" in graph[key]["inputs"]], ("lora_name",))
    yield from _pictures(graph)
    yield "scale", _slots(graph, list(graph), ("scale_by",))[:1] if samplers[1:] else ()
    yield "prefix", _slots(graph, lint.results(graph)[:1], ("filename_prefix",))
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


def _samples(node: dict[str, Any]) -> bool:
    return "steps" in node["inputs"] and "positive" in node["inputs"]


def _of_sampler(graph: Graph, key: str, samplers: list[str]) -> Iterator[tuple[str, tuple[Slot, ...]]]:
    said = graph[key]["inputs"]
    for role, names in (
        ("seed", ("seed", "noise_seed")),
        ("steps", ("steps",)),
        ("cfg", ("cfg",)),
        ("sampler", ("sampler_name",)),
        ("scheduler", ("scheduler",)),
    ):
        yield role, _slots(graph, samplers, names)
    yield "strength", _slots(graph, [key], ("denoise",))
    yield "prompt", _texts(graph, said.get("positive"), "positive")
    yield "negative", _texts(graph, said.get("negative"), "negative")
    latents = lint.needed(graph, [said["latent_image"][0]]) if lint.is_link(said.get("latent_image")) else set()
    empty = [one for one in graph if one in latents and graph[one]["class_type"].startswith("Empty")]
    scaled = [one for one in graph if one in latents and graph[one]["class_type"] == "ImageScale"]
    sized = [one for one in graph if {"width", "height", "text_g"} <= graph[one]["inputs"].keys()]
    yield "width", _slots(graph, [*empty, *scaled, *sized], ("width", "target_width"))
    yield "height", _slots(graph, [*empty, *scaled, *sized], ("height", "target_height"))
    for end in lint.needed(graph, [said["model"][0]]) if lint.is_link(said.get("model")) else ():
        if "ckpt_name" in graph[end]["inputs"] and graph[end]["class_type"] == "CheckpointLoaderSimple":
            yield "checkpoint", (Slot(end, "ckpt_name"),)


def _texts(graph: Graph, link: Any, side: str) -> tuple[Slot, ...]:
    """The words nearest to the sampler on this side; through a ControlNet the same side is followed."""
    seen: set[str] = set()
    while lint.is_link(link) and link[0] in graph and link[0] not in seen:
        seen.add(link[0])
        inputs = graph[link[0]]["inputs"]
        if found := _slots(graph, [link[0]], ("text", "text_g", "text_l", "t5xxl", "clip_l")):
            return found
        for name in ("text", "text_g"):
            if lint.is_link(inputs.get(name)):
                return _slots(graph, [inputs[name][0]], ("value", "string", "text"))
        link = inputs.get(side) or inputs.get("conditioning") or inputs.get("conditioning_1")
    return ()


def _pictures(graph: Graph) -> Iterator[tuple[str, tuple[Slot, ...]]]:
    """By what they lead to: a mask, a ControlNet, else the start picture."""
    for key, node in graph.items():
        if node["class_type"] not in node_classes.PICTURES or not isinstance(node["inputs"].get("image"), str):
            continue
        used = _after(graph, key)
        role = (
            "mask" if node["class_type"] == "LoadImageMask" or used == {"mask"} else "pose" if used == {"pose"} else "picture"
        )
        yield role, (Slot(key, "image"),)


def _after(graph: Graph, key: str) -> set[str]:
    """What the picture of this node is used as."""
    used: set[str] = set()
    waiting, seen = [key], {key}
    while waiting:
        at = waiting.pop()
        for other, node in graph.items():
            for name, source, _ in lint.links(node):
                if source != at:
                    continue
                if node["class_type"].startswith("ControlNetApply") and name == "image":
                    used.add("pose")
                elif name == "mask":
                    used.add("mask")
                elif name in {"pixels", "init_image"} or node["class_type"] == "ImageUpscaleWithModel":
                    used.add("picture")
                elif other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return used


def _slots(graph: Graph, keys: list[str], names: tuple[str, ...]) -> tuple[Slot, ...]:
    """Those of `names` that these nodes hold as values of their own."""
    return tuple(
        Slot(key, name)
        for key in dict.fromkeys(keys)
        for name in names
        if name in graph[key]["inputs"] and not isinstance(graph[key]["inputs"][name], list)
    )
