"""Trains the starter model: `python -m starter_model.train PICTURES TEXT OUT --minutes 95 [--start MODEL]`.

PICTURES: what `pictures` wrote (without ending). TEXT: what `train_text` wrote. OUT becomes a model folder in diffusers format;
OUT/state.pt lets the same command go on where it stopped. CPU or CUDA. `--start`: a model folder whose UNet and codec to go on
from. `--shape gpu256` with `--codec FOLDER` (what `train_codec` wrote) makes a stock folder of 256 px; see MODEL_CARD.md.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizer

from backend.engines.local.starter_model import words
from backend.engines.local.starter_model.patch_codec import PatchCodec, fit_codec
from starter_model import averaging, captions, files
from starter_model import unet as unets
from starter_model.train_text import SlotCodes, ideal_states

WARM_UP = 100
AVERAGE_DECAY = 0.999
IDEAL_TEXT_SHARE, BLUR = 0.75, 0.1  # share of the minutes that learn from ideal text states; then those of the text encoder
EMPTY_CAPTIONS = 0.1
SAVE_EVERY_S = 240
RATE_DECAY_FROM = 0.5  # share of the minutes after which the rate falls
NOISY_SHARES = (0.35, 0.1)  # share of steps at the noise levels that decide shapes and colours: at first, at last
HEAD_WEIGHTS = (slice(1, 15), slice(3, 13), 1.4, 0.75)  # sixteenths of the picture: rows, columns, weight inside and outside


@dataclass(slots=True)
class TrainingParts:
    """All parts of the model, with moving averages of the trained weights, and how far the training is."""

    codec: PatchCodec | AutoencoderTiny
    tokenizer: CLIPTokenizer
    codes: SlotCodes
    text_from: Path
    unet: UNet2DConditionModel
    scheduler: DDIMScheduler
    device: str
    text: CLIPTextModel | None = None
    averages: list[torch.Tensor] = field(default_factory=list)
    step: int = 0
    seconds: float = 0.0

    def weights(self) -> list[torch.nn.Parameter]:
        return list(self.unet.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, required=True, help="of training in all, over however many runs")
    parser.add_argument("--start", type=Path, help="model folder to go on from")
    parser.add_argument("--codec", type=Path, help="folder with a trained AutoencoderTiny (gpu256)")
    parser.add_argument("--shape", choices=list(unets.SHAPES), default="cpu128")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each, each with batches of its own")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pixels = np.load(options.pictures.with_suffix(".npy"), mmap_mode="r")
    parts = make(options, pixels)
    latents = encode(parts.codec, pixels, options.device).share_memory_()
    weight_count = sum(weight.numel() for weight in parts.weights())
    averaging.run(options.workers, weight_count, train, options, latents)


def train(team: averaging.TrainingGroup, options: Any, latents: torch.Tensor) -> None:
    """The whole training of one process of the group."""
    parts = make(options, np.load(options.pictures.with_suffix(".npy"), mmap_mode="r"))
    labels = json.loads(options.pictures.with_suffix(".json").read_text("utf-8"))
    optimizer = torch.optim.AdamW(parts.weights(), lr=options.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    resume(options.out, parts, optimizer)
    learn(team, parts, optimizer, latents, labels, options)
    if team.rank == 0:
        parts.text = parts.text or load_text(parts.text_from, parts.device)
        save(options.out, parts, optimizer)


def make(options: Any, pixels: np.ndarray[Any, Any]) -> TrainingParts:
    """The parts at the start: the text encoder as trained on captions, frozen; the UNet new or that of `--start`."""
    tokenizer = CLIPTokenizer.from_pretrained(options.text / "tokenizer")
    codec = _codec(options, pixels)
    codec.to(options.device).eval().requires_grad_(False)
    torch.manual_seed(0)
    unet = unets.make(options.shape, SlotCodes.of(len(tokenizer)), options.start)
    unet.to(options.device, memory_format=torch.channels_last).train()
    if options.device == "cpu":
        unet.set_attn_processor(AttnProcessor())  # the fused one is slow backwards on a CPU with heads this narrow
    scheduler = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
        steps_offset=1,
    )
    parts = TrainingParts(codec, tokenizer, SlotCodes.of(len(tokenizer)), options.text, unet, scheduler, options.device)
    parts.averages = [weight.detach().clone() for weight in parts.weights()]
    return parts


def load_text(folder: Path, device: str) -> CLIPTextModel:
    return CLIPTextModel.from_pretrained(folder / "text_encoder").to(device).eval().requires_grad_(False)


def _codec(options: Any, pixels: np.ndarray[Any, Any]) -> PatchCodec | AutoencoderTiny:
    if options.shape == "gpu256":
        return AutoencoderTiny.from_pretrained(options.codec)
    if options.start:
        return PatchCodec.from_pretrained(options.start / "vae", torch_dtype=torch.float32)
    return fit_codec(pixels)


@torch.no_grad()  # type: ignore[untyped-decorator]
def encode(codec: PatchCodec | AutoencoderTiny, pixels: np.ndarray[Any, Any], device: str) -> torch.Tensor:
    """All pictures as latents in half precision, in memory."""
    encoded_batches = []
    for start in range(0, len(pixels), 200):
        encoded = codec.encode(files.tensor(pixels[start : start + 200]).to(device))
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        encoded_batches.append((latents * codec.config.scaling_factor).half().cpu())
    return torch.cat(encoded_batches)


def learn(
    team: averaging.TrainingGroup,
    parts: TrainingParts,
    optimizer: torch.optim.Optimizer,
    latents: torch.Tensor,
    labels: list[words.Attributes],
    options: Any,
) -> None:
    """Trains until the minutes are over; the learning rate falls from RATE_DECAY_FROM on."""
    rng, started_at, seconds_before = random.Random(parts.step * 100 + team.rank), time.monotonic(), parts.seconds
    saved_at, printed_at, losses, progress = started_at, started_at, [], parts.seconds / (options.minutes * 60)
    torch.manual_seed(parts.step * 100 + team.rank)
    while progress < 1:
        rate = options.rate * min(1, (parts.step + 1) / WARM_UP) * min(1, max(0.01, (1 - progress) / (1 - RATE_DECAY_FROM)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        for _ in range(averaging.STEPS_PER_AVERAGE):
            rows = rng.sample(range(len(latents)), options.batch)
            described = [("", {}, "") if rng.random() < EMPTY_CAPTIONS else captions.describe(rng, labels[row]) for row in rows]
            states = (
                ideal_text_states(parts, described)
                if progress < IDEAL_TEXT_SHARE
                else encoded_text_states(parts, [text for text, _, _ in described])
            )
            noisy = NOISY_SHARES[0] + (NOISY_SHARES[1] - NOISY_SHARES[0]) * progress
            losses.append(step(parts, optimizer, latents[rows].float().to(options.device), states.to(options.device), noisy))
        team.average_weights(parts.weights())
        average(parts)
        parts.seconds = team.broadcast(seconds_before + time.monotonic() - started_at)
        progress = parts.seconds / (options.minutes * 60)
        if team.rank == 0 and len(losses) >= 5 * averaging.STEPS_PER_AVERAGE:
            speed = len(losses) * options.batch * team.size / (time.monotonic() - printed_at)
            print(f"{parts.step} {progress:.1%} {speed:.0f}/s loss {torch.stack(losses).mean().item():.4f}", flush=True)
            losses, printed_at = [], time.monotonic()
        if team.rank == 0 and time.monotonic() - saved_at > SAVE_EVERY_S:
            saved_at = time.monotonic()
            save(options.out, parts, optimizer)


def step(
    parts: TrainingParts, optimizer: torch.optim.Optimizer, latents: torch.Tensor, states: torch.Tensor, noisy_share: float
) -> torch.Tensor:
    """One step of v-prediction and of the moving averages."""
    device, noise = latents.device, torch.randn_like(latents)
    times = timesteps(len(latents), noisy_share).to(device)
    noisy = parts.scheduler.add_noise(latents, noise, times).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16):
        guess = parts.unet(noisy, times, states, return_dict=False)[0]
    error = (guess.float() - parts.scheduler.get_velocity(latents, noise, times)).square()
    loss: torch.Tensor = (error * head_weights(latents.shape[-1]).to(device)).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parts.weights(), 1.0)
    optimizer.step()
    parts.step += 1
    return error.detach().mean()


@torch.no_grad()  # type: ignore[untyped-decorator]
def average(parts: TrainingParts) -> None:
    """Moving averages of the weights, over about the last thousand steps."""
    keep = min(AVERAGE_DECAY, (parts.step + 1) / (parts.step + 20)) ** averaging.STEPS_PER_AVERAGE
    torch._foreach_lerp_(parts.averages, parts.weights(), 1 - keep)


def ideal_text_states(parts: TrainingParts, described: list[tuple[str, captions.NamedBySlot, str]]) -> torch.Tensor:
    """(N, 64, width): the states of a perfect text encoder, with a little noise."""
    names = parts.tokenizer([name for _, _, name in described], add_special_tokens=False)["input_ids"]
    states = torch.stack(
        [ideal_states(parts.codes, said_by_slot, pieces) for (_, said_by_slot, _), pieces in zip(described, names, strict=True)]
    )
    return states + BLUR * torch.randn_like(states)


@torch.no_grad()  # type: ignore[untyped-decorator]
def encoded_text_states(parts: TrainingParts, texts: list[str]) -> torch.Tensor:
    """(N, 64, width): the states of the real text encoder."""
    if parts.text is None:
        parts.text = load_text(parts.text_from, parts.device)
    tokens = parts.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
    states: torch.Tensor = parts.text(tokens.to(parts.device)).last_hidden_state
    return states


def timesteps(count: int, noisy_share: float) -> torch.Tensor:
    """(count,) of 0..999: `noisy_share` of them around 730, where hair and clothes are decided; the rest uniform."""
    levels = torch.where(torch.rand(count) < noisy_share, torch.sigmoid(1.0 + 0.9 * torch.randn(count)), torch.rand(count))
    return (levels * 1000).long().clamp(0, 999)


def head_weights(side: int) -> torch.Tensor:
    """(side, side): more where the head always is; their mean is near 1."""
    rows, columns, inside, outside = HEAD_WEIGHTS
    weights = torch.full((16, 16), outside)
    weights[rows, columns] = inside
    return weights.repeat_interleave(side // 16, 0).repeat_interleave(side // 16, 1)


def save(out: Path, parts: TrainingParts, optimizer: torch.optim.Optimizer) -> None:
    """The model folder, from the moving averages, and the state to go on from."""
    weights = parts.weights()
    state = {
        "weights": [weight.detach() for weight in weights],
        "averages": parts.averages,
        "optimizer": optimizer.state_dict(),
        "step": parts.step,
        "seconds": parts.seconds,
    }
    torch.save(state, out / "state.part")
    (out / "state.part").replace(out / "state.pt")
    current_weights = [weight.detach().clone() for weight in weights]
    files.copy_weights(weights, parts.averages)
    if parts.text is not None:
        files.save(
            out, unet=parts.unet, text=parts.text, codec=parts.codec, tokenizer=parts.tokenizer, scheduler=parts.scheduler
        )
    else:
        parts.unet.save_pretrained(out / "unet")
    files.copy_weights(weights, current_weights)


def resume(out: Path, parts: TrainingParts, optimizer: torch.optim.Optimizer) -> None:
    if (out / "state.pt").is_file():
        state = torch.load(out / "state.pt", weights_only=True)
        files.copy_weights(parts.weights(), state["weights"])
        files.copy_weights(parts.averages, state["averages"])
        optimizer.load_state_dict(state["optimizer"])
        parts.step, parts.seconds = state["step"], state["seconds"]


if __name__ == "__main__":
    main()
