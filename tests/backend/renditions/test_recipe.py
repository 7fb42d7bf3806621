"""What a recipe comes to: shapes, sides, lengths. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.renditions import RenditionRecipe, crop
from backend.renditions.recipe import FileFacts, expected_facts, plan_cut

SIDES = st.integers(64, 4000)
SHAPES = st.sampled_from([4 / 5, 1.91, 9 / 16, 16 / 9, 1.0, 2 / 3, 0.4, 2.5])
FOCI = st.one_of(st.none(), st.floats(0, 1))


@given(SIDES, SIDES, SHAPES, FOCI, st.booleans())
def test_a_crop_stays_inside_has_the_shape_and_wastes_little(
    width: int, height: int, ratio: float, focus: float | None, even: bool
) -> None:
    x, y, wide, high = crop(width, height, ratio, focus=focus, even=even)
    assert 0 <= x <= width - wide
    assert 0 <= y <= height - high
    assert wide / high == pytest.approx(ratio, rel=0.005 + 3 / min(wide, high))
    assert wide >= width - 20 or high >= height - 20, "one side is kept, but for what a plain shape needs"
    if even and (x, y, wide, high) != (0, 0, width, height):
        assert not any(side % 2 for side in (x, y, wide, high))


@given(SIDES, SIDES, SHAPES)
def test_a_picture_cropped_once_is_not_cropped_again(width: int, height: int, ratio: float) -> None:
    _, _, wide, high = crop(width, height, ratio)
    _, _, again_wide, again_high = crop(wide, high, ratio)
    assert (wide - again_wide) <= 20
    assert (high - again_high) <= 20


@given(SIDES, SIDES, st.integers(16, 5000), st.booleans())
def test_nothing_grows_and_the_shape_stays(width: int, height: int, most: int, film: bool) -> None:
    recipe = RenditionRecipe(kind="video" if film else "picture", width=most, longest=1920)
    wide, high = plan_cut(FileFacts("video/mp4" if film else "image/png", width, height), recipe).size
    assert wide <= max(2, min(width, most) + 1)
    assert max(wide, high) <= 1921
    assert wide / high == pytest.approx(width / height, rel=4 / min(wide, high))


def test_plain_shapes_come_out_exactly() -> None:
    assert crop(1024, 1024, 4 / 5) == (104, 2, 816, 1020)
    assert crop(1024, 1536, 1.0, focus=0.0) == (0, 0, 1024, 1024)
    assert crop(1024, 1536, 1.0, focus=1.0) == (0, 512, 1024, 1024)
    assert crop(100, 100, None) == (0, 0, 100, 100)


@pytest.mark.parametrize(
    ("have", "recipe", "fps", "encode"),
    [
        (FileFacts("video/mp4", 720, 1280, 5, 30, "h264"), RenditionRecipe(kind="video"), 30, False),
        (FileFacts("video/mp4", 720, 1280, 5, 30, "h264"), RenditionRecipe(kind="video", ratio=9 / 16, seconds=60), 30, False),
        (FileFacts("video/webm", 720, 1280, 5, 30, "vp9"), RenditionRecipe(kind="video"), 30, True),
        (FileFacts("video/mp4", 720, 1280, 5, 8, "h264"), RenditionRecipe(kind="video", transcode=True), 30, True),
        (FileFacts("video/mp4", 720, 1280, 5, 120, "hevc"), RenditionRecipe(kind="video", transcode=True), 60, True),
        (FileFacts("video/mp4", 720, 1280, 90, 25, "h264"), RenditionRecipe(kind="video", seconds=60), 25, True),
        (FileFacts("video/mp4", 720, 1280, None, None), RenditionRecipe(kind="video", seconds=60), None, True),
    ],
)
def test_a_film_is_encoded_only_where_it_must(
    have: FileFacts, recipe: RenditionRecipe, fps: float | None, encode: bool
) -> None:
    assert plan_cut(have, recipe).encode is encode
    comes = expected_facts(have, recipe)
    assert comes.fps == fps
    assert (comes.mime, comes.codec) == ("video/mp4", "h264" if encode else have.codec)
    if have.duration_s:
        assert comes.duration_s == min(have.duration_s, recipe.seconds or have.duration_s)


@pytest.mark.parametrize("sides", [(256, 256), (3840, 2160), (320, 180), (2000, 300), (1080, 1920)])
def test_a_converted_film_has_sides_that_every_platform_takes(sides: tuple[int, int]) -> None:
    wide, high = plan_cut(FileFacts("video/mp4", *sides), RenditionRecipe(kind="video", transcode=True)).size
    assert max(wide, high) <= 1920
    assert min(wide, high) >= 360 or max(wide, high) == 1920
    assert not wide % 2
    assert not high % 2


def test_equal_recipes_are_one() -> None:
    recipe, same = RenditionRecipe(kind="picture", ratio=4 / 5), RenditionRecipe(kind="picture", ratio=0.80000001)
    assert recipe.digest == same.digest
    assert recipe.digest != RenditionRecipe(kind="picture", ratio=4 / 5, focus=0.2).digest
    assert RenditionRecipe.model_validate(recipe.model_dump(mode="json")).digest == recipe.digest


@pytest.mark.parametrize(
    ("sides", "recipe", "size"),
    [
        ((128, 192), RenditionRecipe(kind="picture", least=320), (320, 480)),
        ((128, 192), RenditionRecipe(kind="picture", ratio=4 / 5, least=320), (320, 400)),
        ((400, 400), RenditionRecipe(kind="picture", least=320), (400, 400)),
        ((4000, 1000), RenditionRecipe(kind="picture", longest=1000, least=320), (1000, 250)),
    ],
)
def test_a_narrow_picture_is_enlarged(sides: tuple[int, int], recipe: RenditionRecipe, size: tuple[int, int]) -> None:
    assert plan_cut(FileFacts("image/png", *sides), recipe).size == size


def test_files_of_before_there_was_enlarging_keep_their_digests() -> None:
    assert (
        RenditionRecipe(kind="picture", ratio=0.8).digest == "6d1078b0bc3d0d6ede49ce2c4ee7113b74cd39849367f19c31d9316a15f54246"
    )
    assert RenditionRecipe(kind="picture", ratio=0.8, least=320).digest != RenditionRecipe(kind="picture", ratio=0.8).digest
