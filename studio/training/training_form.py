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
from backend.language import reader, tr, tr_lazy, tr_plural, worded
from backend.training import ParamsDraft, RunCard, RunDraft, local_to_utc, next_local_time
from studio.ui.format import clock_time, lines

NOW, TONIGHT, AT = "now", "tonight", "at"
_STARTS = {NOW: tr_lazy("Now"), TONIGHT: tr_lazy("Tonight"), AT: tr_lazy("At a time")}
_NIGHT = time(2, 0)


def own_zone(fallback: str = "UTC") -> str:
    """The person's time zone; `fallback` when it is unknown."""
    try:
        return ZoneInfo(reader().zone).key if reader().zone else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback


def start_time_field(key: str, *, zone: str, disabled: bool = False) -> datetime | None:
    """Draws the choice; returns the moment it may start (aware), or None for now. A time stays in the zone in which it was
    chosen, also when the person's `zone` changes meanwhile."""
    if st.session_state.get(f"{key}:when", NOW) == NOW:
        st.session_state[f"{key}:zone"] = zone
    zone = st.session_state.setdefault(f"{key}:zone", zone)
    local_now = now().astimezone(ZoneInfo(zone))
    proposed = st.session_state.setdefault(
        f"{key}:first", (local_now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    )
    day, at = local_now.date(), _NIGHT
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        mode = st.segmented_control(
            tr("When should it start?"),
            list(_STARTS),
            default=NOW,
            format_func=lambda start: worded(_STARTS[start]),
            key=f"{key}:when",
            disabled=disabled,
            required=True,
        )
        if mode == AT:
            last = day + timedelta(days=29)
            initial_day = max(proposed.date(), day)
            day = st.date_input(
                tr("Day"),
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
            at = st.time_input(tr("Time"), initial_time, key=f"{key}:time:{mode}", step=900, width=120, disabled=disabled)
    if mode not in (TONIGHT, AT):
        return None
    moment = next_local_time(now(), zone, at) if mode == TONIGHT else local_to_utc(day, at, zone)
    if moment <= now():
        st.caption(tr("That time has passed: it starts as soon as it is its turn."))
        return None
    st.caption(
        tr(
            "Not before {time}, {zone} time. Until then it can be changed or started.",
            time=clock_time(moment, zone),
            zone=zone.replace("_", " "),
        )
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
    with st.expander(tr("Advanced parameters"), icon=":material/tune:", expanded=followed is not None):
        run_name = st.text_input(tr("Name of the LoRA"), name, key=f"{key}:name", disabled=disabled, max_chars=64)
        titles = {card.name: card.title for card in models if card.trainable}
        if continued and followed and followed.run.model in titles:
            titles = {followed.run.model: titles[followed.run.model]}
        index = list(titles).index(followed.run.model) if followed and followed.run.model in titles else 0
        model = st.selectbox(
            tr("Model to train on"),
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
            st.caption(tr("Rank, alpha, convolutions and the use of the text encoder stay those of the version."))
            initial = replace(initial, **{name: getattr(followed.run.params, name) for name in training.FIXED_PARAMETERS})
        values = _parameter_fields(f"{key}:{preset}:{card.name}", initial, disabled, continued=continued)
        prompts = st.text_area(
            tr("Sample prompts, one a line (at most 4)"),
            "\n".join(followed.run.sample_prompts) if followed else "",
            key=f"{key}:prompts",
            height=80,
            disabled=disabled,
            placeholder=tr("Empty: two of your captions are used."),
        )
        notes = st.text_input(
            tr("Notes"),
            key=f"{key}:notes",
            disabled=disabled,
            max_chars=2000,
            placeholder=tr("What you want to find out with this run."),
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
    facts = [
        tr_plural("{n:,} picture", "{n:,} pictures", image_count),
        tr_plural("{n:,} step = {epochs:.3g} epochs", "{n:,} steps = {epochs:.3g} epochs", params.steps, epochs=epochs),
        card.title,
    ]
    if followed and followed.step:
        before = followed.steps_before
        facts.insert(2, tr_plural("after {n:,} step learned before", "after {n:,} steps learned before", before))
    st.caption(" · ".join(facts))


def _preset_choice(key: str, disabled: bool, followed: FollowedRun | None) -> str:
    names = list(training.PRESETS)
    chosen = st.segmented_control(
        tr("What is it for?"),
        names,
        default=followed.run.preset if followed else names[0],
        format_func=lambda name: worded(training.PRESETS[name].title),
        key=f"{key}:preset",
        disabled=disabled,
        required=True,
    )
    preset = str(chosen or names[0])
    st.caption(worded(training.PRESETS[preset].description))
    return preset


def _parameter_fields(key: str, initial: TrainParams, disabled: bool, *, continued: bool) -> dict[str, Any]:
    """Fields of every parameter. A `continued` run keeps the shape of its LoRA: those fields are disabled."""
    left, right = st.columns(2)
    editable: dict[str, Any] = {"disabled": disabled}
    shape_field: dict[str, Any] = {"disabled": disabled or continued}
    text_field: dict[str, Any] = {"disabled": disabled or (continued and initial.text_encoder_lr == 0)}
    min_text_lr = 1e-6 if continued and initial.text_encoder_lr > 0 else 0.0
    return {
        "steps": left.number_input(_label("steps"), 1, 50_000, initial.steps, 50, key=f"{key}:steps", **editable),
        "batch": right.number_input(_label("batch"), 1, 32, initial.batch, key=f"{key}:batch", **editable),
        "network_dim": left.number_input(_label("network_dim"), 1, 256, initial.network_dim, key=f"{key}:dim", **shape_field),
        "network_alpha": right.number_input(
            _label("network_alpha"), 0.1, 256.0, float(initial.network_alpha), 1.0, key=f"{key}:alpha", **shape_field
        ),
        "unet_lr": left.number_input(_label("unet_lr"), 1e-7, 0.1, initial.unet_lr, 1e-5, "%.6f", key=f"{key}:lr", **editable),
        "text_encoder_lr": right.number_input(
            _label("text_encoder_lr"), min_text_lr, 0.1, initial.text_encoder_lr, 1e-5, "%.6f", key=f"{key}:te", **text_field
        ),
        "resolution": left.number_input(_label("resolution"), 64, 2048, initial.resolution, 8, key=f"{key}:res", **editable),
        "resolution_height": right.number_input(
            tr("Height, if not square (px) (0: square; kohya only)"),
            0,
            2048,
            initial.resolution_height,
            8,
            key=f"{key}:height",
            **editable,
        ),
        "repeats": right.number_input(_label("repeats"), 1, 1000, initial.repeats, key=f"{key}:rep", **editable),
        "scheduler": left.selectbox(
            _label("scheduler"),
            schedules := _schedules(),
            index=schedules.index(initial.scheduler),
            key=f"{key}:sched",
            **editable,
        ),
        "seed": right.number_input(_label("seed"), 0, 2**32 - 1, initial.seed, key=f"{key}:seed", **editable),
        "save_every": left.number_input(_label("save_every"), 1, 50_000, initial.save_every, 50, key=f"{key}:save", **editable),
        "sample_every": right.number_input(
            tr("Create samples every … steps (0: never)"), 0, 50_000, initial.sample_every, 50, key=f"{key}:sample", **editable
        ),
        "warmup_steps": left.number_input(
            _label("warmup_steps"), 0, 10_000, initial.warmup_steps, 10, key=f"{key}:warm", **editable
        ),
        "caption_dropout": right.number_input(
            tr("Caption dropout (0 to 0.9)"), 0.0, 0.9, initial.caption_dropout, 0.05, key=f"{key}:drop", **editable
        ),
        "min_snr_gamma": left.number_input(
            tr("Min-SNR gamma (0: off)"), 0.0, 20.0, float(initial.min_snr_gamma), 0.5, key=f"{key}:snr", **editable
        ),
        "prior_weight": right.number_input(
            tr("Prior preservation (0: off)"),
            0.0,
            5.0,
            float(initial.prior_weight),
            0.25,
            key=f"{key}:prior",
            **editable,
            help=tr(
                "How strongly other people stay as the model alone draws them: its pictures of them are learned beside yours."
            ),
        ),
        "train_convolutions": right.toggle(
            _label("train_convolutions"), initial.train_convolutions, key=f"{key}:conv", **shape_field
        ),
        "flip": left.toggle(_label("flip"), initial.flip, key=f"{key}:flip", **editable),
    }


def _label(name: str) -> str:
    return worded(training.PARAMETERS[name])


def _schedules() -> list[str]:
    return [str(name) for name in get_args(ParamsDraft.model_fields["scheduler"].annotation)[0].__args__]
