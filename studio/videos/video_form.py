"""The form of a video: only the models that the engine offers, and only the settings that the chosen one follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from backend import videos
from backend.engines.ports.image import ModelCard
from backend.engines.ports.motion import MotionCard
from backend.generation import LoraPick
from backend.language import tr, worded
from backend.loras import LoraCard
from backend.videos import VideoDraft
from studio.ui.format import plain


@dataclass(frozen=True, slots=True)
class VideoChoices:
    """What the form can offer. `shapes`: width / height of the pictures."""

    models: Sequence[MotionCard]
    checkpoints: Sequence[ModelCard] = ()
    loras: Sequence[LoraCard] = ()
    shapes: Sequence[float] = field(default_factory=lambda: (1.0,))


def video_form(key: str, choices: VideoChoices, start: VideoDraft) -> VideoDraft:
    """The draft as it stands now, from `start`. Raises Invalid."""
    card = _model_choice(key, choices, start)
    values: dict[str, Any] = {"model": card.name} | _format_fields(key, choices, start)
    values |= _length_fields(key, card, start)
    values["movement"] = st.slider(
        tr("Movement"),
        0.0,
        1.0,
        start.movement,
        0.05,
        key=f"{key}:movement",
        help=tr("How far the camera goes")
        if not card.device
        else tr("How much moves; at the maximum little of the picture is left"),
    )
    if card.prompts:
        values |= _prompt_fields(key, card, choices, start)
    if card.device:
        values |= _advanced_fields(key, card, start)
    return VideoDraft(**values)


def _model_choice(key: str, choices: VideoChoices, start: VideoDraft) -> MotionCard:
    cards = {card.name: card for card in choices.models}
    preselected = cards.get(start.model) or choices.models[0]
    motion_models = [name for name, card in cards.items() if card.device]
    camera_moves = [name for name, card in cards.items() if not card.device]
    kind = "move"
    if motion_models and camera_moves:
        kind = (
            st.segmented_control(
                tr("What moves"),
                ["draw", "move"],
                default="draw" if preselected.device else "move",
                required=True,
                key=f"{key}:what",
                format_func={"draw": tr("The picture itself"), "move": tr("The camera")}.__getitem__,
            )
            or "move"
        )
    elif motion_models:
        kind = "draw"
    if kind == "draw":
        index = motion_models.index(preselected.name) if preselected.name in motion_models else 0
        name = st.selectbox(
            tr("Motion model"),
            motion_models,
            index=index,
            format_func=lambda model_name: worded(cards[model_name].title),
            key=f"{key}:model",
        )
    else:
        first_move = preselected.name if preselected.name in camera_moves else camera_moves[0]
        name = st.pills(
            tr("Camera move"),
            camera_moves,
            default=first_move,
            format_func=lambda model_name: worded(cards[model_name].title),
            required=True,
            wrap=True,
            key=f"{key}:move",
        )
    card = cards[str(name)]
    st.caption(plain(worded(card.note)))
    return card


def _format_fields(key: str, choices: VideoChoices, start: VideoDraft) -> dict[str, Any]:
    format_ = (
        st.segmented_control(
            tr("Format"),
            list(videos.FORMATS),
            default=start.format,
            format_func=lambda option: worded(videos.FORMATS[option][0]),
            required=True,
            wrap=True,
            key=f"{key}:format",
        )
        or "as-is"
    )
    target_ratio = videos.FORMATS[format_][1]
    focus = start.focus
    if target_ratio and any(abs(shape / target_ratio - 1) > 0.01 for shape in choices.shapes):
        help_text = tr("The picture is longer than the format. Without a face the middle is kept.")
        focus = None
        if not st.toggle(tr("Keep the face in sight"), start.focus is None, key=f"{key}:face", help=help_text):
            wide = sum(shape > target_ratio for shape in choices.shapes) * 2 >= len(choices.shapes)
            first = 0.5 if start.focus is None else start.focus
            label = tr("What is kept: left to right") if wide else tr("What is kept: top to bottom")
            focus = st.slider(label, 0.0, 1.0, first, 0.05, key=f"{key}:focus")
    side = st.segmented_control(
        tr("Size"),
        [0, *videos.SIDES],
        default=start.side or 0,
        key=f"{key}:side",
        required=True,
        format_func=lambda option: f"{option} px" if option else tr("As the picture allows"),
        help=tr("The shorter side"),
    )
    return {"format": format_, "focus": focus, "side": side or None}


def _length_fields(key: str, card: MotionCard, start: VideoDraft) -> dict[str, Any]:
    same_model = start.model == card.name
    if not card.device:
        seconds = start.seconds or (
            start.frames / (start.fps or card.fps) if same_model and start.frames else card.frames / card.fps
        )
        return {
            "seconds": st.slider(tr("Length in seconds"), 1.0, 20.0, min(20.0, max(1.0, seconds)), 0.5, key=f"{key}:seconds")
        }
    left, right = st.columns(2)
    frames, fps = (start.frames or card.frames, start.fps or card.fps) if same_model else (card.frames, card.fps)
    most = card.most_frames
    return {
        "frames": left.slider(tr("Frames"), 4, most, min(most, max(4, frames)), key=f"{key}:{card.name}:frames"),
        "fps": right.slider(tr("Frames a second"), 4, 30, min(30, max(4, fps)), key=f"{key}:{card.name}:fps"),
    }


def _prompt_fields(key: str, card: MotionCard, choices: VideoChoices, start: VideoDraft) -> dict[str, Any]:
    prompt = st.text_area(
        tr("What happens"),
        start.prompt,
        max_chars=2000,
        key=f"{key}:prompt",
        height=80,
        help=tr("What the picture shows and how it moves. Empty: the picture's own prompt. <lora:name:0.8> works too."),
    )
    values: dict[str, Any] = {"prompt": prompt}
    fitting = [item for item in choices.checkpoints if item.base == card.base]
    if card.checkpoint and fitting:
        names = [item.name for item in fitting]
        titles = {item.name: item.title for item in fitting}
        values["checkpoint"] = st.selectbox(
            tr("Checkpoint"),
            names,
            index=names.index(start.checkpoint) if start.checkpoint in names else 0,
            format_func=titles.__getitem__,
            key=f"{key}:checkpoint",
        )
    usable = {item.id: item.name for item in choices.loras if item.base == card.base}
    weights_before = {pick.lora_id: pick.weight for pick in start.loras if pick.lora_id in usable}
    if usable:
        picked = st.multiselect(
            tr("LoRAs"),
            list(usable),
            default=list(weights_before),
            format_func=usable.__getitem__,
            key=f"{key}:loras",
            max_selections=4,
        )
        values["loras"] = tuple(
            LoraPick(
                lora_id=item,
                weight=st.slider(
                    tr("Weight of {name}", name=plain(usable[item])),
                    0.0,
                    1.5,
                    weights_before.get(item, 0.8),
                    0.05,
                    key=f"{key}:weight:{item}",
                ),
            )
            for item in picked
        )
    return values


def _advanced_fields(key: str, card: MotionCard, start: VideoDraft) -> dict[str, Any]:
    values: dict[str, Any] = {}
    with st.expander(tr("More settings")):
        if card.prompts:
            values["negative_prompt"] = st.text_input(
                tr("Negative prompt"), start.negative_prompt, max_chars=2000, key=f"{key}:negative"
            )
        values["steps"] = st.slider(tr("Steps"), 4, 50, min(50, max(4, start.steps)), key=f"{key}:steps")
        values["seed"] = st.number_input(tr("Seed"), -1, 2**32 - 1, start.seed, key=f"{key}:seed", help=tr("-1: a new one"))
    return values
