"""Paths of a training run's files, and checks of states and checkpoints. Shared by parent and child; loads no torch."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from backend.engines.ports.events import Checkpoint
from backend.engines.ports.trainer import StartCheckpoint, TrainParams, TrainRequest
from backend.errors import Invalid, Rejected
from backend.language import tr_lazy
from backend.media.model_files import safetensors


def lora_path(workdir: Path, step: int) -> Path:
    return workdir / "checkpoints" / f"{step:06d}.safetensors"


def state_path(workdir: Path, step: int) -> Path:
    return workdir / "checkpoints" / f"{step:06d}.state.safetensors"


def final_path(workdir: Path) -> Path:
    return workdir / "lora.safetensors"


def sample_path(workdir: Path, step: int, n: int) -> Path:
    return workdir / "samples" / f"{step:06d}-{n}.png"


def newest_checkpoint(workdir: Path) -> Checkpoint | None:
    """The last complete checkpoint of a run, including one written while its generator was being closed."""
    checkpoints = [
        (int(match[1]), path)
        for path in workdir.glob("checkpoints/*")
        if (match := re.match(r"(\d{6})\.safetensors$", path.name))
    ]
    if not checkpoints:
        return None
    step, path = max(checkpoints)
    state = state_path(workdir, step)
    return Checkpoint(step, path, state if state.is_file() else None)


def check_state(path: Path, request: TrainRequest) -> dict[str, str]:
    """A state's metadata (`step`, `loss_first`). Raises Rejected when it is broken or belongs to another run."""
    try:
        _, metadata = safetensors.read_header(path)
    except (OSError, Invalid) as error:
        raise Rejected(tr_lazy("The saved state is broken or gone. Start the training again.")) from error
    if metadata.get("run") != fingerprint(request):
        raise Rejected(tr_lazy("The saved state belongs to a run with other pictures or settings. Start the training again."))
    return metadata


def check_start(start: StartCheckpoint, params: TrainParams) -> None:
    """Raises Rejected when the LoRA to continue from is broken or its dim and alpha differ from `params`."""
    try:
        card = safetensors.inspect(start.lora)
    except (OSError, Invalid) as error:
        raise Rejected(tr_lazy("The version to continue from is broken or gone. Choose another one.")) from error
    if not card.keys_ok:
        raise Rejected(tr_lazy("The version to continue from is not a LoRA in kohya's layout. Choose another one."))
    if (card.dim, card.alpha) != (params.network_dim, params.network_alpha):
        raise Rejected(
            tr_lazy(
                "The version to continue from has dim {dim} and alpha {alpha:g}. Train with the same values, not "
                "{network_dim} and {network_alpha:g}.",
                dim=card.dim,
                alpha=card.alpha,
                network_dim=params.network_dim,
                network_alpha=params.network_alpha,
            )
        )


def fingerprint(request: TrainRequest) -> str:
    """A hash of what must be equal for a state to belong to this run: model, parameters, captions in order."""
    ignored = {"save_every", "sample_every"}
    normalized = TypeAdapter(TrainParams).validate_python(asdict(request.params))  # 16 and 16.0 are the same setting
    # Left out when 0, so that states from before these existed still match; so are repeats of 1.
    ignored |= {name for name in ("prior_weight", "resolution_height") if not getattr(normalized, name)}
    params = {name: value for name, value in asdict(normalized).items() if name not in ignored}
    start_step = [request.start.step] if request.start else []
    repeats = [[image.repeats for image in request.images]] if any(image.repeats != 1 for image in request.images) else []
    captions = [image.caption for image in request.images]
    content = json.dumps([request.model, params, captions, *start_step, *repeats], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
