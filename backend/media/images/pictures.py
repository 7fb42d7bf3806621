"""Looks at uploaded pictures in child processes: what they are, whether they can be trained on, and their thumbnails.

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
from backend.media.images import recipe_text
from backend.media.images.recipe_text import FoundRecipe

ROOT = Path(__file__).resolve().parents[3]
WIDTHS = (160, 320, 640)
MEASURES = 1
"""Version of `Measures`: pictures measured by an older one are measured again when somebody asks."""
_CHILD_MEMORY_MB = 4096
_LONGEST_S = 60
_UNREADABLE = "This file cannot be read: opening it needs too much memory or time. Save it anew as PNG."


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_pixels` is checked before decoding; `min_side` in px; sizes in bytes."""

    max_bytes: int
    max_pixels: int
    min_side: int


@dataclass(frozen=True, slots=True)
class Measures:
    """`sharpness`: 90th percentile over tiles of the Laplacian's variance at 1024 px. Of the grey picture at 512 px:
    `brightness` (mean) and `contrast` (standard deviation) in 0-255, `clipped`: share of pixels that are black or white.

    `colours`: the picture as 4 x 4 pixels of RGB, in hex. `faces`: frontal faces found, None where no face model is;
    `face_box`: the largest one, x y width height as shares.
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
class Inspected:
    """`ok` False: `reason` is a sentence for people and nothing else is set.

    `sha256` of the file as uploaded; `dhash` 16 hex digits (64-bit difference hash); `picture` the file to keep (the upload
    itself, or a re-encoded copy); `thumbs` (width in px, WebP file); `notes` {"code", "sentence"} of what was noticed.
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
    notes: tuple[dict[str, str], ...] = field(default_factory=tuple)
    recipe: FoundRecipe = field(default_factory=FoundRecipe)
    source_type: str = ""
    """The IPTC digital source type the file bears, if any: `ai_mark.AI_MADE` are those of models."""


class Inspector:
    """`processes` warm children. Use as a context manager; `map` keeps the order and may run `inspect` side by side."""

    def __init__(self, limits: Limits, *, processes: int = 2, memory_mb: int = _CHILD_MEMORY_MB) -> None:
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

    def submit(self, path: Path, out: Path | None) -> Future[Inspected]:
        """`out`: a folder that exists; the child writes thumbnails and re-encoded copies into it, named after `path`.

        None: only measured, nothing is written.
        """
        return self._threads.submit(self.inspect, path, out)

    def map(self, items: Iterable[tuple[Path, Path | None]]) -> Iterator[Inspected]:
        for future in [self.submit(path, out) for path, out in items]:
            yield future.result()

    def inspect(self, path: Path, out: Path | None) -> Inspected:
        """Never raises for a bad file: that is an answer."""
        if refusal := self._too_large(path):
            return Inspected(ok=False, reason=refusal)
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
                    answer = {"ok": False, "reason": _UNREADABLE}
                    break
        finally:
            self._idle.put(proc)
        assert answer is not None
        return _inspected(answer)

    def _too_large(self, path: Path) -> str:
        size = path.stat().st_size
        if size == 0:
            return "The file is empty. Upload it again."
        if size > self._limits.max_bytes:
            return f"The file has {size >> 20} MB; at most {self._limits.max_bytes >> 20} MB a picture. Save it smaller."
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
        """None when it ended without an answer, or was ended for taking too long."""
        assert proc.stdin is not None
        question = {
            "path": str(path),
            "out": str(out) if out else "",
            "max_pixels": self._limits.max_pixels,
            "min_side": self._limits.min_side,
        }
        try:
            proc.stdin.write(json.dumps(question).encode() + b"\n")
            for waited, answer in enumerate(child.json_lines(proc, every_s=1.0, on_other=lambda _: None)):
                if answer is not None:
                    return answer
                if waited >= _LONGEST_S:
                    child.stop(proc, sig=signal.SIGTERM)
                    return None
        except BrokenPipeError:
            pass  # it died while idle or at once
        return None


def _inspected(answer: dict[str, Any]) -> Inspected:
    if not answer["ok"]:
        return Inspected(ok=False, reason=answer["reason"])
    return Inspected(
        **{key: answer[key] for key in ("ok", "format", "width", "height", "sha256", "dhash")},
        measures=_measures(answer["measures"]),
        picture=Path(answer["picture"]),
        content_type=answer["content_type"],
        extension=answer["extension"],
        thumbs=tuple((width, Path(path)) for width, path in answer["thumbs"]),
        notes=tuple(answer["notes"]),
        recipe=recipe_text.from_plain(answer["recipe"]),
        source_type=answer["source_type"],
    )


def _measures(said: dict[str, Any]) -> Measures:
    box = said["face_box"]
    return Measures(**{**said, "face_box": tuple(box) if box else None})


def thumbnails(
    path: Path, out: Path, *, widths: tuple[int, ...] = WIDTHS
) -> tuple[tuple[int, int], tuple[tuple[int, Path], ...]]:
    """((width, height) of the picture, its WebP thumbnails) of a picture we made ourselves; never upscaled."""
    with Image.open(path) as opened:
        return opened.size, write_thumbs(opened.convert("RGB"), out, path.stem, widths)


def decoded(path: Path) -> Image.Image:
    """RGB, of a picture we made ourselves."""
    with Image.open(path) as opened:
        return opened.convert("RGB")


def write_thumbs(picture: Image.Image, out: Path, stem: str, widths: tuple[int, ...] = WIDTHS) -> tuple[tuple[int, Path], ...]:
    """Narrower than the picture (a tiny one gets its own width)."""
    made = [(width, out / f"{stem}.w{width}.webp", small) for width, small in smaller(picture, widths)]
    for _, target, small in made:
        write_thumb(small, target)
    return tuple((width, target) for width, target, _ in reversed(made))


def smaller(picture: Image.Image, widths: tuple[int, ...] = WIDTHS) -> Iterator[tuple[int, Image.Image]]:
    """(width, picture) of each thumbnail, the largest first: each is made from the next larger one."""
    for width in sorted((width for width in widths if width < picture.width), reverse=True) or [picture.width]:
        if width < picture.width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        yield width, picture


def write_thumb(picture: Image.Image, target: Path) -> None:
    picture.save(target, "WEBP", quality=80, method=2)
