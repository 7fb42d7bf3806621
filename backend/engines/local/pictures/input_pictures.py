"""Prepares input pictures for a remote engine and pastes results back. In child processes, as the files are user uploads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.engines.local.torch_host import ipc_codec
from backend.engines.ports.events import Alive, Event
from backend.engines.ports.image import ImageRequest, ModelCard, fit_size
from backend.errors import EngineUnavailable, ProcessKilled, Rejected, Unsupported
from backend.kit import child
from backend.language import tr_lazy
from backend.language.messages import read
from backend.settings import ROOT

CHILD = "backend.engines.local.pictures.child_pictures"
_MEMORY_MB = 4096


@dataclass(frozen=True, slots=True)
class PreparedInputs:
    """PNG files to upload by role (`picture`, `mask`, `pose`), and the drawing size in px."""

    pictures: dict[str, Path]
    width: int
    height: int


def prepare_inputs(request: ImageRequest, card: ModelCard) -> Generator[Event, None, PreparedInputs]:
    """Writes the inputs of `request` to its workdir.

    Raises Rejected (unreadable, empty mask), Unsupported (a shape the model cannot draw, a mask without a picture).
    """
    if request.mask and not request.init_image:
        raise Unsupported(tr_lazy("There is no picture under this mask. Choose the picture to change."))
    folder = request.workdir
    if request.mask:
        start, hole = folder / "start.png", folder / "hole.png"
        answer = yield from _run_child({"do": "hole", **_child_values(request, card), "start": str(start), "hole": str(hole)})
        return PreparedInputs({"picture": start, "mask": hole}, answer["width"], answer["height"])
    pictures = {}
    for role, path in (("picture", request.init_image), ("pose", request.pose)):
        if path:
            pictures[role] = folder / f"{role}.png"
            yield from _run_child({"do": "open", "picture": str(path), "out": str(pictures[role])})
    return PreparedInputs(pictures, *fit_size(card, request.width, request.height))


def convert_to_png(picture: Path, out: Path) -> Generator[Event, None, tuple[int, int]]:
    """Writes `picture` to `out` as an RGB PNG. Returns its size in px. Raises Rejected (unreadable)."""
    answer = yield from _run_child({"do": "open", "picture": str(picture), "out": str(out)})
    return answer["width"], answer["height"]


def paste_back(request: ImageRequest, card: ModelCard, drawn: Path, out: Path) -> Generator[Event, None, tuple[int, int]]:
    """Writes the start picture to `out` with `drawn` under the mask, unchanged elsewhere. Returns its size in px."""
    answer = yield from _run_child({"do": "back", **_child_values(request, card), "drawn": str(drawn), "out": str(out)})
    return answer["width"], answer["height"]


def _child_values(request: ImageRequest, card: ModelCard) -> dict[str, Any]:
    blank = {"loras": (), "workflow": None, "prompt": "", "negative_prompt": "", "prompts": (), "seeds": (0,)}
    bare_request = request.model_copy(update=blank)
    return {"request": ipc_codec.dump(bare_request), "card": ipc_codec.dump(card)}


def _run_child(child_request: dict[str, Any]) -> Generator[Event, None, dict[str, Any]]:
    proc = child.spawn(
        [sys.executable, "-m", CHILD, json.dumps(child_request)], cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB, nice=5
    )
    try:
        for answer in child.json_lines(proc, on_other=lambda _: None):
            if answer is None:
                yield Alive()
            elif "refused" in answer:
                raise (Unsupported if answer["refused"] == "unsupported" else Rejected)(read(answer["message"]))
            else:
                return answer
        if child.killed(proc):
            raise ProcessKilled(
                tr_lazy("The program that makes the start image ready was ended from outside. It is started again.")
            )
        raise EngineUnavailable(tr_lazy("The start image could not be made ready. Try again."))
    finally:
        child.stop(proc, grace_s=0.5)
