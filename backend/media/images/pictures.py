"""Inspects uploaded pictures in child processes: format, measurements, whether they can be trained on, and thumbnails.

Uploads are hostile, so no decoder ever runs in this process. A child that dies or hangs takes one file with it, not a job.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from PIL import Image

from backend.kit import child
from backend.language import messages, stored, tr_lazy
from backend.media.images import recipe_text
from backend.media.images.recipe_text import ParsedRecipe

ROOT = Path(__file__).resolve().parents[3]
THUMB_WIDTHS = (160, 320, 640)
MEASURES_VERSION = 1
"""Version of `Measures`: pictures measured by an older one are measured again on request."""
_CHILD_MEMORY_MB = 4096
_TIMEOUT_S = 60
_UNREADABLE = tr_lazy("This file cannot be read: opening it needs too much memory or time. Save it again as PNG.")


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """`max_pixels` is checked before decoding; `min_side` in px; sizes in bytes."""

    max_bytes: int
    max_pixels: int
    min_side: int


@dataclass(frozen=True, slots=True)
class Measures:
    """`sharpness`: 90th percentile over tiles of the Laplacian's variance at 1024 px. Of the grey picture at 512 px:
    `brightness` (mean) and `contrast` (standard deviation) in 0-255, `clipped`: share of pixels that are black or white.

    `colours`: the picture as 4 x 4 pixels of RGB, in hex. `faces`: number of frontal faces, None without a face model;
    `face_box`: the largest one, x, y, width, height as shares.
    """

    version: int = 0
    sharpness: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    clipped: float = 0.0
    colours: str = ""
    faces: int | None = None
    face_box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class InspectedPicture:
    """`ok` False: `reason` is a sentence for people and nothing else is set.

    `sha256` of the file as uploaded; `dhash` 16 hex digits (64-bit difference hash); `picture` the file to keep (the upload
    itself, or a re-encoded copy); `thumbs` (width in px, WebP file); `notes` (`language.messages.coded`) about the file.
    """

    ok: bool
    reason: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    sha256: str = ""
    dhash: str = ""
    measures: Measures = Measures()
    picture: Path = Path()
    content_type: str = ""
    extension: str = ""
    thumbs: tuple[tuple[int, Path], ...] = ()
    notes: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    recipe: ParsedRecipe = field(default_factory=ParsedRecipe)
    source_type: str = ""
    """The file's IPTC digital source type, "": none; `ai_mark.AI_SOURCE_TYPES` are those of models."""


class Inspector:
    """Keeps `processes` children running. Use as a context manager; `map` keeps the order and inspects in parallel."""

    def __init__(self, limits: PictureLimits, *, processes: int = 2, memory_mb: int = _CHILD_MEMORY_MB) -> None:
        self._limits = limits
        self._memory_mb = memory_mb
        self._idle: SimpleQueue[child.Child | None] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(None)
        self._processes = processes
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="inspect")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for _ in range(self._processes):
            if (proc := self._idle.get()) is not None:
                child.stop(proc, grace_s=0.5)

    def submit(self, path: Path, out: Path | None) -> Future[InspectedPicture]:
        """`out`: an existing folder for thumbnails and re-encoded copies, named after `path`. None: nothing is written, the
        picture is only measured."""
        return self._threads.submit(self.inspect, path, out)

    def map(self, items: Iterable[tuple[Path, Path | None]]) -> Iterator[InspectedPicture]:
        for future in [self.submit(path, out) for path, out in items]:
            yield future.result()

    def inspect(self, path: Path, out: Path | None) -> InspectedPicture:
        """Never raises for a bad file: the result says so. A child that was killed from outside is started once more."""
        if refusal := self._too_large(path):
            return InspectedPicture(ok=False, reason=refusal)
        proc = self._idle.get()
        try:
            for last_try in (False, True):
                proc = proc if proc is not None and proc.poll() is None else self._start()
                answer = self._ask(proc, path, out)
                if answer is not None:
                    break
                killed = child.killed(proc)  # from outside: that says nothing about the file
                child.stop(proc, grace_s=0)
                if not killed or last_try:
                    answer = {"ok": False, "reason": stored(_UNREADABLE)}
                    break
        finally:
            self._idle.put(proc)
        assert answer is not None
        return _parse_answer(answer)

    def _too_large(self, path: Path) -> str:
        size = path.stat().st_size
        if size == 0:
            return tr_lazy("The file is empty. Upload it again.")
        if size > self._limits.max_bytes:
            return tr_lazy(
                "The file has {mb} MB; at most {most} MB a picture. Save it smaller.",
                mb=size >> 20,
                most=self._limits.max_bytes >> 20,
            )
        return ""

    def _start(self) -> child.Child:
        return child.spawn(
            ["env", "OPENBLAS_NUM_THREADS=1", sys.executable, "-m", "backend.media.images.pictures_child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            memory_mb=self._memory_mb,
            nofile=64,
            nice=5,
        )

    def _ask(self, proc: child.Child, path: Path, out: Path | None) -> dict[str, Any] | None:
        """None when the child died without an answer, or was stopped after _TIMEOUT_S."""
        assert proc.stdin is not None
        request = {
            "path": str(path),
            "out": str(out) if out else "",
            "max_pixels": self._limits.max_pixels,
            "min_side": self._limits.min_side,
        }
        try:
            proc.stdin.write(json.dumps(request).encode() + b"\n")
            for seconds, answer in enumerate(child.json_lines(proc, every_s=1.0, on_other=lambda _: None)):
                if answer is not None:
                    return answer
                if seconds >= _TIMEOUT_S:
                    child.stop(proc, sig=signal.SIGTERM)
                    return None
        except BrokenPipeError:
            pass  # it died while idle or at once
        return None


def _parse_answer(answer: dict[str, Any]) -> InspectedPicture:
    if not answer["ok"]:
        return InspectedPicture(ok=False, reason=messages.read(answer["reason"]))
    return InspectedPicture(
        **{key: answer[key] for key in ("ok", "format", "width", "height", "sha256", "dhash")},
        measures=_parse_measures(answer["measures"]),
        picture=Path(answer["picture"]),
        content_type=answer["content_type"],
        extension=answer["extension"],
        thumbs=tuple((width, Path(path)) for width, path in answer["thumbs"]),
        notes=tuple(answer["notes"]),
        recipe=recipe_text.from_dict(answer["recipe"]),
        source_type=answer["source_type"],
    )


def _parse_measures(values: dict[str, Any]) -> Measures:
    box = values["face_box"]
    return Measures(**{**values, "face_box": tuple(box) if box else None})


def make_thumbnails(
    path: Path, out: Path, *, widths: tuple[int, ...] = THUMB_WIDTHS
) -> tuple[tuple[int, int], tuple[tuple[int, Path], ...]]:
    """((width, height), WebP thumbnails) of a picture of our own engines; never upscaled."""
    with Image.open(path) as opened:
        return opened.size, write_thumbs(opened.convert("RGB"), out, path.stem, widths)


def open_rgb(path: Path) -> Image.Image:
    """Decodes a picture of our own engines as RGB; never use it for an upload."""
    with Image.open(path) as opened:
        return opened.convert("RGB")


def write_thumbs(
    picture: Image.Image, out: Path, stem: str, widths: tuple[int, ...] = THUMB_WIDTHS
) -> tuple[tuple[int, Path], ...]:
    """(width, WebP file) of thumbnails narrower than the picture, ascending; a tiny picture gets one of its own width."""
    thumbs = [(width, out / f"{stem}.w{width}.webp", thumb) for width, thumb in iter_thumbs(picture, widths)]
    for _, target, thumb in thumbs:
        write_thumb(thumb, target)
    return tuple((width, target) for width, target, _ in reversed(thumbs))


def iter_thumbs(picture: Image.Image, widths: tuple[int, ...] = THUMB_WIDTHS) -> Iterator[tuple[int, Image.Image]]:
    """(width, picture) of each thumbnail, the largest first: each is made from the next larger one."""
    for width in sorted((width for width in widths if width < picture.width), reverse=True) or [picture.width]:
        if width < picture.width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        yield width, picture


def write_thumb(picture: Image.Image, target: Path) -> None:
    picture.save(target, "WEBP", quality=80, method=2)
