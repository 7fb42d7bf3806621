"""Memory and time: more work never needs less, and nothing is said where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams
from backend.training import recommend
from backend.training.resource_needs import FAMILIES, estimate_memory, estimate_time, fits
from backend.training.schemas import MemoryEstimate, RunSpeed

STARTER = ModelCard("starter", "Starter", "starter-128", 128, 8, ("ddim",), "ddim", 20, 3.0, True)
SD15 = replace(STARTER, name="sd", base="sd15", side=512)
ODD = replace(STARTER, name="odd", base="sd-32")
PARAMS = recommend(20, STARTER, "quick")
RATES = st.lists(st.builds(RunSpeed, st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("batch", "px", "dim", "convolutions", "measured"),
    [
        (1, 128, 16, True, 550),
        (8, 128, 16, True, 663),
        (4, 128, 16, False, 574),
        (4, 192, 16, True, 684),
        (4, 128, 64, True, 689),
    ],
)
def test_the_starters_figures_are_the_measured_ones(batch: int, px: int, dim: int, convolutions: bool, measured: int) -> None:
    params = replace(PARAMS, batch=batch, resolution=px, network_dim=dim, train_convolutions=convolutions, prior_weight=0.0)
    need = estimate_memory(STARTER, params)
    assert need
    assert not need.rough
    assert need.mb == pytest.approx(measured, rel=0.05)


def test_a_common_run_on_a_common_card() -> None:
    """Stable Diffusion 1.5 at 512 px, batch 2, dim 32 trains on 8 GB, not on 4; other models are not guessed at."""
    need = estimate_memory(SD15, recommend(20, SD15, "character"))
    assert need
    assert need.rough
    assert fits(need, 8192)
    assert not fits(need, 4096)
    assert fits(need, 0)
    assert estimate_memory(ODD, PARAMS) is None


@given(
    st.sampled_from([STARTER, *(replace(STARTER, base=base) for base in FAMILIES)]),
    st.integers(1, 16),
    st.integers(8, 128),
    st.integers(1, 128),
    st.booleans(),
    st.floats(0, 1e-3),
)
def test_more_needs_more(card: ModelCard, batch: int, eighths: int, dim: int, convolutions: bool, text: float) -> None:
    params = replace(PARAMS, batch=batch, resolution=eighths * 8, network_dim=dim, text_encoder_lr=text)
    params = replace(params, train_convolutions=convolutions)

    def mb(changed: TrainParams) -> int:
        need = estimate_memory(card, changed)
        assert need
        return need.mb

    larger = ("batch", batch + 1), ("resolution", params.resolution + 8), ("network_dim", dim + 1), ("train_convolutions", True)
    assert all(mb(replace(params, **{name: value})) >= mb(params) for name, value in larger)


@given(RATES, st.integers(1, 5000))
def test_time_comes_from_runs_like_it(rates: list[RunSpeed], steps: int) -> None:
    estimated_time = estimate_time(ODD, replace(PARAMS, steps=steps), rates, on_processor=False)
    assert estimated_time
    assert estimated_time.runs == len(rates)
    low = min(r.around_s for r in rates) + steps * min(r.per_step_s for r in rates)
    high = max(r.around_s for r in rates) + steps * max(r.per_step_s for r in rates)
    assert low - 1e-6 <= estimated_time.seconds <= high + 1e-6


def test_without_runs_only_the_starter_on_a_processor_is_known() -> None:
    estimated = estimate_time(STARTER, PARAMS, [], on_processor=True)
    assert estimated
    assert estimated.runs == 0
    assert 30 < estimated.seconds < 300
    without = estimate_time(STARTER, replace(PARAMS, prior_weight=0.0), [], on_processor=True)
    assert without
    assert without.seconds < estimated.seconds
    assert estimate_time(STARTER, PARAMS, [], on_processor=False) is None
    assert estimate_time(SD15, PARAMS, [], on_processor=True) is None
    assert fits(MemoryEstimate(100, rough=True), 200)
