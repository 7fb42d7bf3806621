"""Every kind of picture people send, and the kinds that are meant to hurt. The real child opens each of them."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from backend.kit import child
from backend.media.images.pictures import MEASURES_VERSION, ROOT, InspectedPicture, Inspector, PictureLimits

LIMITS = PictureLimits(max_bytes=20 * 2**20, max_pixels=40_000_000, min_side=64)


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    with Inspector(LIMITS, processes=1) as inspector:
        yield inspector


def noise(width: int = 200, height: int = 150, seed: int = 0) -> Image.Image:
    grid = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(grid).resize((width, height), Image.Resampling.NEAREST)


def encoded(picture: Image.Image, kind: str, **save: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **save)
    return out.getvalue()


@pytest.fixture
def look(inspector: Inspector, tmp_path: Path) -> Any:
    def inspected(data: bytes, name: str = "a.jpg") -> InspectedPicture:
        path = tmp_path / name
        path.write_bytes(data)
        (tmp_path / "out").mkdir(exist_ok=True)
        return inspector.inspect(path, tmp_path / "out")

    return inspected


def kept(inspected: InspectedPicture) -> Image.Image:
    assert inspected.ok, inspected.reason
    with Image.open(inspected.picture) as picture:
        picture.load()
        return picture


def codes(inspected: InspectedPicture) -> list[str]:
    assert inspected.ok, inspected.reason
    return [note["code"] for note in inspected.notes]


@pytest.mark.parametrize(
    ("kind", "name", "saved"),
    [("JPEG", "a.jpg", "jpg"), ("PNG", "a.png", "png"), ("WEBP", "a.webp", "webp"), ("TIFF", "a.tif", "png"),
     ("BMP", "a.bmp", "png"), ("AVIF", "a.avif", "png")],
)  # fmt: skip
def test_formats_that_are_taken(look: Any, kind: str, name: str, saved: str) -> None:
    data = encoded(noise(), kind)
    inspected = look(data, name)
    picture = kept(inspected)
    assert (picture.size, picture.mode, inspected.extension, codes(inspected)) == ((200, 150), "RGB", saved, [])
    assert (inspected.width, inspected.height) == (200, 150)
    if saved == name.rpartition(".")[2]:
        assert inspected.picture.read_bytes() == data, "an original that needs no change is kept byte for byte"


def test_heic(look: Any) -> None:
    file = pillow_heif.from_pillow(noise())
    out = io.BytesIO()
    file.save(out)
    inspected = look(out.getvalue(), "IMG_0001.HEIC")
    assert (kept(inspected).size, inspected.format, codes(inspected)) == ((200, 150), "HEIF", [])


def test_colours_that_are_converted(look: Any) -> None:
    cmyk = look(encoded(noise().convert("CMYK"), "JPEG"))
    assert (kept(cmyk).mode, codes(cmyk)) == ("RGB", ["cmyk"])
    grey = Image.fromarray((np.linspace(0, 65535, 200 * 150).reshape(150, 200)).astype(np.uint16))
    wide = look(encoded(grey, "PNG"), "a.png")
    assert (kept(wide).mode, codes(wide)) == ("RGB", ["16-bit"])
    assert kept(wide).getextrema() == ((0, 255),) * 3
    deep = look(rgb16_png(200, 150), "b.png")
    assert (kept(deep).mode, codes(deep)) == ("RGB", ["16-bit"])
    palette = look(encoded(noise().convert("P"), "PNG"), "c.png")
    assert kept(palette).mode == "RGB"
    clear = noise().convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    glass = look(encoded(clear, "PNG"), "d.png")
    assert (kept(glass).mode, codes(glass)) == ("RGB", ["transparent"])
    assert kept(glass).getpixel((100, 0)) == (255, 255, 255)


def rgb16_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = np.random.default_rng(1).integers(0, 65536, (height, width * 3)).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def test_animations_give_their_first_frame(look: Any) -> None:
    frames = [noise(seed=n) for n in range(3)]
    for kind, name in (("WEBP", "a.webp"), ("PNG", "a.png"), ("TIFF", "a.tif")):
        lossless = {"lossless": True} if kind == "WEBP" else {}
        inspected = look(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless), name)
        assert codes(inspected) == ["animated"]
        assert np.array_equal(np.asarray(kept(inspected)), np.asarray(frames[0]))


def test_location_and_names_are_dropped_and_the_picture_stands_upright(look: Any) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    original = encoded(noise(), "JPEG", quality=95, exif=exif, icc_profile=icc, comment=b"SecretNote")
    inspected = look(original)
    clean = inspected.picture.read_bytes()
    assert b"Secret" not in clean
    assert not kept(inspected).getexif()
    assert kept(inspected).info.get("icc_profile") == icc
    with Image.open(io.BytesIO(original)) as before:
        difference = np.abs(np.asarray(before, np.int16) - np.asarray(kept(inspected), np.int16))
    assert difference.max() == 0, "the pixels stay as they were"
    exif[0x0112] = 6
    turned = look(encoded(noise(), "JPEG", exif=exif))
    assert (kept(turned).size, (turned.width, turned.height), codes(turned)) == ((150, 200), (150, 200), ["rotated"])
    assert b"Secret" not in turned.picture.read_bytes()
    for kind, name in (("PNG", "a.png"), ("WEBP", "a.webp")):
        inspected = look(encoded(noise(), kind, exif=exif.tobytes()), name)
        assert b"Secret" not in inspected.picture.read_bytes()


def test_the_second_picture_of_a_phone_goes(look: Any) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    out = io.BytesIO()
    noise().save(out, "MPO", save_all=True, append_images=[noise(seed=1)], exif=exif)
    inspected = look(out.getvalue() + b"SecretTrailer")
    assert (codes(inspected), inspected.extension) == ([], "jpg")
    assert b"Secret" not in inspected.picture.read_bytes()
    assert getattr(kept(inspected), "n_frames", 1) == 1


def test_what_is_refused_says_why(look: Any) -> None:
    good = encoded(noise(600, 400), "JPEG")
    for name, data, reason_part in (
        ("a.jpg", b"", "empty"),
        ("a.jpg", good[: len(good) // 2], "damaged"),
        ("a.png", encoded(noise(), "PNG")[:900], "damaged"),
        ("a.jpg", b"hello, this is text", "not a picture"),
        ("a.jpg", bytes(5000), "not a picture"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("a.jpg", b"<?xml version='1.0'?><svg/>", "SVG"),
        ("a.gif", encoded(noise().convert("P"), "GIF"), "GIF"),
        ("a.jpg", b"%PDF-1.7 ...", "PDF"),
        ("a.png", encoded(noise(63, 300), "PNG"), "too small"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, ""),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(400), ""),
        ("a.tif", b"II*\0" + b"\xff" * 400, ""),
        ("a.avif", b"\0\0\0\x18ftypavif" + b"\x01" * 400, ""),
    ):
        inspected = look(data, name)
        assert not inspected.ok, (name, data[:20])
        assert reason_part in inspected.reason
        assert inspected.reason.endswith("."), inspected.reason
        assert 10 < len(inspected.reason) < 300


def test_a_bomb_is_refused_on_its_header(look: Any) -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    idat = zlib.compress(bytes(10_000_000), 9)
    inspected = look(body + struct.pack(">I", len(idat)) + b"IDAT" + idat + struct.pack(">I", zlib.crc32(b"IDAT" + idat)))
    assert not inspected.ok
    assert "3600 megapixels; at most 40" in inspected.reason.replace(",", "")


def test_a_misnamed_picture_is_taken_with_a_note(look: Any) -> None:
    inspected = look(encoded(noise(), "PNG"), "photo.jpg")
    assert (inspected.format, inspected.extension, codes(inspected)) == ("PNG", "png", ["misnamed"])


def test_hashes_and_sharpness(look: Any) -> None:
    first, other = look(encoded(noise(800, 600), "JPEG")), look(encoded(noise(800, 600, seed=9), "JPEG"), "b.jpg")
    smaller = look(encoded(noise(400, 300), "JPEG", quality=60), "c.jpg")

    def apart(first: InspectedPicture, second: InspectedPicture) -> int:
        return (int(first.dhash, 16) ^ int(second.dhash, 16)).bit_count()

    assert len(first.dhash) == 16
    assert apart(first, smaller) <= 6
    assert apart(first, other) > 12
    blurred = noise(800, 600).resize((20, 15)).resize((800, 600), Image.Resampling.BICUBIC)
    assert look(encoded(blurred, "JPEG"), "d.jpg").measures.sharpness < 60 < first.measures.sharpness
    assert [width for width, _ in first.thumbs] == [160, 320, 640]
    for width, path in first.thumbs:
        with Image.open(path) as thumb:
            assert (thumb.format, thumb.width, thumb.height) == ("WEBP", width, width * 3 // 4)


def test_a_sharp_face_before_a_soft_background_is_sharp(look: Any) -> None:
    soft = noise(800, 600).resize((20, 15)).resize((800, 600), Image.Resampling.BICUBIC)
    portrait = soft.copy()
    portrait.paste(noise(240, 240), (280, 180))
    inspected, blurred = look(encoded(portrait, "JPEG"), "a.jpg").measures, look(encoded(soft, "JPEG"), "b.jpg").measures
    assert inspected.sharpness > 20 * blurred.sharpness
    assert (inspected.version, inspected.faces, inspected.face_box) == (MEASURES_VERSION, 0, None)


def test_exposure_and_faces_are_measured(look: Any) -> None:
    dark = look(encoded(Image.new("RGB", (300, 200), (1, 1, 1)), "PNG"), "dark.png").measures
    assert (dark.brightness, dark.contrast, dark.clipped) == (1.0, 0.0, 1.0)
    marco = (ROOT / "backend/engines/local/starter_model/characters/marco/01.jpg").read_bytes()
    face = look(marco, "marco.jpg").measures
    assert face.faces == 1
    assert face.face_box is not None
    assert 0.3 < face.face_box[3] < 0.8


def test_measuring_alone_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(noise(), "PNG"))
    with Inspector(LIMITS, processes=1) as inspector:
        inspected = inspector.inspect(path, None)
    assert (inspected.ok, inspected.thumbs, inspected.picture) == (True, (), path)
    assert inspected.measures.sharpness > 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_child_without_memory_costs_one_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    large, small = tmp_path / "large.png", tmp_path / "small.jpg"
    noise(9000, 4000).save(large, compress_level=1)
    small.write_bytes(encoded(noise(), "JPEG"))
    with Inspector(LIMITS, processes=1, memory_mb=480) as inspector:
        assert inspector.inspect(small, tmp_path / "out").ok
        inspected = inspector.inspect(large, tmp_path / "out")
        assert not inspected.ok
        assert "too much memory" in inspected.reason
        assert inspector.inspect(small, tmp_path / "out").ok


def test_the_order_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    paths = []
    for n in range(6):
        paths.append(tmp_path / f"{n}.jpg")
        paths[-1].write_bytes(encoded(noise(80 + n, 80), "JPEG") if n != 3 else b"nothing")
    with Inspector(LIMITS, processes=2) as inspector:
        inspected = list(inspector.map([(path, tmp_path / "out") for path in paths]))
    assert [result.width for result in inspected] == [80, 81, 82, 0, 84, 85]


@pytest.mark.kill
@pytest.mark.parametrize(("deaths", "ok"), [(1, True), (2, False)])
def test_a_decoder_killed_from_outside_says_nothing_about_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int, ok: bool
) -> None:
    """Once it is asked anew; a file at which two die is refused."""
    (tmp_path / "a.png").write_bytes(encoded(noise(), "PNG"))
    started: list[child.Child] = []
    real_start = Inspector._start

    def start(inspector: Inspector) -> child.Child:
        dying = ["sh", "-c", "read question; kill -9 $$"]
        pipe = subprocess.PIPE
        started.append(child.spawn(dying, stdin=pipe, stdout=pipe) if len(started) < deaths else real_start(inspector))
        return started[-1]

    monkeypatch.setattr(Inspector, "_start", start)
    with Inspector(LIMITS, processes=1) as inspector:
        inspected = inspector.inspect(tmp_path / "a.png", None)
    assert (inspected.ok, len(started)) == (ok, 2)
    assert ok or "too much memory or time" in inspected.reason
