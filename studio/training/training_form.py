"""How long and how strong to train: one choice of three up front, every parameter folded away below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import streamlit as st

from backend import training
from backend.engines.image.port import ModelCard
from backend.engines.trainer.port import TrainParams
from backend.training import ParamsDraft, RunCard, RunDraft
from studio.ui.format import count, lines

_WORDS = training.PARAMETERS


@dataclass(frozen=True, slots=True)
class Follow:
    """The run that fills the form. `step`: the checkpoint it goes on from; None: the run is repeated with changes."""

    run: RunCard
    step: int | None = None

    @property
    def steps_before(self) -> int:
        return self.run.steps_before + self.step if self.step else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says now: the draft, the model it is for, and every parameter as it will be used."""

    draft: RunDraft
    card: ModelCard
    params: TrainParams


def training_form(
    key: str,
    *,
    dataset_id: str,
    influencer_id: str | None,
    image_count: int,
    models: Sequence[ModelCard],
    name: str,
    disabled: bool,
    follow: Follow | None = None,
) -> Asked:
    """The run as it stands now; the caller draws the button. Raises backend.errors.Invalid."""
    preset = _preset(key, disabled, follow)
    continued = follow is not None and follow.step is not None
    with st.expander("Advanced parameters", icon=":material/tune:", expanded=follow is not None):
        run_name = st.text_input("Name of the LoRA", name, key=f"{key}:name", disabled=disabled, max_chars=64)
        titles = {card.name: card.title for card in models if card.trainable}
        if continued and follow and follow.run.model in titles:
            titles = {follow.run.model: titles[follow.run.model]}
        first = list(titles).index(follow.run.model) if follow and follow.run.model in titles else 0
        model = st.selectbox(
            "Model to train on", list(titles), first, format_func=titles.__getitem__, key=f"{key}:model",
            disabled=disabled or continued,
        )  # fmt: skip
        card = training.choose_model(models, model or "")
        recommended = training.recommend(image_count, card, preset)
        best = follow.run.params if follow and preset == follow.run.preset else recommended
        if continued and follow:
            st.caption("Its shape (rank, alpha, convolutions, text encoder or not) stays that of the checkpoint.")
            best = replace(best, **{name: getattr(follow.run.params, name) for name in training.FIXED})
        values = _advanced(f"{key}:{preset}:{card.name}", best, disabled, continued=continued)
        prompts = st.text_area(
            "Sample prompts, one a line (at most 4)", "\n".join(follow.run.sample_prompts) if follow else "",
            key=f"{key}:prompts", height=80, disabled=disabled, placeholder="Left empty, two of your captions are drawn.",
        )  # fmt: skip
        notes = st.text_input(
            "Notes",
            key=f"{key}:notes",
            disabled=disabled,
            max_chars=2000,
            placeholder="What you want to find out with this run.",
        )
    changed = ParamsDraft(**{name: value for name, value in values.items() if value != getattr(recommended, name)})
    draft = RunDraft(
        dataset_id=dataset_id, influencer_id=influencer_id, name=run_name, model=card.name, preset=preset,
        params=changed, sample_prompts=lines(prompts)[:4], notes=notes, **_following(follow),
    )  # fmt: skip
    params = training.with_overrides(recommended, changed, image_count)
    _summary(image_count, params, card, follow)
    return Asked(draft, card, params)


def _following(follow: Follow | None) -> dict[str, Any]:
    if follow is None:
        return {}
    if follow.step is None:
        return {"copied_from_run_id": follow.run.id}
    return {"continued_from_run_id": follow.run.id, "continued_from_step": follow.step}


def _summary(image_count: int, params: TrainParams, card: ModelCard, follow: Follow | None) -> None:
    epochs = training.epochs_for_steps(params.steps, image_count, params.repeats, params.batch)
    more = f", on top of {count(follow.steps_before, 'step')} learned before" if follow and follow.step else ""
    st.caption(f"{count(image_count, 'picture')} · {count(params.steps, 'step')} = {epochs:.3g} epochs{more} · {card.title}")


def _preset(key: str, disabled: bool, follow: Follow | None) -> str:
    names = list(training.PRESETS)
    chosen = st.segmented_control(
        "What is it for?", names, default=follow.run.preset if follow else names[0],
        format_func=lambda name: training.PRESETS[name].title, key=f"{key}:preset", disabled=disabled, required=True,
    )  # fmt: skip
    preset = str(chosen or names[0])
    st.caption(training.PRESETS[preset].description)
    return preset


def _advanced(key: str, best: TrainParams, disabled: bool, *, continued: bool) -> dict[str, Any]:
    """Every parameter. A `continued` run keeps the shape of its LoRA."""
    left, right = st.columns(2)
    free: dict[str, Any] = {"disabled": disabled}
    fixed: dict[str, Any] = {"disabled": disabled or continued}
    text: dict[str, Any] = {"disabled": disabled or (continued and best.text_encoder_lr == 0)}
    least_text = 1e-6 if continued and best.text_encoder_lr > 0 else 0.0
    return {
        "steps": left.number_input(_WORDS["steps"], 1, 50_000, best.steps, 50, key=f"{key}:steps", **free),
        "batch": right.number_input(_WORDS["batch"], 1, 32, best.batch, key=f"{key}:batch", **free),
        "network_dim": left.number_input(_WORDS["network_dim"], 1, 256, best.network_dim, key=f"{key}:dim", **fixed),
        "network_alpha": right.number_input(
            _WORDS["network_alpha"], 0.1, 256.0, float(best.network_alpha), 1.0, key=f"{key}:alpha", **fixed
        ),
        "unet_lr": left.number_input(_WORDS["unet_lr"], 1e-7, 0.1, best.unet_lr, 1e-5, "%.6f", key=f"{key}:lr", **free),
        "text_encoder_lr": right.number_input(
            _WORDS["text_encoder_lr"], least_text, 0.1, best.text_encoder_lr, 1e-5, "%.6f", key=f"{key}:te", **text
        ),
        "resolution": left.number_input(_WORDS["resolution"], 64, 2048, best.resolution, 8, key=f"{key}:res", **free),
        "repeats": right.number_input(_WORDS["repeats"], 1, 1000, best.repeats, key=f"{key}:rep", **free),
        "scheduler": left.selectbox(
            _WORDS["scheduler"], schedules := _schedules(), index=schedules.index(best.scheduler), key=f"{key}:sched", **free
        ),
        "seed": right.number_input(_WORDS["seed"], 0, 2**32 - 1, best.seed, key=f"{key}:seed", **free),
        "save_every": left.number_input(_WORDS["save_every"], 1, 50_000, best.save_every, 50, key=f"{key}:save", **free),
        "sample_every": right.number_input(
            f"{_WORDS['sample_every']} (0: never)", 0, 50_000, best.sample_every, 50, key=f"{key}:sample", **free
        ),
        "warmup_steps": left.number_input(_WORDS["warmup_steps"], 0, 10_000, best.warmup_steps, 10, key=f"{key}:warm", **free),
        "caption_dropout": right.number_input(
            f"{_WORDS['caption_dropout']} (0 to 0.9)", 0.0, 0.9, best.caption_dropout, 0.05, key=f"{key}:drop", **free
        ),
        "min_snr_gamma": left.number_input(
            f"{_WORDS['min_snr_gamma']} (0: off)", 0.0, 20.0, float(best.min_snr_gamma), 0.5, key=f"{key}:snr", **free
        ),
        "prior_weight": right.number_input(
            f"{_WORDS['prior_weight']} (0: off)",
            0.0,
            5.0,
            float(best.prior_weight),
            0.25,
            key=f"{key}:prior",
            **free,
            help="Weight of what the model alone draws for others, learned beside the pictures: other people stay as they are.",
        ),
        "train_convolutions": right.toggle(_WORDS["train_convolutions"], best.train_convolutions, key=f"{key}:conv", **fixed),
        "flip": left.toggle(_WORDS["flip"], best.flip, key=f"{key}:flip", **free),
    }


def _schedules() -> list[str]:
    return [str(word) for word in get_args(ParamsDraft.model_fields["scheduler"].annotation)[0].__args__]
