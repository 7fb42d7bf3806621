"""The kohya trainer keeps the port, on scripts that behave as the real ones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.engines.kohya import dataset
from backend.engines.ports.events import Checkpoint, Log, Metric, Output, Sample
from backend.engines.ports.trainer import StartCheckpoint, TrainImage, uses_masks
from backend.errors import EngineUnavailable, Unsupported
from backend.media.model_files import safetensors
from backend.training import rules
from tests.backend.engines.kohya.kohya_rig import Rig, make
from tests.backend.engines.ports import trainer_contract
from tests.backend.engines.ports.trainer_contract import of
from tests.fakes.engines import write_lora
from tests.servers.kohya.writing import trained


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return make(tmp_path)


@pytest.mark.parametrize("base", ["sd15", "sdxl"])
def test_the_contract(rig: Rig, base: str, tmp_path: Path) -> None:
    uninterrupted, resumed = trainer_contract.a_run_and_its_resumed_half(
        rig.trainer, partial(rig.request, base), base, tmp_path / "again"
    )
    # The fake's weights are the steps behind them: the second half went on, it did not begin anew.
    assert [trained(checkpoint.path) for checkpoint in of(uninterrupted, Checkpoint)] == [3, 6]
    assert trained(of(resumed, Output)[0].path) == 6
    assert [metric.loss for metric in of(resumed, Metric)] == [metric.loss for metric in of(uninterrupted, Metric)[3:]]
    assert not list(tmp_path.glob("work-*/kohya-*"))
    state = of(list(rig.trainer.run(rig.request(base, save_every=3))), Checkpoint)[0].state_path
    assert state
    trainer_contract.a_state_of_another_run_is_refused(rig.trainer, partial(rig.request, base), state)


def test_what_does_not_fit_gets_a_sentence(rig: Rig, tmp_path: Path) -> None:
    write_lora(tmp_path / "foreign.safetensors", 1, dim=4)
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    start = lambda name: StartCheckpoint(1, tmp_path / f"{name}.safetensors")  # noqa: E731
    trainer_contract.only_a_checkpoint_that_fits_is_continued(rig.trainer, partial(rig.request, network_alpha=4.0), start)
    trainer_contract.what_cannot_be_trained_gets_a_sentence(rig.trainer, rig.request)


def test_a_warm_start_begins_with_the_weights(rig: Rig) -> None:
    first = of(list(rig.trainer.run(rig.request())), Output)[0].path
    second = list(rig.trainer.run(rig.request(start=StartCheckpoint(6, first))))
    assert [metric.step for metric in of(second, Metric)] == [1, 2, 3, 4, 5, 6]
    assert trained(of(second, Output)[0].path) == 12
    assert safetensors.inspect(of(second, Output)[0].path).metadata["ss_steps"] == "6"


def test_the_learning_rate_of_a_resumed_run_goes_on(rig: Rig) -> None:
    """Its own schedules would stretch over the steps that are left."""
    changes: dict[str, Any] = {"scheduler": "cosine", "warmup_steps": 2, "steps": 9, "save_every": 4}
    uninterrupted = list(rig.trainer.run(rig.request(**changes)))
    rates = [metric.lr for metric in of(uninterrupted, Metric)]
    assert rates[:2] == pytest.approx([5e-4, 1e-3])
    state = of(uninterrupted, Checkpoint)[0].state_path
    assert state is None or not state.exists()  # a newer one took its place
    middle = of(uninterrupted, Checkpoint)[1].state_path
    resumed = list(rig.trainer.run(rig.request(**changes, resume=middle)))
    assert [metric.step for metric in of(resumed, Metric)] == [9]
    assert of(resumed, Metric)[0].lr == pytest.approx(rates[8], abs=1e-9)


def test_samples_and_checkpoints_never_share_a_step(rig: Rig) -> None:
    events = list(rig.trainer.run(rig.request(steps=12, save_every=4, sample_every=4)))
    drawn = {(sample.step, sample.n) for sample in of(events, Sample)}
    saved = {checkpoint.step for checkpoint in of(events, Checkpoint)}
    assert drawn == {(5, 0), (10, 0)} or not saved & {step for step, _ in drawn}
    assert drawn
    assert any("no step both samples and saves" in event.line for event in of(events, Log))
    assert of(events, Sample)[0].prompt == "portrait of bella --w 8, smiling"


def test_samples_are_as_large_as_what_is_trained(rig: Rig) -> None:
    """A larger one would need memory that the card may not have."""
    drawn = of(list(rig.trainer.run(rig.request("sd15", resolution=256, sample_every=2))), Sample)
    assert drawn
    for one in drawn:
        with Image.open(one.path) as picture:
            assert picture.size == (256, 256)


def test_pictures_arrive_upright_cropped_and_masked(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setattr(
        "backend.engines.kohya.trainer.shutil.rmtree", lambda path, **how: path.replace(kept) if path.exists() else None
    )
    Image.new("RGB", (80, 60), (9, 50, 90)).save(tmp_path / "a.jpg")
    mask = Image.new("L", (8, 6), 0)
    mask.paste(255, (4, 0, 8, 6))
    mask.save(tmp_path / "mask.png")
    request = rig.request(flip=True, repeats=3, caption_dropout=0.1)
    image = TrainImage(tmp_path / "a.jpg", "bella", (20, 0, 40, 60), tmp_path / "mask.png")
    list(
        rig.trainer.run(
            request.__class__(**{n: getattr(request, n) for n in request.__dataclass_fields__} | {"images": (image,)})
        )
    )
    assert uses_masks(rig.trainer)
    with Image.open(kept / "pictures/1_pictures/00000.png") as written:
        assert (written.size, written.mode) == ((40, 60), "RGBA")
        alpha, blue = written.getchannel("A"), written.getchannel("B")
        assert alpha.getpixel((2, 30)) == 0
        assert alpha.getpixel((37, 30)) == 255
        assert blue.getpixel((2, 30)) == pytest.approx(90, abs=3)
    dataset_toml = (kept / "dataset.toml").read_text()
    for line in (
        "alpha_mask = true",
        "flip_aug = true",
        "num_repeats = 3",
        "caption_dropout_rate = 0.1",
        'caption_extension = ".txt"',
    ):
        assert line in dataset_toml
    assert (kept / "pictures/1_pictures/00000.txt").read_text() == "bella"


def test_repeats_of_a_picture_and_a_pair_of_sides_are_written_for_kohya(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 3000), (9, 50, 90)).save(tmp_path / "a.jpg")
    images = [TrainImage(tmp_path / "a.jpg", f"bella {n}", repeats=repeats) for n, repeats in enumerate((10, 15, 10))]
    params = replace(rules.SD15, resolution=512, resolution_height=768, repeats=2)
    folder = tmp_path / "pictures"
    assert list(dataset.write_pictures(images, folder, max(params.sides))) == [1, 2, 3]
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt")) == [
        "10_pictures/00000.txt",
        "10_pictures/00002.txt",
        "15_pictures/00001.txt",
    ]
    [written] = dataset.config(params, images, folder, micro_batch=1, drop_captions=True)["datasets"]
    assert (written["resolution"], written["min_bucket_reso"], written["max_bucket_reso"]) == ([512, 768], 256, 1536)
    assert [(Path(subset["image_dir"]).name, subset["num_repeats"]) for subset in written["subsets"]] == [
        ("10_pictures", 20),
        ("15_pictures", 30),
    ]


def test_a_pair_of_sides_is_trained(rig: Rig) -> None:
    events = list(rig.trainer.run(rig.request("sd15", resolution=512, resolution_height=768, sample_every=2)))
    assert of(events, Checkpoint)
    with Image.open(of(events, Sample)[0].path) as picture:
        assert picture.size == (512, 768)
    with pytest.raises(Unsupported, match="512 x 2048 px"):
        list(rig.trainer.run(rig.request("sd15", resolution=512, resolution_height=2048)))


def test_what_is_offered(rig: Rig, tmp_path: Path) -> None:
    assert [(card.name, card.base, card.side) for card in rig.trainer.models()] == [
        ("sd15/base.safetensors", "sd15", 512),
        ("sdxl/base.safetensors", "sdxl", 1024),
    ]
    assert rig.trainer.status().ok
    assert "2 models" in rig.trainer.status().detail
    (tmp_path / "bare").mkdir()
    elsewhere = make(tmp_path / "bare", KOHYA_MODELS_DIR=None, COMFYUI_MODELS_DIR=str(tmp_path))
    assert [card.name for card in elsewhere.trainer.models()] == ["sd15/base.safetensors", "sdxl/base.safetensors"]


def test_an_installation_that_cannot_work_says_what_to_do(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    old, bare, silent = (tmp_path / name for name in ("old", "bare", "silent"))
    old.write_text("#!/bin/sh\necho '{\"python\": [3, 8, 10]}'\n")
    bare.write_text(
        '#!/bin/sh\necho \'{"python": [3, 11, 1], "missing": ["torch", "toml"], "torch": "", "bitsandbytes": false}\'\n'
    )
    silent.write_text("#!/bin/sh\nexit 1\n")
    for path in (old, bare, silent):
        path.chmod(0o755)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"KOHYA_DIR": None}, "KOHYA_DIR is not set"),
        ({"KOHYA_DIR": tmp_path / "empty"}, "has no train_network.py"),
        ({"KOHYA_PYTHON": None}, "no python for sd-scripts"),
        ({"KOHYA_PYTHON": tmp_path / "gone"}, "no python for sd-scripts"),
        ({"KOHYA_PYTHON": silent}, "does not start as a python"),
        ({"KOHYA_PYTHON": old}, "is Python 3.8"),
        ({"KOHYA_PYTHON": bare}, "lacks torch, toml"),
    ]
    for n, (changes, says) in enumerate(cases):
        broken = make(tmp_path / str(n), **changes)
        status = broken.trainer.status()
        assert (status.ok, says in status.detail) == (False, True), status.detail
        with pytest.raises(EngineUnavailable, match=says):
            list(broken.trainer.run(broken.request()))
    (tmp_path / "none").mkdir()
    bare_models = make(tmp_path / "n", KOHYA_MODELS_DIR=tmp_path / "none").trainer.status()
    assert (bare_models.ok, "KOHYA_MODELS_DIR" in bare_models.detail) == (False, True)
