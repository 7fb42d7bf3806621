"""Child side: draws the pictures of one request with a loaded model, in batches, reporting every step."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from backend.engines.local.diffusers import model_folder
from backend.engines.local.diffusers.model_folder import LoadedModel
from backend.engines.local.pictures.inpaint import Inpaint, open_rgb
from backend.engines.ports.events import Event, Output, Preview, Progress
from backend.engines.ports.image import ImageRequest
from backend.errors import OutOfMemory
from backend.language import tr_lazy

# Pixels and pictures per batch: few on a CPU, so that the first pictures come soon.
BATCH_PX = {"cpu": 4 * 128 * 160, "cuda": 6 * 512 * 512, "mps": 512 * 768}
MAX_BATCH = {"cpu": 4, "cuda": 8, "mps": 4}
PREVIEW_EVERY_S = 1.0
PREVIEW_SIDE = 256
SendEvent = Callable[[Event], None]


class DrawCancelled(Exception):
    """The request was cancelled between two steps."""


def draw(model: LoadedModel, request: ImageRequest, send: SendEvent, is_cancelled: Callable[[], bool]) -> None:
    """Draws `request` (its size must fit the model) and sends Progress, Preview and Output.

    A batch that runs out of memory is halved. Raises DrawCancelled, OutOfMemory.
    """
    request = _strip_unknown(model, request)
    inpaint = Inpaint.of(request, model.card) if request.mask else None
    if inpaint:
        request = request.model_copy(update={"width": inpaint.width, "height": inpaint.height})
    picture = inpaint.source_crop() if inpaint else _start_picture(request)
    pipe = model_folder.build_pipeline(model, request.sampler, from_picture=picture is not None)
    requested_steps, done_steps = _step_counts(request)
    batch_size, n = _batch_size(model, request), 0
    send(Progress(0, done_steps * len(request.seeds), tr_lazy("drawing")))
    while n < len(request.seeds):
        seeds = request.seeds[n : n + batch_size]
        prompts = request.prompts[n : n + batch_size] or (request.prompt,) * len(seeds)
        mask_hold = MaskHold(model, pipe, inpaint, seeds) if inpaint else None
        callback = _StepCallback(
            model,
            send,
            is_cancelled,
            first=n,
            count=len(seeds),
            steps=done_steps,
            total=done_steps * len(request.seeds),
            mask_hold=mask_hold,
        )
        try:
            images = _batch(pipe, request, seeds, prompts, picture, requested_steps, callback)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            if batch_size == 1:
                raise OutOfMemory(
                    tr_lazy("There is not enough memory to create this picture. Choose a smaller size or model.")
                ) from error
            batch_size = max(1, batch_size // 2)
            continue
        for drawn, seed in zip(images, seeds, strict=True):
            image = inpaint.paste_back(drawn) if inpaint else drawn
            send(Output(_save(image, request.workdir, n), n, {"seed": seed, "width": image.width, "height": image.height}))
            n += 1


def _strip_unknown(model: LoadedModel, request: ImageRequest) -> ImageRequest:
    """The request with prompts reduced to what the model knows."""
    strip = model.card.prompts.effective_prompt
    texts = {"prompt": strip(request.prompt), "negative_prompt": strip(request.negative_prompt)}
    return request.model_copy(update={**texts, "prompts": tuple(map(strip, request.prompts))})


def sketch(model: LoadedModel, prompts: Sequence[str], negative: str, *, seed: int, steps: int) -> list[Image.Image]:
    """One quick picture per prompt at the model's own size and guidance; prompt i uses `seed` + i."""
    pipe = model_folder.build_pipeline(model, model.card.sampler)
    answer = pipe(
        prompt=[model.card.prompts.effective_prompt(prompt) for prompt in prompts],
        negative_prompt=[model.card.prompts.effective_prompt(negative)] * len(prompts),
        num_inference_steps=steps,
        guidance_scale=model.card.cfg,
        generator=[torch.Generator().manual_seed(seed + i) for i in range(len(prompts))],
    )
    pictures: list[Image.Image] = answer.images
    return pictures


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or Python means that memory ran out."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)


def is_too_long(model: LoadedModel, prompt: str) -> bool:
    """Whether the model reads only the beginning of `prompt`."""
    tokenizer = model.components["tokenizer"]
    return bool(len(tokenizer(model.card.prompts.effective_prompt(prompt))["input_ids"]) > tokenizer.model_max_length)


def _batch(
    pipe: Any,
    request: ImageRequest,
    seeds: Sequence[int],
    prompts: Sequence[str],
    picture: Image.Image | None,
    steps: int,
    callback: _StepCallback,
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
        callback_on_step_end=callback,
        **start,
    )
    images: list[Image.Image] = answer.images
    return images


class _StepCallback:
    """The pipeline's callback after each step: sends progress and previews, and raises DrawCancelled when cancelled."""

    def __init__(
        self,
        model: LoadedModel,
        send: SendEvent,
        is_cancelled: Callable[[], bool],
        *,
        first: int,
        count: int,
        steps: int,
        total: int,
        mask_hold: MaskHold | None = None,
    ) -> None:
        self._mask_hold = mask_hold
        self._model, self._send, self._is_cancelled = model, send, is_cancelled
        self._first, self._count, self._steps, self._total = first, count, steps, total
        self._step, self._shown_at = 0, time.monotonic()

    def __call__(self, pipe: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        self._step += 1
        if self._is_cancelled():
            raise DrawCancelled
        self._send(
            Progress(self._first * self._steps + min(self._step, self._steps) * self._count, self._total, tr_lazy("drawing"))
        )
        if self._step < self._steps and time.monotonic() - self._shown_at > PREVIEW_EVERY_S:
            self._shown_at = time.monotonic()
            self._send(Preview(preview(self._model, tensors["latents"][:1]), self._first))
        return {"latents": self._mask_hold(timestep, tensors["latents"])} if self._mask_hold else {}


# Linear approximation of RGB from Stable Diffusion's four latent channels: a preview without the decoder.
_LATENT_RGB = ((0.3512, 0.2297, 0.3227), (0.3250, 0.4974, 0.2350), (-0.2829, 0.1762, 0.2721), (-0.2120, -0.2616, -0.7177))


@torch.no_grad()  # type: ignore[untyped-decorator]
def preview(model: LoadedModel, latents: torch.Tensor) -> bytes:
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
    return ImageOps.fit(open_rgb(request.init_image), (request.width, request.height), Image.Resampling.LANCZOS)


def _step_counts(request: ImageRequest) -> tuple[int, int]:
    """Steps to request and steps actually done: a start picture skips the first ones, but at least one is done."""
    if request.init_image is None:
        return request.steps, request.steps
    requested = max(request.steps, math.ceil(1 / max(request.strength, 0.01)))
    return requested, max(1, min(int(requested * request.strength), requested))


def _batch_size(model: LoadedModel, request: ImageRequest) -> int:
    kind = model.device.type
    return max(1, min(MAX_BATCH[kind], BATCH_PX[kind] // (request.width * request.height)))


def _save(image: Image.Image, workdir: Path, n: int) -> Path:
    part_path, path = workdir / f"{n}.part", workdir / f"{n}.png"
    image.save(part_path, "PNG")
    return part_path.replace(path)


class MaskHold:
    """Called after each step with the latents (N, channels, h, w); returns them with the outside replaced by the source.

    The outside gets the noise level that the next step expects, with the same noise as the image-to-image pipeline.
    """

    def __init__(self, model: LoadedModel, pipe: Any, inpaint: Inpaint, seeds: Sequence[int]) -> None:
        self._pipe = pipe
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        pixels = pipe.image_processor.preprocess(inpaint.source_crop(), inpaint.height, inpaint.width)
        latents = _encoded(model, pixels.to(model.device), generators)
        self._latents = torch.cat(latents)
        self._noise = torch.cat(
            [_noise(latent.shape, generator, self._latents) for latent, generator in zip(latents, generators, strict=True)]
        )
        mask = inpaint.mask_crop().resize((self._latents.shape[-1], self._latents.shape[-2]), Image.Resampling.BOX)
        # A latent cell that is only partly masked is redrawn as a whole; pasting restores its unmasked pixels.
        self._mask = torch.from_numpy((np.asarray(mask) > 0)[None, None].copy()).to(self._latents)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def __call__(self, timestep: Any, latents: torch.Tensor) -> torch.Tensor:
        scheduler = self._pipe.scheduler
        index = int((scheduler.timesteps == timestep).nonzero()[0])
        outside = self._latents
        if index + 1 < len(scheduler.timesteps):
            outside = scheduler.add_noise(outside, self._noise, scheduler.timesteps[index + 1 : index + 2])
        return (latents * self._mask + outside * (1 - self._mask)).to(latents.dtype)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _encoded(model: LoadedModel, pixels: torch.Tensor, generators: Sequence[torch.Generator]) -> list[torch.Tensor]:
    """One (1, channels, h, w) per generator. XL's VAE overflows in float16 and runs in float32."""
    codec = model.components["vae"]
    upcast = model.dtype == torch.float16 and getattr(codec.config, "force_upcast", False)
    codec = codec.to(torch.float32) if upcast else codec
    latents = [codec.encode(pixels.to(codec.dtype)).latent_dist.sample(generator) for generator in generators]
    if upcast:
        codec.to(torch.float16)
    return [(latent * codec.config.scaling_factor).to(model.dtype) for latent in latents]


def _noise(shape: torch.Size, generator: torch.Generator, like: torch.Tensor) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(like)
