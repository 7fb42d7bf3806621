"""Brings result files over and looks at them: there, whole, and not black."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.comfyui.client import Away, Client, Entry, File, Message, Refusal
from backend.engines.comfyui.client_models import files_of
from backend.engines.comfyui.error_messages import BLACK
from backend.errors import Rejected

PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
MOVIES = {".mp4", ".webm", ".mkv", ".mov"}


class Spoilt(Exception):
    """The server said success, but the file is not there or not whole: it is made anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """A result that was brought over and looked at. `size`: its width and height; `picture`: decoded, None of a film."""

    file: File
    path: Path
    size: dict[str, Any]
    picture: Image.Image | None


def early(client: Client, heard: Message, results: Sequence[str], target: Path) -> Found | None:
    """The file that an `executed` message names, fetched while the server still writes its history.

    Only what the history then names too counts. None whenever anything is odd: it is fetched again when the history is known.
    """
    node = str(heard.data.get("node"))
    if node not in results:
        return None
    try:
        return fetch(client, choose(Entry("success", {node: files_of(heard.data.get("output"))}), results), target)
    except (Away, Refusal, Rejected, Spoilt):
        return None


def choose(entry: Entry, results: Sequence[str]) -> File:
    """The file of the result nodes: kept ones before temporary ones, films before the picture beside them."""
    files = [file for node in results for file in entry.files.get(node, [])]
    if not files:
        raise Rejected("The workflow ended without a file. Add a Save Image or Save Video node to it, then import it again.")
    return min(files, key=lambda file: (file.kind != "output", Path(file.name).suffix.lower() not in MOVIES))


def fetch(client: Client, file: File, target: Path) -> Found:
    """As `target` with the file's suffix. Raises Spoilt; Rejected when black."""
    path = target.with_name(target.name + Path(file.name).suffix.lower())
    part = path.with_name(path.name + ".part")
    try:
        client.fetch(file, part)
    except Refusal as gone:
        raise Spoilt(str(gone)) from gone
    if path.suffix in MOVIES:
        size, picture = _film(part), None
    else:
        picture = _picture(part)
        size = {"width": picture.width, "height": picture.height}
    part.replace(path)
    return Found(file, path, size, picture)


def _picture(path: Path) -> Image.Image:
    """RGB."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
            black = not any(high for _, high in _ranges(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as broken:
        raise Spoilt(f"not readable: {broken}") from broken
    if black:
        raise Rejected(BLACK)
    return picture


def _ranges(picture: Image.Image) -> list[tuple[int, int]]:
    found: Any = picture.getextrema()
    return list(found)


def _film(path: Path) -> dict[str, Any]:
    """Its first frame and one from the middle are looked at."""
    import cv2

    film = cv2.VideoCapture(str(path))
    try:
        count = int(film.get(cv2.CAP_PROP_FRAME_COUNT))
        frames = []
        for at in {0, max(0, count // 2)}:
            film.set(cv2.CAP_PROP_POS_FRAMES, at)
            ok, frame = film.read()
            if not ok:
                raise Spoilt(f"frame {at} of {count} cannot be read")
            frames.append(frame)
        if not any(frame.any() for frame in frames):
            raise Rejected(BLACK)
        height, width = frames[0].shape[:2]
        return {"width": width, "height": height, "frames": count, "fps": float(film.get(cv2.CAP_PROP_FPS))}
    finally:
        film.release()
