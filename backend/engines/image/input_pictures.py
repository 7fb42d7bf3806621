"""The pictures that a drawing elsewhere starts from: made ready before they are uploaded, laid back after. All in children:
a picture is somebody's upload."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.events import Alive, Event
from backend.engines.image import sizes
from backend.engines.image.port import ImageRequest, ModelCard
from backend.errors import EngineUnavailable, ProcessKilled, Rejected, Unsupported
from backend.kit import child
from backend.settings import ROOT

CHILD = "backend.engines.image.child_pictures"
_MEMORY_MB = 4096


@dataclass(frozen=True, slots=True)
class Ready:
    """PNG files to upload by role (`picture`, `mask`, `pose`), and the size to draw at in px."""

    pictures: dict[str, Path]
    width: int
    height: int


def ready(request: ImageRequest, card: ModelCard) -> Generator[Event, None, Ready]:
    """Raises Rejected (unreadable, nothing painted), Unsupported (a shape the model cannot draw, a mask without a picture)."""
    if request.mask and not request.init_image:
        raise Unsupported("There is no picture under this mask. Choose the picture to change.")
    folder = request.workdir
    if request.mask:
        start, hole = folder / "start.png", folder / "hole.png"
        said = yield from _ask({"do": "hole", **_both(request, card), "start": str(start), "hole": str(hole)})
        return Ready({"picture": start, "mask": hole}, said["width"], said["height"])
    pictures = {}
    for role, path in (("picture", request.init_image), ("pose", request.pose)):
        if path:
            pictures[role] = folder / f"{role}.png"
            yield from _ask({"do": "open", "picture": str(path), "out": str(pictures[role])})
    return Ready(pictures, *sizes.fit(card, request.width, request.height))


def opened(picture: Path, out: Path) -> Generator[Event, None, tuple[int, int]]:
    """`out`: the picture as a PNG of RGB. Returns its size in px. Raises Rejected (unreadable)."""
    said = yield from _ask({"do": "open", "picture": str(picture), "out": str(out)})
    return said["width"], said["height"]


def laid_back(request: ImageRequest, card: ModelCard, drawn: Path, out: Path) -> Generator[Event, None, tuple[int, int]]:
    """`out`: the start picture with what was `drawn` under the mask; everything else as it was. Returns its size."""
    said = yield from _ask({"do": "back", **_both(request, card), "drawn": str(drawn), "out": str(out)})
    return said["width"], said["height"]


def _both(request: ImageRequest, card: ModelCard) -> dict[str, Any]:
    alone = replace(request, loras=(), workflow=None, prompt="", negative_prompt="", prompts=(), seeds=(0,))
    return {"request": ipc_codec.dump(alone), "card": ipc_codec.dump(card)}


def _ask(order: dict[str, Any]) -> Generator[Event, None, dict[str, Any]]:
    proc = child.spawn(
        [sys.executable, "-m", CHILD, json.dumps(order)], cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB, nice=5
    )
    try:
        for answer in child.json_lines(proc, on_other=lambda _: None):
            if answer is None:
                yield Alive()
            elif "refused" in answer:
                raise (Unsupported if answer["refused"] == "unsupported" else Rejected)(str(answer["message"]))
            else:
                return answer
        if child.killed(proc):
            raise ProcessKilled("The program that makes the start picture ready was ended from outside. It is started again.")
        raise EngineUnavailable("The start picture could not be made ready. Try again.")
    finally:
        child.stop(proc, grace_s=0.5)
