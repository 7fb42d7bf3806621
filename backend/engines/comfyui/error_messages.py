"""Errors of a ComfyUI server as sentences for people; never with its own messages, which name paths and tracebacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.engines.comfyui import server_urls
from backend.engines.comfyui.client import ComfyRefused
from backend.errors import EngineError, OutOfMemory, Rejected, StudioError, Unsupported
from backend.language import tr_lazy

_FOLDERS = {
    "ckpt_name": ("checkpoint", "checkpoints"),
    "lora_name": ("LoRA", "loras"),
    "control_net_name": ("ControlNet", "controlnet"),
    "vae_name": ("VAE", "vae"),
    "unet_name": (tr_lazy("diffusion model"), "diffusion_models"),
    "clip_name": (tr_lazy("text encoder"), "text_encoders"),
    "clip_name1": (tr_lazy("text encoder"), "text_encoders"),
    "clip_name2": (tr_lazy("text encoder"), "text_encoders"),
}
"""Input of a loader -> what people call the file, and its folder below `models`."""
_BY_CLASS = {
    "UpscaleModelLoader": (tr_lazy("upscale model"), "upscale_models"),
    "ADE_LoadAnimateDiffModel": (tr_lazy("motion model"), "animatediff_models"),
}
BLACK_PICTURE = tr_lazy(
    "The picture came out black: the model's numbers broke off (NaN). Start ComfyUI with --fp32-vae, or choose another "
    "checkpoint or VAE, then ask again."
)


def rejected_graph(url: str, error: ComfyRefused) -> StudioError:
    """The error for a graph that the server would not queue."""
    messages = list(node_error_messages(url, error.node_errors))
    if messages:
        return Unsupported(messages[0], detail=str(error), node_errors=error.node_errors)
    if error.kind in {"missing_node_type", "invalid_prompt"} and error.extra.get("class_type"):
        name = error.extra["class_type"]
        return Unsupported(
            tr_lazy(
                "ComfyUI at {name} has no node {node}. Install the node pack it comes with, restart ComfyUI, then ask again.",
                name=server_urls.name(url),
                node=repr(name),
            ),
            detail=str(error),
        )
    if error.kind == "prompt_no_outputs":
        return Unsupported(
            tr_lazy("This workflow keeps no result. Add a Save Image node, then import it again."), detail=str(error)
        )
    if error.status == 413:
        return Rejected(tr_lazy("The picture is too large for ComfyUI. Choose a smaller one."), detail=str(error))
    return Rejected(
        tr_lazy(
            "ComfyUI at {name} did not accept this. Its own log says why; choose other settings or another workflow.",
            name=server_urls.name(url),
        ),
        detail=str(error),
    )


def node_error_messages(url: str, node_errors: Mapping[str, Any]) -> list[str]:
    """One sentence per error in the answer to POST /prompt, missing files first."""
    missing, other = [], []
    for node in node_errors.values():
        name = str(node.get("class_type", ""))
        for error in node.get("errors", []):
            extra = error.get("extra_info") or {}
            input_name = str(extra.get("input_name", ""))
            kind, folder = _BY_CLASS.get(name) or _FOLDERS.get(input_name) or ("", "")
            if error.get("type") == "value_not_in_list" and kind:
                missing.append(_missing_file_message(url, kind, folder, str(extra.get("received_value", ""))))
            elif error.get("type") == "value_not_in_list":
                value = extra.get("received_value")
                other.append(
                    tr_lazy(
                        "ComfyUI at {server} knows no {input} {value} for {node}. Choose another.",
                        server=server_urls.name(url),
                        input=input_name,
                        value=repr(value),
                        node=name,
                    )
                )
            elif error.get("type") == "custom_validation_failed":
                other.append(tr_lazy("A picture this needs is not on the ComfyUI server. Ask again: it is sent again."))
            else:
                place = f"{name}, {input_name}" if input_name else name
                other.append(
                    tr_lazy(
                        "ComfyUI did not accept what {place} was given. Correct the workflow, or choose other settings.",
                        place=place,
                    )
                )
    return [*missing, *other]


def _missing_file_message(url: str, kind: str, folder: str, name: str) -> str:
    return tr_lazy(
        "ComfyUI at {server} has no {kind} {file}. Put the file into its models/{folder} folder, or choose another.",
        server=server_urls.name(url),
        kind=kind,
        file=repr(name),
        folder=folder,
    )


def execution_error(url: str, error: Mapping[str, Any]) -> StudioError:
    """The error for a prompt that ended in execution_error. `error`: the data of that message."""
    kind, node = str(error.get("exception_type", "")), str(error.get("node_type", ""))
    detail = {"detail": f"{kind}: {error.get('exception_message', '')}", "node": node}
    if kind.endswith("OutOfMemoryError") or "out of memory" in str(error.get("exception_message", "")).lower():
        return OutOfMemory(
            tr_lazy(
                "The GPU of ComfyUI at {name} ran out of memory. Choose a smaller size or model, or fewer LoRAs.",
                name=server_urls.name(url),
            ),
            **detail,
        )
    if "SafetensorError" in kind or "UnpicklingError" in kind or "header too large" in str(error.get("exception_message", "")):
        noun = {"LoraLoader": "LoRA", "LoraLoaderModelOnly": "LoRA"}.get(node, "model")
        name = _failing_file(error)
        quoted_name = f" {name!r}" if name else ""
        return Rejected(
            tr_lazy(
                "The {noun}{quoted_name} on ComfyUI at {name} is broken. Copy the file there again, or choose another.",
                noun=noun,
                quoted_name=quoted_name,
                name=server_urls.name(url),
            ),
            **detail,
        )
    if "ProcessLookupError" in kind and node.startswith("VHS"):
        return Unsupported(
            tr_lazy("ComfyUI at {name} finds no ffmpeg. Install it there, then ask again.", name=server_urls.name(url)),
            **detail,
        )
    return Rejected(
        tr_lazy(
            "ComfyUI at {server} could not do the step {step} ({error}). "
            "Choose other settings or another model; its own log says more.",
            server=server_urls.name(url),
            step=node or tr_lazy("of this workflow"),
            error=kind.rpartition(".")[2] or tr_lazy("an error"),
        ),
        **detail,
    )


def _failing_file(error: Mapping[str, Any]) -> str:
    """The relative name of the model file that was being read."""
    inputs = error.get("current_inputs")
    for name in _FOLDERS if isinstance(inputs, dict) else ():
        value = inputs.get(name) if isinstance(inputs, dict) else None
        if value:
            return str(value[0] if isinstance(value, list) else value).strip("'\"")
    return ""


def prompt_lost(url: str, count: int) -> StudioError:
    return EngineError(
        tr_lazy(
            "ComfyUI at {name} lost this {n} times: it was restarted, or somebody cleared its queue. Check its log, "
            "then try again.",
            name=server_urls.name(url),
            n=count,
        )
    )
