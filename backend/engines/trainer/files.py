"""A training run's files: where they lie and whether a state is this run's. Shared by parent and child; loads no torch."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from backend.engines.events import Checkpoint
from backend.engines.trainer.port import Start, TrainParams, TrainRequest
from backend.errors import Invalid, Rejected
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
    """The last whole checkpoint a run left, also one written while its generator was being closed."""
    found = [
        (int(match[1]), path)
        for path in workdir.glob("checkpoints/*")
        if (match := re.match(r"(\d{6})\.safetensors$", path.name))
    ]
    if not found:
        return None
    step, path = max(found)
    state = state_path(workdir, step)
    return Checkpoint(step, path, state if state.is_file() else None)


def check_state(path: Path, request: TrainRequest) -> dict[str, str]:
    """A state's metadata (`step`, `loss_first`). Raises Rejected when it is broken or belongs to another run."""
    try:
        _, said = safetensors.header(path)
    except (OSError, Invalid) as broken:
        raise Rejected("The saved state is broken or gone. Start the training anew.") from broken
    if said.get("run") != fingerprint(request):
        raise Rejected("The saved state belongs to a run with other pictures or settings. Start the training anew.")
    return said


def check_start(start: Start, params: TrainParams) -> None:
    """Raises Rejected when the LoRA to go on from is broken or its dim and alpha are not those of `params`."""
    try:
        card = safetensors.inspect(start.lora)
    except (OSError, Invalid) as broken:
        raise Rejected("The checkpoint to continue from is broken or gone. Choose another one.") from broken
    if not card.keys_ok:
        raise Rejected("The checkpoint to continue from is not a LoRA in kohya's layout. Choose another one.")
    if (card.dim, card.alpha) != (params.network_dim, params.network_alpha):
        raise Rejected(
            f"The checkpoint to continue from has dim {card.dim} and alpha {card.alpha:g}. "
            f"Train with the same values, not {params.network_dim} and {params.network_alpha:g}."
        )


def fingerprint(request: TrainRequest) -> str:
    """What must be equal for a state to be of this run: model, parameters, captions in order."""
    free = {"save_every", "sample_every"}
    said = TypeAdapter(TrainParams).validate_python(asdict(request.params))  # 16 and 16.0 are the same setting
    # A weight of nothing is not said, as before there was one: states of then still fit
    free |= set() if said.prior_weight else {"prior_weight"}
    params = {name: value for name, value in asdict(said).items() if name not in free}
    begun = [request.start.step] if request.start else []
    whole = json.dumps([request.model, params, [image.caption for image in request.images], *begun], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()
