"""What size is drawn for what size is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.engines.ports.image import MAX_ASPECT, ModelCard, fit_size
from backend.errors import Unsupported

STARTER = ModelCard("starter", "Starter", "starter-128", 128, 32, ("ddim",), "ddim", 20, 3.0, True, longest_px=160)
STOCK = ModelCard("stock", "Stock", "sd15", 512, 64, ("ddim",), "ddim", 25, 7.0, True, longest_px=768)


@pytest.mark.parametrize(
    ("asked", "starter", "stock"),
    [
        ((1080, 1080), (128, 128), (512, 512)),
        ((1080, 1350), (128, 160), (512, 640)),
        ((1080, 1920), (96, 160), (384, 704)),
        ((1920, 1080), (160, 96), (704, 384)),
        ((512, 768), (96, 160), (512, 768)),
        ((128, 160), (128, 160), (512, 640)),
    ],
)
def test_social_formats_keep_their_shape(asked: tuple[int, int], starter: tuple[int, int], stock: tuple[int, int]) -> None:
    assert fit_size(STARTER, *asked) == starter
    assert fit_size(STOCK, *asked) == stock


@given(st.integers(-10, 5000), st.integers(-10, 5000), st.sampled_from([STARTER, STOCK]))
def test_every_size_is_drawable_or_refused(width: int, height: int, card: ModelCard) -> None:
    try:
        drawn = fit_size(card, width, height)
    except Unsupported:
        assert min(width, height) < 1 or max(width, height) > MAX_ASPECT * min(width, height)
        return
    assert all(side % card.step_px == 0 and card.side // 2 <= side <= card.longest_px for side in drawn)
    assert fit_size(card, *drawn) == drawn
