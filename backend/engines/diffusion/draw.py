"""Child side: draws the pictures of one request with a loaded model, in batches, telling of every step."""

from __future__ import annotations

import dataclasses
import io
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageOps

from backend.engines.diffusion import folder
from backend.engines.diffusion.folder import Model
from backend.engines.diffusion.inpaint import Painting, opened
from backend.engines.diffusion.mask_hold import Keep
from backend.engines.events import Event, Output, Preview, Progress
from backend.engines.image.port import ImageRequest
from backend.errors import OutOfMemory

# Pixels and pictures drawn at once: few on a CPU, so that the first ones come soon.
BATCH_PX = {"cpu": 4 * 128 * 160, "cuda": 6 * 512 * 512, "mps": 512 * 768}
MOST_AT_ONCE = {"cpu": 4, "cuda": 8, "mps": 4}
PREVIEW_EVERY_S = 1.0
PREVIEW_SIDE = 256
Tell = Callable[[Event], None]


class Stopped(Exception):
    """Somebody asked to stop between two steps."""


def draw(model: Model, request: ImageRequest, tell: Tell, stopped: Callable[[], bool]) -> None:
    """Draws `request` (its size already fits the model), telling Progress, Preview and Output. Raises Stopped, OutOfMemory."""
    request = _heard(model, request)
    painting = Painting.of(request, model.card) if request.mask else None
    if painting:
        request = dataclasses.replace(request, width=painting.width, height=painting.height)
    picture = painting.start() if painting else _start_picture(request)
    pipe = folder.pipeline(model, request.sampler, from_picture=picture is not None)
    asked, done = _steps(request)
    most, n = _most_at_once(model, request), 0
    tell(Progress(0, done * len(request.seeds), "drawing"))
    while n < len(request.seeds):
        seeds = request.seeds[n : n + most]
        prompts = request.prompts[n : n + most] or (request.prompt,) * len(seeds)
        keep = Keep(model, pipe, painting, seeds) if painting else None
        watch = _Watch(model, tell, stopped, first=n, count=len(seeds), steps=done, total=done * len(request.seeds), keep=keep)
        try:
            images = _batch(pipe, request, seeds, prompts, picture, asked, watch)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            if most == 1:
                raise OutOfMemory("There is not enough memory to draw this picture. Choose a smaller size or model.") from error
            most = max(1, most // 2)
            continue
        for drawn, seed in zip(images, seeds, strict=True):
            image = painting.put_back(drawn) if painting else drawn
            tell(Output(_save(image, request.workdir, n), n, {"seed": seed, "width": image.width, "height": image.height}))
            n += 1


def _heard(model: Model, request: ImageRequest) -> ImageRequest:
    """Without the phrases that say nothing to the model."""
    heard = model.card.prompts.heard
    words = {"prompt": heard(request.prompt), "negative_prompt": heard(request.negative_prompt)}
    return dataclasses.replace(request, **words, prompts=tuple(map(heard, request.prompts)))  # type: ignore[arg-type]


def sketch(model: Model, prompts: Sequence[str], negative: str, *, seed: int, steps: int) -> list[Image.Image]:
    """One quick picture per prompt at the model's own size and guidance; the same noise for the same seed and place."""
    pipe = folder.pipeline(model, model.card.sampler)
    answer = pipe(
        prompt=[model.card.prompts.heard(prompt) for prompt in prompts],
        negative_prompt=[model.card.prompts.heard(negative)] * len(prompts),
        num_inference_steps=steps,
        guidance_scale=model.card.cfg,
        generator=[torch.Generator().manual_seed(seed + i) for i in range(len(prompts))],
    )
    images: list[Image.Image] = answer.images
    return images


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or Python means that memory ran out."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)


def too_long(model: Model, prompt: str) -> bool:
    """Whether the model reads only the beginning of `prompt`."""
    tokenizer = model.components["tokenizer"]
    return bool(len(tokenizer(model.card.prompts.heard(prompt))["input_ids"]) > tokenizer.model_max_length)


def _batch(
    pipe: Any,
    request: ImageRequest,
    seeds: Sequence[int],
    prompts: Sequence[str],
    picture: Image.Image | None,
    steps: int,
    watch: _Watch,
) -> list[Image.Image]:
    shape = {"width": request.width, "height": request.height}
    start = shape if picture is None else {"image": [picture] * len(seeds), "strength": request.strength}
    answer = pipe(
        prompt=list(prompts),
        negative_prompt=[request.negative_prompt] * len(seeds),
        num_inference_steps=steps,
        guidance_scale=request.cfg,
        # One generator a picture, on the CPU: the same picture in any batch and, to rounding, on any device.
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        callback_on_step_end=watch,
        **start,
    )
    images: list[Image.Image] = answer.images
    return images


class _Watch:
    """What a pipeline calls after each step: tells progress, shows a preview, and stops when asked to."""

    def __init__(
        self,
        model: Model,
        tell: Tell,
        stopped: Callable[[], bool],
        *,
        first: int,
        count: int,
        steps: int,
        total: int,
        keep: Keep | None = None,
    ) -> None:
        self._keep = keep
        self._model, self._tell, self._stopped = model, tell, stopped
        self._first, self._count, self._steps, self._total = first, count, steps, total
        self._step, self._shown_at = 0, time.monotonic()

    def __call__(self, pipe: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        self._step += 1
        if self._stopped():
            raise Stopped
        self._tell(Progress(self._first * self._steps + min(self._step, self._steps) * self._count, self._total, "drawing"))
        if self._step < self._steps and time.monotonic() - self._shown_at > PREVIEW_EVERY_S:
            self._shown_at = time.monotonic()
            self._tell(Preview(preview(self._model, tensors["latents"][:1]), self._first))
        return {"latents": self._keep(timestep, tensors["latents"])} if self._keep else {}


# Red, green and blue of Stable Diffusion's four latent channels: enough for a preview, at no cost.
_LATENT_RGB = ((0.3512, 0.2297, 0.3227), (0.3250, 0.4974, 0.2350), (-0.2829, 0.1762, 0.2721), (-0.2120, -0.2616, -0.7177))


@torch.no_grad()  # type: ignore[untyped-decorator]
def preview(model: Model, latents: torch.Tensor) -> bytes:
    """A rough JPEG of the first of `latents` (N, channels, h, w), at most 256 px a side."""
    if latents.shape[1] == len(_LATENT_RGB):
        rough = torch.einsum("chw,cr->rhw", latents[0].float().cpu(), torch.tensor(_LATENT_RGB))
    else:
        scale = model.components["vae"].config.scaling_factor
        rough = model.components["vae"].decode(latents / scale).sample[0].float().cpu()
    pixels = ((rough.clamp(-1, 1) + 1) * 127.5).byte().movedim(0, -1).numpy()
    image = Image.fromarray(pixels)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    if model.card.side > image.width:
        image = image.resize((PREVIEW_SIDE * image.width // max(image.size), PREVIEW_SIDE * image.height // max(image.size)))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


def _start_picture(request: ImageRequest) -> Image.Image | None:
    if request.init_image is None:
        return None
    return ImageOps.fit(opened(request.init_image), (request.width, request.height), Image.Resampling.LANCZOS)


def _steps(request: ImageRequest) -> tuple[int, int]:
    """Steps to ask for and steps really done: a start picture skips the first part, but at least one step is done."""
    if request.init_image is None:
        return request.steps, request.steps
    asked = max(request.steps, math.ceil(1 / max(request.strength, 0.01)))
    return asked, max(1, min(int(asked * request.strength), asked))


def _most_at_once(model: Model, request: ImageRequest) -> int:
    kind = model.device.type
    return max(1, min(MOST_AT_ONCE[kind], BATCH_PX[kind] // (request.width * request.height)))


def _save(image: Image.Image, workdir: Path, n: int) -> Path:
    part, path = workdir / f"{n}.part", workdir / f"{n}.png"
    image.save(part, "PNG")
    return part.replace(path)
