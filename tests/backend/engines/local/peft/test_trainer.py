"""The peft trainer: what it tells, what it writes, and that a resumed run is the same run. On a model that costs nothing: the
starter is trained in tests/backend/engines/local/starter_model, and resumed in tests/workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from backend.engines.local.diffusers.engine import DiffusersEngine
from backend.engines.local.peft.trainer import PeftTrainer
from backend.engines.ports import training_files
from backend.engines.ports.events import Checkpoint, Event, Metric, Output, Sample
from backend.engines.ports.image import ImageRequest, LoraUse
from backend.engines.ports.trainer import StartCheckpoint, TrainRequest
from backend.errors import ProcessKilled, Rejected
from backend.media.model_files import modelspec, safetensors
from backend.settings import Settings
from tests.backend.engines.ports import trainer_contract
from tests.backend.engines.ports.image_contract import ROUNDING, outputs, pixels
from tests.backend.engines.ports.trainer_contract import Make, of
from tests.fakes.engines import write_lora

pytestmark = pytest.mark.model
BASE = "sd-32"


@pytest.fixture
def alone(settings: Settings) -> PeftTrainer:
    """As in the studio: a child for each run."""
    return PeftTrainer(settings)


def test_offers_models_that_can_be_trained(trainer: PeftTrainer) -> None:
    assert [card.name for card in trainer.models()] == ["starter", "mini"]
    assert trainer.status().ok


def test_a_run_and_its_resumed_half_are_the_same(
    trainer: PeftTrainer,
    engine: DiffusersEngine,
    train_request: Make,
    image_request: Callable[..., ImageRequest],
    tmp_path: Path,
) -> None:
    make = partial(train_request, "mini", flip=True, prior_weight=1.0)
    whole, resumed = trainer_contract.a_run_and_its_resumed_half(trainer, make, BASE, tmp_path / "again")
    final = of(whole, Checkpoint)[-1]
    assert of(resumed, Metric) == of(whole, Metric)[3:]
    assert of(resumed, Output)[0].meta == of(whole, Output)[0].meta
    assert of(resumed, Output)[0].path.read_bytes() == final.path.read_bytes()
    assert [(sample.step, sample.n) for sample in of(whole, Sample)] == [(2, 0), (4, 0), (6, 0)]
    assert pixels(of(whole, Sample)[0].path).std() > 1
    _check_file(final.path)
    _check_drawing(engine, image_request, tmp_path, final.path)


def test_another_run_goes_on_from_a_checkpoint(trainer: PeftTrainer, train_request: Make, tmp_path: Path) -> None:
    """With its state it is the rest of the first run to the last bit; with the LoRA alone it begins as good as that was."""

    def go_on(name: str, **changes: object) -> list[Event]:
        (tmp_path / name).mkdir()
        return list(trainer.run(train_request("mini", steps=3, save_every=2, workdir=tmp_path / name, **changes)))

    whole = list(trainer.run(train_request("mini", steps=6, save_every=3)))
    half, end = of(whole, Checkpoint)
    losses = [metric.loss for metric in of(whole, Metric)]
    exact = go_on("exact", start=StartCheckpoint(3, half.path, half.state_path))
    assert [(metric.step, metric.loss) for metric in of(exact, Metric)] == list(zip((1, 2, 3), losses[3:], strict=True))
    assert _weights(of(exact, Checkpoint)[-1].path) == _weights(end.path)

    near = go_on("near", start=StartCheckpoint(3, half.path))
    assert of(near, Metric)[0].loss == pytest.approx(losses[3], rel=1e-3)
    assert of(near, Output)[0].meta["loss_first"] == pytest.approx(of(exact, Output)[0].meta["loss_first"], rel=1e-3)
    assert of(near, Output)[0].meta["loss_first"] != of(whole, Output)[0].meta["loss_first"]

    saved = of(near, Checkpoint)[0].state_path
    resumed = go_on("resumed", start=StartCheckpoint(3, half.path), resume=saved)
    assert of(resumed, Metric) == of(near, Metric)[2:]


def _weights(path: Path) -> bytes:
    tensors, _ = safetensors.read_header(path)
    return path.read_bytes()[min(tensor.start for tensor in tensors.values()) :]


def test_only_a_checkpoint_that_fits_is_continued(trainer: PeftTrainer, train_request: Make, tmp_path: Path) -> None:
    write_lora(tmp_path / "foreign.safetensors", 1, dim=4)
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    trainer_contract.only_a_checkpoint_that_fits_is_continued(
        trainer, partial(train_request, "mini"), lambda name: StartCheckpoint(1, tmp_path / f"{name}.safetensors")
    )


def _check_file(path: Path) -> None:
    card = safetensors.inspect(path)
    assert card.alpha == 4
    assert set(card.metadata) == {
        "ss_network_module",
        "ss_network_dim",
        "ss_network_alpha",
        "ss_base_model_version",
        "ss_steps",
        *modelspec.lora_metadata("sd15", step=1, sides=(64, 64)),
    }
    assert card.metadata["modelspec.sai_model_spec"] == "1.0.0"
    names = {name.partition(".")[0] for name in safetensors.read_header(path)[0]}
    assert "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k" in names
    assert "lora_unet_mid_block_resnets_0_conv1" in names


def _check_drawing(engine: DiffusersEngine, image_request: Callable[..., ImageRequest], tmp_path: Path, lora: Path) -> None:
    """With the LoRA the picture differs, twice as strong more so, and without it the picture is the old one to the last bit."""

    def drawn(name: str, *loras: LoraUse) -> object:
        (tmp_path / name).mkdir()
        [made] = outputs(engine, image_request("mini", seeds=(1,), workdir=tmp_path / name, loras=loras))
        return pixels(made.path)

    plain, some, more = drawn("plain"), drawn("some", LoraUse("a", lora, 1.0)), drawn("more", LoraUse("a", lora, 2.0))
    both = drawn("both", LoraUse("a", lora, 1.0), LoraUse("b", lora, 1.0))
    assert 0 < abs(some - plain).sum() < abs(more - plain).sum()
    assert abs(both - more).max() <= ROUNDING
    assert (drawn("nothing", LoraUse("a", lora, 0.0)) == plain).all()
    assert (drawn("plain again") == plain).all()


def test_every_option_trains(trainer: PeftTrainer, train_request: Make) -> None:
    options = {"text_encoder_lr": 1e-4, "min_snr_gamma": 5.0, "scheduler": "cosine", "warmup_steps": 2, "repeats": 3}
    events = list(trainer.run(train_request("mini", steps=4, caption_dropout=0.5, train_convolutions=False, **options)))
    assert [metric.lr for metric in of(events, Metric)] == pytest.approx([5e-4, 1e-3, 1e-3, 5e-4])
    names = {name.partition(".")[0] for name in safetensors.read_header(of(events, Output)[0].path)[0]}
    assert "lora_te_text_model_encoder_layers_0_self_attn_q_proj" in names
    assert not any("resnets" in name for name in names)


def test_closing_writes_a_checkpoint_to_resume_from(alone: PeftTrainer, train_request: Make, tmp_path: Path) -> None:
    running = alone.run(train_request("mini", steps=5000))
    for event in running:
        if isinstance(event, Metric):
            break
    running.close()
    kept = training_files.newest_checkpoint(tmp_path)
    assert kept is not None
    assert kept.step >= 1
    assert kept.state_path is not None
    assert safetensors.all_finite(kept.path)
    trainer_contract.a_state_of_another_run_is_refused(alone, partial(train_request, "mini"), kept.state_path)


def test_a_loss_that_is_no_number_stops_with_a_sentence(trainer: PeftTrainer, train_request: Make) -> None:
    with pytest.raises(Rejected, match="Lower the learning rate"):
        list(trainer.run(train_request("mini", steps=200, unet_lr=1e30)))


def test_an_unreadable_picture_is_named(trainer: PeftTrainer, train_request: Make, tmp_path: Path) -> None:
    request = train_request("mini")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"nothing")
    images = (*request.images[:2], type(request.images[0])(broken, "portrait of bella"))
    with pytest.raises(Rejected, match="Picture 3"):
        list(trainer.run(TrainRequest(**{n: getattr(request, n) for n in request.__dataclass_fields__} | {"images": images})))


def test_a_killed_child_is_an_error(alone: PeftTrainer, train_request: Make) -> None:
    running = alone.run(train_request("mini", steps=5000))
    assert next(running), "it lives"
    ours = [one for one in psutil.process_iter(["cmdline", "ppid"]) if one.info["ppid"] == os.getpid()]
    [child] = [one for one in ours if any("child_train" in word for word in one.info["cmdline"] or [])]
    child.kill()
    with pytest.raises(ProcessKilled):
        list(running)


def test_what_cannot_be_trained_gets_a_sentence(trainer: PeftTrainer, train_request: Make) -> None:
    trainer_contract.what_cannot_be_trained_gets_a_sentence(trainer, partial(train_request, "starter"))
