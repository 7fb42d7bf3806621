"""What every image engine must do with a painted mask, and with words of their own. Imported like `contract`.

A checkpoint with “random” in its name has learnt nothing: it is only asked what needs no learning.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from backend.engines.ports.image import ImageEngine, ImageRequest
from backend.errors import Rejected, Unsupported
from tests.backend.engines.ports.image_contract import outputs, pixels
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
    engine: ImageEngine, model: str, image_request: Make, tmp_path: Path, feather: int
) -> None:
    size, box = (300, 220), (100, 60, 170, 150)
    source, mask = files(tmp_path, size, box)
    request = image_request(model, seeds=(1, 2), init_image=source, mask=mask, strength=1.0, feather=feather)
    before, changed = pixels(source), []
    outside = np.ones((size[1], size[0]), bool)
    outside[box[1] : box[3] + 1, box[0] : box[2] + 1] = False
    for output in outputs(engine, request):
        after = pixels(output.path)
        assert after.shape == before.shape
        assert (output.meta["width"], output.meta["height"]) == size
        assert np.array_equal(after[outside], before[outside])
        assert abs(after[~outside] - before[~outside]).mean() > 5
        changed.append(after)
    assert not np.array_equal(changed[0], changed[1])


@pytest.mark.model
def test_a_prompt_of_its_own_for_each_picture(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    prompts = ("portrait of a woman, red hair, at the beach", "portrait of a man, blue hair, in a forest")
    together = outputs(engine, image_request(model, seeds=(5, 5), prompts=prompts))
    (tmp_path / "alone").mkdir()
    [alone] = outputs(engine, image_request(model, seeds=(5,), prompt=prompts[1], workdir=tmp_path / "alone"))
    assert abs(pixels(together[1].path) - pixels(alone.path)).max() <= 3
    if model != "mini" and "random" not in model:  # these have learnt nothing that words could change
        assert abs(pixels(together[0].path) - pixels(together[1].path)).mean() > 5


@pytest.mark.model
def test_what_cannot_be_painted_is_a_sentence(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    source, mask = files(tmp_path, (128, 128), None)
    with pytest.raises(Rejected, match="Paint over what should change"):
        outputs(engine, image_request(model, init_image=source, mask=mask))
    with pytest.raises(Unsupported, match="no picture under this mask"):
        outputs(engine, image_request(model, mask=mask))
    with pytest.raises(Unsupported, match="one prompt for each"):
        outputs(engine, image_request(model, prompts=("a",)))
