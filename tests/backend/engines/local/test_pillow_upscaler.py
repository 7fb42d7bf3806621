"""The upscaler of a fresh machine, through its real child: exact sizes, no invention, refusals as sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.engines.local.pillow_upscaler import Resampler
from backend.engines.ports.events import Output
from backend.engines.ports.upscale import UpscaleRequest
from backend.errors import Rejected, Unsupported
from backend.settings import Settings
from tests.factories.pictures import photo


def enlarge(folder: Path, data: bytes, *, scale: int = 2, settings: Settings | None = None) -> Path:
    picture = folder / "picture.png"
    picture.write_bytes(data)
    request = UpscaleRequest("resample", picture, scale, folder)
    [made] = [event for event in Resampler(settings or Settings.read()).run(request) if isinstance(event, Output)]
    return made.path


@pytest.mark.parametrize("scale", [2, 4])
def test_larger_and_still_the_same_picture(tmp_path: Path, scale: int) -> None:
    data = photo(2, size=(60, 44), kind="PNG")
    with Image.open(enlarge(tmp_path, data, scale=scale)) as larger, Image.open(tmp_path / "picture.png") as before:
        assert larger.size == (60 * scale, 44 * scale)
        back = np.asarray(larger.resize(before.size, Image.Resampling.BOX)).astype(int)
        assert abs(back - np.asarray(before.convert("RGB"))).mean() < 8


def test_what_cannot_be_enlarged_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="Choose another picture"):
        enlarge(tmp_path, b"\x89PNG nothing")
    with pytest.raises(Rejected, match="128 × 128 px is more than 0 million pixels"):
        enlarge(tmp_path, photo(1, size=(64, 64), kind="PNG"), settings=Settings.read(MAX_IMAGE_PIXELS=128 * 128 - 1))
    with pytest.raises(Unsupported, match="2× or 4×"):
        enlarge(tmp_path, b"", scale=3)


def test_it_says_that_it_adds_no_detail() -> None:
    [card] = Resampler(Settings.read()).models()
    assert (card.detail, card.scales) == (False, (2, 4))
    assert "adds no detail" in card.note
