"""Delivered pictures: the same pixels, no prompt, the AI mark."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.errors import Rejected
from backend.media.images.ai_mark import SOURCE_TYPE, deliver_png

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """As ComfyUI writes them: prompt and graph inside."""
    info = PngInfo()
    info.add_text("prompt", "secret words")
    info.add_itxt("workflow", '{"nodes": "secret graph"}')
    path = tmp_path / "drawn.png"
    Image.effect_noise((40, 30), 60).convert("RGB").save(path, pnginfo=info)
    return path


def test_pixels_stay_words_go_and_the_mark_comes(drawn: Path, tmp_path: Path) -> None:
    deliver_png(drawn, tmp_path / "out.png")
    assert b"secret" not in (tmp_path / "out.png").read_bytes()
    with Image.open(drawn) as before, Image.open(tmp_path / "out.png") as after:
        assert after.tobytes() == before.tobytes()
        description = next(ElementTree.fromstring(after.info["xmp"]).iter(f"{RDF}Description"))
    assert description.attrib[f"{IPTC}DigitalSourceType"] == SOURCE_TYPE


def test_the_mark_can_be_left_out(drawn: Path, tmp_path: Path) -> None:
    deliver_png(drawn, tmp_path / "out.png", mark=False)
    with Image.open(tmp_path / "out.png") as after:
        after.load()
        assert not after.info


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"JFIF" + data, lambda data: b""])
def test_a_broken_file_is_a_sentence(drawn: Path, tmp_path: Path, damage: object) -> None:
    drawn.write_bytes(damage(drawn.read_bytes()))  # type: ignore[operator]
    with pytest.raises(Rejected, match="The engine gave"):
        deliver_png(drawn, tmp_path / "out.png")
