"""Shapes, sizes and lengths, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from backend.errors import Invalid
from backend.videos import VideoDraft, VideoOrder, rules
from backend.videos.schemas import FORMATS
from tests.fakes.motion import CARDS, MODULE

PUSH = CARDS[0]


@pytest.mark.parametrize(
    ("picture", "draft", "film"),
    [
        ((1024, 1536), {"format": "9:16"}, (720, 1280)),
        ((1440, 2560), {"format": "9:16"}, (1080, 1920)),
        ((128, 128), {}, (720, 720)),
        ((2000, 2000), {"format": "16:9", "side": 720}, (1280, 720)),
        ((2000, 2000), {"format": "4:5", "side": 1080}, (1080, 1350)),
        ((500, 3000), {}, (320, 1920)),
        ((1001, 999), {"side": 720}, (722, 720)),
    ],
)
def test_the_size_of_a_film(picture: tuple[int, int], draft: dict[str, Any], film: tuple[int, int]) -> None:
    assert rules.size(*picture, VideoDraft(**draft)) == film


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_even_sides_and_its_shape(name: str) -> None:
    for picture in ((640, 640), (333, 777), (4000, 300)):
        width, height = rules.size(*picture, VideoDraft(format=name))
        assert width % 2 == height % 2 == 0
        assert width / height == pytest.approx(rules.shape_of(*picture, name), rel=0.02)


@pytest.mark.parametrize(
    ("draft", "card", "length"),
    [
        ({}, PUSH, (150, 30)),
        ({"seconds": 2}, PUSH, (60, 30)),
        ({"fps": 24}, PUSH, (120, 24)),
        ({"seconds": 4, "fps": 24}, PUSH, (96, 24)),
        ({}, MODULE, (16, 8)),
        ({"fps": 12}, MODULE, (16, 12)),
        ({"frames": 24}, MODULE, (24, 8)),
    ],
)
def test_the_length_of_a_film(draft: dict[str, Any], card: Any, length: tuple[int, int]) -> None:
    assert rules.length(VideoDraft(**draft), card) == length


def test_what_cannot_be_is_a_sentence() -> None:
    with pytest.raises(Invalid, match="at 8 a second at most 4 seconds"):
        rules.length(VideoDraft(seconds=10), MODULE)
    with pytest.raises(Invalid, match="not both"):
        VideoDraft(seconds=1, frames=30)
    with pytest.raises(Invalid, match="pictureId or assetId"):
        VideoOrder(model="push-in")
    with pytest.raises(Invalid, match="no way to animate pictures called 'nosuch'"):
        rules.choose_model(CARDS, "nosuch")
    with pytest.raises(Invalid, match="System page"):
        rules.choose_model([], "")
    with pytest.raises(Invalid, match="Format"):
        VideoDraft(format="3:2")


def test_a_small_picture_is_told_to_look_soft() -> None:
    assert rules.looks_soft(128, 128, (720, 720), "as-is")
    assert not rules.looks_soft(1024, 1536, (720, 1280), "9:16")
