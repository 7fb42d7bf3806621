"""What sd-scripts are given and what is read from what they print and write."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.engines.kohya import arguments, console, results
from backend.engines.kohya.arguments import KohyaPlan
from backend.engines.kohya.console import BarLine, PhaseLine, StepLine, Tail
from backend.engines.kohya.event_files import EventFiles, Scalar
from backend.engines.ports.image import ModelCard
from backend.engines.ports.trainer import TrainParams, preset_for, split_batch
from backend.media.model_files import safetensors
from backend.training import resource_needs
from backend.training.rules import SD15, SDXL
from tests.servers.kohya.event_file import EventFile
from tests.support import torch_child


def plan(base: str, params: TrainParams, vram_gb: int, **changes: Any) -> KohyaPlan:
    preset = preset_for(base, vram_gb * 1024)
    micro_batch, accumulation_steps = split_batch(params.batch, preset, 1.0)
    whole: dict[str, Any] = {
        "base": base, "checkpoint": Path("/m/base.safetensors"), "params": params, "preset": preset,
        "dataset_config": Path("/w/d"),
        "output_dir": Path("/w/o"), "logging_dir": Path("/w/l"), "tokenizers": Path("/t"),
        "micro_batch": micro_batch, "accumulation_steps": accumulation_steps,
        "precision": "bf16" if vram_gb else "no", "eight_bit": preset.eight_bit, "cache_text": preset.cache_text,
    }  # fmt: skip
    return KohyaPlan(**whole | changes)


def said(plan: KohyaPlan) -> str:
    return " ".join(arguments.arguments(plan))


def test_xl_has_its_own_script_and_flags() -> None:
    """The seeds' example trains XL with the script of SD 1.5, which cannot load it."""
    small = said(plan("sdxl", SDXL, 8))
    assert small.startswith("sdxl_train_network.py ")
    for words in (
        "--no_half_vae", "--cache_text_encoder_outputs", "--network_train_unet_only", "--fp8_base", "--gradient_checkpointing",
        "--optimizer_type AdamW8bit", "--mixed_precision bf16", "--no_metadata", "--save_state", "--console_log_simple",
    ):  # fmt: skip
        assert words in small
    large = said(plan("sdxl", SDXL, 24))
    assert "--fp8_base" not in large
    assert "--cache_text_encoder_outputs" not in large
    assert "--optimizer_type AdamW " in large
    assert said(plan("sd15", SD15, 0)).startswith("train_network.py ")
    assert f"--text_encoder_lr {SD15.text_encoder_lr:g}" in said(plan("sd15", SD15, 0))


def test_a_resumed_run_makes_the_steps_that_are_left() -> None:
    resumed = said(plan("sd15", SD15, 12, done=500, state=Path("/w/state")))
    assert "--max_train_steps 1000" in resumed
    assert "--resume /w/state --initial_step 0" in resumed
    assert "--seed 542" in resumed
    assert "--lr_scheduler_type studio_schedule.WholeRun --lr_scheduler_args shape='cosine' total=1500 warmup=50" in resumed
    assert "--lr_warmup_steps" not in resumed  # refused together with a scheduler of one's own


@pytest.mark.parametrize("scheduler", ["constant", "cosine", "linear"])
def test_schedules(scheduler: Any) -> None:
    assert f"--lr_scheduler {scheduler}" in said(plan("sd15", replace(SD15, scheduler=scheduler, warmup_steps=0), 0))
    warm = said(plan("sd15", replace(SD15, scheduler=scheduler), 0))
    assert f"--lr_scheduler {'constant_with_warmup' if scheduler == 'constant' else scheduler} --lr_warmup_steps 50" in warm


@pytest.mark.model
def test_the_schedule_of_a_resumed_run_is_that_of_the_whole() -> None:
    """In a process of its own: this module is loaded by sd-scripts, with torch."""
    script = f"""
import json, sys, torch
sys.path.insert(0, {str(arguments.INSIDE)!r})
from studio_schedule import WholeRun
def make():
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    return optimizer, WholeRun(optimizer, shape="cosine", total=10, warmup=2)
optimizer, whole = make()
rates = []
for step in range(10):
    rates.append(whole.get_last_lr()[0])
    if step == 4:
        saved, weights = whole.state_dict(), optimizer.state_dict()
    optimizer.step(); whole.step()
optimizer, rest = make()
optimizer.load_state_dict(weights); rest.load_state_dict(saved)
print(json.dumps([rates, rest.get_last_lr()[0]]))
"""
    rates, resumed = json.loads(torch_child.run_code(script))
    assert rates[:3] == [0, 0.5, 1]
    assert rates[6] == pytest.approx(0.5)
    assert resumed == rates[4]


@pytest.mark.parametrize(("base", "params", "side"), [("sd15", SD15, 512), ("sdxl", SDXL, 1024)])
@pytest.mark.parametrize("gb", [8, 12, 16, 24])
def test_each_preset_fits_its_card(base: str, params: TrainParams, side: int, gb: int) -> None:
    card = ModelCard("m", "m", base, side, 64, (), "", 0, 0.0, trainable=True)
    preset = preset_for(base, gb * 1024 - 300)
    assert preset.gb == gb
    for batch in (params.batch, 12):
        need = resource_needs.estimate_memory(card, replace(params, batch=batch), preset)
        assert need
        assert resource_needs.fits(need, gb * 1024), need
    assert f"{gb} GB" in preset.title


def test_a_batch_that_does_not_fit_is_split() -> None:
    small = preset_for("sdxl", 16 * 1024)
    assert [split_batch(batch, small, 1.0) for batch in (1, 2, 3, 4)] == [(1, 1), (2, 1), (1, 3), (2, 2)]
    assert split_batch(2, small, 4.0) == (1, 2)
    assert split_batch(16, preset_for("sd15", 0), 1.0) == (16, 1)


def test_no_step_both_draws_and_saves() -> None:
    cases = {(250, 250, 1500): 249, (50, 50, 100): 49, (0, 5, 10): 0, (1, 1, 10): 0, (10, 0, 30): 10, (250, 250, 250): 250}
    assert {case: arguments.sample_every(*case) for case in cases} == cases


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("steps:  25%|██▌       | 1/4 [00:22<01:08, 22.80s/it, avr_loss=1.13]", StepLine(1, 4, True)),
        ("steps:  67%|██████▋   | 2/3 [00:12<00:06,  6.09s/it, avr_loss=nan]", StepLine(2, 3, False)),
        ("steps:   0%|          | 0/4 [00:00<?, ?it/s]", StepLine(0, 4, True)),
        ("steps: 100%|██| 4/4 [01:00<00:00, 1.5it/s, Keys Scaled=3, avr_loss=0.1] epoch is incremented.", StepLine(4, 4, True)),
        (" 33%|███▎      | 1/3 [00:40<01:20, 40.49s/it]", BarLine(1, 3)),
        ("generating sample images at step / サンプル画像生成 ステップ: 2", PhaseLine("sampling")),
        ("saving checkpoint: /out/ohwx-step00000002.safetensors", PhaseLine("saving")),
        ("caching latents with caching strategy.", PhaseLine("caching")),
        ("running training / 学習開始", None),
    ],
)
def test_lines(line: str, meaning: object) -> None:
    assert console.parse_line(line) == meaning


def test_a_growing_file_is_read_by_lines(tmp_path: Path) -> None:
    path = tmp_path / "stderr"
    tail = Tail(path)
    assert tail.lines() == []
    path.write_bytes(b"\rsteps: a\rst")
    assert tail.lines() == ["steps: a"]
    with path.open("ab") as file:
        file.write("eps: 学".encode()[:-1])
    assert tail.lines() == []
    with path.open("ab") as file:
        file.write("学".encode()[-1:] + b"\xff\n\nend")
    assert tail.lines() == ["steps: 学\ufffd"]
    assert tail.last().endswith("end")


REAL = bytes.fromhex(
    "1800000000000000a37f4b2209823c1ab861c0da411a0d627261696e2e4576656e743a32f9572546"
    "220000000000000078113dfd09f56b1ab861c0da4110012a150a130a0c6c6f73732f63757272656e74150000003f27ffebac"
)
"""A file of tensorboardX 2.6.5: its version, then loss/current = 0.5 at step 1."""


def test_event_files(tmp_path: Path) -> None:
    path = tmp_path / "20261121/network_train/events.out.tfevents.1.host"
    path.parent.mkdir(parents=True)
    reader = EventFiles(tmp_path)
    found = []
    for end in range(0, len(REAL) + 1, 7):  # as it grows
        path.write_bytes(REAL[:end])
        found += reader.scalars()
    path.write_bytes(REAL)
    found += reader.scalars()
    assert found == [Scalar("loss/current", 1, 0.5)]
    assert reader.scalars() == []
    path.write_bytes(REAL + b"\xff" * 40)
    assert reader.scalars() == []
    path.write_bytes(REAL + b"\xff" * 90)
    assert reader.scalars() == []


def test_event_files_of_the_fake_are_real_ones(tmp_path: Path) -> None:
    made = EventFile(tmp_path)
    made.scalars({"loss/current": 0.25, "lr/unet": 2.0**-13}, 300)
    made.close()
    assert EventFiles(tmp_path).scalars() == [Scalar("loss/current", 300, 0.25), Scalar("lr/unet", 300, 2.0**-13)]


def test_a_header_keeps_nothing_that_tells(tmp_path: Path) -> None:
    told = {
        "ss_tag_frequency": '{"bella": {"smile": 1}}', "ss_dataset_dirs": "{}", "ss_datasets": "[]",
        "ss_sd_model_name": "secret",
        "ss_output_name": "bella", "modelspec.title": "bella", "ss_session_id": "1", "ss_training_comment": "bella",
        "ss_network_dim": "4", "modelspec.architecture": "stable-diffusion-v1/lora", "unknown": "bella",
    }  # fmt: skip
    head = json.dumps({"__metadata__": told, "a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "raw.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"abcd")
    known = {"ss_base_model_version": "sd_v1", "ss_network_dim": "9"}
    results.publish(path, tmp_path / "out/clean.safetensors", known, {"ss_steps": "3"})
    tensors, kept = safetensors.read_header(tmp_path / "out/clean.safetensors")
    assert kept == {
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "ss_base_model_version": "sd_v1",
        "ss_network_dim": "4",
        "ss_steps": "3",
    }
    assert (tmp_path / "out/clean.safetensors").read_bytes()[tensors["a"].start :] == b"abcd"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clean.safetensors"]
