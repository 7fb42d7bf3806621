"""What the checkpoints of the ComfyUI servers can do, as far as their files, their metadata or at least their names tell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backend.engines.comfyui import lora_upload, needs
from backend.engines.comfyui.client import Away
from backend.engines.comfyui.image_inputs import SAMPLERS
from backend.engines.comfyui.needs import Info
from backend.engines.comfyui.servers import Servers
from backend.engines.image.port import ModelCard
from backend.engines.prompt_forms import by_name
from backend.media.model_files import checkpoints

CLASSES = (
    "KSampler", "CheckpointLoaderSimple", "LoadImage", "LoadImageMask", "ImageScale", "VAEEncode", "SetLatentNoiseMask",
    "LatentUpscaleBy", "ControlNetLoader", "SDPoseKeypointExtractor", "SDPoseDrawKeypoints",
)  # fmt: skip
"""Looked at to say what a server can do."""
_ARCHITECTURES = {
    "stable-diffusion-v1": "sd15",
    "stable-diffusion-v2": "sd21",
    "stable-diffusion-xl-v1": "sdxl",
    "flux-1": "flux",
}
_FIGURES = {"sd15": (512, 25, 7.0), "sd21": (768, 25, 7.0), "sdxl": (1024, 28, 6.5), "flux": (1024, 20, 3.5)}
"""Base -> side in px, steps, cfg."""
_OTHERS = ("svd", "sdpose", "refiner", "inpaint")
"""Checkpoints that are no models for pictures from words, by a part of their names."""
_STEP_PX = 64


def cards(servers: Servers) -> list[ModelCard]:
    """Of all servers together, by name, the default first. The last known ones while a server is away."""
    found: dict[str, ModelCard] = {}
    nothing: list[ModelCard] = []
    for some in servers.everywhere(lambda url: _of(servers, url), nothing).values():
        for card in some:
            found.setdefault(card.name, card)
    return sorted(found.values(), key=lambda card: (card.name != servers.settings.default_model, card.name.lower()))


def of(servers: Servers, url: str, name: str) -> ModelCard | None:
    """The card of a checkpoint of one server; None: it has none of that name. Raises Away."""
    return next((card for card in _of(servers, url) if card.name == name), None)


def _of(servers: Servers, url: str) -> list[ModelCard]:
    names = [name for name in servers.models(url, "checkpoints") if not any(part in name.lower() for part in _OTHERS)]
    info = servers.info(url, CLASSES)
    samplers = tuple(_samplers(info))
    return [_card(servers, url, name, info, samplers) for name in names]


def _card(servers: Servers, url: str, name: str, info: Info, samplers: tuple[str, ...]) -> ModelCard:
    base = _base(servers, url, name)
    guessed = "" if base else "Its family is not known: it is taken for what its name says. Set COMFYUI_MODELS_DIR to be sure."
    base = base or _by_name(name)
    untested = "FLUX draws with a workflow that was never tried on real weights." if base == "flux" else ""
    side, steps, cfg = _FIGURES.get(base, _FIGURES["sd15"])
    wish = "euler" if base == "flux" else "dpmpp_2m_karras"
    return ModelCard(
        name=name,
        title=Path(name).stem,
        base=base,
        side=side,
        step_px=_STEP_PX,
        samplers=samplers,
        sampler=wish if wish in samplers else samplers[0] if samplers else wish,
        steps=steps,
        cfg=cfg,
        trainable=base in {"sd15", "sd21", "sdxl"},
        note=" ".join(filter(None, (guessed, untested))),
        longest_px=side * 3 // 2,
        features=needs.features(info, base),
        prompts=by_name(name),
    )


def _samplers(info: Info) -> Iterable[str]:
    """Ours by our words where the server has both parts, then the server's others."""
    names = needs.options(info, "KSampler", "sampler_name") or []
    schedules = needs.options(info, "KSampler", "scheduler") or []
    ours = [word for word, (sampler, scheduler) in SAMPLERS.items() if sampler in names and scheduler in schedules]
    known = {sampler for sampler, _ in SAMPLERS.values()}
    return [*ours, *(name for name in names if name not in known)]


def _base(servers: Servers, url: str, name: str) -> str:
    """From the file, else from what the server reads in its metadata; "" when neither says it."""
    folder = lora_upload.models_dir(servers.settings, url)
    path = folder / "checkpoints" / name if folder else None
    if path and path.is_file() and (base := checkpoints.family(path)):
        return base
    try:
        said = servers.metadata(url, "checkpoints", name).get("modelspec.architecture", "")
    except Away:
        return ""
    return next((base for word, base in _ARCHITECTURES.items() if said.startswith(word)), "")


def _by_name(name: str) -> str:
    low = name.lower()
    return "flux" if "flux" in low else "sdxl" if "xl" in low or "pony" in low or "illustrious" in low else "sd15"
