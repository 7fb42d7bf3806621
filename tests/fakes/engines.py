"""Engines that yield real events and write real files in milliseconds. They remember their requests."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.ports.events import Alive, Checkpoint, EngineStatus, Event, Metric, Output, Preview, Progress, Sample
from backend.engines.ports.image import ImageRequest, ModelCard
from backend.engines.ports.trainer import TrainRequest
from backend.engines.ports.workflow import Workflow

MODEL = ModelCard("tiny", "Tiny model", "starter-128", 64, 8, ("ddim", "euler"), "ddim", 4, 3.0, True)
OTHER = ModelCard("big", "Big model", "sd15", 512, 64, ("euler",), "euler", 20, 7.0, False)
Hook = Callable[[str], None]


def write_lora(path: Path, step: float, *, dim: int = 4) -> Path:
    """A small, valid `.safetensors` in kohya key layout whose numbers depend on `step`."""
    down = struct.pack(f"<{dim * 8}f", *[step + i / 100 for i in range(dim * 8)])
    names = {
        "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": ([dim, 8], down),
        "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight": ([8, dim], down),
        "lora_unet_mid_block_attentions_0_proj_in.alpha": ([1], struct.pack("<f", dim)),
    }
    header: dict[str, Any] = {"__metadata__": {"ss_base_model_version": "starter-128", "ss_network_dim": str(dim)}}
    body = b""
    for name, (shape, data) in names.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)
    return path


class FakeImageEngine:
    """Draws a flat picture whose colour is the seed. `at(point)` is called before each event: `output-1`, `end` …"""

    name = "fake"
    keeps_s = 300.0

    def __init__(self, at: Hook = lambda point: None) -> None:
        self.requests: list[ImageRequest] = []
        self.handles: list[dict[str, Any] | None] = []
        self.closed = 0
        self._at = at

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        self.requests.append(request)
        self.handles.append(handle)
        done = False
        try:
            yield Alive()
            for n, seed in enumerate(request.seeds):
                yield Progress(n * request.steps, len(request.seeds) * request.steps, "drawing")
                path = request.workdir / f"{n}.png"
                colour = (seed % 256, seed // 256 % 256, seed // 65536 % 256)
                Image.new("RGB", (request.width, request.height), colour).save(path)
                self._at(f"output-{n}")
                yield Output(path, n, {"seed": seed})
            self._at("end")
            done = True
        finally:
            self.closed += not done

    def models(self) -> list[ModelCard]:
        return [MODEL, OTHER]

    def missing_for(self, workflow: Workflow) -> list[str]:
        return []

    def status(self, device: str = "") -> EngineStatus:
        return EngineStatus(self.name, True, "1", "ready")

    def loaded(self, device: str) -> str:
        return ""

    def unload(self, device: str = "") -> None:
        return None


class FakeTrainer:
    """Loss falls by a hundredth a step. `at(point)` is called before each event: `step-3`, `checkpoint-50`, `end` …

    `orderly`: when stopped it leaves a checkpoint of the step it was at, as a real one does.
    """

    name = "fake"

    def __init__(self, at: Hook = lambda point: None, *, orderly: bool = False) -> None:
        self.requests: list[TrainRequest] = []
        self.closed = self._step = 0
        self.orderly = orderly
        self._at = at

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        self.requests.append(request)
        done = False
        try:
            yield from self._run(request)
            done = True
        finally:
            self.closed += not done

    def _run(self, request: TrainRequest) -> Generator[Event, None, None]:
        params, out = request.params, request.workdir
        first = json.loads(request.resume.read_text())["step"] if request.resume else 0
        yield Progress(0, 0, "loading")
        for step in range(first + 1, params.steps + 1):
            self._at(f"step-{step}")
            self._step = step
            yield Metric(step, 1 - step / 100, params.unet_lr)
            yield Progress(step, params.steps, "training")
            if params.sample_every and step % params.sample_every == 0:
                yield from self._samples(request, step)
            if step % params.save_every == 0 or step == params.steps:
                self._at(f"checkpoint-{step}")
                yield self._checkpoint(request, step)
        self._at("end")
        final = write_lora(out / "final.safetensors", params.steps)
        yield Output(final, 0, {"loss_first": 1.0, "loss_last": 0.25, "steps": params.steps, "loss_over": "fixed draws"})

    def _samples(self, request: TrainRequest, step: int) -> Generator[Event, None, None]:
        for n, prompt in enumerate(request.sample_prompts):
            path = request.workdir / f"sample-{step}-{n}.png"
            Image.new("RGB", (64, 64), (step % 256, n, 0)).save(path)
            yield Sample(step, n, prompt, path)
            yield Preview(b"\xff\xd8\xff\xd9", n)

    def _checkpoint(self, request: TrainRequest, step: int) -> Checkpoint:
        path = write_lora(request.workdir / f"step-{step}.safetensors", step)
        state = request.workdir / f"step-{step}.state"
        state.write_text(json.dumps({"step": step}))
        return Checkpoint(step, path, state, final=step == request.params.steps)

    def newest_checkpoint(self, workdir: Path) -> Checkpoint | None:
        return self._checkpoint(self.requests[-1], self._step) if self.orderly else None

    def models(self) -> list[ModelCard]:
        return [MODEL, OTHER]

    def status(self, device: str = "") -> EngineStatus:
        return EngineStatus(self.name, True, "1", "ready")
