"""Recommended parameters: how long, how strong, at which size, from the pictures and the model. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import ceil
from typing import Any

from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import TrainParams
from backend.training.schemas import ParamRow, ParamsDraft, Preset, RunCard

PRESETS: dict[str, Preset] = {
    "quick": Preset("quick", "Quick trial", "Shows in a short time whether the pictures work."),
    "character": Preset("character", "Character", "A person who looks the same in every scene. The usual choice."),
    "style": Preset("style", "Style", "A way of drawing or photographing, kept light so that prompts stay in charge."),
}

PARAMETERS: dict[str, str] = {
    "steps": "Steps", "batch": "Batch size", "resolution": "Resolution (px)", "network_dim": "Rank (dim)",
    "network_alpha": "Alpha", "unet_lr": "Learning rate", "text_encoder_lr": "Learning rate of the text encoder",
    "scheduler": "Schedule", "warmup_steps": "Warm-up steps", "repeats": "Repeats of each picture", "seed": "Seed",
    "save_every": "Save every … steps", "sample_every": "Draw samples every … steps", "caption_dropout": "Caption dropout",
    "train_convolutions": "Train convolutions too", "flip": "Mirror pictures at random", "min_snr_gamma": "Min-SNR gamma",
    "prior_weight": "Prior preservation",
}  # fmt: skip
"""Parameter -> what forms and comparisons call it, in their order."""

STARTER = TrainParams(
    steps=100, batch=4, resolution=128, network_dim=16, network_alpha=16.0, unet_lr=1.2e-3, text_encoder_lr=0.0,
    scheduler="constant", warmup_steps=0, repeats=1, seed=42, save_every=50, sample_every=50,
    caption_dropout=0.0, train_convolutions=True, prior_weight=0.1,
)  # fmt: skip
"""Measured on the bundled model: 0.06 -> 0.94 of a character's traits in 100 steps. More of them, or captions dropped, teach
pictures of other names the character's traits; so does less prior preservation, and more of it takes from the character's."""

SD15 = TrainParams(
    steps=1500, batch=2, resolution=512, network_dim=32, network_alpha=16.0, unet_lr=1e-4, text_encoder_lr=5e-5,
    scheduler="cosine", warmup_steps=50, repeats=1, seed=42, save_every=250, sample_every=250,
    caption_dropout=0.05, train_convolutions=False, min_snr_gamma=5.0,
)  # fmt: skip
SDXL = replace(SD15, steps=2000, batch=1, resolution=1024, text_encoder_lr=0.0)

_PER_IMAGE = {"quick": 30, "character": 120, "style": 60}
"""Optimizer steps a picture at batch 1 (peers: about 120 a picture for a character)."""
_BOUNDS = {"quick": (200, 800), "character": (1200, 3500), "style": (1000, 4000)}


def recommend(image_count: int, model_card: ModelCard, preset: str = "character") -> TrainParams:
    """Parameters for `image_count` pictures on this model. `preset`: a key of PRESETS."""
    base = _family(model_card)
    if model_card.base.startswith("starter"):
        return _saved_in_parts(_starter(base, image_count, preset))
    low, high = _BOUNDS[preset]
    steps = round(min(max(_PER_IMAGE[preset] * image_count, low), high) / base.batch / 50) * 50
    styled = (
        replace(base, network_dim=base.network_dim // 2, network_alpha=base.network_alpha / 2) if preset == "style" else base
    )
    return _saved_in_parts(replace(styled, steps=max(steps, 50)))


def with_overrides(params: TrainParams, draft: ParamsDraft, image_count: int) -> TrainParams:
    """What the person set wins; `epochs` counts when `steps` is not set; saves and samples never come after the end."""
    chosen = {name: value for name, value in draft.model_dump(exclude={"epochs"}).items() if value is not None}
    result = replace(params, **chosen)
    if draft.epochs and draft.steps is None:
        result = replace(result, steps=steps_for_epochs(draft.epochs, image_count, result.repeats, result.batch))
    if {"steps", "epochs"} & draft.model_fields_set:
        fitted = asdict(_saved_in_parts(result))
        result = replace(result, **{name: fitted[name] for name in ("save_every", "sample_every") if name not in chosen})
    return replace(
        result, save_every=min(result.save_every, result.steps), warmup_steps=min(result.warmup_steps, result.steps - 1)
    )


def steps_for_epochs(epochs: int, image_count: int, repeats: int, batch: int) -> int:
    """kohya's count: every picture `repeats` times an epoch, the last batch may be short."""
    return epochs * max(1, ceil(image_count * repeats / batch))


def epochs_for_steps(steps: int, image_count: int, repeats: int, batch: int) -> float:
    return steps / max(1, ceil(image_count * repeats / batch))


def with_trigger(caption: str, trigger_word: str) -> str:
    """The caption as trained: the trigger word leads when the caption does not say it already as a word of its own."""
    if not trigger_word or trigger_word.lower() in caption.lower().replace(",", " ").replace(".", " ").split():
        return caption.strip()
    return f"{trigger_word}, {caption.strip()}" if caption.strip() else trigger_word


def sample_prompts(captions: list[str], trigger_word: str) -> tuple[str, ...]:
    """Two prompts in the words of the dataset: samples then show what was learned, not what was never said."""
    longest = sorted(
        {with_trigger(caption, trigger_word) for caption in captions if caption.strip()}, key=lambda c: (-len(c), c)
    )
    return tuple(longest[:2]) or (f"portrait of {trigger_word}",)


def next_version(name: str) -> str:
    """`bella-v1` -> `bella-v2`; a name without a version becomes its own second one."""
    stem, mark, number = name.rpartition("-v")
    return f"{stem}-v{int(number) + 1}" if mark and number.isdigit() else f"{name}-v2"


def differences(cards: Sequence[RunCard]) -> list[ParamRow]:
    """Every parameter of the runs side by side, and what they were trained on."""
    around: list[tuple[str, list[Any]]] = [
        ("Model", [card.model for card in cards]),
        ("Preset", [PRESETS[card.preset].title for card in cards]),
        ("Dataset", [card.dataset_name for card in cards]),
        ("Pictures", [card.image_count for card in cards]),
        ("Trigger word", [card.trigger_word for card in cards]),
        ("Steps before it", [card.steps_before for card in cards]),
    ]
    own = [(title, [getattr(card.params, name) for card in cards]) for name, title in PARAMETERS.items()]
    return [ParamRow(name, tuple(_said(v) for v in values), len(set(values)) > 1) for name, values in around + own]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _family(model_card: ModelCard) -> TrainParams:
    if model_card.base.startswith("starter"):
        return replace(STARTER, resolution=model_card.side)
    return replace(SDXL if model_card.base == "sdxl" else SD15, resolution=model_card.side)


def _starter(base: TrainParams, image_count: int, preset: str) -> TrainParams:
    """Small sets are learned in 100 steps; more pictures need more, a character twice the trial."""
    scale = {"quick": 1.0, "character": 2.0, "style": 1.5}[preset]
    steps = ceil(base.steps * scale * min(max(image_count / 20, 1.0), 4.0) / 50) * 50
    return replace(base, steps=steps)


def _saved_in_parts(params: TrainParams) -> TrainParams:
    """About four saves a run, at least 50 steps apart: enough to choose from and to go on after a crash."""
    every = max(50, ceil(params.steps / 4 / 50) * 50) if params.steps > 200 else 50
    every = min(every, params.steps)
    return replace(params, save_every=every, sample_every=every if params.sample_every else 0)
