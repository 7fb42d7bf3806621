"""The form of a training run (a preset, and every parameter in an expander below it), and when it starts: now, tonight, or at a
time, in the user's time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from backend import training
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.kit.clock import now
from backend.training import ParamsDraft, RunCard, RunDraft, local_to_utc, next_local_time
from studio.ui.format import clock_time, count, lines

NOW, TONIGHT, AT = "Now", "Tonight", "At a time"
_NIGHT = time(2, 0)
_LABELS = training.PARAMETERS


def browser_zone(fallback: str = "UTC") -> str:
    """The browser's time zone; `fallback` when it is unknown."""
    browser_value = st.context.timezone
    try:
        return str(ZoneInfo(browser_value).key) if isinstance(browser_value, str) and browser_value else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback


def start_time_field(key: str, *, zone: str, disabled: bool = False, label: str = "When should it start?") -> datetime | None:
    """Draws the choice; returns the moment it may start (aware), or None for now."""
    local_now = now().astimezone(ZoneInfo(zone))
    proposed = st.session_state.setdefault(
        f"{key}:first", (local_now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    )
    day, at = local_now.date(), _NIGHT
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        mode = st.segmented_control(label, [NOW, TONIGHT, AT], default=NOW, key=f"{key}:when", disabled=disabled, required=True)
        if mode == AT:
            last = day + timedelta(days=29)
            initial_day = max(proposed.date(), day)
            day = st.date_input(
                "Day",
                initial_day,
                format="DD/MM/YYYY",
                key=f"{key}:day",
                min_value=day,
                max_value=last,
                width=150,
                disabled=disabled,
            )
        if mode in (TONIGHT, AT):
            initial_time = _NIGHT if mode == TONIGHT else proposed.time()
            at = st.time_input("Time", initial_time, key=f"{key}:time:{mode}", step=900, width=120, disabled=disabled)
    if mode not in (TONIGHT, AT):
        return None
    moment = next_local_time(now(), zone, at) if mode == TONIGHT else local_to_utc(day, at, zone)
    if moment <= now():
        st.caption("That time is over: it starts as soon as it is its turn.")
        return None
    st.caption(
        f"Not before {clock_time(moment, zone)}, {zone.replace('_', ' ')} time. Until then it can be changed or started."
    )
    return moment


@dataclass(frozen=True, slots=True)
class FollowedRun:
    """The run that fills the form. `step`: the checkpoint to continue from; None: the run is repeated with changes."""

    run: RunCard
    step: int | None = None

    @property
    def steps_before(self) -> int:
        return self.run.steps_before + self.step if self.step else 0


@dataclass(frozen=True, slots=True)
class TrainingFormValues:
    """Values of the form: the draft, the model it is for, and every parameter as it will be used."""

    draft: RunDraft
    card: ModelCard
    params: TrainParams


def training_form(
    key: str,
    *,
    dataset_id: str,
    influencer_id: str | None,
    image_count: int,
    shown: int,
    models: Sequence[ModelCard],
    name: str,
    disabled: bool,
    followed: FollowedRun | None = None,
) -> TrainingFormValues:
    """The run as it stands now; the caller draws the button. Raises backend.errors.Invalid."""
    preset = _preset_choice(key, disabled, followed)
    continued = followed is not None and followed.step is not None
    with st.expander("Advanced parameters", icon=":material/tune:", expanded=followed is not None):
        run_name = st.text_input("Name of the LoRA", name, key=f"{key}:name", disabled=disabled, max_chars=64)
        titles = {card.name: card.title for card in models if card.trainable}
        if continued and followed and followed.run.model in titles:
            titles = {followed.run.model: titles[followed.run.model]}
        index = list(titles).index(followed.run.model) if followed and followed.run.model in titles else 0
        model = st.selectbox(
            "Model to train on",
            list(titles),
            index,
            format_func=titles.__getitem__,
            key=f"{key}:model",
            disabled=disabled or continued,
        )
        card = training.choose_model(models, model or "")
        recommended = training.recommend(image_count, card, preset)
        initial = followed.run.params if followed and preset == followed.run.preset else recommended
        if continued and followed:
            st.caption("Its shape (rank, alpha, convolutions, text encoder or not) stays that of the checkpoint.")
            initial = replace(initial, **{name: getattr(followed.run.params, name) for name in training.FIXED_PARAMETERS})
        values = _parameter_fields(f"{key}:{preset}:{card.name}", initial, disabled, continued=continued)
        prompts = st.text_area(
            "Sample prompts, one a line (at most 4)",
            "\n".join(followed.run.sample_prompts) if followed else "",
            key=f"{key}:prompts",
            height=80,
            disabled=disabled,
            placeholder="Left empty, two of your captions are drawn.",
        )
        notes = st.text_input(
            "Notes",
            key=f"{key}:notes",
            disabled=disabled,
            max_chars=2000,
            placeholder="What you want to find out with this run.",
        )
    changed = ParamsDraft(**{name: value for name, value in values.items() if value != getattr(recommended, name)})
    draft = RunDraft(
        dataset_id=dataset_id,
        influencer_id=influencer_id,
        name=run_name,
        model=card.name,
        preset=preset,
        params=changed,
        sample_prompts=lines(prompts)[:4],
        notes=notes,
        **_source_fields(followed),
    )
    params = training.with_overrides(recommended, changed, shown or image_count)
    _summary(image_count, shown or image_count, params, card, followed)
    return TrainingFormValues(draft, card, params)


def _source_fields(followed: FollowedRun | None) -> dict[str, Any]:
    if followed is None:
        return {}
    if followed.step is None:
        return {"copied_from_run_id": followed.run.id}
    return {"continued_from_run_id": followed.run.id, "continued_from_step": followed.step}


def _summary(image_count: int, shown: int, params: TrainParams, card: ModelCard, followed: FollowedRun | None) -> None:
    epochs = training.epochs_for_steps(params.steps, shown, params.repeats, params.batch)
    steps_before_text = (
        f", on top of {count(followed.steps_before, 'step')} learned before" if followed and followed.step else ""
    )
    steps = f"{count(params.steps, 'step')} = {epochs:.3g} epochs{steps_before_text}"
    st.caption(f"{count(image_count, 'picture')} · {steps} · {card.title}")


def _preset_choice(key: str, disabled: bool, followed: FollowedRun | None) -> str:
    names = list(training.PRESETS)
    chosen = st.segmented_control(
        "What is it for?",
        names,
        default=followed.run.preset if followed else names[0],
        format_func=lambda name: training.PRESETS[name].title,
        key=f"{key}:preset",
        disabled=disabled,
        required=True,
    )
    preset = str(chosen or names[0])
    st.caption(training.PRESETS[preset].description)
    return preset


def _parameter_fields(key: str, initial: TrainParams, disabled: bool, *, continued: bool) -> dict[str, Any]:
    """Fields of every parameter. A `continued` run keeps the shape of its LoRA: those fields are disabled."""
    left, right = st.columns(2)
    editable: dict[str, Any] = {"disabled": disabled}
    shape_field: dict[str, Any] = {"disabled": disabled or continued}
    text_field: dict[str, Any] = {"disabled": disabled or (continued and initial.text_encoder_lr == 0)}
    min_text_lr = 1e-6 if continued and initial.text_encoder_lr > 0 else 0.0
    return {
        "steps": left.number_input(_LABELS["steps"], 1, 50_000, initial.steps, 50, key=f"{key}:steps", **editable),
        "batch": right.number_input(_LABELS["batch"], 1, 32, initial.batch, key=f"{key}:batch", **editable),
        "network_dim": left.number_input(_LABELS["network_dim"], 1, 256, initial.network_dim, key=f"{key}:dim", **shape_field),
        "network_alpha": right.number_input(
            _LABELS["network_alpha"], 0.1, 256.0, float(initial.network_alpha), 1.0, key=f"{key}:alpha", **shape_field
        ),
        "unet_lr": left.number_input(_LABELS["unet_lr"], 1e-7, 0.1, initial.unet_lr, 1e-5, "%.6f", key=f"{key}:lr", **editable),
        "text_encoder_lr": right.number_input(
            _LABELS["text_encoder_lr"], min_text_lr, 0.1, initial.text_encoder_lr, 1e-5, "%.6f", key=f"{key}:te", **text_field
        ),
        "resolution": left.number_input(_LABELS["resolution"], 64, 2048, initial.resolution, 8, key=f"{key}:res", **editable),
        "resolution_height": right.number_input(
            f"{_LABELS['resolution_height']} (0: square; kohya only)",
            0,
            2048,
            initial.resolution_height,
            8,
            key=f"{key}:height",
            **editable,
        ),
        "repeats": right.number_input(_LABELS["repeats"], 1, 1000, initial.repeats, key=f"{key}:rep", **editable),
        "scheduler": left.selectbox(
            _LABELS["scheduler"],
            schedules := _schedules(),
            index=schedules.index(initial.scheduler),
            key=f"{key}:sched",
            **editable,
        ),
        "seed": right.number_input(_LABELS["seed"], 0, 2**32 - 1, initial.seed, key=f"{key}:seed", **editable),
        "save_every": left.number_input(
            _LABELS["save_every"], 1, 50_000, initial.save_every, 50, key=f"{key}:save", **editable
        ),
        "sample_every": right.number_input(
            f"{_LABELS['sample_every']} (0: never)", 0, 50_000, initial.sample_every, 50, key=f"{key}:sample", **editable
        ),
        "warmup_steps": left.number_input(
            _LABELS["warmup_steps"], 0, 10_000, initial.warmup_steps, 10, key=f"{key}:warm", **editable
        ),
        "caption_dropout": right.number_input(
            f"{_LABELS['caption_dropout']} (0 to 0.9)", 0.0, 0.9, initial.caption_dropout, 0.05, key=f"{key}:drop", **editable
        ),
        "min_snr_gamma": left.number_input(
            f"{_LABELS['min_snr_gamma']} (0: off)", 0.0, 20.0, float(initial.min_snr_gamma), 0.5, key=f"{key}:snr", **editable
        ),
        "prior_weight": right.number_input(
            f"{_LABELS['prior_weight']} (0: off)",
            0.0,
            5.0,
            float(initial.prior_weight),
            0.25,
            key=f"{key}:prior",
            **editable,
            help="Weight of what the model alone draws for others, learned beside the pictures: other people stay as they are.",
        ),
        "train_convolutions": right.toggle(
            _LABELS["train_convolutions"], initial.train_convolutions, key=f"{key}:conv", **shape_field
        ),
        "flip": left.toggle(_LABELS["flip"], initial.flip, key=f"{key}:flip", **editable),
    }


def _schedules() -> list[str]:
    return [str(name) for name in get_args(ParamsDraft.model_fields["scheduler"].annotation)[0].__args__]
