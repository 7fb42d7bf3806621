"""Picks the adapter of each capability by settings. Adapters are imported only when they are picked."""

from __future__ import annotations

from dataclasses import dataclass

from backend.engines.caption.port import Captioner
from backend.engines.identity.port import IdentityEngine
from backend.engines.image.port import ImageEngine
from backend.engines.motion.port import MotionEngine
from backend.engines.text.port import TextEngine
from backend.engines.trainer.port import LoraTrainer
from backend.engines.upscale.port import Upscaler
from backend.errors import Invalid
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Engines:
    image: ImageEngine
    trainer: LoraTrainer
    identity: IdentityEngine
    upscaler: Upscaler
    text: TextEngine
    captioners: dict[str, Captioner]
    """The one to use first in front."""
    motion: MotionEngine


def build(settings: Settings) -> Engines:
    """The engines that `settings` name. Starts nothing. Raises Invalid for a name nobody knows."""
    return Engines(
        image=_image(settings),
        trainer=_trainer(settings),
        identity=_identity(settings),
        upscaler=_upscaler(settings),
        text=_text(settings),
        captioners=_captioners(settings),
        motion=_motion(settings),
    )


def image_engine(settings: Settings) -> str:
    """The name of the one `settings` choose; `auto` is the heavy one as soon as it has an address."""
    wish = settings.image_engine
    return ("comfyui" if settings.comfyui_url else "diffusers") if wish == "auto" else wish


def trainer_engine(settings: Settings) -> str:
    """As `image_engine`."""
    wish = settings.trainer_engine
    return ("kohya" if settings.kohya_dir else "peft") if wish == "auto" else wish


def _image(settings: Settings) -> ImageEngine:
    match image_engine(settings):
        case "diffusers":
            from backend.engines.image.diffusers_engine import DiffusersEngine

            return DiffusersEngine(settings)
        case "comfyui":
            from backend.engines.comfyui.image_engine import ComfyImageEngine

            return ComfyImageEngine(settings)
        case other:
            raise Invalid(f"IMAGE_ENGINE is {other!r}. Set it to auto, diffusers or comfyui.")


def _trainer(settings: Settings) -> LoraTrainer:
    match trainer_engine(settings):
        case "peft":
            from backend.engines.trainer.peft_trainer import PeftTrainer

            return PeftTrainer(settings)
        case "kohya":
            from backend.engines.kohya.trainer import KohyaTrainer

            return KohyaTrainer(settings)
        case other:
            raise Invalid(f"TRAINER_ENGINE is {other!r}. Set it to auto, peft or kohya.")


def _identity(settings: Settings) -> IdentityEngine:
    from backend.engines.identity.embedders import pick

    return pick(settings)


def upscale_engine(settings: Settings) -> str:
    """As `image_engine`."""
    wish = settings.upscale_engine
    return ("comfyui" if settings.comfyui_url else "pillow") if wish == "auto" else wish


def _upscaler(settings: Settings) -> Upscaler:
    match upscale_engine(settings):
        case "pillow":
            from backend.engines.upscale.resampler import Resampler

            return Resampler(settings)
        case "comfyui":
            from backend.engines.comfyui.upscaler import ComfyUpscaler

            return ComfyUpscaler(settings)
        case other:
            raise Invalid(f"UPSCALE_ENGINE is {other!r}. Set it to auto, pillow or comfyui.")


def motion_engine(settings: Settings) -> str:
    """As `image_engine`."""
    wish = settings.motion_engine
    return ("comfyui" if settings.comfyui_url else "camera") if wish == "auto" else wish


def _motion(settings: Settings) -> MotionEngine:
    match motion_engine(settings):
        case "camera":
            from backend.engines.motion.camera import Camera

            return Camera(settings)
        case "comfyui":
            from backend.engines.comfyui.video_engine import ComfyMotion

            return ComfyMotion(settings)
        case other:
            raise Invalid(f"MOTION_ENGINE is {other!r}. Set it to auto, camera or comfyui.")


def _text(settings: Settings) -> TextEngine:
    if settings.text_is_model:
        from backend.engines.openrouter.text_engine import OpenAIEngine

        return OpenAIEngine(settings)
    from backend.engines.text.offline import OfflineWriter

    return OfflineWriter()


def _captioners(settings: Settings) -> dict[str, Captioner]:
    from backend.engines.caption.captioners import pick

    return pick(settings)
