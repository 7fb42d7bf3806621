"""Recommended parameters stay sensible for any number of pictures, and people's own values win."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.training import PRESETS, ParamsDraft, RunDraft, recommend, steps_for_epochs, with_overrides
from backend.training.rules import epochs_for_steps, sample_prompts, with_trigger_word

STARTER = ModelCard("starter", "Starter", "starter-128", 128, 8, ("ddim",), "ddim", 20, 3.0, True)
SD15 = replace(STARTER, name="sd", title="SD 1.5", base="sd15", side=512)
SDXL = replace(STARTER, name="xl", title="SDXL", base="sdxl", side=1024)


def test_the_quick_trial_of_the_starter_is_the_measured_one() -> None:
    params = recommend(14, STARTER, "quick")
    assert (params.steps, params.batch, params.network_dim, params.network_alpha, params.unet_lr) == (100, 4, 16, 16, 1.2e-3)
    assert (params.scheduler, params.resolution, params.save_every, params.sample_every) == ("constant", 128, 50, 50)
    assert params.train_convolutions


def test_field_values_for_other_models() -> None:
    assert recommend(20, SD15, "character").resolution == 512
    assert recommend(20, SDXL, "character").resolution == 1024
    assert recommend(20, SD15, "style").network_dim < recommend(20, SD15, "character").network_dim


@given(st.integers(1, 5000), st.sampled_from([STARTER, SD15, SDXL]), st.sampled_from(list(PRESETS)))
def test_recommendations_are_sane(images: int, model: ModelCard, preset: str) -> None:
    params = recommend(images, model, preset)
    assert 50 <= params.steps <= 4000
    assert params.steps % 50 == 0
    assert 0 < params.save_every <= params.steps
    assert recommend(images + 100, model, preset).steps >= params.steps
    assert recommend(images, model, "quick").steps <= recommend(images, model, "character").steps


@given(
    st.integers(1, 2000),
    st.one_of(st.none(), st.integers(1, 5000)),
    st.one_of(st.none(), st.integers(1, 50)),
    st.one_of(st.none(), st.integers(1, 5000)),
)
def test_own_values_win_and_a_run_always_saves(images: int, steps: int | None, epochs: int | None, save: int | None) -> None:
    draft = ParamsDraft(steps=steps, epochs=epochs, save_every=save, warmup_steps=4000)
    params = with_overrides(recommend(images, SD15, "character"), draft, images)
    assert params.steps >= 1
    assert steps is None or params.steps == steps
    assert 1 <= params.save_every <= params.steps
    assert params.warmup_steps < params.steps
    assert save is None or params.save_every == min(save, params.steps)


def test_epochs_are_kohyas() -> None:
    assert steps_for_epochs(10, 14, 2, 4) == 70
    assert epochs_for_steps(70, 14, 2, 4) == 10
    assert with_overrides(recommend(14, STARTER, "quick"), ParamsDraft(epochs=10), 14).steps == 40


@pytest.mark.parametrize(
    ("caption", "trained"),
    [
        ("portrait of bella, smiling", "portrait of bella, smiling"),
        ("smiling, at the beach", "bella, smiling, at the beach"),
        ("isabella smiling", "bella, isabella smiling"),
        ("  ", "bella"),
        ("BELLA. outside", "BELLA. outside"),
    ],
)
def test_captions_as_trained_say_the_trigger_word_once(caption: str, trained: str) -> None:
    assert with_trigger_word(caption, "bella") == trained


def test_sample_prompts_speak_the_datasets_language() -> None:
    captions = ["portrait of bella, calm", "portrait of bella, smiling, at the beach", ""]
    assert sample_prompts(captions, "bella")[0] == captions[1]
    assert sample_prompts([], "bella") == ("portrait of bella",)


@pytest.mark.parametrize(
    "values", [{"steps": 0}, {"steps": 50_001}, {"unet_lr": 0}, {"unet_lr": float("nan")}, {"resolution": 100}, {"batch": 33}]
)
def test_limits_are_sentences(values: dict[str, float]) -> None:
    with pytest.raises(Invalid, match="should be"):
        ParamsDraft(**values)


def test_an_unknown_preset_is_a_sentence() -> None:
    with pytest.raises(Invalid, match="quick trial, character or style"):
        RunDraft(dataset_id="ds_1", preset="ultra")
