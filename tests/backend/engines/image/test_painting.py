"""Changing a part of a picture through the real child: what is not painted stays as it was, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from backend.engines.diffusion.painting import around, faded
from backend.engines.image.diffusers_engine import DiffusersEngine
from backend.engines.image.port import ImageRequest
from backend.errors import Rejected, Unsupported
from tests.backend.engines.image.contract import outputs, pixels
from tests.backend.engines.image.test_sizes import STARTER
from tests.factories.pictures import photo

Make = Callable[..., ImageRequest]


def files(folder: Path, size: tuple[int, int], painted: tuple[int, int, int, int] | None) -> tuple[Path, Path]:
    source, mask = folder / "source.png", folder / "mask.png"
    source.write_bytes(photo(3, size=size, kind="PNG"))
    with Image.new("RGB", size) as drawn:
        if painted:
            ImageDraw.Draw(drawn).rectangle(painted, fill="white")
        drawn.save(mask)
    return source, mask


@pytest.mark.model
@pytest.mark.parametrize("feather", [0, 6])
def test_outside_the_mask_nothing_changes(
    engine: DiffusersEngine, model: str, image_request: Make, tmp_path: Path, feather: int
) -> None:
    size, box = (300, 220), (100, 60, 170, 150)
    source, mask = files(tmp_path, size, box)
    request = image_request(model, seeds=(1, 2), init_image=source, mask=mask, strength=1.0, feather=feather)
    before, changed = pixels(source), []
    outside = np.ones((size[1], size[0]), bool)
    outside[box[1] : box[3] + 1, box[0] : box[2] + 1] = False
    for made in outputs(engine, request):
        after = pixels(made.path)
        assert after.shape == before.shape
        assert (made.meta["width"], made.meta["height"]) == size
        assert np.array_equal(after[outside], before[outside])
        assert abs(after[~outside] - before[~outside]).mean() > 5
        changed.append(after)
    assert not np.array_equal(changed[0], changed[1])


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


@pytest.mark.model
def test_a_prompt_of_its_own_for_each_picture(engine: DiffusersEngine, image_request: Make, tmp_path: Path) -> None:
    prompts = ("portrait of a woman, red hair, at the beach", "portrait of a man, blue hair, in a forest")
    together = outputs(engine, image_request("starter", seeds=(5, 5), prompts=prompts))
    (tmp_path / "alone").mkdir()
    [alone] = outputs(engine, image_request("starter", seeds=(5,), prompt=prompts[1], workdir=tmp_path / "alone"))
    assert abs(pixels(together[1].path) - pixels(alone.path)).max() <= 3
    assert abs(pixels(together[0].path) - pixels(together[1].path)).mean() > 5


@pytest.mark.model
def test_what_cannot_be_painted_is_a_sentence(engine: DiffusersEngine, image_request: Make, tmp_path: Path) -> None:
    source, mask = files(tmp_path, (128, 128), None)
    with pytest.raises(Rejected, match="Paint over what should change"):
        outputs(engine, image_request("starter", init_image=source, mask=mask))
    with pytest.raises(Unsupported, match="no picture under this mask"):
        outputs(engine, image_request("starter", mask=mask))
    with pytest.raises(Unsupported, match="one prompt for each"):
        outputs(engine, image_request("starter", prompts=("a",)))


@settings(deadline=None)
@given(st.integers(64, 3000), st.integers(64, 3000), st.tuples(*[st.floats(0, 1)] * 4))
def test_what_is_drawn_holds_the_mask_and_lies_in_the_picture(
    width: int, height: int, at: tuple[float, float, float, float]
) -> None:
    (x0, x1), (y0, y1) = (
        sorted((int(at[0] * (width - 1)), int(at[1] * (width - 1)))),
        sorted((int(at[2] * (height - 1)), int(at[3] * (height - 1)))),
    )
    left, top, right, bottom = around((x0, y0, x1 + 1, y1 + 1), (width, height), STARTER)
    assert 0 <= left <= x0 < x1 + 1 <= right <= width
    assert 0 <= top <= y0 < y1 + 1 <= bottom <= height


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 40), st.integers(1, 20))
def test_the_fade_lies_inside_the_mask(feather: int, at: int, side: int) -> None:
    mask = Image.new("L", (64, 48))
    ImageDraw.Draw(mask).rectangle((at, 10, at + side, 40), fill=255)
    levels, painted = np.asarray(faded(mask, feather)), np.asarray(mask) > 0
    assert not levels[~painted].any()
    assert levels[painted].all()
