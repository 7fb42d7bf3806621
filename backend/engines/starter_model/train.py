"""Trains the starter model from nothing: `python -m backend.engines.starter_model.train PICTURES OUT --minutes 85`.

PICTURES: what `pictures` wrote (without ending). OUT becomes a model folder in diffusers format; OUT/state.pt lets the same
command go on where it stopped. CPU or CUDA. The bundled weights took 4,100 steps of 32, 85 minutes on two shared CPU cores.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from backend.engines.starter_model import tokenizer as words_to_tokens
from backend.engines.starter_model import words
from backend.engines.starter_model.patch_codec import PatchCodec

TOKENS = 48
CHANNELS = 48
RATE = 1e-3
WARM_UP = 200
EMPTY_CAPTIONS = 0.1
SAVE_EVERY = 300


@dataclass(slots=True)
class Parts:
    """Everything that is trained or needed to, with moving averages of what is trained."""

    codec: PatchCodec
    tokenizer: CLIPTokenizer
    text: CLIPTextModel
    unet: UNet2DConditionModel
    scheduler: DDIMScheduler
    averages: list[torch.Tensor]
    step: int = 0

    def weights(self) -> list[torch.nn.Parameter]:
        return [*self.unet.parameters(), *self.text.parameters()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    pixels = np.load(asked.pictures.with_suffix(".npy"), mmap_mode="r")
    labels = json.loads(asked.pictures.with_suffix(".json").read_text("utf-8"))
    parts = make(fit_codec(pixels), labels, asked.device)
    latents = encode(parts.codec, pixels)
    optimizer = torch.optim.AdamW(parts.weights(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    asked.out.mkdir(parents=True, exist_ok=True)
    resume(asked.out, parts, optimizer)
    learn(parts, optimizer, latents, labels, asked)
    save(asked.out, parts, optimizer)


def fit_codec(pixels: np.ndarray[Any, Any], sample: int = 3000) -> PatchCodec:
    """The 48 principal components of 8x8 patches; latents get the spread that diffusion likes."""
    codec: PatchCodec = PatchCodec(latent_channels=CHANNELS)
    codec.requires_grad_(False)
    rows = np.sort(np.random.default_rng(0).choice(len(pixels), min(sample, len(pixels)), replace=False))
    patches = codec.unfold(_tensor(pixels[rows])).movedim(1, -1).flatten(0, 2)
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    spread = values.flip(0)[:CHANNELS].clamp(min=1e-8).sqrt()
    share = (spread / spread[0]).sqrt()
    codec.mean.copy_(mean)
    codec.basis.copy_(vectors.flip(1)[:, :CHANNELS])
    codec.scale.copy_(spread / share * share.square().mean().sqrt())
    return codec


def make(codec: PatchCodec, labels: list[words.Attributes], device: str) -> Parts:
    """Fresh parts; the vocabulary is every word that captions of these pictures can hold."""
    rng = random.Random(0)
    captions = [words.caption(rng, seen) for seen in labels for _ in range(2)]
    tokenizer = words_to_tokens.build(words_to_tokens.words_of([*captions, *words.NAMES]), TOKENS)
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        projection_dim=128,
        **ends,
    )
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=(96, 160, 224),
        layers_per_block=1,
        cross_attention_dim=128,
        attention_head_dim=8,
        norm_num_groups=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )
    scheduler = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
        steps_offset=1,
    )
    text = CLIPTextModel(config).to(device)
    unet = unet.to(device, memory_format=torch.channels_last)
    parts = Parts(codec, tokenizer, text, unet, scheduler, averages=[])
    parts.averages = [weight.detach().clone() for weight in parts.weights()]
    return parts


@torch.no_grad()  # type: ignore[untyped-decorator]
def encode(codec: PatchCodec, pixels: np.ndarray[Any, Any]) -> torch.Tensor:
    """All pictures as latents in half precision."""
    return torch.cat(
        [codec.encode(_tensor(pixels[at : at + 500])).latent_dist.mode().half() for at in range(0, len(pixels), 500)]
    )


def learn(
    parts: Parts, optimizer: torch.optim.Optimizer, latents: torch.Tensor, labels: list[words.Attributes], asked: Any
) -> None:
    """Steps until the minutes are over; the rate falls over the last 40 % of them."""
    rng, chance, began = random.Random(parts.step), np.random.default_rng(parts.step), time.monotonic()
    while (gone := (time.monotonic() - began) / (asked.minutes * 60)) < 1:
        rate = RATE * min(1, parts.step / WARM_UP) * (1 if gone < 0.6 else max(0.02, (1 - gone) / 0.4))
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = chance.integers(0, len(latents), asked.batch)
        captions = ["" if rng.random() < EMPTY_CAPTIONS else words.caption(rng, labels[row]) for row in rows]
        loss = step(parts, optimizer, latents[rows].float().to(asked.device), captions)
        if parts.step % 50 == 0:
            print(f"{parts.step} {gone:.0%} loss {loss.item():.4f}", flush=True)
        if parts.step % SAVE_EVERY == 0:
            save(asked.out, parts, optimizer)


def step(parts: Parts, optimizer: torch.optim.Optimizer, latents: torch.Tensor, captions: list[str]) -> torch.Tensor:
    """One step of v-prediction and of the moving averages."""
    noise = torch.randn_like(latents)
    times = torch.randint(0, 1000, (len(latents),), device=latents.device)
    tokens = parts.tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
    texts = parts.text(tokens.to(latents.device)).last_hidden_state
    noisy = parts.scheduler.add_noise(latents, noise, times).contiguous(memory_format=torch.channels_last)
    loss: torch.Tensor = F.mse_loss(parts.unet(noisy, times, texts).sample, parts.scheduler.get_velocity(latents, noise, times))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parts.weights(), 1.0)
    optimizer.step()
    parts.step += 1
    keep = min(0.998, parts.step / (parts.step + 100))
    with torch.no_grad():
        torch._foreach_lerp_(parts.averages, parts.weights(), 1 - keep)
    return loss.detach()


def save(out: Path, parts: Parts, optimizer: torch.optim.Optimizer) -> None:
    """The model folder, from the moving averages, and the state to go on from."""
    weights = parts.weights()
    state = {
        "weights": [weight.detach() for weight in weights],
        "averages": parts.averages,
        "optimizer": optimizer.state_dict(),
        "step": parts.step,
    }
    torch.save(state, out / "state.part")
    (out / "state.part").replace(out / "state.pt")
    kept = [weight.detach().clone() for weight in weights]
    _fill(weights, parts.averages)
    for part, name in ((parts.unet, "unet"), (parts.text, "text_encoder"), (parts.codec, "vae")):
        part.save_pretrained(out / name)
    parts.tokenizer.save_pretrained(out / "tokenizer")
    parts.scheduler.save_pretrained(out / "scheduler")
    (out / "model_index.json").write_text(json.dumps(_index(), indent=2), "utf-8")
    _fill(weights, kept)


def resume(out: Path, parts: Parts, optimizer: torch.optim.Optimizer) -> None:
    if (out / "state.pt").is_file():
        state = torch.load(out / "state.pt", weights_only=True)
        _fill(parts.weights(), state["weights"])
        _fill(parts.averages, state["averages"])
        optimizer.load_state_dict(state["optimizer"])
        parts.step = state["step"]


@torch.no_grad()  # type: ignore[untyped-decorator]
def _fill(targets: list[Any], sources: list[torch.Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


def _index() -> dict[str, Any]:
    none = ["safety_checker", "feature_extractor", "image_encoder"]
    return {
        "_class_name": "StableDiffusionPipeline",
        **{name: [None, None] for name in none},
        "requires_safety_checker": False,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "PatchCodec"],
    }


def _tensor(pixels: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(pixels.copy()).movedim(-1, 1).float() / 127.5 - 1


if __name__ == "__main__":
    main()
