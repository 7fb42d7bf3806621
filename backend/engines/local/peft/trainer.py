"""The built-in trainer: a LoRA on any Stable Diffusion folder, in one child process per run."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from backend.engines.local.diffusers import model_cards
from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.process import EngineProcess, library_versions, missing_libraries
from backend.engines.ports import training_files
from backend.engines.ports.events import Alive, Checkpoint, EngineStatus, Event
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainRequest
from backend.errors import EngineUnavailable, Unsupported
from backend.language import tr_lazy, tr_lazy_plural
from backend.settings import Settings

CHILD = "backend.engines.local.peft.child_train"
STOP_GRACE_S = 10.0


class PeftTrainer:
    """Trains with diffusers and peft. Closing `run` writes a checkpoint, found with `newest_checkpoint(workdir)`."""

    name = "peft"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, request: TrainRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card, folder = model_cards.find_card(self._settings, request.model)
        _check(card, request)
        if missing := missing_libraries():
            raise EngineUnavailable(
                tr_lazy("Not installed: {missing}. Run `make run` again, which installs them.", missing=", ".join(missing))
            )
        settings = {
            "device": request.device or self._settings.engines.local.device,
            "threads": self._settings.engines.local.threads,
        }
        process = EngineProcess(CHILD, settings, self._settings, nice=5)
        try:
            process.send({"card": ipc_codec.dump(card), "folder": str(folder), "request": ipc_codec.dump(request)})
            yield from _events(process)
        finally:
            process.stop(STOP_GRACE_S)

    def newest_checkpoint(self, workdir: Path) -> Checkpoint | None:
        return training_files.newest_checkpoint(workdir)

    def models(self) -> list[ModelCard]:
        return [card for card in model_cards.list_cards(self._settings)[0] if card.trainable]

    def status(self, device: str = "") -> EngineStatus:
        if missing := missing_libraries():
            detail = tr_lazy("Not installed: {names}. Run `make run` again, which installs them.", names=", ".join(missing))
            return EngineStatus(self.name, False, "", detail)
        models = self.models()
        return EngineStatus(
            self.name,
            bool(models),
            library_versions(),
            tr_lazy_plural("{n} model to train on.", "{n} models to train on.", len(models)),
            self._settings.engines.local.device,
        )


def _events(process: EngineProcess) -> Generator[Event, None, None]:
    finished = False
    old_state: Path | None = None
    for message in process.messages():
        if message is None:
            yield Alive()
            continue
        if "error" in message:
            raise ipc_codec.unpack_error(message)
        event = ipc_codec.unpack(message)
        yield event
        if isinstance(event, Checkpoint):
            # The caller has stored both by now; only the newest state is kept on disk.
            if event.state_path and old_state:
                old_state.unlink(missing_ok=True)
            old_state, finished = event.state_path, event.final
    if not finished:
        raise process.failure()


def _check(card: ModelCard, request: TrainRequest) -> None:
    params = request.params
    if not card.trainable:
        raise Unsupported(tr_lazy("{title} cannot be trained here. Choose another model.", title=card.title))
    if not request.images:
        raise Unsupported(tr_lazy("There are no pictures to train on. Include at least one."))
    if params.resolution_height not in (0, params.resolution):
        raise Unsupported(tr_lazy("This trainer learns square pictures only. Choose one resolution, or train with kohya."))
    if params.resolution % card.step_px or not card.side <= params.resolution * 2 <= card.side * 4:
        raise Unsupported(
            tr_lazy(
                "{title} cannot train at {resolution} px. Choose {side}.",
                title=card.title,
                resolution=params.resolution,
                side=card.side,
            )
        )
    if min(params.steps, params.batch, params.network_dim, params.repeats) < 1:
        raise Unsupported(tr_lazy("Steps, batch, dimension and repeats must each be at least 1."))
    if request.resume is not None:
        training_files.check_state(request.resume, request)
    elif request.start is not None:
        training_files.check_start(request.start, params)
