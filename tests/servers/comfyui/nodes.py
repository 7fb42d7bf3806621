"""The node classes' functions: real sizes, real files, sampler steps that take time."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.servers.comfyui import movies
from tests.servers.comfyui.drawing import Latent, colour_field, image, load_picture, scaled
from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.folders import Folders, read_header

Inputs = dict[str, Any]


class Interrupted(Exception):
    """Raised between two steps after POST /interrupt."""


class SafetensorError(Exception):
    """As safetensors raises it; __module__ as in the real traceback."""

    __module__ = "safetensors._safetensors_rust"


class OutOfMemoryError(RuntimeError):
    __module__ = "torch"


@dataclass
class NodeContext:
    """What a node may use. `tell(value, most, jpeg)` reports a step; `check()` raises Interrupted. `steps`: of the prompt."""

    folders: Folders
    faults: Faults
    prompt: dict[str, Any]
    metadata: dict[str, Any]
    signature: str
    steps: int
    tell: Callable[[int, int, bytes | None], None]
    check: Callable[[], None]
    load: Callable[[str], None]
    previews: bool


def run(scene: NodeContext, name: str, inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
    """(outputs, what goes into history's `outputs`)."""
    doer = _DOERS.get(name)
    return doer(scene, inputs) if doer else ((scene.signature,) * 3, None)


def _checkpoint(scene: NodeContext, inputs: Inputs) -> Any:
    _read(scene, "checkpoints", inputs["ckpt_name"])
    scene.load(inputs["ckpt_name"])
    return (scene.signature,) * 3, None


def _lora(scene: NodeContext, inputs: Inputs) -> Any:
    _read(scene, "loras", inputs["lora_name"])
    return (scene.signature,) * 2, None


def _read(scene: NodeContext, kind: str, name: str) -> None:
    """A corrupt model file passes validation and fails here (comfyui.md, 4)."""
    try:
        read_header(scene.folders.models / kind / name)
    except ValueError as error:
        raise SafetensorError(str(error)) from error


def _empty(scene: NodeContext, inputs: Inputs) -> Any:
    return (Latent(inputs["width"], inputs["height"], inputs.get("batch_size", 1)),), None


def _sample(scene: NodeContext, inputs: Inputs) -> Any:
    steps, latent = int(inputs["steps"]), inputs["latent_image"]
    faults = scene.faults
    each = faults.prompt_s / max(1, scene.steps) if faults.prompt_s else faults.step_s
    at = time.monotonic()
    for step in range(1, steps + 1):
        at += each
        time.sleep(max(0.0, at - time.monotonic()))
        if faults.hold:
            faults.hold.wait()
        scene.check()
        if faults.memory:
            raise OutOfMemoryError("Allocation on device\nThis error means you ran out of memory on your GPU.\n\nTIPS: …")
        scene.tell(step, steps, _preview(scene, step) if scene.previews else None)
    return ((replace(latent, picture=None, mask=None), scene.signature, latent, float(inputs.get("denoise", 1.0))),), None


def _preview(scene: NodeContext, step: int) -> bytes:
    colour = random.Random(scene.signature).choices(range(30, 220), k=3)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (colour[0], colour[1], min(255, step * 10))).save(file, "JPEG")
    return file.getvalue()


def _pictures(latent: Any, black: bool = False) -> list[Any]:
    """A sampled latent is (size, signature, what it began with, denoise)."""
    if isinstance(latent, Latent):
        return [latent.picture if latent.picture is not None else colour_field("0" * 16, latent, 1.0)] * latent.count
    size, signature, start, denoise = latent
    if start.width != size.width or start.height != size.height:
        start = start.scaled(size.width, size.height)
    frames = [colour_field(signature, start, denoise, n) for n in range(size.count)]
    return [frame * 0 for frame in frames] if black else frames


def _as_latent(latent: Any) -> Latent:
    """For nodes between two samplers: what was sampled so far, as a picture."""
    if isinstance(latent, Latent):
        return latent
    return replace(latent[0], picture=_pictures(latent)[0])


def _sample_any(scene: NodeContext, inputs: Inputs) -> Any:
    return _sample(scene, {**inputs, "latent_image": _as_latent(inputs["latent_image"])})


def _decode(scene: NodeContext, inputs: Inputs) -> Any:
    return (_pictures(inputs["samples"], scene.faults.black),), None


def _encode(scene: NodeContext, inputs: Inputs) -> Any:
    first = inputs["pixels"][0]
    return (Latent(first.shape[1], first.shape[0], 1, first, inputs.get("mask")),), None


def _inpaint(scene: NodeContext, inputs: Inputs) -> Any:
    [latent], _ = _encode(scene, inputs)
    return (inputs["positive"], inputs["negative"], latent), None


def _mask(scene: NodeContext, inputs: Inputs) -> Any:
    return (replace(_as_latent(inputs["samples"]), mask=inputs["mask"]),), None


def _scale_latent(scene: NodeContext, inputs: Inputs) -> Any:
    latent = _as_latent(inputs["samples"])
    factor = inputs.get("scale_by", 1.0)
    width, height = inputs.get("width") or latent.width * factor, inputs.get("height") or latent.height * factor
    return (latent.scaled(int(width) // 8 * 8, int(height) // 8 * 8),), None


def _repeat(scene: NodeContext, inputs: Inputs) -> Any:
    latent = _as_latent(inputs["samples"])
    return (replace(latent, count=latent.count * inputs["amount"]),), None


def _load_image(scene: NodeContext, inputs: Inputs) -> Any:
    clean = inputs["image"].removesuffix(" [output]")
    folder = "output" if clean != inputs["image"] else "input"
    pixels, mask = load_picture(scene.folders.root / folder / clean)
    return ([pixels], mask), None


def _load_mask(scene: NodeContext, inputs: Inputs) -> Any:
    pixels, mask = load_picture(scene.folders.root / "input" / inputs["image"])
    channel = {"red": 0, "green": 1, "blue": 2}.get(inputs["channel"])
    return (mask if channel is None else pixels[..., channel] / 255,), None


def _to_mask(scene: NodeContext, inputs: Inputs) -> Any:
    channel = {"red": 0, "green": 1, "blue": 2}.get(inputs["channel"], 0)
    return (inputs["image"][0][..., channel] / 255,), None


def _scale(scene: NodeContext, inputs: Inputs) -> Any:
    first = inputs["image"][0]
    by = inputs.get("scale_by") or 1.0
    width, height = inputs.get("width") or first.shape[1] * by, inputs.get("height") or first.shape[0] * by
    return ([scaled(image, int(width), int(height)) for image in inputs["image"]],), None


def _upscale(scene: NodeContext, inputs: Inputs) -> Any:
    for step in range(1, 3):
        scene.check()
        scene.tell(step, 2, None)
    return ([scaled(image, image.shape[1] * 4, image.shape[0] * 4) for image in inputs["image"]],), None


def _svd(scene: NodeContext, inputs: Inputs) -> Any:
    first = scaled(inputs["init_image"][0], inputs["width"], inputs["height"])
    latent = Latent(inputs["width"], inputs["height"], inputs["video_frames"], first)
    return (scene.signature, scene.signature, latent), None


def _save(scene: NodeContext, inputs: Inputs) -> Any:
    """The text chunk `prompt` holds the whole graph (comfyui.md, 7)."""
    text = PngInfo()
    text.add_text("prompt", json.dumps(scene.prompt))
    for name, value in scene.metadata.items():
        text.add_text(name, json.dumps(value))
    saved = []
    for pixels in inputs["images"]:
        subfolder, path = scene.folders.next_output(inputs["filename_prefix"], ".png")
        image(pixels).save(path, pnginfo=text, compress_level=4)
        saved.append(_told(scene, path, subfolder))
    return (), {"images": saved}


def _show(scene: NodeContext, inputs: Inputs) -> Any:
    path = scene.folders.root / "temp" / f"ComfyUI_temp_{scene.signature[:5]}_00001_.png"
    image(inputs["images"][0]).save(path)
    return (), {"images": [{"filename": path.name, "subfolder": "", "type": "temp"}]}


def _told(scene: NodeContext, path: Path, subfolder: str) -> dict[str, Any]:
    if scene.faults.cut_files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if scene.faults.lose_files:
        path.unlink()
    return {"filename": path.name, "subfolder": subfolder, "type": "output"}


def _webp(scene: NodeContext, inputs: Inputs) -> Any:
    subfolder, path = scene.folders.next_output(inputs["filename_prefix"], ".webp")
    first, *others = [image(pixels) for pixels in inputs["images"]]
    first.save(path, save_all=True, append_images=others, duration=round(1000 / inputs["fps"]))
    return (), {"images": [_told(scene, path, subfolder)], "animated": [True]}


def _video(scene: NodeContext, inputs: Inputs) -> Any:
    return ((inputs["images"], float(inputs["fps"])),), None


def _save_video(scene: NodeContext, inputs: Inputs) -> Any:
    frames, fps = inputs["video"]
    subfolder, path = scene.folders.next_output(inputs["filename_prefix"], ".mp4")
    movies.write(path, frames, fps)
    return (), {"images": [_told(scene, path, subfolder)], "animated": [True]}


def _vhs(scene: NodeContext, inputs: Inputs) -> Any:
    """Under `gifs`, with the first frame beside it as a picture that holds the graph (comfyui.md, 9)."""
    subfolder, path = scene.folders.next_output(inputs["filename_prefix"], ".mp4")
    path = path.with_name(path.name.removesuffix("_.mp4") + ".mp4")
    movies.write(path, inputs["images"], float(inputs["frame_rate"]))
    image(inputs["images"][0]).save(path.with_suffix(".png"))
    more = {"format": inputs["format"], "frame_rate": float(inputs["frame_rate"])}
    more |= {"workflow": path.with_suffix(".png").name, "fullpath": str(path)}
    return ("",), {"gifs": [{**_told(scene, path, subfolder), **more}]}


_DOERS: dict[str, Callable[[NodeContext, Inputs], Any]] = {
    "CheckpointLoaderSimple": _checkpoint,
    "ImageOnlyCheckpointLoader": _checkpoint,
    "LoraLoader": _lora,
    "LoraLoaderModelOnly": _lora,
    "EmptyLatentImage": _empty,
    "EmptySD3LatentImage": _empty,
    "KSampler": _sample_any,
    "KSamplerAdvanced": _sample_any,
    "VAEDecode": _decode,
    "VAEEncode": _encode,
    "VAEEncodeForInpaint": _encode,
    "InpaintModelConditioning": _inpaint,
    "SetLatentNoiseMask": _mask,
    "LatentUpscaleBy": _scale_latent,
    "LatentUpscale": _scale_latent,
    "RepeatLatentBatch": _repeat,
    "LoadImage": _load_image,
    "LoadImageMask": _load_mask,
    "ImageToMask": _to_mask,
    "MaskToImage": lambda scene, inputs: (([inputs["mask"][..., None].repeat(3, 2) * 255],), None),
    "GrowMask": lambda scene, inputs: ((inputs["mask"],), None),
    "ImageScale": _scale,
    "ImageScaleBy": _scale,
    "ImageUpscaleWithModel": _upscale,
    "SVD_img2vid_Conditioning": _svd,
    "SaveImage": _save,
    "PreviewImage": _show,
    "SaveAnimatedWEBP": _webp,
    "CreateVideo": _video,
    "SaveVideo": _save_video,
    "VHS_VideoCombine": _vhs,
}
