"""Our training loop against a plain diffusers/peft loop that does the same work, in turn, in one child process."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS, STEPS, BATCH, DIM, RATE = 7, 8, 4, 16, 1e-3
SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}


def run() -> dict[str, Any]:
    """`ours` and `bare` in steps a second; `ratio` is the median over rounds of ours / bare."""
    done = subprocess.run(
        [sys.executable, "-m", __name__], env=os.environ | SETTINGS, stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        loops = {"ours": _ours(Path(folder)), "bare": _bare()}
        for loop in loops.values():
            loop()
        rates: dict[str, list[float]] = {name: [] for name in loops}
        for n in range(ROUNDS):
            for name in sorted(loops, reverse=bool(n % 2)):
                started_at = time.perf_counter()
                loops[name]()
                rates[name].append(STEPS / (time.perf_counter() - started_at))
    ratio = statistics.median(ours / bare for ours, bare in zip(rates["ours"], rates["bare"], strict=True))
    medians = {name: round(statistics.median(values), 2) for name, values in rates.items()}
    return {"name": "train_loop", "ratio": round(ratio, 3), **medians, "unit": "steps/s", "n": ROUNDS * STEPS}


def _ours(workdir: Path) -> Callable[[], None]:
    """The trainer's own run: draws, step, and telling its figures."""
    import torch

    from backend.engines.local.diffusers import model_cards, model_folder
    from backend.engines.local.peft import data
    from backend.engines.local.peft.child_train import TrainingProcess
    from backend.engines.local.peft.learner import Learner
    from backend.engines.local.starter_model import WEIGHTS, characters
    from backend.engines.ports.trainer import TrainImage, TrainParams, TrainRequest

    params = TrainParams(10_000, BATCH, 128, DIM, DIM, RATE, 0.0, "constant", 0, 1, 1, 0, 0)
    pictures = sorted(characters()[0].folder.glob("*.jpg"))
    images = tuple(TrainImage(path, path.with_suffix(".txt").read_text("utf-8").strip()) for path in pictures)
    model = model_folder.load_model(model_cards.read_card("starter", WEIGHTS), WEIGHTS, torch.device("cpu"))
    material = data.encode_dataset(model, images, params, lambda n: None)
    request = TrainRequest("starter", "bench", images, params, (), "", workdir)
    training, done = TrainingProcess(_Null(), request, Learner(model, material, params)), iter(range(1, 10_000))  # type: ignore[arg-type]

    def loop() -> None:
        for _ in range(STEPS):
            training.step(next(done))

    return loop


class _Null:
    """A line nobody listens to; packing is part of the work."""

    def send_event(self, event: Any) -> None:
        from backend.engines.local.torch_host import ipc_codec

        json.dumps(ipc_codec.pack(event))


def _bare() -> Callable[[], None]:
    """The loop of a tutorial: latents and texts worked out before, AdamW, one loss read a step."""
    import torch
    import torch.nn.functional as F
    from diffusers import DDPMScheduler, UNet2DConditionModel
    from peft import LoraConfig

    from backend.engines.local.peft.learner import ATTENTION, CONVOLUTIONS
    from backend.engines.local.starter_model import WEIGHTS

    torch.manual_seed(1)
    unet = UNet2DConditionModel.from_pretrained(WEIGHTS / "unet").requires_grad_(False).to(memory_format=torch.channels_last)
    unet.add_adapter(LoraConfig(r=DIM, lora_alpha=DIM, target_modules=ATTENTION + CONVOLUTIONS))
    schedule = DDPMScheduler.from_pretrained(WEIGHTS / "scheduler")
    weights = [weight for weight in unet.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, RATE)
    latents, texts = torch.randn(14, 48, 16, 16), torch.randn(14, 48, 128)

    def loop() -> None:
        for _ in range(STEPS):
            rows, times = torch.randint(0, 14, (BATCH,)), torch.randint(0, 1000, (BATCH,))
            clean = latents[rows]
            noise = torch.randn_like(clean)
            noisy = schedule.add_noise(clean, noise, times).contiguous(memory_format=torch.channels_last)
            loss = F.mse_loss(unet(noisy, times, texts[rows]).sample, schedule.get_velocity(clean, noise, times))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            loss.item()

    return loop


if __name__ == "__main__":
    print(json.dumps(_measure()))
