"""The only process that decodes uploaded pictures. It measures them (raw values only; what counts as blurred or dark is decided
on reading) and reads their texts and source type, of a limited size. One JSON request a line.

`python -m backend.media.images.pictures_child`.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import sys
import warnings
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from backend.language import messages, stored, tr_lazy
from backend.media.images import recipe_text
from backend.media.images.picture_metadata import strip
from backend.media.images.pictures import MEASURES_VERSION, write_thumbs
from backend.media.images.plain_rgb import to_plain_rgb
from backend.media.images.recipe_text import MAX_TEXT_CHARS, TEXT_KEYS

TILES = 8
SHARP_SIDE, FACE_SIDE, MIN_FACE = 1024, 320, 26
"""px. Faces are searched at 320 px; those smaller than 26 px are ignored."""
MIN_NEIGHBOURS = 4
"""minNeighbors of the cascade: rather miss a face than report a false one."""
ACCEPTED_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP", "AVIF")
KEPT_FORMATS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}
"""Formats that are stored as uploaded unless a note forces a copy; others become PNG."""
FORMAT_BY_SUFFIX = {
    "jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF", "heif": "HEIF", "tif": "TIFF", "tiff": "TIFF",
    "bmp": "BMP", "avif": "AVIF",
}  # fmt: skip
_ACCEPTED_TEXT = tr_lazy("JPEG, PNG, WebP, HEIC, TIFF, BMP or AVIF")
_EXIF, _COMMENT = 0x8769, 0x9286
_TERM_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPE = re.compile(rb"cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,60})")
_MAX_XMP_BYTES = 1 << 20


def measure_picture(picture: Image.Image, grey_512: Image.Image) -> dict[str, Any]:
    """Of an upright RGB picture; `grey_512`: the same in grey, long side 512 px. Fields as `pictures.Measures`."""
    values = np.asarray(grey_512, dtype=np.float32)
    face_boxes = find_faces(picture)
    return {
        "version": MEASURES_VERSION,
        "sharpness": sharpness(picture),
        "brightness": round(float(values.mean()), 1),
        "contrast": round(float(values.std()), 1),
        "clipped": round(float(((values <= 2) | (values >= 253)).mean()), 4),
        "colours": colour_grid(picture),
        "faces": None if face_boxes is None else len(face_boxes),
        "face_box": face_boxes[0] if face_boxes else None,
    }


def colour_grid(picture: Image.Image) -> str:
    """The picture as 4 x 4 RGB pixels, 96 hex digits: tells the same pose in another place from the same photograph."""
    return picture.resize((4, 4), Image.Resampling.BOX, reducing_gap=2.0).tobytes().hex()


def sharpness(picture: Image.Image) -> float:
    """90th percentile, over up to 8 x 8 tiles, of the variance of the Laplacian at 1024 px at most, never enlarged.

    The 90th percentile, because a portrait before a soft background is sharp.
    """
    edges = cv2.Laplacian(_grey(picture, SHARP_SIDE), cv2.CV_32F)
    rows, columns = (max(1, min(TILES, side // 32)) for side in edges.shape)
    tiles = [tile for strip in np.array_split(edges, rows) for tile in np.array_split(strip, columns, axis=1)]
    return round(float(np.percentile([tile.var() for tile in tiles], 90)), 1)


def find_faces(picture: Image.Image) -> list[list[float]] | None:
    """Boxes [x, y, width, height] of frontal faces as shares of the picture, largest first; None: no face model here."""
    detector = _detector()
    if detector is None:
        return None
    grey = _grey(picture, FACE_SIDE)
    detections = detector.detectMultiScale(grey, 1.15, MIN_NEIGHBOURS, 0, (MIN_FACE, MIN_FACE))
    height, width = grey.shape
    boxes: list[list[float]] = []
    for x, y, w, h in sorted(detections, key=lambda box: -int(box[2])):
        box = [x / width, y / height, w / width, h / height]
        if not any(_contains(box, larger) for larger in boxes):  # an eye is no second face
            boxes.append([round(float(v), 4) for v in box])
    return boxes


def _contains(box: list[float], larger: list[float]) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return larger[0] <= x <= larger[0] + larger[2] and larger[1] <= y <= larger[1] + larger[3]


def _grey(picture: Image.Image, side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    scale = min(1.0, side / max(picture.size))
    size = (max(3, round(picture.width * scale)), max(3, round(picture.height * scale)))
    resized = picture if scale == 1.0 else picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(resized.convert("L"))


@cache
def _detector() -> cv2.CascadeClassifier | None:
    """OpenCV's own cascade, inside its wheel (Apache-2.0)."""
    cv2.setNumThreads(1)
    file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
    return cv2.CascadeClassifier(str(file)) if file.exists() else None


class BadPicture(Exception):
    """The message is a sentence for people: why this file is refused and what to do."""


def main() -> None:
    pillow_heif.register_heif_opener()
    Image.init()  # `formats=` knows only the formats whose plugins are loaded
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before any pixel is decoded
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            out = Path(request["out"]) if request["out"] else None
            answer = inspect(Path(request["path"]), out, request["max_pixels"], request["min_side"])
        except BadPicture as error:
            answer = {"ok": False, "reason": stored(error.args[0])}
        except (MemoryError, Image.DecompressionBombError):
            reason = tr_lazy("Opening this file needs too much memory. Save it smaller, as PNG or JPEG.")
            answer = {"ok": False, "reason": stored(reason)}
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, ArithmeticError) as error:
            # what decoders raise on damaged input; anything else ends the child and is answered by the parent
            reason = tr_lazy(
                "The file is damaged and cannot be read ({error}). Save or export it again.", error=_error_text(error)
            )
            answer = {"ok": False, "reason": stored(reason)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def inspect(path: Path, out: Path | None, max_pixels: int, min_side: int) -> dict[str, Any]:
    """`out` None: nothing is written, so there are no thumbnails and `picture` is the file itself."""
    data = path.read_bytes()
    with _open(path) as opened:
        _check_size(opened.size, max_pixels, min_side)
        notes = _picture_notes(opened, path, data)
        kind = "JPEG" if opened.format == "MPO" else str(opened.format)
        opened.seek(0)
        opened.load()
        picture = to_plain_rgb(opened)
        keep_original = kind in KEPT_FORMATS and opened.mode == "RGB" and not notes_force_copy(notes)
        icc_profile = opened.info.get("icc_profile") if opened.mode == "RGB" else None
        recipe, source_type = recipe_text.read_recipe(recipe_texts(opened)), read_source_type(opened)
    target, content_type, extension = path, *KEPT_FORMATS.get(kind, KEPT_FORMATS["PNG"])
    thumbs: tuple[tuple[int, Path], ...] = ()
    if out is not None:
        base = out / path.stem
        original = _stripped_original(data, kind, path, base) if keep_original else None
        target = original or _clean_copy(picture, base, kind, icc_profile)
        content_type, extension = KEPT_FORMATS[kind if original or kind == "JPEG" else "PNG"]
        thumbs = write_thumbs(picture, out, path.stem)
    grey = grey_512(picture)
    return {
        "ok": True,
        "format": kind,
        "width": picture.width,
        "height": picture.height,
        "sha256": hashlib.sha256(data).hexdigest(),
        "dhash": dhash(grey),
        "measures": measure_picture(picture, grey),
        "picture": str(target),
        "content_type": content_type,
        "extension": extension,
        "thumbs": [(width, str(file)) for width, file in thumbs],
        "notes": notes,
        "recipe": asdict(recipe),
        "source_type": source_type,
    }


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=ACCEPTED_FORMATS)
    except UnidentifiedImageError:
        raise BadPicture(_wrong_format_message(path)) from None


def _wrong_format_message(path: Path) -> str:
    head = path.read_bytes()[:512] if path.stat().st_size < 1 << 20 else path.open("rb").read(512)
    if b"<svg" in head.lower() or head.lstrip().startswith(b"<?xml"):
        return tr_lazy("SVG files are not accepted. Export it as {formats}.", formats=_ACCEPTED_TEXT)
    for magic, name in ((b"GIF8", "GIF"), (b"%PDF", "PDF"), (b"PK\x03\x04", "ZIP"), (b"8BPS", "Photoshop")):
        if head.startswith(magic):
            return tr_lazy(
                "This is a {kind} file, not a photo. Save the picture as {formats}.", kind=name, formats=_ACCEPTED_TEXT
            )
    if head[4:8] == b"ftyp" and b"heic" not in head and b"avif" not in head:
        return tr_lazy("This is a video, not a picture. Save a frame as {formats}.", formats=_ACCEPTED_TEXT)
    return tr_lazy(
        "This is not a picture that the studio can read, or it is damaged. Save it as {formats}.", formats=_ACCEPTED_TEXT
    )


def _check_size(size: tuple[int, int], max_pixels: int, min_side: int) -> None:
    width, height = size
    if width * height > max_pixels:
        megapixels, max_megapixels = width * height / 1e6, max_pixels / 1e6
        raise BadPicture(
            tr_lazy(
                "{width} x {height} px is {megapixels:.0f} megapixels; at most {most:.0f}. Save it smaller.",
                width=width,
                height=height,
                megapixels=megapixels,
                most=max_megapixels,
            )
        )
    if min(width, height) < min_side:
        raise BadPicture(
            tr_lazy(
                "{width} x {height} px is too small to learn from; the short side needs {px} px or more.",
                width=width,
                height=height,
                px=min_side,
            )
        )


def _picture_notes(picture: Image.Image, path: Path, data: bytes) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = []

    def note(code: str, sentence: str) -> None:
        notes.append(messages.coded(code, sentence))

    expected = FORMAT_BY_SUFFIX.get(path.suffix.lower().lstrip("."))
    actual = "JPEG" if picture.format == "MPO" else picture.format
    if expected and expected != actual:
        note("misnamed", tr_lazy("Named {suffix} but really {format}.", suffix=path.suffix.lower(), format=actual or ""))
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        note("animated", tr_lazy("Has {n} frames; only the first is used.", n=getattr(picture, "n_frames", 1)))
    if picture.getexif().get(0x0112, 1) not in (0, 1):
        note("rotated", tr_lazy("Turned upright as its camera recorded."))
    if picture.mode == "CMYK":
        note("cmyk", tr_lazy("Converted from CMYK; colours may differ a little."))
    if picture.mode.startswith(("I", "F")) or (actual == "PNG" and data[24] == 16):
        note("16-bit", tr_lazy("Reduced to 8 bits a channel."))
    if "A" in picture.getbands() or "transparency" in picture.info:
        note("transparent", tr_lazy("Transparent parts were put on white."))
    return notes


def notes_force_copy(notes: list[dict[str, Any]]) -> bool:
    return any(note["code"] != "misnamed" for note in notes)


def _stripped_original(data: bytes, kind: str, path: Path, base: Path) -> Path | None:
    """The uploaded file without metadata; None when its structure cannot be parsed."""
    try:
        clean = strip(data, kind)
    except (ValueError, IndexError, struct.error):
        return None
    if clean == data:
        return path
    target = base.with_name(f"{base.name}.kept.{KEPT_FORMATS[kind][1]}")
    target.write_bytes(clean)
    return target


def _clean_copy(picture: Image.Image, base: Path, kind: str, icc_profile: bytes | None) -> Path:
    """A re-encoded copy without metadata: a JPEG stays a JPEG, other formats become PNG."""
    target = base.with_name(base.name + (".kept.jpg" if kind == "JPEG" else ".kept.png"))
    if kind == "JPEG":
        picture.save(target, "JPEG", quality=95, exif=b"", xmp=b"", comment=b"", icc_profile=icc_profile)
    else:
        picture.save(target, "PNG", compress_level=3, exif=b"", icc_profile=icc_profile)
    return target


def dhash(picture: Image.Image) -> str:
    """64-bit difference hash of a grey picture: is each pixel brighter than its right neighbour, at 9 x 8."""
    small = np.asarray(picture.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (small[:, :-1] > small[:, 1:]).flatten()
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def grey_512(picture: Image.Image) -> Image.Image:
    """Grey, long side 512 px; hash and exposure are measured on it."""
    scale = 512 / max(picture.size)
    size = (max(3, round(picture.width * scale)), max(3, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0).convert("L")


def _error_text(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")


def recipe_texts(picture: Image.Image) -> dict[str, str]:
    """The texts with TEXT_KEYS of a loaded PNG, or the EXIF comment of a JPEG or WebP as `parameters`."""
    texts = {key: value[:MAX_TEXT_CHARS] for key in TEXT_KEYS if isinstance(value := picture.info.get(key), str)}
    if not texts and (comment := _exif_comment(picture)):
        texts["parameters"] = comment
    return texts


def read_source_type(picture: Image.Image) -> str:
    """The IPTC digital source type in its XMP packet, as the URI of the term; "": none."""
    packets: list[Any] = [picture.info.get("xmp"), picture.info.get("XML:com.adobe.xmp")]
    for packet in packets:
        data = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
        if isinstance(data, bytes) and (match := _SOURCE_TYPE.search(data[:_MAX_XMP_BYTES])):
            return _TERM_PREFIX + match[1].decode()
    return ""


def _exif_comment(picture: Image.Image) -> str:
    try:
        comment = picture.getexif().get_ifd(_EXIF).get(_COMMENT)
    except Exception:  # a broken EXIF block can raise anything, and the picture itself is fine
        return ""
    if isinstance(comment, str):
        return comment[:MAX_TEXT_CHARS]
    if not isinstance(comment, bytes):
        return ""
    encoding, body = comment[:8], comment[8 : 8 + 2 * MAX_TEXT_CHARS]
    if encoding.startswith(b"UNICODE"):
        return _decode_utf16(body)[:MAX_TEXT_CHARS]
    return (body if encoding.startswith(b"ASCII") else comment).decode("utf-8", "replace").strip("\0")[:MAX_TEXT_CHARS]


def _decode_utf16(body: bytes) -> str:
    """Programs use different byte orders, but all write a settings line, so the order that shows “Steps:” is right."""
    big, little = body.decode("utf-16-be", "replace"), body.decode("utf-16-le", "replace")
    if ("Steps:" in little) != ("Steps:" in big):
        return little if "Steps:" in little else big
    return little if body[1:2] == b"\0" and body[:1] != b"\0" else big


if __name__ == "__main__":
    main()
