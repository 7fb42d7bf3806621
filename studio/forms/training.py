"""How long and how strong to train: one choice of three up front, every parameter folded away below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

import streamlit as st

from backend import training
from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import TrainParams
from backend.training import ParamsDraft, RunDraft
from studio.format import count, lines


def training_form(
    key: str,
    *,
    dataset_id: str,
    influencer_id: str | None,
    image_count: int,
    models: Sequence[ModelCard],
    name: str,
    disabled: bool,
) -> RunDraft:
    """The run as it stands now; the caller draws the button. Raises backend.errors.Invalid."""
    preset = _preset(key, disabled)
    with st.expander("Advanced parameters", icon=":material/tune:"):
        run_name = st.text_input("Name of the LoRA", name, key=f"{key}:name", disabled=disabled, max_chars=64)
        titles = {card.name: card.title for card in models if card.trainable}
        model = st.selectbox(
            "Model to train on", list(titles), format_func=titles.__getitem__, key=f"{key}:model", disabled=disabled
        )
        card = training.choose_model(models, model or "")
        best = training.recommend(image_count, card, preset)
        params = _advanced(f"{key}:{preset}:{card.name}", best, disabled)
        prompts = st.text_area(
            "Sample prompts, one a line (at most 4)", key=f"{key}:prompts", height=80, disabled=disabled,
            placeholder="Left empty, two of your captions are drawn.",
        )  # fmt: skip
    steps = params.get("steps", best.steps)
    epochs = training.epochs_for_steps(steps, image_count, params.get("repeats", best.repeats), params.get("batch", best.batch))
    st.caption(f"{count(image_count, 'picture')} · {count(steps, 'step')} = {epochs:.3g} epochs · {card.title}")
    return RunDraft(
        dataset_id=dataset_id, influencer_id=influencer_id, name=run_name, model=card.name, preset=preset,
        params=ParamsDraft(**params), sample_prompts=lines(prompts)[:4],
    )  # fmt: skip


def _preset(key: str, disabled: bool) -> str:
    names = list(training.PRESETS)
    chosen = st.segmented_control(
        "What is it for?", names, default=names[0], format_func=lambda name: training.PRESETS[name].title, key=f"{key}:preset",
        disabled=disabled, required=True,
    )  # fmt: skip
    preset = str(chosen or names[0])
    st.caption(training.PRESETS[preset].description)
    return preset


def _advanced(key: str, best: TrainParams, disabled: bool) -> dict[str, Any]:
    """Only what differs from the recommendation."""
    left, right = st.columns(2)
    number: dict[str, Any] = {"disabled": disabled}
    values: dict[str, Any] = {
        "steps": left.number_input("Steps", 1, 50_000, best.steps, 50, key=f"{key}:steps", **number),
        "batch": right.number_input("Batch size", 1, 32, best.batch, key=f"{key}:batch", **number),
        "network_dim": left.number_input("Rank (dim)", 1, 256, best.network_dim, key=f"{key}:dim", **number),
        "network_alpha": right.number_input("Alpha", 0.1, 256.0, float(best.network_alpha), 1.0, key=f"{key}:alpha", **number),
        "unet_lr": left.number_input("Learning rate", 1e-7, 0.1, best.unet_lr, 1e-5, "%.6f", key=f"{key}:lr", **number),
        "text_encoder_lr": right.number_input(
            "Learning rate of the text encoder", 0.0, 0.1, best.text_encoder_lr, 1e-5, "%.6f", key=f"{key}:te", **number
        ),
        "resolution": left.number_input("Resolution (px)", 64, 2048, best.resolution, 8, key=f"{key}:res", **number),
        "repeats": right.number_input("Repeats of each picture", 1, 1000, best.repeats, key=f"{key}:rep", **number),
        "scheduler": left.selectbox(
            "Schedule", schedules := _schedules(), index=schedules.index(best.scheduler), key=f"{key}:sched", disabled=disabled
        ),
        "seed": right.number_input("Seed", 0, 2**32 - 1, best.seed, key=f"{key}:seed", **number),
        "save_every": left.number_input("Save every … steps", 1, 50_000, best.save_every, 50, key=f"{key}:save", **number),
        "sample_every": right.number_input(
            "Draw samples every … steps (0: never)", 0, 50_000, best.sample_every, 50, key=f"{key}:sample", **number
        ),
        "warmup_steps": left.number_input("Warm-up steps", 0, 10_000, best.warmup_steps, 10, key=f"{key}:warm", **number),
        "caption_dropout": right.number_input(
            "Caption dropout (0 to 0.9)", 0.0, 0.9, best.caption_dropout, 0.05, key=f"{key}:drop", **number
        ),
        "min_snr_gamma": left.number_input(
            "Min-SNR gamma (0: off)", 0.0, 20.0, float(best.min_snr_gamma), 0.5, key=f"{key}:snr", **number
        ),
        "train_convolutions": right.toggle("Train convolutions too", best.train_convolutions, key=f"{key}:conv", **number),
        "flip": left.toggle("Mirror pictures at random", best.flip, key=f"{key}:flip", **number),
    }
    recommended = asdict(best)
    return {name: value for name, value in values.items() if value != recommended[name]}


def _schedules() -> list[str]:
    return [str(word) for word in get_args(ParamsDraft.model_fields["scheduler"].annotation)[0].__args__]
