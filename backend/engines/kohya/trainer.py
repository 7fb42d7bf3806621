"""The trainer of the field: kohya's sd-scripts, each run in a process group of its own, for SD 1.5 and XL."""

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

from backend.engines.events import Alive, Checkpoint, EngineStatus, Event, Log, Progress
from backend.engines.image.port import ModelCard
from backend.engines.kohya import arguments, dataset, error_messages, orphans, presets, results
from backend.engines.kohya.arguments import Plan
from backend.engines.kohya.install import SIDES, Home, Python
from backend.engines.kohya.progress import Follower
from backend.engines.trainer import files
from backend.engines.trainer.port import TrainRequest
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.kit import child
from backend.media.model_files import safetensors
from backend.settings import Settings, foreign_environment

LOOK_S = 0.3
STOP_GRACE_S = 5.0
PREPARING_S = 30 * 60.0
"""Of silence while it loads and caches (kohya.md, 4: 10-60 s without a line is usual; a slow disk takes longer)."""
STEPPING_S = 15 * 60.0
_SPOKEN_S, _SLOW_S = 5.0, 45.0
SAMPLE_STEPS = 20
_STEP_PX = 64


class KohyaTrainer:
    """Trains with the scripts in KOHYA_DIR. Closing `run` ends the whole process group; nothing is saved at that moment."""

    name = "kohya"
    masks = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = Home(settings)

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        folder, python = self._home.folder, self._home.python()
        card, checkpoint = self._home.find(request.model)
        _check(card, request)
        orphans.kill(self._running)
        with ExitStack() as stack:
            room = Path(tempfile.mkdtemp(prefix="kohya-", dir=request.workdir))
            stack.callback(shutil.rmtree, room, ignore_errors=True)
            carried = results.read_state(request.resume) if request.resume else {}
            plan = self._plan(request, card, checkpoint, python, room, carried)
            yield from _told(plan, request)
            yield from self._written(request, plan, room)
            stack.enter_context(orphans.noted(self._running, room))
            follower = Follower(request, plan, room / "stdout", room / "stderr", carried)
            process = self._start(plan, folder, python, request.device, room)
            try:
                yield from _followed(process, follower, request)
            finally:
                child.stop(process, grace_s=STOP_GRACE_S)
                follower.keep()

    def left(self, workdir: Path) -> Checkpoint | None:
        return files.newest_checkpoint(workdir)

    def models(self) -> list[ModelCard]:
        return [card for card, _ in self._home.cards()]

    def preset(self, base: str, vram_mb: int) -> presets.Preset | None:
        """How a run on a card of `vram_mb` is made to fit; None for a model that is not trained here."""
        own = self._settings.kohya_vram_gb * presets.GB
        return presets.for_card(base, own if own and vram_mb else vram_mb) if base in SIDES else None

    def status(self, device: str = "") -> EngineStatus:
        try:
            python = self._home.python()
        except EngineUnavailable as missing:
            return EngineStatus(self.name, False, "", missing.message)
        version, models = f"sd-scripts, torch {python.torch}", self.models()
        if not models:
            detail = (
                "There is no Stable Diffusion 1.5 or XL checkpoint (.safetensors) to train on. Set KOHYA_MODELS_DIR, "
                "or COMFYUI_MODELS_DIR, to the folder that has them."
            )
            return EngineStatus(self.name, False, version, detail)
        number = "1 model" if len(models) == 1 else f"{len(models)} models"
        return EngineStatus(self.name, True, version, f"{number} to train on.", device or self._settings.engine_device)

    @property
    def _running(self) -> Path:
        return self._settings.data_dir / "kohya" / "running"

    def _plan(
        self, request: TrainRequest, card: ModelCard, checkpoint: Path, python: Python, room: Path, carried: dict[str, Any]
    ) -> Plan:
        params, gpu = request.params, self._home.card(request.device)
        preset = presets.for_card(card.base, gpu.vram_mb)
        at_once, times = presets.split(params.batch, preset, (params.resolution / card.side) ** 2)
        done = int(carried.get("step", 0))
        # The optimizer's saved state is that of the kind it was saved by.
        eight_bit = bool(carried.get("eight_bit", preset.eight_bit and python.bitsandbytes and gpu.precision != "no"))
        return Plan(
            base=card.base,
            checkpoint=checkpoint,
            params=params,
            preset=preset,
            dataset_config=room / "dataset.toml",
            output_dir=room / "out",
            logging_dir=room / "log",
            tokenizers=(self._settings.data_dir / "kohya" / "tokenizers").absolute(),
            at_once=at_once,
            times=times,
            precision=gpu.precision,
            eight_bit=eight_bit,
            cache_text=card.base == "sdxl" and preset.cache_text and params.text_encoder_lr <= 0,
            sample_every=_sample_every(request, params.steps - done),
            sample_prompts=room / "prompts.json" if request.sample_prompts else None,
            done=done,
            state=room / "state" if request.resume else None,
            weights=request.start.lora if request.start and not request.resume else None,
        )

    def _written(self, request: TrainRequest, plan: Plan, room: Path) -> Iterator[Event]:
        """Everything the scripts read."""
        params, pictures = request.params, room / "pictures"
        for done in dataset.write_pictures(request.images, pictures, params.resolution):
            yield Progress(done, len(request.images), "loading")
        masks = any(image.mask for image in request.images)
        drop = not plan.cache_text
        config = dataset.config(params, pictures, at_once=plan.at_once, drop_captions=drop, masks=masks)
        dataset.write_config(plan.dataset_config, config)
        if plan.sample_prompts:
            # Never larger than what it is trained at: a card that was just large enough would run out of memory in mid-run.
            side, seed = params.resolution, params.seed
            drawn = {"negative_prompt": request.sample_negative, "width": side, "height": side, "sample_steps": SAMPLE_STEPS}
            asked = [{"prompt": text, "seed": seed + n, "scale": 7.0, **drawn} for n, text in enumerate(request.sample_prompts)]
            plan.sample_prompts.write_text(json.dumps(asked), "utf-8")
        if request.resume and plan.state:
            results.unpack_state(request.resume, plan.state)
        plan.tokenizers.mkdir(parents=True, exist_ok=True)
        plan.output_dir.mkdir()

    def _start(self, plan: Plan, folder: Path, python: Python, device: str, room: Path) -> child.Child:
        gpu = self._home.card(device)
        with (room / "stdout").open("wb") as out, (room / "stderr").open("wb") as err:
            return child.spawn(
                [python.path, *arguments.arguments(plan)],
                cwd=folder,
                env=foreign_environment() | arguments.environment(gpu.name),
                stdout=out,
                stderr=err,
                memory_mb=self._settings.engine_memory_mb,
                nice=5,
            )


def _followed(process: child.Child, follower: Follower, request: TrainRequest) -> Iterator[Event]:
    """Events until it ends; at least one in LOOK_S. Raises what went wrong."""
    heard, heard_at, slow = 0, time.monotonic(), 0.0
    while process.poll() is None:
        yield from follower.look()
        now = time.monotonic()
        if follower.heard + follower.logged != heard:
            heard, heard_at = follower.heard + follower.logged, now
        if (quiet := now - heard_at) > (STEPPING_S if follower.logged else PREPARING_S):
            raise error_messages.silent(follower.phase, quiet / 60)
        if quiet < _SPOKEN_S:
            yield Alive()
        elif follower.phase not in {"training", "sampling"}:
            yield Progress(int(quiet), 0, follower.phase)  # it loads, and says nothing of it for minutes
        elif quiet // _SLOW_S > slow:
            # A line moves the job: whether a step takes too long is decided here, not by the stall limit of all jobs.
            yield Log(f"One step takes long: {int(quiet)} s so far.")
        else:
            yield Alive()
        slow = quiet // _SLOW_S
        try:
            process.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            continue
    code = process.wait()
    if code == 0:
        yield from follower.finish()
        return
    yield from follower.look()
    if child.killed(process) and not error_messages.lacked_memory(follower.text()):
        raise error_messages.killed()
    raise error_messages.failure(code, follower.text(), request.model)


def _told(plan: Plan, request: TrainRequest) -> Iterator[Event]:
    """What a person would not guess of how this run is made to fit."""
    params = request.params
    yield Log(f"kohya trains {plan.preset.title}.")
    if plan.times > 1:
        yield Log(f"A batch of {params.batch} does not fit: {plan.at_once} at once, {plan.times} times a step.")
    if plan.cache_text and params.caption_dropout:
        yield Log("No captions are dropped: the text encoders' outputs are made once, to save memory.")
    if params.prior_weight > 0:
        yield Log("Prior preservation is left out: kohya does it with regularisation pictures, which a dataset has none of.")
    if params.sample_every and request.sample_prompts and plan.sample_every != params.sample_every:
        what = f"every {plan.sample_every} steps" if plan.sample_every else "never"
        yield Log(f"Samples are drawn {what}, so that no step both draws and saves.")


def _sample_every(request: TrainRequest, steps: int) -> int:
    params = request.params
    return arguments.sample_every(params.sample_every, params.save_every, steps) if request.sample_prompts else 0


def _check(card: ModelCard, request: TrainRequest) -> None:
    params = request.params
    if not request.images:
        raise Unsupported("There are no pictures to train on. Include at least one.")
    if params.resolution % _STEP_PX or not card.side <= params.resolution * 2 <= card.side * 4:
        raise Unsupported(f"{card.title} cannot train at {params.resolution} px. Choose {card.side}.")
    if min(params.steps, params.batch, params.network_dim, params.repeats) < 1:
        raise Unsupported("Steps, batch, dimension and repeats must each be at least 1.")
    if request.resume is not None:
        about = results.read_state(request.resume)
        if about.get("run") != files.fingerprint(request):
            raise Rejected("The saved state belongs to a run with other pictures or settings. Start the training anew.")
    elif request.start is not None:
        files.check_start(request.start, params)
        if (base := safetensors.inspect(request.start.lora).base) not in {card.base, ""}:
            raise Rejected(
                f"The checkpoint to continue from is for {base}, but {card.title} is {card.base}. Choose a model of {base}."
            )
