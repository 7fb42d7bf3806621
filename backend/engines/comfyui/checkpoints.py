"""The base models of the ComfyUI servers: family and defaults from the file, its metadata, or else its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backend.engines.comfyui import lora_upload
from backend.engines.comfyui.client import ComfyUnreachable
from backend.engines.comfyui.graphs import needs
from backend.engines.comfyui.graphs.needs import Info
from backend.engines.comfyui.image_inputs import SAMPLERS
from backend.engines.comfyui.servers import Servers
from backend.engines.ports.image import ModelCard
from backend.engines.ports.prompt_forms import form_from_name
from backend.language import tr_lazy
from backend.media.model_files import checkpoints

CLASSES = (
    "KSampler",
    "CheckpointLoaderSimple",
    "LoadImage",
    "LoadImageMask",
    "ImageScale",
    "VAEEncode",
    "SetLatentNoiseMask",
    "LatentUpscaleBy",
    "ControlNetLoader",
    "SDPoseKeypointExtractor",
    "SDPoseDrawKeypoints",
)
"""Node classes read to tell what a server can do."""
_ARCHITECTURES = {
    "stable-diffusion-v1": "sd15",
    "stable-diffusion-v2": "sd21",
    "stable-diffusion-xl-v1": "sdxl",
    "flux-1": "flux",
}
_DEFAULTS = {"sd15": (512, 25, 7.0), "sd21": (768, 25, 7.0), "sdxl": (1024, 30, 7.0), "flux": (1024, 20, 3.5)}
"""Base -> side in px, steps, cfg."""
_NOT_IMAGE_MODELS = ("svd", "sdpose", "refiner", "inpaint")
"""Name parts of checkpoints that do not draw pictures from a prompt."""
_STEP_PX = 64


def list_cards(servers: Servers) -> list[ModelCard]:
    """The cards of all servers by name, the default model first; an unreachable server counts with its cached list."""
    cards_by_name: dict[str, ModelCard] = {}
    no_cards: list[ModelCard] = []
    for server_cards in servers.for_each_server(lambda url: _server_cards(servers, url), no_cards).values():
        for card in server_cards:
            cards_by_name.setdefault(card.name, card)
    return sorted(
        cards_by_name.values(), key=lambda card: (card.name != servers.settings.engines.local.default_model, card.name.lower())
    )


def find_card(servers: Servers, url: str, name: str) -> ModelCard | None:
    """The card of a checkpoint on one server; None: it has none of that name. Raises ComfyUnreachable."""
    return next((card for card in _server_cards(servers, url) if card.name == name), None)


def _server_cards(servers: Servers, url: str) -> list[ModelCard]:
    names = [name for name in servers.models(url, "checkpoints") if not any(part in name.lower() for part in _NOT_IMAGE_MODELS)]
    info = servers.info(url, CLASSES)
    samplers = tuple(_sampler_names(info))
    return [_model_card(servers, url, name, info, samplers) for name in names]


def _model_card(servers: Servers, url: str, name: str, info: Info, samplers: tuple[str, ...]) -> ModelCard:
    base = _detect_base(servers, url, name)
    guess_note = (
        ""
        if base
        else tr_lazy("Its family is not known: it is taken for what its name says. Set COMFYUI_MODELS_DIR to be sure.")
    )
    base = base or _base_from_name(name)
    untested_note = tr_lazy("FLUX uses a workflow that was never tried with real weights.") if base == "flux" else ""
    side, steps, cfg = _DEFAULTS.get(base, _DEFAULTS["sd15"])
    preferred = "euler" if base == "flux" else "dpmpp_2m_karras"
    return ModelCard(
        name=name,
        title=Path(name).stem,
        base=base,
        side=side,
        step_px=_STEP_PX,
        samplers=samplers,
        sampler=preferred if preferred in samplers else samplers[0] if samplers else preferred,
        steps=steps,
        cfg=cfg,
        trainable=base in {"sd15", "sd21", "sdxl"},
        note=" ".join(filter(None, (guess_note, untested_note))),
        longest_px=side * 3 // 2,
        features=needs.features(info, base),
        prompts=form_from_name(name),
    )


def _sampler_names(info: Info) -> Iterable[str]:
    """The studio's names for samplers the server has (sampler and scheduler), then the server's other samplers."""
    names = needs.options(info, "KSampler", "sampler_name") or []
    schedules = needs.options(info, "KSampler", "scheduler") or []
    studio_names = [
        studio_name for studio_name, (sampler, scheduler) in SAMPLERS.items() if sampler in names and scheduler in schedules
    ]
    mapped = {sampler for sampler, _ in SAMPLERS.values()}
    return [*studio_names, *(name for name in names if name not in mapped)]


def _detect_base(servers: Servers, url: str, name: str) -> str:
    """The model family from the file, else from its metadata on the server; "" when neither tells."""
    folder = lora_upload.models_dir(servers.settings, url)
    path = folder / "checkpoints" / name if folder else None
    if path and path.is_file() and (base := checkpoints.checkpoint_family(path)):
        return base
    try:
        architecture = servers.metadata(url, "checkpoints", name).get("modelspec.architecture", "")
    except ComfyUnreachable:
        return ""
    return next((base for prefix, base in _ARCHITECTURES.items() if architecture.startswith(prefix)), "")


def _base_from_name(name: str) -> str:
    low = name.lower()
    return "flux" if "flux" in low else "sdxl" if "xl" in low or "pony" in low or "illustrious" in low else "sd15"
