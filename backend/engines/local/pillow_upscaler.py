"""Enlarges pictures without a model: Lanczos and gentle sharpening, in a child process. Adds no detail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

from backend.engines.ports.events import Alive, EngineStatus, Event, Output, Progress
from backend.engines.ports.upscale import UpscaleCard, UpscaleRequest
from backend.errors import OutOfMemory, ProcessKilled, Rejected, Unsupported
from backend.kit import child
from backend.language import tr_lazy
from backend.settings import ROOT, Settings

CHILD = "backend.engines.local.child_resample"
RESAMPLE_CARD = UpscaleCard(
    "resample", "Resampled", (2, 4), detail=False, note=tr_lazy("Resampled: larger and clean, adds no detail.")
)
_MEMORY_MB = 4096


class Resampler:
    """The output has at most `max_image_pixels`; larger ones raise Rejected."""

    name = "resample"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, request: UpscaleRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if request.model not in ("", RESAMPLE_CARD.name) or request.scale not in RESAMPLE_CARD.scales:
            raise Unsupported(
                tr_lazy(
                    "{title} makes pictures {what} larger.",
                    title=RESAMPLE_CARD.title,
                    what=" or ".join(f"{n}×" for n in RESAMPLE_CARD.scales),
                )
            )
        out = request.workdir / "larger.png"
        child_request = {"picture": str(request.picture), "out": str(out), "scale": request.scale}
        child_argument = json.dumps(child_request | {"max_pixels": self._settings.uploads.max_image_pixels})
        proc = child.spawn(
            [sys.executable, "-m", CHILD, child_argument], cwd=ROOT, stdout=subprocess.PIPE, memory_mb=_MEMORY_MB, nice=5
        )
        try:
            yield Progress(0, 0, tr_lazy("enlarging"))
            for answer in child.json_lines(proc, on_other=lambda _: None):
                if answer is None:
                    yield Alive()
                elif "refused" in answer:
                    raise Rejected(_refusal(answer))
                else:
                    yield Output(Path(answer["path"]), 0, {"width": answer["width"], "height": answer["height"]})
                    return
            if child.killed(proc):
                raise ProcessKilled(tr_lazy("The upscaler was ended from outside. It is started again."))
            raise OutOfMemory(tr_lazy("There was not enough memory to upscale this picture. Choose a smaller factor."))
        finally:
            child.stop(proc, grace_s=0.5)

    def models(self) -> list[UpscaleCard]:
        return [RESAMPLE_CARD]

    def status(self, device: str = "") -> EngineStatus:
        return EngineStatus(self.name, True, "", RESAMPLE_CARD.note)


def _refusal(answer: dict[str, Any]) -> str:
    """Of the child's answer, as backend.engines.local.child_resample writes it."""
    match answer["refused"]:
        case "memory":
            return tr_lazy("There was not enough memory to upscale this picture. Choose a smaller factor.")
        case "too large":
            return tr_lazy(
                "{width:,} × {height:,} px is more than {millions:.0f} million pixels. Choose a smaller factor.",
                width=answer["width"],
                height=answer["height"],
                millions=answer["millions"],
            )
        case _:
            return tr_lazy("This picture cannot be read. Choose another picture.")
