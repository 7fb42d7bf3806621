"""The trainer on kohya's sd-scripts for SD 1.5 and XL; each run is a process group of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backend.engines.kohya import arguments, dataset, error_messages, orphans, results
from backend.engines.kohya.arguments import KohyaPlan
from backend.engines.kohya.install import SIDES, KohyaInstall, PythonInfo
from backend.engines.kohya.progress import ProgressReader
from backend.engines.ports import training_files
from backend.engines.ports.events import Alive, Checkpoint, EngineStatus, Event, Log, Progress
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import GB, MemoryPreset, TrainRequest, preset_for, split_batch
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.kit import child
from backend.language import tr_lazy, tr_lazy_plural
from backend.media.model_files import safetensors
from backend.settings import Settings, foreign_environment

POLL_S = 0.3
STOP_GRACE_S = 5.0
PREPARING_SILENCE_S = 30 * 60.0
"""Allowed silence while loading and caching (kohya.md, 4: 10-60 s are usual; a slow disk takes longer)."""
STEP_SILENCE_S = 15 * 60.0
_QUIET_S, _SLOW_STEP_S = 5.0, 45.0
SAMPLE_STEPS = 20
_STEP_PX = 64


class KohyaTrainer:
    """Trains with the scripts in KOHYA_DIR. Closing `run` ends the process group without saving a new checkpoint."""

    name = "kohya"
    masks = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._install = KohyaInstall(settings)

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        folder, python = self._install.folder, self._install.python()
        card, checkpoint = self._install.find(request.model)
        _check(card, request)
        orphans.kill_orphans(self._records_dir)
        with ExitStack() as stack:
            workdir = Path(tempfile.mkdtemp(prefix="kohya-", dir=request.workdir))
            stack.callback(shutil.rmtree, workdir, ignore_errors=True)
            state_info = results.read_state(request.resume) if request.resume else {}
            plan = self._plan(request, card, checkpoint, python, workdir, state_info)
            yield from _explanations(plan, request)
            yield from self._write_inputs(request, plan, workdir)
            stack.enter_context(orphans.registered(self._records_dir, workdir))
            reader = ProgressReader(request, plan, workdir / "stdout", workdir / "stderr", state_info)
            process = self._start(plan, folder, python, request.device, workdir)
            try:
                yield from _follow(process, reader, request)
            finally:
                child.stop(process, grace_s=STOP_GRACE_S)
                reader.publish_checkpoints()

    def newest_checkpoint(self, workdir: Path) -> Checkpoint | None:
        return training_files.newest_checkpoint(workdir)

    def models(self) -> list[ModelCard]:
        return [card for card, _ in self._install.cards()]

    def preset(self, base: str, vram_mb: int) -> MemoryPreset | None:
        """The memory preset for a device of `vram_mb` MB; None for a model family that cannot be trained here."""
        configured_mb = self._settings.engines.kohya.vram_gb * GB
        return preset_for(base, configured_mb if configured_mb and vram_mb else vram_mb) if base in SIDES else None

    def status(self, device: str = "") -> EngineStatus:
        try:
            python = self._install.python()
        except EngineUnavailable as error:
            return EngineStatus(self.name, False, "", error.message)
        version, models = f"sd-scripts, torch {python.torch}", self.models()
        if not models:
            detail = tr_lazy(
                "There is no Stable Diffusion 1.5 or XL checkpoint (.safetensors) to train on. Set KOHYA_MODELS_DIR, "
                "or COMFYUI_MODELS_DIR, to the folder that has them."
            )
            return EngineStatus(self.name, False, version, detail)
        return EngineStatus(
            self.name,
            True,
            version,
            tr_lazy_plural("{n} model to train on.", "{n} models to train on.", len(models)),
            device or self._settings.engines.local.device,
        )

    @property
    def _records_dir(self) -> Path:
        return self._settings.data_dir / "kohya" / "running"

    def _plan(
        self,
        request: TrainRequest,
        card: ModelCard,
        checkpoint: Path,
        python: PythonInfo,
        workdir: Path,
        state_info: dict[str, Any],
    ) -> KohyaPlan:
        params, device = request.params, self._install.device(request.device)
        preset = preset_for(card.base, device.vram_mb)
        micro_batch, accumulation_steps = split_batch(params.batch, preset, params.area_px / card.side**2)
        done = int(state_info.get("step", 0))
        # A resumed optimizer state only fits the kind of optimizer that saved it.
        eight_bit = bool(state_info.get("eight_bit", preset.eight_bit and python.bitsandbytes and device.precision != "no"))
        return KohyaPlan(
            base=card.base,
            checkpoint=checkpoint,
            params=params,
            preset=preset,
            dataset_config=workdir / "dataset.toml",
            output_dir=workdir / "out",
            logging_dir=workdir / "log",
            tokenizers=(self._settings.data_dir / "kohya" / "tokenizers").absolute(),
            micro_batch=micro_batch,
            accumulation_steps=accumulation_steps,
            precision=device.precision,
            eight_bit=eight_bit,
            cache_text=card.base == "sdxl" and preset.cache_text and params.text_encoder_lr <= 0,
            sample_every=_sample_every(request, params.steps - done),
            sample_prompts=workdir / "prompts.json" if request.sample_prompts else None,
            done=done,
            state=workdir / "state" if request.resume else None,
            weights=request.start.lora if request.start and not request.resume else None,
        )

    def _write_inputs(self, request: TrainRequest, plan: KohyaPlan, workdir: Path) -> Iterator[Event]:
        """Writes everything the scripts read."""
        params, pictures = request.params, workdir / "pictures"
        for done in dataset.write_pictures(request.images, pictures, max(params.sides)):
            yield Progress(done, len(request.images), tr_lazy("loading"))
        drop_captions = not plan.cache_text
        config = dataset.config(params, request.images, pictures, micro_batch=plan.micro_batch, drop_captions=drop_captions)
        dataset.write_config(plan.dataset_config, config)
        if plan.sample_prompts:
            # Never larger than the training size: a device that is just large enough would run out of memory in mid-run.
            (width, height), seed = params.sides, params.seed
            sample_options = {
                "negative_prompt": request.sample_negative,
                "width": width,
                "height": height,
                "sample_steps": SAMPLE_STEPS,
            }
            samples = [
                {"prompt": text, "seed": seed + n, "scale": 7.0, **sample_options}
                for n, text in enumerate(request.sample_prompts)
            ]
            plan.sample_prompts.write_text(json.dumps(samples), "utf-8")
        if request.resume and plan.state:
            results.unpack_state(request.resume, plan.state)
        plan.tokenizers.mkdir(parents=True, exist_ok=True)
        plan.output_dir.mkdir()

    def _start(self, plan: KohyaPlan, folder: Path, python: PythonInfo, device: str, workdir: Path) -> child.Child:
        gpu = self._install.device(device)
        with (workdir / "stdout").open("wb") as out, (workdir / "stderr").open("wb") as err:
            return child.spawn(
                [python.path, *arguments.arguments(plan)],
                cwd=folder,
                env=foreign_environment() | arguments.environment(gpu.name),
                stdout=out,
                stderr=err,
                memory_mb=self._settings.engines.local.memory_mb,
                nice=5,
            )


def _follow(process: child.Child, reader: ProgressReader, request: TrainRequest) -> Iterator[Event]:
    """Events until the process ends, at least one per POLL_S. Raises the error it ended with."""
    last_activity, active_at, slow_count = 0, time.monotonic(), 0.0
    while process.poll() is None:
        yield from reader.read_events()
        now = time.monotonic()
        if reader.lines_read + reader.logged != last_activity:
            last_activity, active_at = reader.lines_read + reader.logged, now
        if (quiet_s := now - active_at) > (STEP_SILENCE_S if reader.logged else PREPARING_SILENCE_S):
            raise error_messages.silent(reader.phase, quiet_s / 60)
        if quiet_s < _QUIET_S:
            yield Alive()
        elif reader.phase not in {"training", "sampling"}:
            yield Progress(int(quiet_s), 0, reader.phase)  # loading may be silent for minutes
        elif quiet_s // _SLOW_STEP_S > slow_count:
            # A Log line counts as progress of the job: slow steps are limited here, not by the stall limit of all jobs.
            yield Log(tr_lazy("One step takes long: {n:,} s so far.", n=int(quiet_s)))
        else:
            yield Alive()
        slow_count = quiet_s // _SLOW_STEP_S
        try:
            process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            continue
    code = process.wait()
    if code == 0:
        yield from reader.finish()
        return
    yield from reader.read_events()
    if child.killed(process) and not error_messages.lacked_memory(reader.text()):
        raise error_messages.killed()
    raise error_messages.failure(code, reader.text(), request.model)


def _explanations(plan: KohyaPlan, request: TrainRequest) -> Iterator[Event]:
    """Log lines that explain how the run differs from what was requested, to fit the device."""
    params = request.params
    yield Log(tr_lazy("kohya trains {preset}.", preset=plan.preset.title))
    if plan.accumulation_steps > 1:
        yield Log(
            tr_lazy(
                "A batch of {batch} does not fit: {micro_batch} at once, {times} times a step.",
                batch=params.batch,
                micro_batch=plan.micro_batch,
                times=plan.accumulation_steps,
            )
        )
    if plan.cache_text and params.caption_dropout:
        yield Log(tr_lazy("No captions are dropped: the text encoders' outputs are made once, to save memory."))
    if params.prior_weight > 0:
        yield Log(
            tr_lazy("Prior preservation is left out: kohya needs regularisation pictures for it, and a dataset has none.")
        )
    if params.sample_every and request.sample_prompts and plan.sample_every != params.sample_every:
        yield Log(
            tr_lazy("Samples are created every {n} steps, so that no step both samples and saves.", n=plan.sample_every)
            if plan.sample_every
            else tr_lazy("No samples are created, so that no step both samples and saves.")
        )


def _sample_every(request: TrainRequest, steps: int) -> int:
    params = request.params
    return arguments.sample_every(params.sample_every, params.save_every, steps) if request.sample_prompts else 0


def _check(card: ModelCard, request: TrainRequest) -> None:
    params = request.params
    if not request.images:
        raise Unsupported(tr_lazy("There are no pictures to train on. Include at least one."))
    if any(side % _STEP_PX or not card.side <= side * 2 <= card.side * 4 for side in params.sides):
        size = " x ".join(str(side) for side in dict.fromkeys(params.sides))
        raise Unsupported(
            tr_lazy("{title} cannot train at {size} px. Choose {side}.", title=card.title, size=size, side=card.side)
        )
    if min(params.steps, params.batch, params.network_dim, params.repeats) < 1:
        raise Unsupported(tr_lazy("Steps, batch, dimension and repeats must each be at least 1."))
    if request.resume is not None:
        state_info = results.read_state(request.resume)
        if state_info.get("run") != training_files.fingerprint(request):
            raise Rejected(
                tr_lazy("The saved state belongs to a run with other pictures or settings. Start the training again.")
            )
    elif request.start is not None:
        training_files.check_start(request.start, params)
        if (base := safetensors.inspect(request.start.lora).base) not in {card.base, ""}:
            raise Rejected(
                tr_lazy(
                    "The version to continue from is for {base}, but {title} is {other_base}. Choose a model of {base}.",
                    base=base,
                    title=card.title,
                    other_base=card.base,
                )
            )
