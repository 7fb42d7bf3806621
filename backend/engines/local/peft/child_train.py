"""The trainer's process: one run, from pictures to a LoRA. `python -m backend.engines.local.peft.child_train SETTINGS`.

SETTINGS: JSON `{"device", "threads"}`. Standard input: one line `{"card", "folder", "request"}`. Standard output: packed
events or one error. On SIGTERM it finishes the current step, writes a checkpoint and ends.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.child import ParentPipe, exit_now, prepare_environment, report_errors
from backend.engines.ports import training_files
from backend.engines.ports.events import Checkpoint, Metric, Output, Progress, Sample
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainRequest
from backend.errors import Rejected
from backend.language import tr_lazy

if TYPE_CHECKING:
    from backend.engines.local.peft.learner import Learner

SEND_EVERY_S = 0.3
SAMPLE_STEPS = 12
FIXED_DRAWS = 32


def main() -> None:
    settings = json.loads(sys.argv[1])
    pipe = ParentPipe()
    prepare_environment(settings["threads"])
    message = json.loads(sys.stdin.readline())
    report_errors(pipe, lambda: train(pipe, settings, message))
    exit_now()


def train(pipe: ParentPipe, settings: dict[str, Any], message: dict[str, Any]) -> None:
    """Runs one training. `message`: `{"card", "folder", "request"}`. Raises EngineError with a sentence."""
    pipe.send_event(Progress(0, 0, tr_lazy("loading")))
    from backend.engines.local.diffusers import model_folder
    from backend.engines.local.peft import data, prior
    from backend.engines.local.peft.learner import Learner

    request = ipc_codec.load(TrainRequest, message["request"])
    device = model_folder.select_device(settings["device"])
    dtype = model_folder.training_dtype(device)
    model = model_folder.load_model(ipc_codec.load(ModelCard, message["card"]), Path(message["folder"]), device, dtype)
    params, count, prior_data = request.params, len(request.images), None
    texts = (
        prior.prior_prompts(Path(message["folder"]), [image.caption for image in request.images])
        if params.prior_weight > 0
        else []
    )
    total = count + len(texts)
    dataset = data.encode_dataset(
        model, request.images, params, lambda n: pipe.send_event(Progress(n, total, tr_lazy("caching")))
    )
    if texts:
        shape = tuple(dataset.latents.shape[1:])
        on_progress = lambda n: pipe.send_event(Progress(count + n, total, tr_lazy("caching")))  # noqa: E731
        prior_data = prior.build_prior(model, Path(message["folder"]), texts, shape, params.seed, on_progress)
    TrainingProcess(pipe, request, Learner(model, dataset, params, prior_data)).run()


class TrainingProcess:
    """One training run: its steps, and the events and files between them."""

    def __init__(self, pipe: ParentPipe, request: TrainRequest, learner: Learner) -> None:
        from backend.engines.local.peft import data

        self._pipe, self._request, self._learner = pipe, request, learner
        self._fixed_batches = data.fixed_batches(learner.dataset, request.params, learner.timesteps, FIXED_DRAWS)
        self._unsent: list[tuple[int, Any, float]] = []
        self._sent_at = 0.0
        self._stop = False

    def run(self) -> None:
        from backend.engines.local.peft import checkpoint_io

        request, learner, params = self._request, self._learner, self._request.params
        signal.signal(signal.SIGTERM, self._request_stop)
        if request.resume is None:
            if request.start is not None:
                checkpoint_io.start_from(request.start, learner)
            done, self._loss_first = 0, learner.mean_loss(self._fixed_batches)
        else:
            done, self._loss_first = checkpoint_io.resume_from(request.resume, learner, request)
        self._pipe.send_event(Progress(done, params.steps, tr_lazy("training")))
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
        """One optimizer step; metrics are sent when due."""
        from backend.engines.local.peft import data

        learner, start = self._learner, self._request.start
        steps_before = start.step if start else 0  # continue the random sequence where the earlier run stopped
        batch = data.step_batch(learner.dataset, self._request.params, steps_before + step, learner.timesteps)
        loss = learner.step(batch, step)
        self._unsent.append((step, loss, learner.optimizer.param_groups[0]["lr"]))
        self._send_metrics()

    def _request_stop(self, *_: Any) -> None:
        self._stop = True

    def _send_metrics(self, *, now: bool = False) -> None:
        """Sends the metrics of the steps since the last call; not at every step, because reading a loss waits for the
        device."""
        if not self._unsent or not (now or time.monotonic() - self._sent_at > SEND_EVERY_S):
            return
        import torch

        losses = torch.stack([loss for _, loss, _ in self._unsent]).tolist()
        for (step, _, rate), loss in zip(self._unsent, losses, strict=True):
            if not math.isfinite(loss):
                raise Rejected(
                    tr_lazy(
                        "Training stopped at step {step}: the loss is no longer a number. Lower the learning rate (now "
                        "{unet_lr:g}) and start again.",
                        step=step,
                        unet_lr=self._request.params.unet_lr,
                    )
                )
            self._pipe.send_event(Metric(step, loss, rate))
        self._pipe.send_event(Progress(self._unsent[-1][0], self._request.params.steps, tr_lazy("training")))
        self._unsent, self._sent_at = [], time.monotonic()

    def _checkpoint(self, step: int) -> None:
        from backend.engines.local.peft import checkpoint_io

        self._send_metrics(now=True)
        state = checkpoint_io.save_state(
            training_files.state_path(self._request.workdir, step), self._learner, step, self._request, self._loss_first
        )
        path = checkpoint_io.save_lora(training_files.lora_path(self._request.workdir, step), self._learner, step)
        self._pipe.send_event(Checkpoint(step, path, state))

    def _sample(self, step: int) -> None:
        from backend.engines.local.diffusers.draw import sketch

        model, request = self._learner.model, self._request
        self._send_metrics(now=True)
        for n, prompt in enumerate(request.sample_prompts):
            self._pipe.send_event(Progress(n, len(request.sample_prompts), tr_lazy("sampling")))
            image = sketch(model, [prompt], request.sample_negative, seed=request.params.seed + n, steps=SAMPLE_STEPS)[0]
            path = training_files.sample_path(request.workdir, step, n)
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
            self._pipe.send_event(Sample(step, n, prompt, path))

    def _finish(self) -> None:
        from backend.engines.local.peft import checkpoint_io

        self._send_metrics(now=True)
        self._pipe.send_event(Progress(0, 0, tr_lazy("saving")))
        steps = self._request.params.steps
        loss_last = self._learner.mean_loss(self._fixed_batches)
        path = checkpoint_io.save_lora(training_files.final_path(self._request.workdir), self._learner, steps)
        self._pipe.send_event(Checkpoint(steps, path, None, final=True))
        self._pipe.send_event(Output(path, 0, {"loss_first": self._loss_first, "loss_last": loss_last, "steps": steps}))


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


if __name__ == "__main__":
    main()
