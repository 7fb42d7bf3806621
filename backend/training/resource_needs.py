"""What a run will need: memory from the model and the parameters, time from the speed of runs like it. Pure.

Sources of the memory figures:
- starter: measured, peak resident memory of the training process on a processor (2026-11, six runs over batch, px and dim).
- sd15, sd21, sdxl: counted from the networks' shapes in bfloat16 without gradient checkpointing (what autograd keeps for the
  backward pass; attention as the fused kernels keep it), plus a quarter for what is short-lived and a CUDA context. Rough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import MemoryPreset, TrainParams, split_batch
from backend.training.schemas import MemoryEstimate, RunSpeed, TimeEstimate

CONTEXT_MB = 700
HEADROOM = 1.25
_BYTES_TRAINED = 16
"""A trained number in fp32 with its gradient and AdamW's two moments."""
_BYTES_TRAINED_8BIT = 10
"""The moments in 8 bits each."""
CHECKPOINTED = 0.15
"""Share of what is kept for the backward pass that gradient checkpointing keeps."""
MIN_CARD_SHARE = 0.92
"""Of a card's memory; the rest is the desktop's and the driver's."""


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """`weights_mb`: frozen parts. `picture_mb`, `picture_conv_mb`: kept for the backward pass per picture at `side` px.

    `dim_m`, `dim_conv_m`, `dim_text_m`: millions of trained numbers per network dim: attention, plus convolutions, plus text.
    """

    side: int
    weights_mb: int
    picture_mb: float
    picture_conv_mb: float
    dim_m: float
    dim_conv_m: float
    dim_text_m: float
    text_mb: int
    """Of the weights: the text encoders."""


STARTER_MB = {"process": 500.0, "dim": 1.9, "picture": 11.0, "picture_conv": 17.0}
FAMILIES = {
    "sd15": ModelFamily(512, 2140, 1235, 1379, 0.374, 0.864, 0.166, 250),
    "sd21": ModelFamily(512, 2500, 1235, 1379, 0.374, 0.864, 0.350, 650),
    "sdxl": ModelFamily(1024, 6940, 9512, 10162, 2.62, 2.94, 0.66, 1640),
}
STARTER_STEP_S, STARTER_PICTURE_S, STARTER_AROUND_S, STARTER_PRIOR_S, STARTER_SAMPLE_S = 0.16, 0.016, 4.5, 1.6, 0.6
"""Measured on two processor cores: a step, what each picture of a batch adds at 128 px (it grows with the square of the area:
attention), loading and saving, drawing the pictures of prior preservation, and drawing a sample picture."""
SAMPLE_PICTURES = 2
"""Prompts that samples are drawn with unless somebody wrote their own."""


def estimate_memory(card: ModelCard, params: TrainParams, preset: MemoryPreset | None = None) -> MemoryEstimate | None:
    """Peak memory of the training process; None: nothing is known of this kind of model.

    `preset`: how kohya makes it fit; None: the built-in trainer, which trades nothing for memory.
    """
    if card.base.startswith("starter"):
        return MemoryEstimate(round(_starter_mb(params)), rough=False)
    if (family := FAMILIES.get(card.base)) is None:
        return None
    area = params.area_px / family.side**2
    picture_mb = family.picture_conv_mb if params.train_convolutions else family.picture_mb
    pictures, weights, trained_bytes = (
        (params.batch + params.prior_batch) * area * picture_mb,
        float(family.weights_mb),
        _BYTES_TRAINED,
    )
    if preset is not None:
        at_once, _ = split_batch(params.batch, preset, area)
        pictures = at_once * area * picture_mb * (CHECKPOINTED if preset.checkpointing else 1.0)
        weights -= family.text_mb if preset.cache_text and params.text_encoder_lr <= 0 else 0
        weights -= (family.weights_mb - family.text_mb) / 2 if preset.fp8 else 0
        trained_bytes = _BYTES_TRAINED_8BIT if preset.eight_bit else _BYTES_TRAINED
    trained_m = family.dim_conv_m if params.train_convolutions else family.dim_m
    if params.text_encoder_lr > 0:
        trained_m += family.dim_text_m
        pictures += 40 * params.batch
    adapters = params.network_dim * trained_m * trained_bytes
    return MemoryEstimate(round(weights + CONTEXT_MB + HEADROOM * (pictures + adapters)), rough=True)


def fits(need: MemoryEstimate, vram_mb: int) -> bool:
    """Whether a card of `vram_mb` holds it; a card of unknown size does."""
    return vram_mb <= 0 or need.mb <= vram_mb * MIN_CARD_SHARE


def estimate_time(
    card: ModelCard, params: TrainParams, rates: Sequence[RunSpeed], *, on_processor: bool, pace: float = 1.0
) -> TimeEstimate | None:
    """From the runs in `rates` (medians), else from what was measured on the bundled model, else None.

    `pace`: how much slower this machine is than the one that was measured.
    """
    if rates:
        per_step, overhead_s = _median([rate.per_step_s for rate in rates]), _median([rate.around_s for rate in rates])
        return TimeEstimate(overhead_s + per_step * params.steps, len(rates), overhead_s)
    if card.base.startswith("starter") and on_processor:
        overhead_s = STARTER_AROUND_S + _prior_s(params)
        return TimeEstimate((STARTER_AROUND_S + starter_s(params)) * pace, 0, overhead_s * pace)
    return None


def starter_s(params: TrainParams) -> float:
    """Seconds that a run with the bundled model takes after loading, on the machine that was measured: the pictures of prior
    preservation, steps and samples."""
    area = _area(params)
    pictures = SAMPLE_PICTURES * ceil(params.steps / params.sample_every) if params.sample_every else 0
    step_s = STARTER_STEP_S + STARTER_PICTURE_S * (params.batch + params.prior_batch) * area**2
    return _prior_s(params) + step_s * params.steps + STARTER_SAMPLE_S * area * pictures


def _prior_s(params: TrainParams) -> float:
    return STARTER_PRIOR_S * _area(params) ** 2 if params.prior_batch else 0.0


def _area(params: TrainParams) -> float:
    """Of a picture, in units of 128 x 128 px."""
    return params.area_px / 128**2


def _starter_mb(params: TrainParams) -> float:
    picture = STARTER_MB["picture_conv"] if params.train_convolutions else STARTER_MB["picture"]
    area = params.area_px / 128**2
    return STARTER_MB["process"] + STARTER_MB["dim"] * params.network_dim + picture * (params.batch + params.prior_batch) * area


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
