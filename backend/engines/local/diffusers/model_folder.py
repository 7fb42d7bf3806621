"""Child side: loads a model folder into memory. Only this module names the classes of a Stable Diffusion folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from backend.engines.local.diffusers import model_cards
from backend.engines.local.starter_model.patch_codec import PatchCodec
from backend.engines.ports.image import ModelCard
from backend.errors import EngineUnavailable, Unsupported
from backend.kit import disk
from backend.language import tr_lazy

# Everything a folder may name. PatchCodec is the one class that is not stock.
CLASSES: dict[str, Any] = {
    "UNet2DConditionModel": diffusers.UNet2DConditionModel,
    "AutoencoderKL": diffusers.AutoencoderKL,
    "AutoencoderTiny": diffusers.AutoencoderTiny,
    "PatchCodec": PatchCodec,
    "CLIPTextModel": transformers.CLIPTextModel,
    "CLIPTextModelWithProjection": transformers.CLIPTextModelWithProjection,
    "CLIPTokenizer": transformers.CLIPTokenizer,
    "CLIPTokenizerFast": transformers.CLIPTokenizer,
}
_PIPELINES: dict[tuple[str, bool], Any] = {
    ("StableDiffusionPipeline", False): diffusers.StableDiffusionPipeline,
    ("StableDiffusionPipeline", True): diffusers.StableDiffusionImg2ImgPipeline,
    ("StableDiffusionXLPipeline", False): diffusers.StableDiffusionXLPipeline,
    ("StableDiffusionXLPipeline", True): diffusers.StableDiffusionXLImg2ImgPipeline,
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded folder: its parts by diffusers' names, on `device`."""

    card: ModelCard
    kind: str
    components: dict[str, Any]
    device: torch.device
    dtype: torch.dtype

    @property
    def unet(self) -> Any:
        return self.components["unet"]

    @property
    def text_encoders(self) -> dict[str, Any]:
        """kohya's prefix -> text encoder."""
        if "text_encoder_2" not in self.components:
            return {"lora_te": self.components["text_encoder"]}
        return {"lora_te1": self.components["text_encoder"], "lora_te2": self.components["text_encoder_2"]}


def select_device(name: str) -> torch.device:
    """`auto` takes a GPU if there is one. Raises EngineUnavailable when the device is not available."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(name)
    missing = (device.type == "cuda" and not torch.cuda.is_available()) or (
        device.type == "mps" and not torch.backends.mps.is_available()
    )
    if missing:
        raise EngineUnavailable(
            tr_lazy("The device {name} is not available here. Set ENGINE_DEVICE to auto or cpu.", name=repr(name))
        )
    return device


def training_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the GPU has it; else float32, because float16 needs loss scaling."""
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def load_model(card: ModelCard, folder: Path, device: torch.device, dtype: torch.dtype = torch.float32) -> LoadedModel:
    """Every part of `folder`, in evaluation mode. Raises Unsupported naming the part that is broken."""
    index = model_cards.read_config(card.name, folder, "model_index.json")
    components = {
        part: _load_part(card, folder, part, kind, dtype) for part, kind in model_cards.component_classes(index).items()
    }
    for part in components.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(False).to(device)
    if device.type == "cpu":
        components["unet"].to(memory_format=torch.channels_last)
    if isinstance(components["vae"], diffusers.AutoencoderKL):
        components["vae"].enable_slicing()
    return LoadedModel(card, index["_class_name"], components, device, dtype)


def build_pipeline(model: LoadedModel, sampler: str, *, from_picture: bool = False) -> Any:
    """A stock pipeline around the loaded parts, with the model's own schedule run by `sampler`."""
    scheduler = make_scheduler(model, sampler)
    extra = {} if "XL" in model.kind else {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipe = _PIPELINES[model.kind, from_picture](**{**model.components, "scheduler": scheduler}, **extra)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def make_scheduler(model: LoadedModel, name: str) -> Any:
    """A fresh scheduler that keeps the model's prediction type, betas and terminal SNR. Raises Unsupported."""
    if name not in model.card.samplers:
        raise Unsupported(
            tr_lazy(
                "{title} has no sampler {name}. Choose one of: {samplers}.",
                title=model.card.title,
                name=repr(name),
                samplers=", ".join(model.card.samplers),
            )
        )
    class_name, changes = model_cards.SAMPLERS[name]
    return getattr(diffusers, class_name).from_config(model.components["scheduler"].config, **changes)


def _load_part(card: ModelCard, folder: Path, part: str, kind: str, dtype: torch.dtype) -> Any:
    try:
        if part == "scheduler":
            return getattr(diffusers, kind).from_pretrained(folder / part)
        if kind not in CLASSES:
            raise Unsupported(
                tr_lazy(
                    "The model {name} needs {kind} for its {part}, which this engine does not have.",
                    name=repr(card.name),
                    kind=kind,
                    part=part,
                )
            )
        if part.startswith("tokenizer"):
            return CLASSES[kind].from_pretrained(folder / part, local_files_only=True)
        return CLASSES[kind].from_pretrained(
            folder / part,
            torch_dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            variant=model_cards.weight_variant(folder, part),
        )
    except (Unsupported, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        # The libraries raise any kind of exception here; lack of memory is recognised by its text.
        if "allocate memory" in str(error) or disk.caused_by_full(error):
            raise
        message = tr_lazy(
            "The model “{model}” cannot be loaded: {part} is broken. Copy that part again.",
            model=card.name,
            part=f"{folder.name}/{part}",
        )
        raise Unsupported(message) from error
