"""Follows one run of sd-scripts: what it printed and which files it wrote become events, each file when it is whole."""

from __future__ import annotations

import math
import shutil
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.engines.events import Checkpoint, Event, Log, Metric, Output, Progress, Sample
from backend.engines.kohya import console, error_messages, results
from backend.engines.kohya.arguments import Plan
from backend.engines.kohya.console import Bar, Phase, Step, Tail
from backend.engines.kohya.event_files import EventFiles, Scalar
from backend.engines.trainer import files
from backend.engines.trainer.port import TrainRequest
from backend.errors import EngineError
from backend.media.model_files import modelspec, safetensors

AVERAGED = 32
"""Losses of so many steps make `loss_first` and `loss_last`: a single one says little."""
_REMEMBERED = 8 * AVERAGED
"""Of the last ones: when a checkpoint is found, steps after it have been told already."""
Told = tuple[int, float]
_TEXT_RATE = "lr/textencoder"


class Follower:
    """Knows how far the run is. Steps told are the whole run's; the scripts count those of this attempt."""

    def __init__(self, request: TrainRequest, plan: Plan, out: Path, err: Path, carried: dict[str, Any]) -> None:
        self._request, self._plan = request, plan
        self._tails = Tail(out), Tail(err)
        self._scalars = EventFiles(plan.logging_dir)
        self._first: list[Told] = [(int(step), float(loss)) for step, loss in carried.get("first", [])]
        self._recent: deque[Told] = deque([(int(step), float(loss)) for step, loss in carried.get("recent", [])], _REMEMBERED)
        self._rate = request.params.unet_lr
        self._loss: tuple[int, float] | None = None
        self._bar_at = 0
        self._old_state: Path | None = None
        self._black = False
        self.phase = "loading"
        self.logged = 0
        """The last step with a loss in the event files: written when all else of that step is done."""
        self.heard = 0
        """Grows with everything it says."""

    def look(self) -> Iterator[Event]:
        """What is new. Raises Rejected: no pictures, a loss or a checkpoint that is no number."""
        trouble: EngineError | None = None
        try:
            yield from self._words()
        except EngineError as found:
            trouble = found
        yield from self._samples()  # what was whole before it went wrong is not lost
        yield from self._checkpoints()
        if trouble is not None:
            raise trouble

    def finish(self) -> Iterator[Event]:
        """After it ended with rc 0, which alone says nothing. Raises when a step, the file or a number is missing."""
        for _ in range(3):  # a reader takes a limited piece at once
            yield from self.look()
        yield from self._told_metric()
        made = max(self.logged, self._bar_at)
        path = results.final(self._plan.output_dir)
        if made < self._plan.steps:
            raise error_messages.too_short(self._plan.done + made, self._request.params.steps)
        if not results.whole(path):
            raise error_messages.no_file()
        yield Progress(0, 0, "saving")
        steps = self._request.params.steps
        target = files.final_path(self._request.workdir)
        self._publish(path, target, steps)
        yield Checkpoint(steps, target, None, final=True)
        meta: dict[str, Any] = {"steps": steps}
        if self._first:
            first, last = [loss for _, loss in self._first], [loss for _, loss in self._recent][-AVERAGED:]
            over = f"the first and the last {len(first)} steps"
            meta |= {"loss_first": sum(first) / len(first), "loss_last": sum(last) / len(last), "loss_over": over}
        yield Output(target, 0, meta)

    def keep(self) -> None:
        """Makes what is whole findable for `left`, when nobody listens any more. Never raises for a checkpoint that is none."""
        for step, path in self._found():
            if safetensors.finite(path):
                self._checkpoint(step, path)

    def text(self) -> str:
        """The end of what it printed."""
        return "\n".join(tail.last() for tail in self._tails)

    @property
    def _passed(self) -> int:
        """The last step of which everything is written."""
        return max(self.logged, self._bar_at - 1)

    def _words(self) -> Iterator[Event]:
        for tail in self._tails:
            for line in tail.lines():
                self.heard += 1
                yield from self._said(line)
        yield from self._metrics()

    def _said(self, line: str) -> Iterator[Event]:
        if console.NO_DATA in line:
            raise error_messages.no_pictures()
        match console.meaning(line):
            case Step(done, _, finite):
                if not finite:
                    yield from self._metrics()  # up to the step where it broke
                    raise error_messages.not_a_number(self._plan.done + done, self._request.params.unet_lr)
                self._bar_at, self.phase = max(self._bar_at, done), "training"
                yield Progress(self._plan.done + done, self._request.params.steps, "training")
            case Bar(done, total) if self.phase != "loading":
                # Between steps another bar is that of a sample, whichever of the two files was read first.
                yield Progress(done, total, self.phase if self.phase == "caching" else "sampling")
            case Phase(name):
                self.phase = name
                yield Progress(0, 0, name)

    def _metrics(self) -> Iterator[Event]:
        for scalar in self._scalars.scalars():
            yield from self._scalar(scalar)

    def _scalar(self, scalar: Scalar) -> Iterator[Event]:
        if scalar.tag == "loss/current":
            # With several batches a step, those of the next one come under the number of this: the first is the step's.
            if scalar.step <= self.logged:
                return
            yield from self._told_metric()
            if not math.isfinite(scalar.value):
                raise error_messages.not_a_number(self._plan.done + scalar.step, self._request.params.unet_lr)
            self.logged, self._loss = scalar.step, (scalar.step, scalar.value)
        elif scalar.tag.startswith("lr/") and not scalar.tag.startswith((_TEXT_RATE, "lr/d*lr")):
            self._rate = scalar.value
            yield from self._told_metric()

    def _told_metric(self) -> Iterator[Event]:
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
        for found in results.samples(self._plan.output_dir):
            step, prompts = self._plan.done + found.step, self._request.sample_prompts
            if found.n >= len(prompts):
                continue
            target = files.sample_path(self._request.workdir, step, found.n)
            target.parent.mkdir(parents=True, exist_ok=True)
            found.path.replace(target)
            if results.black(target) and not self._black:
                self._black = True
                yield Log(
                    f"The sample of step {step} is black: its numbers broke off (NaN) while it was drawn. The LoRA itself "
                    "is looked at when it is saved."
                )
            yield Sample(step, found.n, prompts[found.n], target)

    def _checkpoints(self) -> Iterator[Event]:
        for step, path in self._found():
            made = self._checkpoint(step, path)
            yield made
            # The caller has both by now: only the newest state is kept on disk.
            if made.state_path and self._old_state:
                self._old_state.unlink(missing_ok=True)
            self._old_state = made.state_path

    def _found(self) -> list[tuple[int, Path]]:
        """Checkpoints that are whole with their states, in order. Not that of the last step: the final file is the same."""
        found = sorted(results.checkpoints(self._plan.output_dir).items())
        return [(n, path) for n, path in found if n < self._plan.steps and n <= self._passed and results.whole(path)]

    def _checkpoint(self, step: int, path: Path) -> Checkpoint:
        made, workdir = self._plan.done + step, self._request.workdir
        target, state = files.lora_path(workdir, made), None
        self._publish(path, target, made)
        folder = results.state_folder(self._plan.output_dir, step)
        if results.has_state(folder):
            about = {
                "run": files.fingerprint(self._request),
                "step": made,
                "eight_bit": self._plan.eight_bit,
                "first": [told for told in self._first if told[0] <= made],
                "recent": [told for told in self._recent if told[0] <= made][-AVERAGED:],
            }
            results.pack_state(folder, state := files.state_path(workdir, made), about)
        path.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        return Checkpoint(made, target, state)

    def _publish(self, path: Path, target: Path, step: int) -> None:
        if not safetensors.finite(path):
            raise error_messages.not_finite(step)
        params, base = self._request.params, self._plan.base
        known = {
            "ss_base_model_version": modelspec.KOHYA_BASES[base],
            "ss_network_module": "networks.lora",
            "ss_network_dim": str(params.network_dim),
            "ss_network_alpha": str(params.network_alpha),
            **modelspec.of_lora(base, step=step, resolution=params.resolution),
        }
        results.publish(path, target, known, {"ss_steps": str(step)})
        if not safetensors.inspect(target).keys_ok:
            raise error_messages.no_file()
