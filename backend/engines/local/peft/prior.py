"""Child side: prior preservation (DreamBooth, Ruiz et al. 2023). The LoRA also learns what the base model draws for other
captions, so that it does not change that.

No regularisation pictures are written. Instead noisy latents are kept with the base model's own prediction for them, which is
the target of the adapted model: it is noise-free and needs no second pass per step. A folder may contain the latents its model
draws for its captions (LATENTS_FILE): then one pass gives a prediction, where drawing takes two for each of STEPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from safetensors.torch import load_file

from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.engines.local.peft.data import ENCODE_BATCH, tokenize
from backend.engines.ports.trainer import TrainParams

PROMPTS_FILE = "prior.txt"  # in a model folder: its own captions, one per line
LATENTS_FILE = "prior.safetensors"  # optional, beside it: `latents`, (lines, channels, h, w), drawn by the model for each line
STEPS = 8
LEVELS_PER_LATENT = 2  # noise levels for each of a folder's own latents
DEFAULT_PROMPTS = tuple(
    f"photo of a {person} {place}"
    for person in ("person", "woman", "man", "young woman", "young man", "child", "older woman", "older man")
    for place in ("in a park", "at home")
)
"""For models without captions of their own: prompts for persons in general."""


@dataclass(frozen=True, slots=True)
class Prior:
    """`noisy`, `guesses`: (count, channels, h, w) on the device; `timesteps`, `prompts`: (count,).

    `prompts` are rows of `tokens`, (prompts, length).
    """

    noisy: torch.Tensor
    guesses: torch.Tensor
    timesteps: torch.Tensor
    prompts: torch.Tensor
    tokens: torch.Tensor

    def rows(self, params: TrainParams, step: int) -> torch.Tensor:
        """The rows for step `step`, from seed and step alone; every row is used once before any is repeated."""
        positions = torch.arange((step - 1) * params.prior_batch, step * params.prior_batch)
        count = len(self.timesteps)
        orders = {
            int(epoch): torch.randperm(count, generator=torch.Generator().manual_seed(params.seed * 6151 + int(epoch)))
            for epoch in (positions // count).unique()
        }
        return torch.stack([orders[int(position) // count][int(position) % count] for position in positions])


def prior_prompts(folder: Path, captions: Sequence[str]) -> list[str]:
    """The model's own captions, without those that contain a word all `captions` share (the trigger word); else
    DEFAULT_PROMPTS."""
    own_captions = _own_captions(folder)
    trigger_words = _common_words(captions) - _common_words(own_captions)
    return [line for line in own_captions if not _words(line) & trigger_words] or own_captions or list(DEFAULT_PROMPTS)


def build_prior(
    model: LoadedModel,
    folder: Path,
    texts: Sequence[str],
    shape: tuple[int, int, int],
    seed: int,
    on_progress: Callable[[int], None],
) -> Prior:
    """The model's predictions for `texts`: from the folder's latents if they have `shape` (channels, h, w), else drawn."""
    if (folder / LATENTS_FILE).is_file():
        latents = load_file(folder / LATENTS_FILE)["latents"]
        own_captions = _own_captions(folder)
        if tuple(latents.shape[1:]) == shape and len(latents) == len(own_captions) and set(texts) <= set(own_captions):
            from_latents: Prior = _guess_at_latents(
                model, texts, latents[[own_captions.index(text) for text in texts]].float(), seed, on_progress
            )
            return from_latents
    drawn: Prior = draw_prior(model, texts, shape, seed, on_progress)
    return drawn


@torch.no_grad()  # type: ignore[untyped-decorator]
def _guess_at_latents(
    model: LoadedModel, texts: Sequence[str], latents: torch.Tensor, seed: int, on_progress: Callable[[int], None]
) -> Prior:
    """Predictions for `latents` at LEVELS_PER_LATENT noise levels each; `on_progress` as for `draw_prior`."""
    schedule = DDPMScheduler.from_config(model.components["scheduler"].config)
    generator, tokens = torch.Generator().manual_seed(seed * 9973), tokenize(model, texts)
    rows, count = torch.arange(len(texts)).repeat_interleave(LEVELS_PER_LATENT), LEVELS_PER_LATENT * len(texts)
    # One level in each of `count` equal parts, so that no range is left out, whatever the seed
    levels = (torch.randperm(count, generator=generator) + torch.rand(count, generator=generator)) / count
    timesteps = (levels * schedule.config.num_train_timesteps).long()
    noisy = schedule.add_noise(latents[rows], torch.randn((count, *latents.shape[1:]), generator=generator), timesteps)
    noisy, guesses = noisy.to(model.device), []
    for start in range(0, count, ENCODE_BATCH * LEVELS_PER_LATENT):
        part = slice(start, start + ENCODE_BATCH * LEVELS_PER_LATENT)
        with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
            states = model.components["text_encoder"](tokens[rows[part]].to(model.device))[0]
            guess = model.unet(
                _in_memory_format(model, noisy[part]), timesteps[part].to(model.device), states, return_dict=False
            )[0]
        guesses.append(guess.float())
        on_progress(min(start // LEVELS_PER_LATENT + ENCODE_BATCH, len(texts)))
    return Prior(noisy, torch.cat(guesses), timesteps, rows, tokens)


@torch.no_grad()  # type: ignore[untyped-decorator]
def draw_prior(
    model: LoadedModel, texts: Sequence[str], shape: tuple[int, int, int], seed: int, on_progress: Callable[[int], None]
) -> Prior:
    """Draws every text once with the base model. `shape`: (channels, h, w); `on_progress` gets the number of texts done."""
    schedule = DDIMScheduler.from_config(model.components["scheduler"].config)
    schedule.set_timesteps(STEPS)
    tokens = tokenize(model, [*texts, ""])
    parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for start in range(0, len(texts), ENCODE_BATCH):
        prompt_rows = torch.arange(start, min(start + ENCODE_BATCH, len(texts)))
        count = len(prompt_rows)
        pair = torch.cat([tokens[prompt_rows], tokens[-1:].expand(count, -1)]).to(model.device)
        generator = torch.Generator().manual_seed(seed * 9973 + start)
        noisy = torch.randn((count, *shape), generator=generator).to(model.device)
        for level in schedule.timesteps:
            with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
                states = model.components["text_encoder"](pair)[0]
                both = _in_memory_format(model, torch.cat([noisy, noisy]))
                guess, plain = model.unet(both, level, states, return_dict=False)[0].float().chunk(2)
            parts.append((noisy, guess, torch.full((count,), int(level)), prompt_rows))
            noisy = schedule.step(plain + model.card.cfg * (guess - plain), level, noisy).prev_sample
        on_progress(start + count)
    noisies, guesses, levels, rows = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return Prior(noisies, guesses, levels, rows, tokens[:-1])


def _own_captions(folder: Path) -> list[str]:
    if not (folder / PROMPTS_FILE).is_file():
        return []
    return [line.strip() for line in (folder / PROMPTS_FILE).read_text("utf-8").splitlines() if line.strip()]


def _in_memory_format(model: LoadedModel, latents: torch.Tensor) -> torch.Tensor:
    return latents.contiguous(memory_format=torch.channels_last) if model.device.type == "cpu" else latents


def _common_words(texts: Sequence[str]) -> set[str]:
    """The words that are in every one of `texts`."""
    first, *others = (_words(text) for text in texts or [""])
    return first.intersection(*others)


def _words(text: str) -> set[str]:
    return set(text.lower().replace(",", " ").replace(".", " ").split())
