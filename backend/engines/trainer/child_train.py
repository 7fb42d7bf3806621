"""The trainer's process: one run, from pictures to a LoRA. `python -m backend.engines.trainer.child_train SETTINGS`.

SETTINGS: JSON `{"device", "threads"}`. Standard input: one line `{"card", "folder", "request"}`. Standard output: packed
events or one error. SIGTERM: after the step under way it writes a checkpoint and leaves.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.child import Line, guarded, leave, prepare
from backend.engines.events import Checkpoint, Metric, Output, Progress, Sample
from backend.engines.image.port import ModelCard
from backend.engines.trainer import files
from backend.engines.trainer.port import TrainRequest
from backend.errors import Rejected

if TYPE_CHECKING:
    from backend.engines.trainer.learner import Learner

TELL_EVERY_S = 0.3
SAMPLE_STEPS = 12
FIXED_DRAWS = 32


def main() -> None:
    settings = json.loads(sys.argv[1])
    line = Line()
    prepare(settings["threads"])
    order = json.loads(sys.stdin.readline())
    guarded(line, lambda: train(line, settings, order))
    leave()


def train(line: Line, settings: dict[str, Any], order: dict[str, Any]) -> None:
    """One run. `order`: `{"card", "folder", "request"}`. Raises EngineError with a sentence."""
    line.tell(Progress(0, 0, "loading"))
    from backend.engines.diffusion import folder
    from backend.engines.trainer import data, prior
    from backend.engines.trainer.learner import Learner

    request = ipc_codec.load(TrainRequest, order["request"])
    device = folder.device_for(settings["device"])
    dtype = folder.training_dtype(device)
    model = folder.load(ipc_codec.load(ModelCard, order["card"]), Path(order["folder"]), device, dtype)
    params, count, kept = request.params, len(request.images), None
    texts = prior.prompts(Path(order["folder"]), [image.caption for image in request.images]) if params.prior_weight > 0 else []
    whole = count + len(texts)
    material = data.prepare(model, request.images, params, lambda n: line.tell(Progress(n, whole, "caching")))
    if texts:
        shape = tuple(material.latents.shape[1:])
        told = lambda n: line.tell(Progress(count + n, whole, "caching"))  # noqa: E731
        kept = prior.keep(model, Path(order["folder"]), texts, shape, params.seed, told)
    Run(line, request, Learner(model, material, params, kept)).go()


class Run:
    """One training run: steps, and what is told and written between them."""

    def __init__(self, line: Line, request: TrainRequest, learner: Learner) -> None:
        from backend.engines.trainer import data

        self._line, self._request, self._learner = line, request, learner
        self._fixed = data.fixed_draws(learner.material, request.params, learner.timesteps, FIXED_DRAWS)
        self._untold: list[tuple[int, Any, float]] = []
        self._told_at = 0.0
        self._stop = False

    def go(self) -> None:
        from backend.engines.trainer import checkpoint_io

        request, learner, params = self._request, self._learner, self._request.params
        signal.signal(signal.SIGTERM, self._ask_stop)
        if request.resume is None:
            if request.start is not None:
                checkpoint_io.begin(request.start, learner)
            done, self._loss_first = 0, learner.mean_loss(self._fixed)
        else:
            done, self._loss_first = checkpoint_io.resume(request.resume, learner, request)
        self._line.tell(Progress(done, params.steps, "training"))
        for step in range(done + 1, params.steps + 1):
            self.step(step)
            if self._stop or (_due(step, params.save_every) and step < params.steps):
                self._checkpoint(step)
            if self._stop:
                return
            if _due(step, params.sample_every) or step == params.steps:
                self._sample(step)
        self._finish()

    def step(self, step: int) -> None:
        """One optimizer step, told when it is time to."""
        from backend.engines.trainer import data

        learner, start = self._learner, self._request.start
        drawn_before = start.step if start else 0  # the same seed goes on where the other run stopped, it repeats nothing
        draws = data.draws(learner.material, self._request.params, drawn_before + step, learner.timesteps)
        loss = learner.step(draws, step)
        self._untold.append((step, loss, learner.optimizer.param_groups[0]["lr"]))
        self._tell()

    def _ask_stop(self, *_: Any) -> None:
        self._stop = True

    def _tell(self, *, now: bool = False) -> None:
        """Figures of the steps since the last time: reading a loss waits for the device, so not at every step."""
        if not self._untold or not (now or time.monotonic() - self._told_at > TELL_EVERY_S):
            return
        import torch

        losses = torch.stack([loss for _, loss, _ in self._untold]).tolist()
        for (step, _, rate), loss in zip(self._untold, losses, strict=True):
            if not math.isfinite(loss):
                raise Rejected(
                    f"Training stopped at step {step}: the loss is no longer a number. "
                    f"Lower the learning rate (now {self._request.params.unet_lr:g}) and start again."
                )
            self._line.tell(Metric(step, loss, rate))
        self._line.tell(Progress(self._untold[-1][0], self._request.params.steps, "training"))
        self._untold, self._told_at = [], time.monotonic()

    def _checkpoint(self, step: int) -> None:
        from backend.engines.trainer import checkpoint_io

        self._tell(now=True)
        state = checkpoint_io.save_state(
            files.state_path(self._request.workdir, step), self._learner, step, self._request, self._loss_first
        )
        path = checkpoint_io.save_lora(files.lora_path(self._request.workdir, step), self._learner, step)
        self._line.tell(Checkpoint(step, path, state))

    def _sample(self, step: int) -> None:
        from backend.engines.diffusion.draw import sketch

        model, request = self._learner.model, self._request
        self._tell(now=True)
        for n, prompt in enumerate(request.sample_prompts):
            self._line.tell(Progress(n, len(request.sample_prompts), "sampling"))
            image = sketch(model, [prompt], request.sample_negative, seed=request.params.seed + n, steps=SAMPLE_STEPS)[0]
            path = files.sample_path(request.workdir, step, n)
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
            self._line.tell(Sample(step, n, prompt, path))

    def _finish(self) -> None:
        from backend.engines.trainer import checkpoint_io

        self._tell(now=True)
        self._line.tell(Progress(0, 0, "saving"))
        steps = self._request.params.steps
        loss_last = self._learner.mean_loss(self._fixed)
        path = checkpoint_io.save_lora(files.final_path(self._request.workdir), self._learner, steps)
        self._line.tell(Checkpoint(steps, path, None, final=True))
        self._line.tell(Output(path, 0, {"loss_first": self._loss_first, "loss_last": loss_last, "steps": steps}))


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


if __name__ == "__main__":
    main()
