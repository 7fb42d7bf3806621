"""Which model folders there are and what they can do, from listings and configs alone: loads no weights and no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backend.engines import starter_model
from backend.engines.image.port import ModelCard
from backend.engines.prompt_forms import PromptForm, by_name
from backend.errors import Unsupported
from backend.settings import Settings

STARTER = "starter"
# The field's words -> diffusers class and what differs from the model's own scheduler config.
SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
}
PIPELINES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
_BASE_BY_TEXT_WIDTH = {768: "sd15", 1024: "sd21"}


def folders(settings: Settings) -> dict[str, Path]:
    """Every model folder by name (one that holds a model_index.json), the default model first."""
    found = {STARTER: starter_model.WEIGHTS}
    if settings.models_dir and settings.models_dir.is_dir():
        found |= {path.parent.name: path.parent for path in sorted(settings.models_dir.glob("*/model_index.json"))}
    return dict(sorted(found.items(), key=lambda item: item[0] != settings.default_model))


def cards(settings: Settings) -> tuple[list[ModelCard], list[str]]:
    """The cards of the models that can be used, and a sentence for each folder that cannot."""
    good, bad = [], []
    for name, folder in folders(settings).items():
        try:
            good.append(card(name, folder))
        except Unsupported as refused:
            bad.append(refused.message)
    return good, bad


def find(settings: Settings, name: str) -> tuple[ModelCard, Path]:
    """The model called `name`. Raises Unsupported with the folder and file that is missing or broken."""
    found = folders(settings)
    if name not in found:
        raise Unsupported(f"There is no model {name!r} in the models folder. Choose one of: {', '.join(found)}.")
    return card(name, found[name]), found[name]


def card(name: str, folder: Path) -> ModelCard:
    """What a folder's configs say. Raises Unsupported naming the folder and file that is missing or broken."""
    index = read_config(name, folder, "model_index.json")
    unet = read_config(name, folder, "unet/config.json")
    vae = read_config(name, folder, "vae/config.json")
    scheduler = read_config(name, folder, "scheduler/scheduler_config.json")
    ours = read_config(name, folder, "studio.json") if (folder / "studio.json").is_file() else {}
    pipeline = index.get("_class_name")
    if pipeline not in PIPELINES:
        raise Unsupported(
            f"The model {name!r} is a {pipeline}. Only Stable Diffusion 1.x, 2.x and XL folders can be used here."
        )
    _check_weights(name, folder, index)
    try:
        return _card(name, pipeline, unet, vae, scheduler, ours)
    except (KeyError, TypeError, ValueError) as broken:
        raise Unsupported(f"The configs of the model {name!r} are incomplete ({broken!r}). Copy the folder again.") from broken


def read_config(name: str, folder: Path, file: str) -> dict[str, Any]:
    """One JSON file of a model folder. Raises Unsupported naming it."""
    try:
        value = json.loads((folder / file).read_text("utf-8"))
    except FileNotFoundError as missing:
        raise Unsupported(
            f"The model {name!r} has no {folder.name}/{file}. Copy the complete diffusers folder again."
        ) from missing
    except (OSError, ValueError) as broken:
        raise Unsupported(f"The model {name!r} cannot be read: {folder.name}/{file} is broken. Copy it again.") from broken
    if not isinstance(value, dict):
        raise Unsupported(f"The model {name!r} cannot be read: {folder.name}/{file} is broken. Copy it again.")
    return value


def parts(index: dict[str, Any]) -> dict[str, str]:
    """Part -> class name, for the parts that a pipeline of ours uses."""
    used = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
    return {part: index[part][1] for part in used if isinstance(index.get(part), list) and index[part][1]}


def variant(folder: Path, part: str) -> str | None:
    """`fp16` when that is all there is."""
    files = [path.name for path in (folder / part).glob("*.safetensors")]
    return "fp16" if files and all(".fp16." in file for file in files) else None


def _card(
    name: str, pipeline: str, unet: dict[str, Any], vae: dict[str, Any], scheduler: dict[str, Any], ours: dict[str, Any]
) -> ModelCard:
    scale = int(2 ** (len(vae["block_out_channels"]) - 1))
    base = (
        "sdxl"
        if "XL" in pipeline
        else _BASE_BY_TEXT_WIDTH.get(unet["cross_attention_dim"], f"sd-{unet['cross_attention_dim']}")
    )
    # Karras sigmas spend most steps near infinity when the last step is pure noise.
    samplers = tuple(s for s in SAMPLERS if not (scheduler.get("rescale_betas_zero_snr") and "karras" in s))
    own = next((s for s in samplers if SAMPLERS[s][0] == scheduler.get("_class_name")), "dpmpp_2m")
    side = int(unet["sample_size"]) * scale
    return ModelCard(
        name=name,
        title=ours.get("title", name),
        base=ours.get("base", base),
        side=side,
        step_px=scale * int(2 ** (len(unet["block_out_channels"]) - 1)),
        samplers=samplers,
        sampler=own,
        steps=int(ours.get("steps", 25)),
        cfg=float(ours.get("cfg", 7.0)),
        trainable=base != "sdxl",
        note=ours.get("note", ""),
        longest_px=int(ours.get("longest_px", side * 3 // 2)),
        prompts=PromptForm.of(ours["prompts"]) if "prompts" in ours else by_name(name),
        square=bool(ours.get("square", False)),
        lora_weight=float(ours.get("lora_weight", 1.0)),
    )


def _check_weights(name: str, folder: Path, index: dict[str, Any]) -> None:
    for part in parts(index):
        if part.startswith(("tokenizer", "scheduler")):
            continue
        if not any((folder / part).glob("*.safetensors")):
            raise Unsupported(
                f"The model {name!r} has no weights in {folder.name}/{part} (.safetensors). Copy the complete folder again."
            )
