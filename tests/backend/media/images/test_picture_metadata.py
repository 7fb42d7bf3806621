"""A recipe in a file on its way out: any words, every kind of file, no pixel touched, the AI mark still there."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, add_mark
from backend.media.images.picture_metadata import with_recipe
from backend.media.images.pictures_child import read_source_type, recipe_texts

KINDS = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 80}}
PICTURE = Image.effect_noise((41, 30), 80).convert("RGB")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(kind: str, *, profile: bool) -> bytes:
    out = io.BytesIO()
    PICTURE.save(out, kind, **KINDS[kind], **({"icc_profile": PROFILE} if profile else {}))
    return out.getvalue()


@given(
    kind=st.sampled_from(list(KINDS)),
    profile=st.booleans(),
    marked=st.booleans(),
    words=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
)
def test_any_words_go_in_and_come_out(kind: str, profile: bool, marked: bool, words: str) -> None:
    data, content_type = saved(kind, profile=profile), f"image/{kind.lower()}"
    if marked:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a").write_bytes(data)
            add_mark(Path(folder) / "a", Path(folder) / "b", content_type, width=41, height=30, source_type=EDITED_SOURCE_TYPE)
            data = (Path(folder) / "b").read_bytes()
    parameters = f"{words}\nSteps: 5, Seed: 1"
    with_parameters = with_recipe(data, content_type, {"parameters": parameters}, width=41, height=30)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(with_parameters)) as after:
        before.load()
        after.load()
        assert after.format == kind
        assert recipe_texts(before) == {}
        assert recipe_texts(after) == {"parameters": parameters}
        assert read_source_type(after) == read_source_type(before) == (EDITED_SOURCE_TYPE if marked else "")
        assert after.tobytes() == before.tobytes()
        assert after.info.get("icc_profile") == before.info.get("icc_profile")


def test_the_comment_is_what_a1111_reads() -> None:
    """Its reader takes EXIF 0x9286 and piexif's UNICODE, which is big-endian UTF-16."""
    with_parameters = with_recipe(
        saved("JPEG", profile=False), "image/jpeg", {"parameters": "一 → 日本\nSteps: 5"}, width=41, height=30
    )
    with Image.open(io.BytesIO(with_parameters)) as opened:
        raw = opened.getexif().get_ifd(0x8769)[0x9286]
    assert raw == b"UNICODE\0" + "一 → 日本\nSteps: 5".encode("utf-16-be")


def test_what_does_not_fit_is_refused() -> None:
    too_long = {"parameters": "x" * 40_000}
    with pytest.raises(ValueError, match="too long"):
        with_recipe(saved("JPEG", profile=False), "image/jpeg", too_long, width=41, height=30)
    assert with_recipe(saved("WEBP", profile=False), "image/webp", too_long, width=41, height=30)
    with pytest.raises(ValueError, match="no place"):
        with_recipe(b"", "image/avif", too_long, width=1, height=1)
