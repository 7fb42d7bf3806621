"""Which workflow a request is drawn with on a ComfyUI, and what is put into its slots. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.engines.comfyui import needs, workflow
from backend.engines.comfyui.needs import Info
from backend.engines.comfyui.workflow import Workflow
from backend.engines.image.input_pictures import Ready
from backend.engines.image.port import ImageRequest, ModelCard
from backend.errors import Unsupported

SAMPLERS: dict[str, tuple[str, str]] = {
    "ddim": ("ddim", "ddim_uniform"),
    "euler": ("euler", "normal"),
    "euler_a": ("euler_ancestral", "normal"),
    "dpmpp_2m": ("dpmpp_2m", "normal"),
    "dpmpp_2m_karras": ("dpmpp_2m", "karras"),
    "unipc": ("uni_pc", "normal"),
}
"""The studio's words -> the server's sampler and scheduler. Other samplers go by the server's own names."""


def choose(request: ImageRequest, card: ModelCard) -> Workflow:
    """The imported workflow of the request, else the built-in one. Raises Unsupported for what does not go together."""
    if request.workflow:
        return request.workflow
    if request.pose and request.init_image:
        raise Unsupported("A pose cannot be held while drawing from a picture. Leave one of them out.")
    if request.hires > 1 and request.init_image:
        raise Unsupported("A second pass needs a drawing from words alone. Leave the start picture out, or enlarge it after.")
    if request.mask:
        return workflow.load("inpaint")
    if request.init_image:
        return workflow.load("img2img")
    if request.pose:
        posed = workflow.load("pose_hires" if request.hires > 1 else "pose")
        return posed.without("Pose reader", "Pose") if request.pose_drawn else posed
    if request.hires > 1:
        return workflow.load("hires")
    return workflow.load({"sdxl": "txt2img_sdxl", "flux": "txt2img_flux"}.get(card.base, "txt2img_sd15"))


def values(
    request: ImageRequest, card: ModelCard, ready: Ready, n: int, uploaded: Mapping[str, str], info: Info
) -> dict[str, Any]:
    """Of picture `n`, by role. `uploaded`: role -> the file on the server. Raises Unsupported: no ControlNet for poses."""
    sampler, scheduler = SAMPLERS.get(request.sampler, (request.sampler, "normal"))
    said: dict[str, Any] = {
        "checkpoint": request.model,
        "prompt": request.prompts[n] if request.prompts else request.prompt,
        "negative": request.negative_prompt,
        "seed": request.seeds[n],
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler": sampler,
        "scheduler": "simple" if card.base == "flux" else scheduler,
        "width": ready.width,
        "height": ready.height,
        "strength": request.strength,
        **uploaded,
    }
    if request.pose:
        said["pose_strength"] = request.pose_strength
        if not request.workflow:  # an imported one names its own
            said["control"] = _pose_net(card, info)
    if request.hires > 1:
        said |= {"scale": request.hires, "second_strength": request.hires_strength}
    return said


def with_reader(graph: Mapping[str, Any], info: Info) -> None:
    """Puts the server's own file into the node that reads poses."""
    for node in graph.values():
        if (node.get("_meta") or {}).get("title") == "Pose reader model" and (reader := needs.pose_reader(info)):
            node["inputs"]["ckpt_name"] = reader


def check(graph: Mapping[str, Any], info: Info) -> None:
    """Raises Unsupported with what the server lacks and what to install."""
    if lacking := needs.missing(info, dict(graph)):
        more = f" And {len(lacking) - 3} more." if len(lacking) > 3 else ""
        raise Unsupported(" ".join(lacking[:3]) + more)


def _pose_net(card: ModelCard, info: Info) -> str:
    if found := needs.pose_net(info, card.base):
        return found
    raise Unsupported(
        f"The server has no ControlNet for poses that fits {card.title} ({card.base}): put one into models/controlnet there, "
        "for example control_v11p_sd15_openpose.safetensors."
    )
