"""Changing a part of a picture through the real child: what is not painted stays as it was, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.pictures.inpaint import crop_box, feathered
from backend.engines.ports.image import ImageRequest
from tests.backend.engines.ports.image_contract import outputs, pixels
from tests.backend.engines.ports.painting_contract import *  # noqa: F403
from tests.backend.engines.ports.painting_contract import files
from tests.backend.engines.ports.test_image import STARTER

Make = Callable[..., ImageRequest]


@pytest.mark.model
def test_every_sampler_keeps_the_rest(engine: DiffusersEngine, image_request: Make, tmp_path: Path) -> None:
    source, mask = files(tmp_path, (64, 64), (16, 16, 40, 40))
    card = next(card for card in engine.models() if card.name == "mini")
    for sampler in card.samplers:
        request = image_request("mini", seeds=(1,), init_image=source, mask=mask, strength=0.7, steps=5, sampler=sampler)
        [made] = outputs(engine, request)
        after, before = pixels(made.path), pixels(source)
        assert np.array_equal(after[:16], before[:16])
        assert not np.array_equal(after, before)


@settings(deadline=None)
@given(st.integers(64, 3000), st.integers(64, 3000), st.tuples(*[st.floats(0, 1)] * 4))
def test_what_is_drawn_holds_the_mask_and_lies_in_the_picture(
    width: int, height: int, at: tuple[float, float, float, float]
) -> None:
    (x0, x1), (y0, y1) = (
        sorted((int(at[0] * (width - 1)), int(at[1] * (width - 1)))),
        sorted((int(at[2] * (height - 1)), int(at[3] * (height - 1)))),
    )
    left, top, right, bottom = crop_box((x0, y0, x1 + 1, y1 + 1), (width, height), STARTER)
    assert 0 <= left <= x0 < x1 + 1 <= right <= width
    assert 0 <= top <= y0 < y1 + 1 <= bottom <= height


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 40), st.integers(1, 20))
def test_the_fade_lies_inside_the_mask(feather: int, at: int, side: int) -> None:
    mask = Image.new("L", (64, 48))
    ImageDraw.Draw(mask).rectangle((at, 10, at + side, 40), fill=255)
    levels, painted = np.asarray(feathered(mask, feather)), np.asarray(mask) > 0
    assert not levels[~painted].any()
    assert levels[painted].all()
