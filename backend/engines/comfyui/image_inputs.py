"""The workflow that an image request is drawn with on ComfyUI, and the values of its slots. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.engines.comfyui.graphs import needs, workflow
from backend.engines.comfyui.graphs.needs import Info
from backend.engines.local.pictures.input_pictures import PreparedInputs
from backend.engines.ports.image import ImageRequest, ModelCard
from backend.engines.ports.workflow import Workflow
from backend.errors import Unsupported
from backend.language import tr_lazy

SAMPLERS: dict[str, tuple[str, str]] = {
    "ddim": ("ddim", "ddim_uniform"),
    "euler": ("euler", "normal"),
    "euler_a": ("euler_ancestral", "normal"),
    "dpmpp_2m": ("dpmpp_2m", "normal"),
    "dpmpp_2m_karras": ("dpmpp_2m", "karras"),
    "unipc": ("uni_pc", "normal"),
}
"""The studio's sampler name -> the server's sampler and scheduler. Other samplers keep the server's own names."""


def choose_workflow(request: ImageRequest, card: ModelCard) -> Workflow:
    """The imported workflow of the request, else the built-in one. Raises Unsupported for options that exclude each other."""
    if request.workflow:
        return request.workflow
    if request.pose and request.init_image:
        raise Unsupported(tr_lazy("A pose and a start image cannot be combined. Remove one of them."))
    if request.second_pass and request.init_image:
        raise Unsupported(tr_lazy("A second pass works from a prompt only. Remove the start image, or upscale the result."))
    if request.mask:
        return workflow.load_builtin("inpaint")
    if request.init_image:
        return workflow.load_builtin("img2img")
    if request.pose:
        pose_workflow = workflow.load_builtin("pose_hires" if request.second_pass else "pose")
        return workflow.bypass(pose_workflow, "Pose reader", "Pose") if request.pose_drawn else pose_workflow
    if request.second_pass:
        return workflow.load_builtin("hires")
    return workflow.load_builtin({"sdxl": "txt2img_sdxl", "flux": "txt2img_flux"}.get(card.base, "txt2img_sd15"))


def slot_values(
    request: ImageRequest, card: ModelCard, inputs: PreparedInputs, n: int, uploaded: Mapping[str, str], info: Info
) -> dict[str, Any]:
    """Slot values of picture `n` by role. `uploaded`: role -> file name on the server.

    Raises Unsupported when the server has no ControlNet for poses.
    """
    sampler, scheduler = SAMPLERS.get(request.sampler, (request.sampler, "normal"))
    values: dict[str, Any] = {
        "checkpoint": request.model,
        "prompt": request.prompts[n] if request.prompts else request.prompt,
        "negative": request.negative_prompt,
        "seed": request.seeds[n],
        "steps": request.steps,
        "cfg": request.cfg,
        "sampler": sampler,
        "scheduler": "simple" if card.base == "flux" else scheduler,
        "width": inputs.width,
        "height": inputs.height,
        "strength": request.strength,
        **uploaded,
    }
    if request.pose:
        values["pose_strength"] = request.pose_strength
        if not request.workflow:  # an imported one names its own
            values["control"] = _pose_control_net(card, info)
    if request.second_pass:
        values |= {"scale": request.second_pass.scale, "second_strength": request.second_pass.strength}
    return values


def set_pose_reader(graph: Mapping[str, Any], info: Info) -> None:
    """Sets the pose-reading checkpoint of this server in the node that reads poses."""
    for node in graph.values():
        if (node.get("_meta") or {}).get("title") == "Pose reader model" and (reader := needs.pose_reader(info)):
            node["inputs"]["ckpt_name"] = reader


def _pose_control_net(card: ModelCard, info: Info) -> str:
    if control_net := needs.pose_control_net(info, card.base):
        return control_net
    raise Unsupported(
        tr_lazy(
            "The server has no ControlNet for poses that fits {title} ({base}): put one into "
            "models/controlnet there, for example control_v11p_sd15_openpose.safetensors.",
            title=card.title,
            base=card.base,
        )
    )
