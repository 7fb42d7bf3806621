"""Turns the output and files of one run of sd-scripts into events; each file once it is complete."""

from __future__ import annotations

import math
import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.engines.kohya import console, error_messages, results
from backend.engines.kohya.arguments import KohyaPlan
from backend.engines.kohya.console import BarLine, PhaseLine, StepLine, Tail
from backend.engines.kohya.event_files import EventFiles, Scalar
from backend.engines.ports import training_files
from backend.engines.ports.events import Checkpoint, Event, Log, Metric, Output, Progress, Sample
from backend.engines.ports.trainer import TrainRequest
from backend.errors import EngineError
from backend.language import tr_lazy
from backend.media.model_files import modelspec, safetensors

AVERAGED = 32
"""`loss_first` and `loss_last` are means over so many steps, because a single loss is noisy."""
_MAX_RECENT = 8 * AVERAGED
"""Recent losses to keep: by the time a checkpoint is found, later steps have been read already."""
StepLoss = tuple[int, float]
_TEXT_RATE = "lr/textencoder"


class ProgressReader:
    """Reads the progress of one attempt. Steps in events count the whole run; the scripts count this attempt only."""

    def __init__(self, request: TrainRequest, plan: KohyaPlan, out: Path, err: Path, carried: dict[str, Any]) -> None:
        self._request, self._plan = request, plan
        self._tails = Tail(out), Tail(err)
        self._scalars = EventFiles(plan.logging_dir)
        self._first: list[StepLoss] = [(int(step), float(loss)) for step, loss in carried.get("first", [])]
        self._recent: deque[StepLoss] = deque(
            [(int(step), float(loss)) for step, loss in carried.get("recent", [])], _MAX_RECENT
        )
        self._rate = request.params.unet_lr
        self._loss: tuple[int, float] | None = None
        self._bar_at = 0
        self._old_state: Path | None = None
        self._black_reported = False
        self.phase = "loading"
        self.logged = 0
        """The last step with a loss in the event files; it is written after everything else of that step."""
        self.lines_read = 0
        """Console lines read so far, to detect a silent process."""

    def read_events(self) -> Iterator[Event]:
        """Events since the last call. Raises Rejected: no pictures, or a loss or checkpoint that is not finite."""
        pending_error: EngineError | None = None
        try:
            yield from self._console_events()
        except EngineError as error:
            pending_error = error
        yield from self._samples()  # files completed before the error are still reported
        yield from self._checkpoints()
        if pending_error is not None:
            raise pending_error

    def finish(self) -> Iterator[Event]:
        """The last events, after exit code 0, which alone proves nothing.

        Raises EngineError if steps or the final file are missing, Rejected if the LoRA is not finite.
        """
        for _ in range(3):  # one read takes a limited number of bytes
            yield from self.read_events()
        yield from self._pending_metric()
        done = max(self.logged, self._bar_at)
        path = results.final_file(self._plan.output_dir)
        if done < self._plan.steps:
            raise error_messages.too_short(self._plan.done + done, self._request.params.steps)
        if not results.is_complete(path):
            raise error_messages.no_file()
        yield Progress(0, 0, tr_lazy("saving"))
        steps = self._request.params.steps
        target = training_files.final_path(self._request.workdir)
        self._publish(path, target, steps)
        yield Checkpoint(steps, target, None, final=True)
        meta: dict[str, Any] = {"steps": steps}
        if self._first:
            first, last = [loss for _, loss in self._first], [loss for _, loss in self._recent][-AVERAGED:]
            averaged_over = tr_lazy("the first and the last {n} steps", n=len(first))
            meta |= {"loss_first": sum(first) / len(first), "loss_last": sum(last) / len(last), "loss_over": averaged_over}
        yield Output(target, 0, meta)

    def publish_checkpoints(self) -> None:
        """Publishes complete checkpoints for `newest_checkpoint` after the generator was closed; skips those not finite."""
        for step, path in self._complete_checkpoints():
            if safetensors.all_finite(path):
                self._checkpoint(step, path)

    def text(self) -> str:
        """The end of the console output."""
        return "\n".join(tail.last() for tail in self._tails)

    @property
    def _last_complete_step(self) -> int:
        """The last step of which everything is written."""
        return max(self.logged, self._bar_at - 1)

    def _console_events(self) -> Iterator[Event]:
        for tail in self._tails:
            for line in tail.lines():
                self.lines_read += 1
                yield from self._line_events(line)
        yield from self._metrics()

    def _line_events(self, line: str) -> Iterator[Event]:
        if console.NO_DATA in line:
            raise error_messages.no_pictures()
        match console.parse_line(line):
            case StepLine(done, _, finite):
                if not finite:
                    yield from self._metrics()  # the losses up to the failing step
                    raise error_messages.not_a_number(self._plan.done + done, self._request.params.unet_lr)
                self._bar_at, self.phase = max(self._bar_at, done), "training"
                yield Progress(self._plan.done + done, self._request.params.steps, tr_lazy("training"))
            case BarLine(done, total) if self.phase != "loading":
                # Between steps another bar is that of a sample, whichever of the two files was read first.
                yield Progress(done, total, self.phase if self.phase == "caching" else tr_lazy("sampling"))
            case PhaseLine(name):
                self.phase = name
                yield Progress(0, 0, name)

    def _metrics(self) -> Iterator[Event]:
        for scalar in self._scalars.scalars():
            yield from self._scalar(scalar)

    def _scalar(self, scalar: Scalar) -> Iterator[Event]:
        if scalar.tag == "loss/current":
            # With gradient accumulation a step logs several losses under one number: only the first belongs to the step.
            if scalar.step <= self.logged:
                return
            yield from self._pending_metric()
            if not math.isfinite(scalar.value):
                raise error_messages.not_a_number(self._plan.done + scalar.step, self._request.params.unet_lr)
            self.logged, self._loss = scalar.step, (scalar.step, scalar.value)
        elif scalar.tag.startswith("lr/") and not scalar.tag.startswith((_TEXT_RATE, "lr/d*lr")):
            self._rate = scalar.value
            yield from self._pending_metric()

    def _pending_metric(self) -> Iterator[Event]:
        if self._loss is None:
            return
        step, loss = self._loss
        self._loss = None
        step += self._plan.done
        if len(self._first) < AVERAGED:
            self._first.append((step, loss))
        self._recent.append((step, loss))
        yield Metric(step, loss, self._rate)

    def _samples(self) -> Iterator[Event]:
        for sample in results.samples(self._plan.output_dir):
            step, prompts = self._plan.done + sample.step, self._request.sample_prompts
            if sample.n >= len(prompts):
                continue
            target = training_files.sample_path(self._request.workdir, step, sample.n)
            target.parent.mkdir(parents=True, exist_ok=True)
            sample.path.replace(target)
            if results.is_black(target) and not self._black_reported:
                self._black_reported = True
                yield Log(
                    tr_lazy(
                        "The sample of step {step} is black: its numbers broke off (NaN) while it was created. The LoRA itself "
                        "is looked at when it is saved.",
                        step=step,
                    )
                )
            yield Sample(step, sample.n, prompts[sample.n], target)

    def _checkpoints(self) -> Iterator[Event]:
        for step, path in self._complete_checkpoints():
            checkpoint = self._checkpoint(step, path)
            yield checkpoint
            # The caller has stored both by now; only the newest state is kept on disk.
            if checkpoint.state_path and self._old_state:
                self._old_state.unlink(missing_ok=True)
            self._old_state = checkpoint.state_path

    def _complete_checkpoints(self) -> list[tuple[int, Path]]:
        """Complete checkpoints of this attempt in order, except the last step's, which equals the final file."""
        checkpoints = sorted(results.checkpoints(self._plan.output_dir).items())
        return [
            (step, path)
            for step, path in checkpoints
            if step < self._plan.steps and step <= self._last_complete_step and results.is_complete(path)
        ]

    def _checkpoint(self, step: int, path: Path) -> Checkpoint:
        total_step, workdir = self._plan.done + step, self._request.workdir
        target, state = training_files.lora_path(workdir, total_step), None
        self._publish(path, target, total_step)
        folder = results.state_folder(self._plan.output_dir, step)
        if results.has_state(folder):
            state_info = {
                "run": training_files.fingerprint(self._request),
                "step": total_step,
                "eight_bit": self._plan.eight_bit,
                "first": [step_loss for step_loss in self._first if step_loss[0] <= total_step],
                "recent": [step_loss for step_loss in self._recent if step_loss[0] <= total_step][-AVERAGED:],
            }
            results.pack_state(folder, state := training_files.state_path(workdir, total_step), state_info)
        path.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        return Checkpoint(total_step, target, state)

    def _publish(self, path: Path, target: Path, step: int) -> None:
        if not safetensors.all_finite(path):
            raise error_messages.not_finite(step)
        params, base = self._request.params, self._plan.base
        metadata = {
            "ss_base_model_version": modelspec.KOHYA_BASES[base],
            "ss_network_module": "networks.lora",
            "ss_network_dim": str(params.network_dim),
            "ss_network_alpha": str(params.network_alpha),
            **modelspec.lora_metadata(base, step=step, sides=params.sides),
        }
        results.publish(path, target, metadata, {"ss_steps": str(step)})
        if not safetensors.inspect(target).keys_ok:
            raise error_messages.no_file()
