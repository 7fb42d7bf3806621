"""How pictures are to move: only what the engine offers, and only what the chosen way follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from backend import videos
from backend.engines.image.port import ModelCard
from backend.engines.motion.port import MotionCard
from backend.generation import LoraPick
from backend.loras import LoraCard
from backend.videos import ClipDraft
from studio.ui.format import plain


@dataclass(frozen=True, slots=True)
class Choices:
    """`shapes`: width / height of the pictures."""

    models: Sequence[MotionCard]
    checkpoints: Sequence[ModelCard] = ()
    loras: Sequence[LoraCard] = ()
    shapes: Sequence[float] = field(default_factory=lambda: (1.0,))


def clip_form(key: str, choices: Choices, start: ClipDraft) -> ClipDraft:
    """`start`: what it begins with. Raises Invalid from what was typed."""
    card = _way(key, choices, start)
    values: dict[str, Any] = {"model": card.name} | _frame(key, choices, start)
    values |= _length(key, card, start)
    values["movement"] = st.slider(
        "Movement", 0.0, 1.0, start.movement, 0.05, key=f"{key}:movement",
        help="How far the camera goes" if not card.device else "How much moves; at the top little of the picture is left",
    )  # fmt: skip
    if card.prompts:
        values |= _words(key, card, choices, start)
    if card.device:
        values |= _fine(key, card, start)
    return ClipDraft(**values)


def _way(key: str, choices: Choices, start: ClipDraft) -> MotionCard:
    cards = {card.name: card for card in choices.models}
    before = cards.get(start.model) or choices.models[0]
    drawing = [name for name, card in cards.items() if card.device]
    moves = [name for name, card in cards.items() if not card.device]
    what = "move"
    if drawing and moves:
        what = st.segmented_control(
            "What moves", ["draw", "move"], default="draw" if before.device else "move", required=True, key=f"{key}:what",
            format_func={"draw": "The picture itself", "move": "The camera"}.__getitem__,
        ) or "move"  # fmt: skip
    elif drawing:
        what = "draw"
    if what == "draw":
        index = drawing.index(before.name) if before.name in drawing else 0
        name = st.selectbox("Motion model", drawing, index=index, format_func=lambda one: cards[one].title, key=f"{key}:model")
    else:
        first = before.name if before.name in moves else moves[0]
        name = st.pills(
            "Camera move", moves, default=first, format_func=lambda one: cards[one].title, required=True, key=f"{key}:move"
        )
    card = cards[str(name)]
    st.caption(plain(card.note))
    return card


def _frame(key: str, choices: Choices, start: ClipDraft) -> dict[str, Any]:
    format_ = st.segmented_control(
        "Format", list(videos.FORMATS), default=start.format, format_func=lambda one: videos.FORMATS[one][0], required=True,
        key=f"{key}:format",
    ) or "as-is"  # fmt: skip
    wanted = videos.FORMATS[format_][1]
    focus = start.focus
    if wanted and any(abs(shape / wanted - 1) > 0.01 for shape in choices.shapes):
        wide = sum(shape > wanted for shape in choices.shapes) * 2 >= len(choices.shapes)
        ends = ("left", "right") if wide else ("top", "bottom")
        focus = st.slider(
            f"What is kept: {ends[0]} to {ends[1]}", 0.0, 1.0, start.focus, 0.05, key=f"{key}:focus",
            help="The picture is longer than the format: this part of it stays in sight",
        )  # fmt: skip
    side = st.segmented_control(
        "Size", [0, *videos.SIDES], default=start.side or 0, key=f"{key}:side", required=True,
        format_func=lambda one: f"{one} px" if one else "As the picture allows", help="The shorter side",
    )  # fmt: skip
    return {"format": format_, "focus": focus, "side": side or None}


def _length(key: str, card: MotionCard, start: ClipDraft) -> dict[str, Any]:
    same = start.model == card.name
    if not card.device:
        seconds = start.seconds or (start.frames / (start.fps or card.fps) if same and start.frames else card.frames / card.fps)
        return {"seconds": st.slider("Length in seconds", 1.0, 20.0, min(20.0, max(1.0, seconds)), 0.5, key=f"{key}:seconds")}
    left, right = st.columns(2)
    frames, fps = (start.frames or card.frames, start.fps or card.fps) if same else (card.frames, card.fps)
    most = card.most_frames
    return {
        "frames": left.slider("Frames", 4, most, min(most, max(4, frames)), key=f"{key}:{card.name}:frames"),
        "fps": right.slider("Frames a second", 4, 30, min(30, max(4, fps)), key=f"{key}:{card.name}:fps"),
    }


def _words(key: str, card: MotionCard, choices: Choices, start: ClipDraft) -> dict[str, Any]:
    prompt = st.text_area(
        "What happens", start.prompt, max_chars=2000, key=f"{key}:prompt", height=80,
        help="What the picture shows and how it moves. Empty: the picture's own prompt. <lora:name:0.8> works too.",
    )  # fmt: skip
    values: dict[str, Any] = {"prompt": prompt}
    fit = [one for one in choices.checkpoints if one.base == card.base]
    if card.checkpoint and fit:
        names = [one.name for one in fit]
        titles = {one.name: one.title for one in fit}
        values["checkpoint"] = st.selectbox(
            "Checkpoint", names, index=names.index(start.checkpoint) if start.checkpoint in names else 0,
            format_func=titles.__getitem__, key=f"{key}:checkpoint",
        )  # fmt: skip
    usable = {one.id: one.name for one in choices.loras if one.base == card.base}
    before = {pick.lora_id: pick.weight for pick in start.loras if pick.lora_id in usable}
    if usable:
        picked = st.multiselect(
            "LoRAs", list(usable), default=list(before), format_func=usable.__getitem__, key=f"{key}:loras", max_selections=4
        )
        values["loras"] = tuple(
            LoraPick(
                lora_id=one,
                weight=st.slider(
                    f"Weight of {plain(usable[one])}", 0.0, 1.5, before.get(one, 0.8), 0.05, key=f"{key}:weight:{one}"
                ),
            )
            for one in picked
        )
    return values


def _fine(key: str, card: MotionCard, start: ClipDraft) -> dict[str, Any]:
    values: dict[str, Any] = {}
    with st.expander("More settings"):
        if card.prompts:
            values["negative_prompt"] = st.text_input("Keep out", start.negative_prompt, max_chars=2000, key=f"{key}:negative")
        values["steps"] = st.slider("Steps", 4, 50, min(50, max(4, start.steps)), key=f"{key}:steps")
        values["seed"] = st.number_input("Seed", -1, 2**32 - 1, start.seed, key=f"{key}:seed", help="-1: a new one")
    return values
