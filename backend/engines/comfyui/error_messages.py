"""What went wrong on a server, in words for people: never its paths, its traceback or its messages, which name both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.engines.comfyui import server_urls
from backend.engines.comfyui.client import Refusal
from backend.errors import EngineError, OutOfMemory, Rejected, StudioError, Unsupported

_FOLDERS = {
    "ckpt_name": ("checkpoint", "checkpoints"),
    "lora_name": ("LoRA", "loras"),
    "control_net_name": ("ControlNet", "controlnet"),
    "vae_name": ("VAE", "vae"),
    "unet_name": ("diffusion model", "diffusion_models"),
    "clip_name": ("text encoder", "text_encoders"),
    "clip_name1": ("text encoder", "text_encoders"),
    "clip_name2": ("text encoder", "text_encoders"),
}
"""Input of a loader -> what people call the file, and its folder below `models`."""
_BY_CLASS = {
    "UpscaleModelLoader": ("upscale model", "upscale_models"),
    "ADE_LoadAnimateDiffModel": ("motion model", "animatediff_models"),
}
BLACK = (
    "The picture came out black: the model's numbers broke off (NaN). Start ComfyUI with --fp32-vae, or choose another "
    "checkpoint or VAE, then ask again."
)


def refused(url: str, refusal: Refusal) -> StudioError:
    """A graph the server would not queue."""
    found = list(told(url, refusal.node_errors))
    if found:
        return Unsupported(found[0], detail=str(refusal), node_errors=refusal.node_errors)
    if refusal.kind in {"missing_node_type", "invalid_prompt"} and refusal.extra.get("class_type"):
        name = refusal.extra["class_type"]
        return Unsupported(
            f"ComfyUI at {server_urls.name(url)} has no node {name!r}. Install the node pack it comes with, restart ComfyUI, "
            "then ask again.",
            detail=str(refusal),
        )
    if refusal.kind == "prompt_no_outputs":
        return Unsupported("This workflow keeps no result. Add a Save Image node, then import it again.", detail=str(refusal))
    if refusal.status == 413:
        return Rejected("The picture is too large for ComfyUI. Choose a smaller one.", detail=str(refusal))
    return Rejected(
        f"ComfyUI at {server_urls.name(url)} did not accept this. Its own log says why; "
        "choose other settings or another workflow.",
        detail=str(refusal),
    )


def told(url: str, node_errors: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is wrong in the answer to a prompt, the most telling first."""
    missing, other = [], []
    for node in node_errors.values():
        name = str(node.get("class_type", ""))
        for error in node.get("errors", []):
            extra = error.get("extra_info") or {}
            given = str(extra.get("input_name", ""))
            kind, folder = _BY_CLASS.get(name) or _FOLDERS.get(given) or ("", "")
            if error.get("type") == "value_not_in_list" and kind:
                missing.append(_no_file(url, kind, folder, str(extra.get("received_value", ""))))
            elif error.get("type") == "value_not_in_list":
                value = extra.get("received_value")
                other.append(f"ComfyUI at {server_urls.name(url)} knows no {given} {value!r} for {name}. Choose another.")
            elif error.get("type") == "custom_validation_failed":
                other.append("A picture this needs is not on the ComfyUI server. Ask again: it is sent anew.")
            else:
                what = f"{name}, {given}" if given else name
                other.append(f"ComfyUI did not accept what {what} was given. Correct the workflow, or choose other settings.")
    return [*missing, *other]


def _no_file(url: str, kind: str, folder: str, name: str) -> str:
    where = f"ComfyUI at {server_urls.name(url)}"
    return f"{where} has no {kind} {name!r}. Put the file into its models/{folder} folder, or choose another."


def failed(url: str, error: Mapping[str, Any]) -> StudioError:
    """A prompt that ended in execution_error."""
    kind, node = str(error.get("exception_type", "")), str(error.get("node_type", ""))
    detail = {"detail": f"{kind}: {error.get('exception_message', '')}", "node": node}
    if kind.endswith("OutOfMemoryError") or "out of memory" in str(error.get("exception_message", "")).lower():
        return OutOfMemory(
            f"The card of ComfyUI at {server_urls.name(url)} ran out of memory. "
            "Choose a smaller size or model, or fewer LoRAs.",
            **detail,
        )
    if "SafetensorError" in kind or "UnpicklingError" in kind or "header too large" in str(error.get("exception_message", "")):
        what = {"LoraLoader": "LoRA", "LoraLoaderModelOnly": "LoRA"}.get(node, "model")
        name = _file_of(error)
        named = f" {name!r}" if name else ""
        return Rejected(
            f"The {what}{named} on ComfyUI at {server_urls.name(url)} is broken. Copy the file there again, or choose another.",
            **detail,
        )
    if "ProcessLookupError" in kind and node.startswith("VHS"):
        return Unsupported(f"ComfyUI at {server_urls.name(url)} finds no ffmpeg. Install it there, then ask again.", **detail)
    name = kind.rpartition(".")[2] or "an error"
    return Rejected(
        f"ComfyUI at {server_urls.name(url)} could not do the step {node or 'of this workflow'} ({name}). "
        "Choose other settings or another model; its own log says more.",
        **detail,
    )


def _file_of(error: Mapping[str, Any]) -> str:
    """The model file that was being read, by its relative name."""
    given = error.get("current_inputs")
    for name in _FOLDERS if isinstance(given, dict) else ():
        value = given.get(name) if isinstance(given, dict) else None
        if value:
            return str(value[0] if isinstance(value, list) else value).strip("'\"")
    return ""


def lost(url: str, times: int) -> StudioError:
    return EngineError(
        f"ComfyUI at {server_urls.name(url)} lost this {times} times: it was restarted, or somebody cleared its queue. "
        "Look at its log, then try again."
    )
