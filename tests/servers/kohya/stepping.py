"""The steps of a run: what each prints, writes and logs, in the real order: draw, save, then log."""

from __future__ import annotations

import ast
import json
import math
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.kohya.event_file import EventFile
from tests.servers.kohya.writing import Writer

if TYPE_CHECKING:
    from tests.servers.kohya.program import Program


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


OutOfMemoryError.__module__ = "torch"


class Stepping:
    """The training loop of one program."""

    def __init__(self, program: Program, writer: Writer, events: EventFile | None) -> None:
        self._program, self._writer, self._events = program, writer, events
        self._losses: list[float] = []

    def epoch(self, epoch: int) -> None:
        for _ in range(self._program.per_epoch):
            if self._program.step >= self._program.args.max_train_steps:
                return
            self._step(epoch)
        if self._events and self._losses:
            self._events.scalars({"loss/epoch_average": sum(self._losses) / len(self._losses)}, epoch + 1)

    def _step(self, epoch: int) -> None:
        program, args, faults = self._program, self._program.args, self._program.faults
        step = program.step + 1
        time.sleep(faults.step_s)
        if step == faults.oom_at:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 7.79 GiB.")
        if step == faults.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if step == faults.stuck_at:
            signal.pause()
        loss = 0.05 + 0.3 * math.exp(-program.trained / 20)
        if faults.nan_at and step >= faults.nan_at:
            loss = program.trained = math.nan
        program.trained += 1
        program.step, program.rate_step = step, program.rate_step + 1
        program.bar(step, args.max_train_steps, "steps", self._after())
        if args.sample_every_n_steps and step % args.sample_every_n_steps == 0:
            self._sample(step)
        if args.save_every_n_steps and step % args.save_every_n_steps == 0:
            name = f"{args.output_name}-step{step:08d}"
            self._writer.lora(f"{name}.safetensors", program.trained, step, epoch)
            if args.save_state:
                program.log(f"saving state at step {step}")
                self._writer.state(f"{name}-state", program.trained, step, epoch + 1, {"last_epoch": program.rate_step})
        self._losses.append(loss)
        rates = self._rate(program.rate_step)  # the scheduler has gone on by then: the rate of the next step is logged
        # Each step prints twice: when it is counted and when its average is known (kohya.md, 4).
        program.bar(step, args.max_train_steps, "steps", self._after())
        if self._events:
            self._events.scalars({"loss/current": loss, "loss/average": sum(self._losses) / len(self._losses), **rates}, step)

    def _after(self) -> str:
        return f", avr_loss={sum(self._losses) / len(self._losses):.3g}" if self._losses else ""

    def _sample(self, step: int) -> None:
        program, args = self._program, self._program.args
        program.log("")
        program.log(f"generating sample images at step / サンプル画像生成 ステップ: {step}")
        path = Path(args.sample_prompts or "")
        if not path.is_file():
            program.log(f"No prompt file / プロンプトファイルがありません: {path}")
            return
        for n, prompt in enumerate(json.loads(path.read_text("utf-8"))):
            steps = prompt.get("sample_steps", 30)
            program.bar(steps, steps)
            size = prompt.get("width", 512), prompt.get("height", 512)
            self._writer.sample(n, step, *size, prompt.get("seed"), program.trained)

    def _rate(self, step: int) -> dict[str, float]:
        args = self._program.args
        factor = 1.0
        shape, total, warmup = args.lr_scheduler, args.max_train_steps, int(args.lr_warmup_steps)
        if args.lr_scheduler_type:
            scheduler_args = {
                key: ast.literal_eval(value) for key, value in (word.split("=") for word in args.lr_scheduler_args)
            }
            assert args.lr_scheduler_type == "studio_schedule.WholeRun", "No module named that"
            shape, total, warmup = scheduler_args["shape"], scheduler_args["total"], scheduler_args["warmup"]
        if step < warmup:
            factor = step / warmup
        elif shape == "cosine":
            factor = max(0.0, (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup))) / 2)
        elif shape == "linear":
            factor = max(0.0, (total - step) / max(1, total - warmup))
        unet = (args.unet_lr or args.learning_rate) * factor
        text = {} if args.network_train_unet_only else {"lr/textencoder": (args.text_encoder_lr or [0.0])[0] * factor}
        return {**text, "lr/unet": unet}
