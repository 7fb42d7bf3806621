"""What is shown of the work while it lasts: steps of the whole, and a rough picture now and then."""

from __future__ import annotations

import io
import time
from collections.abc import Generator, Sequence

from PIL import Image

from backend.engines.comfyui.client import Message
from backend.engines.comfyui.prompts import Part
from backend.engines.events import Event, Preview, Progress

EVERY_S = 1.0
SIDE = 256


class ProgressView:
    """Steps never go back; previews come at most once a second."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._total = sum(part.task.steps for part in parts)
        self._done = 0
        self._shown_at = 0.0
        self._said: Progress | None = None

    def told(self, part: Part, heard: Message) -> Generator[Event, None, None]:
        """A message about `part`."""
        if heard.kind == "progress":
            part.steps[str(heard.data.get("node"))] = (int(heard.data.get("value") or 0), int(heard.data.get("max") or 0))
            yield from self.finished()
        elif heard.kind == "preview":
            yield from self._preview(part, heard.picture)
        else:
            yield from self.begun()

    def begun(self) -> Generator[Event, None, None]:
        yield from self._before("loading")

    def waits(self, ahead: int) -> Generator[Event, None, None]:
        yield from self._before(f"waiting for ComfyUI ({ahead} before it)" if ahead else "waiting for ComfyUI")

    def finished(self) -> Generator[Event, None, None]:
        """How far it is now."""
        self._done = max(self._done, sum(_steps(part) for part in self._parts))
        yield from self._say(Progress(self._done, self._total, "drawing"))

    def _before(self, phase: str) -> Generator[Event, None, None]:
        """Only until the first step is done."""
        if self._said is None or not self._said.total:
            yield from self._say(Progress(0, 0, phase))

    def _say(self, progress: Progress) -> Generator[Event, None, None]:
        """Once."""
        if progress != self._said:
            self._said = progress
            yield progress

    def _preview(self, part: Part, encoded: bytes) -> Generator[Event, None, None]:
        if time.monotonic() - self._shown_at < EVERY_S:
            return
        try:
            with Image.open(io.BytesIO(encoded)) as picture:
                small = picture.convert("RGB")
                small.thumbnail((SIDE, SIDE))
        except (OSError, ValueError):
            return  # one frame of many, for looking at only
        self._shown_at = time.monotonic()
        file = io.BytesIO()
        small.save(file, "JPEG", quality=80)
        yield Preview(file.getvalue(), part.n)


def _steps(part: Part) -> int:
    """Steps done of those of `part`. Samplers count step by step; without one, whatever tells its progress counts by share."""
    whole = part.task.steps
    if part.done:
        return whole
    samplers = {key for key, node in part.task.graph.items() if "steps" in node["inputs"]}
    if samplers:
        return min(whole, sum(value for key, (value, _) in part.steps.items() if key in samplers))
    value, most = next(reversed(part.steps.values()), (0, 0))
    return min(whole, whole * value // most) if most else 0
