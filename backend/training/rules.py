"""Recommended parameters: how long, how strong, at which size, from the pictures and the model. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from math import ceil
from typing import Any

from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.language import tr_lazy
from backend.training.schemas import ParamRow, ParamsDraft, RunCard, TrainingPreset

PRESETS: dict[str, TrainingPreset] = {
    "quick": TrainingPreset("quick", tr_lazy("Quick trial"), tr_lazy("Shows in a short time whether the pictures work.")),
    "character": TrainingPreset(
        "character", tr_lazy("Character"), tr_lazy("A person who looks the same in every scene. The usual choice.")
    ),
    "style": TrainingPreset(
        "style", tr_lazy("Style"), tr_lazy("A way of drawing or photographing, kept light so that prompts stay in charge.")
    ),
}

PARAMETERS: dict[str, str] = {
    "steps": tr_lazy("Steps"),
    "batch": tr_lazy("Batch size"),
    "resolution": tr_lazy("Resolution (px)"),
    "resolution_height": tr_lazy("Height, if not square (px)"),
    "network_dim": tr_lazy("Rank (dim)"),
    "network_alpha": tr_lazy("Alpha"),
    "unet_lr": tr_lazy("Learning rate"),
    "text_encoder_lr": tr_lazy("Learning rate of the text encoder"),
    "scheduler": tr_lazy("Learning rate schedule"),
    "warmup_steps": tr_lazy("Warm-up steps"),
    "repeats": tr_lazy("Repeats of each picture"),
    "seed": tr_lazy("Seed"),
    "save_every": tr_lazy("Save every … steps"),
    "sample_every": tr_lazy("Create samples every … steps"),
    "caption_dropout": tr_lazy("Caption dropout"),
    "train_convolutions": tr_lazy("Train convolutions too"),
    "flip": tr_lazy("Mirror pictures at random"),
    "min_snr_gamma": tr_lazy("Min-SNR gamma"),
    "prior_weight": tr_lazy("Prior preservation"),
}
"""Parameter -> what forms and comparisons call it, in their order."""

STARTER = TrainParams(
    steps=100,
    batch=4,
    resolution=128,
    network_dim=16,
    network_alpha=16.0,
    unet_lr=1.2e-3,
    text_encoder_lr=0.0,
    scheduler="constant",
    warmup_steps=0,
    repeats=1,
    seed=42,
    save_every=50,
    sample_every=50,
    caption_dropout=0.0,
    train_convolutions=True,
    prior_weight=0.1,
)
"""Measured on the bundled model: 0.06 -> 0.94 of a character's traits in 100 steps. With more steps, caption dropout or less
prior preservation, prompts with other names show the character's traits too; with more prior preservation, the character's get
weaker."""

SD15 = TrainParams(
    steps=1500,
    batch=2,
    resolution=512,
    network_dim=32,
    network_alpha=16.0,
    unet_lr=1e-4,
    text_encoder_lr=5e-5,
    scheduler="cosine",
    warmup_steps=50,
    repeats=1,
    seed=42,
    save_every=250,
    sample_every=250,
    caption_dropout=0.05,
    train_convolutions=False,
    min_snr_gamma=5.0,
)
SDXL = replace(SD15, steps=2000, batch=1, resolution=1024, text_encoder_lr=0.0)

_STEPS_PER_IMAGE = {"quick": 30, "character": 120, "style": 60}
"""Optimizer steps a picture at batch 1 (peers: about 120 a picture for a character)."""
_STEP_BOUNDS = {"quick": (200, 800), "character": (1200, 3500), "style": (1000, 4000)}


def recommend(image_count: int, model_card: ModelCard, preset: str = "character") -> TrainParams:
    """Parameters for `image_count` pictures on this model. `preset`: a key of PRESETS."""
    base = _base_params(model_card)
    if model_card.base.startswith("starter"):
        return _with_save_interval(_starter(base, image_count, preset))
    low, high = _STEP_BOUNDS[preset]
    steps = round(min(max(_STEPS_PER_IMAGE[preset] * image_count, low), high) / base.batch / 50) * 50
    styled = (
        replace(base, network_dim=base.network_dim // 2, network_alpha=base.network_alpha / 2) if preset == "style" else base
    )
    return _with_save_interval(replace(styled, steps=max(steps, 50)))


def with_overrides(params: TrainParams, draft: ParamsDraft, image_count: int) -> TrainParams:
    """`params` with the person's values. `epochs` counts when `steps` is not set; the first save is never after the last step.

    `image_count`: how many pictures an epoch shows, each as often as its own repeats.
    """
    chosen = {name: value for name, value in draft.model_dump(exclude={"epochs"}).items() if value is not None}
    result = replace(params, **chosen)
    if draft.epochs and draft.steps is None:
        result = replace(result, steps=steps_for_epochs(draft.epochs, image_count, result.repeats, result.batch))
    if {"steps", "epochs"} & draft.model_fields_set:
        fitted = asdict(_with_save_interval(result))
        result = replace(result, **{name: fitted[name] for name in ("save_every", "sample_every") if name not in chosen})
    return replace(
        result, save_every=min(result.save_every, result.steps), warmup_steps=min(result.warmup_steps, result.steps - 1)
    )


def steps_for_epochs(epochs: int, image_count: int, repeats: int, batch: int) -> int:
    """Steps as kohya counts them: every picture `repeats` times an epoch; the last batch may be short."""
    return epochs * max(1, ceil(image_count * repeats / batch))


def epochs_for_steps(steps: int, image_count: int, repeats: int, batch: int) -> float:
    return steps / max(1, ceil(image_count * repeats / batch))


def with_trigger_word(caption: str, trigger_word: str) -> str:
    """The caption with the trigger word in front, unless it is in it as a word of its own."""
    if not trigger_word or trigger_word.lower() in caption.lower().replace(",", " ").replace(".", " ").split():
        return caption.strip()
    return f"{trigger_word}, {caption.strip()}" if caption.strip() else trigger_word


def sample_prompts(captions: list[str], trigger_word: str) -> tuple[str, ...]:
    """Two prompts from the dataset's longest captions, so that samples show what was learned."""
    longest = sorted(
        {with_trigger_word(caption, trigger_word) for caption in captions if caption.strip()}, key=lambda c: (-len(c), c)
    )
    return tuple(longest[:2]) or (f"portrait of {trigger_word}",)


def next_version(name: str) -> str:
    """`bella-v1` -> `bella-v2`, `bella` -> `bella-v2`."""
    stem, separator, number = name.rpartition("-v")
    return f"{stem}-v{int(number) + 1}" if separator and number.isdigit() else f"{name}-v2"


def differences(cards: Sequence[RunCard]) -> list[ParamRow]:
    """Every parameter of the runs side by side, and what they were trained on."""
    run_facts: list[tuple[str, list[Any]]] = [
        (tr_lazy("Model"), [card.model for card in cards]),
        (tr_lazy("Preset"), [PRESETS[card.preset].title for card in cards]),
        (tr_lazy("Dataset"), [card.dataset_name for card in cards]),
        (tr_lazy("Pictures"), [card.image_count for card in cards]),
        (tr_lazy("Trigger word"), [card.trigger_word for card in cards]),
        (tr_lazy("Steps before it"), [card.steps_before for card in cards]),
    ]
    parameters = [(title, [getattr(card.params, name) for card in cards]) for name, title in PARAMETERS.items()]
    return [ParamRow(name, tuple(_display(v) for v in values), len(set(values)) > 1) for name, values in run_facts + parameters]


def _display(value: Any) -> str:
    if isinstance(value, bool):
        return tr_lazy("yes") if value else tr_lazy("no")
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else str(value)


def _base_params(model_card: ModelCard) -> TrainParams:
    if model_card.base.startswith("starter"):
        return replace(STARTER, resolution=model_card.side)
    return replace(SDXL if model_card.base == "sdxl" else SD15, resolution=model_card.side)


def _starter(base: TrainParams, image_count: int, preset: str) -> TrainParams:
    """Up to 20 pictures are learned in 100 steps, more need more; `character` takes twice as long as `quick`."""
    scale = {"quick": 1.0, "character": 2.0, "style": 1.5}[preset]
    steps = ceil(base.steps * scale * min(max(image_count / 20, 1.0), 4.0) / 50) * 50
    return replace(base, steps=steps)


def _with_save_interval(params: TrainParams) -> TrainParams:
    """About four saves a run, at least 50 steps apart: enough to choose from and to resume after a crash."""
    interval = max(50, ceil(params.steps / 4 / 50) * 50) if params.steps > 200 else 50
    interval = min(interval, params.steps)
    return replace(params, save_every=interval, sample_every=interval if params.sample_every else 0)
