"""Downloads result files and checks them: present, complete and not black."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.comfyui.client import ComfyClient, ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.client_models import HistoryEntry, ResultFile, SocketMessage, output_files
from backend.engines.comfyui.error_messages import BLACK_PICTURE
from backend.errors import Rejected
from backend.language import tr_lazy

VIDEO_SUFFIXES = {".mp4", ".webm", ".mkv", ".mov"}


class BadResult(Exception):
    """The server reported success, but the file is missing or incomplete: the prompt is sent again."""


@dataclass(frozen=True, slots=True)
class FetchedResult:
    """A downloaded and checked result.

    `size`: width and height in px (videos: also frames, fps); `picture`: None for a video.
    """

    file: ResultFile
    path: Path
    size: dict[str, Any]
    picture: Image.Image | None


def fetch_early(client: ComfyClient, message: SocketMessage, results: Sequence[str], target: Path) -> FetchedResult | None:
    """The file that an `executed` message names, fetched while the server still writes its history.

    Used only if the history names the same file later. None on any problem: the file is then fetched again.
    """
    node = str(message.data.get("node"))
    if node not in results:
        return None
    try:
        return fetch_result(
            client, choose_file(HistoryEntry("success", {node: output_files(message.data.get("output"))}), results), target
        )
    except (ComfyUnreachable, ComfyRefused, Rejected, BadResult):
        return None


def choose_file(entry: HistoryEntry, results: Sequence[str]) -> ResultFile:
    """The file of the result nodes: saved before temporary ones, videos before their still. Raises Rejected without a file."""
    files = [file for node in results for file in entry.files.get(node, [])]
    if not files:
        raise Rejected(
            tr_lazy("The workflow ended without a file. Add a Save Image or Save Video node to it, then import it again.")
        )
    return min(files, key=lambda file: (file.kind != "output", Path(file.name).suffix.lower() not in VIDEO_SUFFIXES))


def fetch_result(client: ComfyClient, file: ResultFile, target: Path) -> FetchedResult:
    """Downloads to `target` plus the file's suffix. Raises BadResult; Rejected when the picture is black."""
    path = target.with_name(target.name + Path(file.name).suffix.lower())
    part_path = path.with_name(path.name + ".part")
    try:
        client.fetch(file, part_path)
    except ComfyRefused as error:
        raise BadResult(str(error)) from error
    if path.suffix in VIDEO_SUFFIXES:
        size, picture = _checked_video(part_path), None
    else:
        picture = _checked_picture(part_path)
        size = {"width": picture.width, "height": picture.height}
    part_path.replace(path)
    return FetchedResult(file, path, size, picture)


def _checked_picture(path: Path) -> Image.Image:
    """The picture in RGB. Raises BadResult, and Rejected when it is black."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
            black = not any(high for _, high in _channel_ranges(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadResult(f"not readable: {error}") from error
    if black:
        raise Rejected(BLACK_PICTURE)
    return picture


def _channel_ranges(picture: Image.Image) -> list[tuple[int, int]]:
    extrema: Any = picture.getextrema()
    return list(extrema)


def _checked_video(path: Path) -> dict[str, Any]:
    """Size, frame count and fps, after decoding the first and a middle frame. Raises BadResult; Rejected when black."""
    import cv2

    video = cv2.VideoCapture(str(path))
    try:
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        frames = []
        for index in {0, max(0, count // 2)}:
            video.set(cv2.CAP_PROP_POS_FRAMES, index)
            ok, frame = video.read()
            if not ok:
                raise BadResult(f"frame {index} of {count} cannot be read")
            frames.append(frame)
        if not any(frame.any() for frame in frames):
            raise Rejected(BLACK_PICTURE)
        height, width = frames[0].shape[:2]
        return {"width": width, "height": height, "frames": count, "fps": float(video.get(cv2.CAP_PROP_FPS))}
    finally:
        video.release()
