"""Child side: prior preservation. What the model alone makes of other captions is learned beside the pictures, so that a LoRA
leaves it as it is (DreamBooth, Ruiz et al. 2023).

The regularisation pictures are never finished as files: what is kept are noisy latents and the model's own guess there. That
guess is what the adapted model shall still say: a target without noise in it, and no second pass a step. A folder may bring
what its model draws for its captions (LATENTS): one pass then gives a guess, where drawing takes two for each of STEPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from safetensors.torch import load_file

from backend.engines.diffusion.folder import Model
from backend.engines.trainer.data import AT_ONCE, to_tokens
from backend.engines.trainer.port import TrainParams

FILE = "prior.txt"  # in a model folder: captions of its own kind, one a line
LATENTS = "prior.safetensors"  # beside it, if at all: `latents`, (lines, channels, h, w), what the model draws for each line
STEPS = 8
LOOKS = 2  # at each of a folder's own latents
ANYBODY = tuple(
    f"photo of a {who} {place}"
    for who in ("person", "woman", "man", "young woman", "young man", "child", "older woman", "older man")
    for place in ("in a park", "at home")
)
"""For models that bring no captions of their own: the class that characters belong to."""


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
        """Which of them step `step` learns from: from the seed and the step alone, each one once before any comes again."""
        places = torch.arange((step - 1) * params.prior_batch, step * params.prior_batch)
        count = len(self.timesteps)
        order = {
            int(round_): torch.randperm(count, generator=torch.Generator().manual_seed(params.seed * 6151 + int(round_)))
            for round_ in (places // count).unique()
        }
        return torch.stack([order[int(place) // count][int(place) % count] for place in places])


def prompts(folder: Path, captions: Sequence[str]) -> list[str]:
    """The model's own captions, none with a word that all `captions` share, as a trigger word is; or those of anybody."""
    known = _known(folder)
    told = _common(captions) - _common(known)
    return [line for line in known if not _words(line) & told] or known or list(ANYBODY)


def keep(
    model: Model, folder: Path, texts: Sequence[str], shape: tuple[int, int, int], seed: int, told: Callable[[int], None]
) -> Prior:
    """What the model says for `texts`: from the folder's own latents if they are of `shape`, (channels, h, w), else drawn."""
    if (folder / LATENTS).is_file():
        latents = load_file(folder / LATENTS)["latents"]
        known = _known(folder)
        if tuple(latents.shape[1:]) == shape and len(latents) == len(known) and set(texts) <= set(known):
            seen: Prior = _look_again(model, texts, latents[[known.index(text) for text in texts]].float(), seed, told)
            return seen
    drawn: Prior = draw(model, texts, shape, seed, told)
    return drawn


@torch.no_grad()  # type: ignore[untyped-decorator]
def _look_again(model: Model, texts: Sequence[str], latents: torch.Tensor, seed: int, told: Callable[[int], None]) -> Prior:
    """The guesses at `latents` with noise on them, LOOKS times each; `told` as for `draw`."""
    schedule = DDPMScheduler.from_config(model.components["scheduler"].config)
    chance, tokens = torch.Generator().manual_seed(seed * 9973), to_tokens(model, texts)
    rows, count = torch.arange(len(texts)).repeat_interleave(LOOKS), LOOKS * len(texts)
    # One level in each of as many equal parts: none is left out, whatever the seed
    levels = (torch.randperm(count, generator=chance) + torch.rand(count, generator=chance)) / count
    times = (levels * schedule.config.num_train_timesteps).long()
    noisy = schedule.add_noise(latents[rows], torch.randn((count, *latents.shape[1:]), generator=chance), times)
    noisy, guesses = noisy.to(model.device), []
    for at in range(0, count, AT_ONCE * LOOKS):
        part = slice(at, at + AT_ONCE * LOOKS)
        with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
            states = model.components["text_encoder"](tokens[rows[part]].to(model.device))[0]
            guess = model.unet(_laid_out(model, noisy[part]), times[part].to(model.device), states, return_dict=False)[0]
        guesses.append(guess.float())
        told(min(at // LOOKS + AT_ONCE, len(texts)))
    return Prior(noisy, torch.cat(guesses), times, rows, tokens)


@torch.no_grad()  # type: ignore[untyped-decorator]
def draw(model: Model, texts: Sequence[str], shape: tuple[int, int, int], seed: int, told: Callable[[int], None]) -> Prior:
    """Draws every text once with the model as it is, `shape`: (channels, h, w); `told` gets the number of texts done."""
    schedule = DDIMScheduler.from_config(model.components["scheduler"].config)
    schedule.set_timesteps(STEPS)
    tokens = to_tokens(model, [*texts, ""])
    kept: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for at in range(0, len(texts), AT_ONCE):
        prompt_rows = torch.arange(at, min(at + AT_ONCE, len(texts)))
        count = len(prompt_rows)
        pair = torch.cat([tokens[prompt_rows], tokens[-1:].expand(count, -1)]).to(model.device)
        noise = torch.Generator().manual_seed(seed * 9973 + at)
        noisy = torch.randn((count, *shape), generator=noise).to(model.device)
        for level in schedule.timesteps:
            with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type == "cuda"):
                states = model.components["text_encoder"](pair)[0]
                both = _laid_out(model, torch.cat([noisy, noisy]))
                guess, plain = model.unet(both, level, states, return_dict=False)[0].float().chunk(2)
            kept.append((noisy, guess, torch.full((count,), int(level)), prompt_rows))
            noisy = schedule.step(plain + model.card.cfg * (guess - plain), level, noisy).prev_sample
        told(at + count)
    noisies, guesses, levels, rows = (torch.cat(parts) for parts in zip(*kept, strict=True))
    return Prior(noisies, guesses, levels, rows, tokens[:-1])


def _known(folder: Path) -> list[str]:
    if not (folder / FILE).is_file():
        return []
    return [line.strip() for line in (folder / FILE).read_text("utf-8").splitlines() if line.strip()]


def _laid_out(model: Model, latents: torch.Tensor) -> torch.Tensor:
    return latents.contiguous(memory_format=torch.channels_last) if model.device.type == "cpu" else latents


def _common(texts: Sequence[str]) -> set[str]:
    """The words that are in every one of `texts`."""
    first, *others = (_words(text) for text in texts or [""])
    return first.intersection(*others)


def _words(text: str) -> set[str]:
    return set(text.lower().replace(",", " ").replace(".", " ").split())
