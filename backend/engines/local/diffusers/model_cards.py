"""The local model folders and their cards, from listings and configs only: loads neither weights nor torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backend.engines.local import starter_model
from backend.engines.ports.image import DEFAULT_LORA_WEIGHT, ModelCard
from backend.engines.ports.prompt_forms import PromptForm, form_from_name
from backend.errors import Unsupported
from backend.language import tr_lazy
from backend.settings import Settings

STARTER = "starter"
# Sampler name -> diffusers class, and what differs from the model's own scheduler config.
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
_BUNDLED = tr_lazy(
    "Bundled. Draws cartoon portraits at 128 px in half a second on a laptop; words it knows are in its model card."
)


def model_folders(settings: Settings) -> dict[str, Path]:
    """Every model folder by name (one that holds a model_index.json), the default model first."""
    folders_by_name = {STARTER: starter_model.WEIGHTS}
    if settings.engines.local.models_dir and settings.engines.local.models_dir.is_dir():
        folders_by_name |= {
            path.parent.name: path.parent for path in sorted(settings.engines.local.models_dir.glob("*/model_index.json"))
        }
    return dict(sorted(folders_by_name.items(), key=lambda item: item[0] != settings.engines.local.default_model))


def list_cards(settings: Settings) -> tuple[list[ModelCard], list[str]]:
    """The cards of usable models, and one sentence per folder that cannot be used."""
    usable, problems = [], []
    for name, folder in model_folders(settings).items():
        try:
            usable.append(read_card(name, folder))
        except Unsupported as error:
            problems.append(error.message)
    return usable, problems


def find_card(settings: Settings, name: str) -> tuple[ModelCard, Path]:
    """The model called `name`. Raises Unsupported with the folder and file that is missing or broken."""
    folders_by_name = model_folders(settings)
    if name not in folders_by_name:
        raise Unsupported(
            tr_lazy(
                "There is no model {name} in the models folder. Choose one of: {folders_by_name}.",
                name=repr(name),
                folders_by_name=", ".join(folders_by_name),
            )
        )
    return read_card(name, folders_by_name[name]), folders_by_name[name]


def read_card(name: str, folder: Path) -> ModelCard:
    """The card of a folder, from its configs. Raises Unsupported naming the folder and file that is missing or broken."""
    index = read_config(name, folder, "model_index.json")
    unet = read_config(name, folder, "unet/config.json")
    vae = read_config(name, folder, "vae/config.json")
    scheduler = read_config(name, folder, "scheduler/scheduler_config.json")
    studio = read_config(name, folder, "studio.json") if (folder / "studio.json").is_file() else {}
    pipeline = index.get("_class_name")
    if pipeline not in PIPELINES:
        raise Unsupported(
            tr_lazy(
                "The model {name} is a {pipeline}. Only Stable Diffusion 1.x, 2.x and XL folders can be used here.",
                name=repr(name),
                pipeline=str(pipeline),
            )
        )
    _check_weights(name, folder, index)
    try:
        return _card(name, pipeline, unet, vae, scheduler, studio)
    except (KeyError, TypeError, ValueError) as error:
        raise Unsupported(
            tr_lazy(
                "The configs of the model {name} are incomplete ({error}). Copy the folder again.",
                name=repr(name),
                error=repr(error),
            )
        ) from error


def read_config(name: str, folder: Path, file: str) -> dict[str, Any]:
    """One JSON file of a model folder. Raises Unsupported naming it."""
    try:
        value = json.loads((folder / file).read_text("utf-8"))
    except FileNotFoundError as error:
        raise Unsupported(
            tr_lazy(
                "The model {name} has no {other_name}/{file}. Copy the complete diffusers folder again.",
                name=repr(name),
                other_name=folder.name,
                file=file,
            )
        ) from error
    except (OSError, ValueError) as error:
        raise Unsupported(
            tr_lazy(
                "The model {name} cannot be read: {other_name}/{file} is broken. Copy it again.",
                name=repr(name),
                other_name=folder.name,
                file=file,
            )
        ) from error
    if not isinstance(value, dict):
        raise Unsupported(
            tr_lazy(
                "The model {name} cannot be read: {other_name}/{file} is broken. Copy it again.",
                name=repr(name),
                other_name=folder.name,
                file=file,
            )
        )
    return value


def component_classes(index: dict[str, Any]) -> dict[str, str]:
    """Part -> class name, for the parts our pipelines use."""
    used = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
    return {part: index[part][1] for part in used if isinstance(index.get(part), list) and index[part][1]}


def weight_variant(folder: Path, part: str) -> str | None:
    """The diffusers weight variant: `fp16` if the part has only such files, else None."""
    files = [path.name for path in (folder / part).glob("*.safetensors")]
    return "fp16" if files and all(".fp16." in file for file in files) else None


def _card(
    name: str, pipeline: str, unet: dict[str, Any], vae: dict[str, Any], scheduler: dict[str, Any], studio: dict[str, Any]
) -> ModelCard:
    scale = int(2 ** (len(vae["block_out_channels"]) - 1))
    base = (
        "sdxl"
        if "XL" in pipeline
        else _BASE_BY_TEXT_WIDTH.get(unet["cross_attention_dim"], f"sd-{unet['cross_attention_dim']}")
    )
    # With zero terminal SNR the largest sigma is infinite, and Karras spacing would put most steps there.
    samplers = tuple(sampler for sampler in SAMPLERS if not (scheduler.get("rescale_betas_zero_snr") and "karras" in sampler))
    own_sampler = next((sampler for sampler in samplers if SAMPLERS[sampler][0] == scheduler.get("_class_name")), "dpmpp_2m")
    side = int(unet["sample_size"]) * scale
    return ModelCard(
        name=name,
        title=studio.get("title", name),
        base=studio.get("base", base),
        side=side,
        step_px=scale * int(2 ** (len(unet["block_out_channels"]) - 1)),
        samplers=samplers,
        sampler=own_sampler,
        steps=int(studio.get("steps", 30 if base == "sdxl" else 25)),
        cfg=float(studio.get("cfg", 7.0)),
        trainable=base != "sdxl",
        note=_worded_note(studio.get("note", "")),
        longest_px=int(studio.get("longest_px", side * 3 // 2)),
        prompts=PromptForm.from_json(studio["prompts"]) if "prompts" in studio else form_from_name(name),
        square=bool(studio.get("square", False)),
        lora_weight=float(studio.get("lora_weight", DEFAULT_LORA_WEIGHT)),
    )


def _check_weights(name: str, folder: Path, index: dict[str, Any]) -> None:
    for part in component_classes(index):
        if part.startswith(("tokenizer", "scheduler")):
            continue
        if not any((folder / part).glob("*.safetensors")):
            raise Unsupported(
                tr_lazy(
                    "The model {name} has no weights in {other_name}/{part} (.safetensors). Copy the complete folder again.",
                    name=repr(name),
                    other_name=folder.name,
                    part=part,
                )
            )


def _worded_note(note: str) -> str:
    """The bundled model's note has a translation; others are as their makers wrote them."""
    return _BUNDLED if note == _BUNDLED else note
