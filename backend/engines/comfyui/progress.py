"""Progress and preview events of one run, from the messages of the socket."""

from __future__ import annotations

import io
import time
from collections.abc import Generator, Sequence

from PIL import Image

from backend.engines.comfyui.client import SocketMessage
from backend.engines.comfyui.prompts import TrackedPrompt
from backend.engines.events import Event, Preview, Progress

PREVIEW_INTERVAL_S = 1.0
PREVIEW_SIDE = 256


class ProgressView:
    """Steps never go back; previews come at most once a second."""

    def __init__(self, parts: Sequence[TrackedPrompt]) -> None:
        self._parts = parts
        self._total = sum(part.task.steps for part in parts)
        self._done = 0
        self._shown_at = 0.0
        self._last: Progress | None = None

    def on_message(self, part: TrackedPrompt, message: SocketMessage) -> Generator[Event, None, None]:
        """Events for a socket message about `part`."""
        if message.kind == "progress":
            part.steps[str(message.data.get("node"))] = (int(message.data.get("value") or 0), int(message.data.get("max") or 0))
            yield from self.on_progress()
        elif message.kind == "preview":
            yield from self._preview(part, message.picture)
        else:
            yield from self.on_started()

    def on_started(self) -> Generator[Event, None, None]:
        yield from self._before_first_step("loading")

    def on_waiting(self, ahead: int) -> Generator[Event, None, None]:
        yield from self._before_first_step(f"waiting for ComfyUI ({ahead} before it)" if ahead else "waiting for ComfyUI")

    def on_progress(self) -> Generator[Event, None, None]:
        """The steps done so far, of all prompts together."""
        self._done = max(self._done, sum(_steps(part) for part in self._parts))
        yield from self._emit(Progress(self._done, self._total, "drawing"))

    def _before_first_step(self, phase: str) -> Generator[Event, None, None]:
        """Shows `phase` until the first step is done."""
        if self._last is None or not self._last.total:
            yield from self._emit(Progress(0, 0, phase))

    def _emit(self, progress: Progress) -> Generator[Event, None, None]:
        """Yields `progress` unless it was the last one yielded."""
        if progress != self._last:
            self._last = progress
            yield progress

    def _preview(self, part: TrackedPrompt, encoded: bytes) -> Generator[Event, None, None]:
        if time.monotonic() - self._shown_at < PREVIEW_INTERVAL_S:
            return
        try:
            with Image.open(io.BytesIO(encoded)) as picture:
                small = picture.convert("RGB")
                small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        except (OSError, ValueError):
            return  # a broken preview frame: there will be others
        self._shown_at = time.monotonic()
        jpeg = io.BytesIO()
        small.save(jpeg, "JPEG", quality=80)
        yield Preview(jpeg.getvalue(), part.n)


def _steps(part: TrackedPrompt) -> int:
    """Steps done of `part`: those of its samplers; in a graph without one, the share of the node that last reported
    progress."""
    total = part.task.steps
    if part.done:
        return total
    samplers = {key for key, node in part.task.graph.items() if "steps" in node["inputs"]}
    if samplers:
        return min(total, sum(value for key, (value, _) in part.steps.items() if key in samplers))
    value, maximum = next(reversed(part.steps.values()), (0, 0))
    return min(total, total * value // maximum) if maximum else 0
