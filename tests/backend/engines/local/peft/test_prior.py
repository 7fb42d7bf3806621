"""Prior preservation: what the model draws for others is learned beside the pictures, and stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.peft.trainer import PeftTrainer
from backend.engines.local.starter_model import WEIGHTS, characters
from backend.engines.ports import training_files
from backend.engines.ports.events import Metric, Output, Progress
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.engines.ports.trainer import TrainRequest
from backend.settings import Settings
from tests.backend.engines.ports.image_contract import outputs, pixels
from tests.support import torch_child

Make = Callable[..., TrainRequest]


PROMPTS = """
import json, sys
from pathlib import Path
from backend.engines.local.peft import prior
from backend.engines.local.starter_model import WEIGHTS
from starter_model.bundle import prior_captions
asked = json.load(sys.stdin)
found = [prior.prior_prompts(Path(folder) if folder else WEIGHTS, captions) for folder, captions in asked]
print(json.dumps({"found": found, "everybody": prior_captions(), "anybody": prior.DEFAULT_PROMPTS}))
"""


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`found`: what is kept for the captions of bella, of luna, of a model without captions, of one with its own; `everybody`:
    the captions of other names that come with the starter model; `anybody`: those for models without."""
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "prior.txt").write_text("a red car\n\n  a blue car \n")
    asked = [
        ("", ["portrait of bella, smiling"]),
        ("", ["portrait of luna, smiling", "Luna at the beach"]),
        (str(folder / "nothing"), ["photo of ohwx man"]),
        (str(folder), ["my car"]),
    ]
    answer: dict[str, Any] = json.loads(torch_child.run_code(PROMPTS, stdin=json.dumps(asked)))
    return answer


def test_others_are_kept_by_captions_of_their_own_or_of_anybody(prompts: dict[str, Any]) -> None:
    bella, luna, bare, own = prompts["found"]
    assert bella == prompts["everybody"] == (WEIGHTS / "prior.txt").read_text("utf-8").splitlines()
    assert not any(character.name in line for character in characters() for line in bella)
    assert 0 < len(luna) < len(bella)
    assert not any("luna" in line for line in luna), "a caption with the trigger word is left out"
    assert bare == prompts["anybody"], "the class is what is kept"
    assert own == ["a red car", "a blue car"]


def test_a_state_from_before_there_was_a_weight_still_fits(train_request: Make) -> None:
    request = train_request("mini")
    assert training_files.fingerprint(request) == "ab907f02ce7f98dacab74b7723a4e543f0bce9d204c3e1e01b2bb9825dbe39a2"
    weighted = replace(request, params=replace(request.params, prior_weight=1.0))
    assert training_files.fingerprint(weighted) != training_files.fingerprint(request)


@pytest.mark.parametrize(("batch", "kept"), [(1, 1), (4, 1), (8, 2), (16, 4)])
def test_a_step_learns_from_one_of_them_for_four_pictures(train_request: Make, batch: int, kept: int) -> None:
    params = train_request("mini", batch=batch).params
    assert params.prior_batch == 0
    assert replace(params, prior_weight=0.5).prior_batch == kept


@pytest.mark.model
def test_others_stay_nearer_to_what_they_were(
    trainer: PeftTrainer,
    engine: DiffusersEngine,
    train_request: Make,
    image_request: Callable[..., ImageRequest],
    prompts: dict[str, Any],
    tmp_path: Path,
) -> None:
    """With the weight other captions change less."""

    def trained(name: str, **changes: object) -> list:
        (tmp_path / name).mkdir()
        request = train_request("mini", steps=12, unet_lr=5e-3, workdir=tmp_path / name, **changes)
        return list(trainer.run(request))

    def drawn(name: str, *loras: LoraUse) -> object:
        (tmp_path / f"drawn {name}").mkdir()
        asked = image_request("mini", prompt=prompts["anybody"][0], seeds=(1,), loras=loras, workdir=tmp_path / f"drawn {name}")
        [made] = outputs(engine, asked)
        return pixels(made.path)

    free, kept = trained("free"), trained("kept", prior_weight=5.0)
    plain = drawn("plain")
    loras = [next(event.path for event in run if isinstance(event, Output)) for run in (free, kept)]
    moved = [abs(drawn(lora.parent.name, LoraUse("a", lora, 1.0)) - plain).mean() for lora in loras]
    assert moved[1] < moved[0] * 0.8
    cached = [event for event in kept if isinstance(event, Progress) and event.phase == "caching"]
    assert cached[-1].done == cached[-1].total == 4 + len(prompts["anybody"])


@pytest.mark.model
def test_a_folder_may_bring_what_its_model_draws(
    trainer: PeftTrainer, settings: Settings, train_request: Make, tmp_path: Path
) -> None:
    """Those latents are looked at again instead of drawn; latents of another size are not taken."""
    lines = ["a red car", "a blue car", "a green car"]
    shutil.copytree(Path(str(settings.engines.local.models_dir)) / "mini", tmp_path / "models" / "mini")
    folder = tmp_path / "models" / "mini"
    (folder / "prior.txt").write_text("\n".join(lines))
    own = PeftTrainer(settings.replace(MODELS_DIR=tmp_path / "models"))

    def trained(name: str, latents: np.ndarray[Any, Any]) -> tuple[list[float], list[int]]:
        (tmp_path / name).mkdir()
        save_file({"latents": latents.astype(np.float16)}, folder / "prior.safetensors")
        events = list(own.run(train_request("mini", steps=3, unet_lr=5e-2, prior_weight=5.0, workdir=tmp_path / name)))
        cached = [event.done for event in events if isinstance(event, Progress) and event.phase == "caching"]
        return [event.loss for event in events if isinstance(event, Metric)], cached

    side, chance = 64 // 8, np.random.default_rng(0)
    some, others = (chance.standard_normal((len(lines), 4, side, side)) for _ in range(2))
    first, cached = trained("first", some)
    assert cached[-1] == 4 + len(lines)
    drawn = trained("drawn", some[:, :, 1:])[0]
    assert drawn == trained("drawn too", others[:, :, 1:])[0]
    assert drawn != first, "they are what is learned"
