"""Picks the engine of each capability by settings. An adapter is imported only when it is picked."""

from __future__ import annotations

from dataclasses import dataclass

from backend.engines.ports.caption import Captioner
from backend.engines.ports.identity import IdentityEngine
from backend.engines.ports.image import ImageEngine
from backend.engines.ports.motion import MotionEngine
from backend.engines.ports.speech import SpeechEngine, Transcriber, WordAligner
from backend.engines.ports.text import TextEngine
from backend.engines.ports.trainer import LoraTrainer
from backend.engines.ports.upscale import Upscaler
from backend.errors import Invalid
from backend.language import tr_lazy
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Engines:
    image: ImageEngine
    trainer: LoraTrainer
    identity: IdentityEngine
    upscaler: Upscaler
    text: TextEngine
    captioners: dict[str, Captioner]
    """By name; the preferred one first."""
    motion: MotionEngine
    speech: dict[str, SpeechEngine]
    """By name; the preferred one first."""
    aligner: WordAligner
    transcriber: Transcriber


def build_engines(settings: Settings) -> Engines:
    """The engines that `settings` name. Starts no process. Raises Invalid for an unknown name."""
    return Engines(
        image=_image(settings),
        trainer=_trainer(settings),
        identity=_identity(settings),
        upscaler=_upscaler(settings),
        text=_text(settings),
        captioners=build_captioners(settings),
        motion=_motion(settings),
        speech=build_speech(settings),
        aligner=_aligner(settings),
        transcriber=_transcriber(settings),
    )


def image_engine_name(settings: Settings) -> str:
    """The name of the image engine; `auto` is ComfyUI as soon as COMFYUI_URL is set."""
    choice = settings.engines.image
    return ("comfyui" if settings.engines.comfyui.url else "diffusers") if choice == "auto" else choice


def trainer_engine_name(settings: Settings) -> str:
    """The name of the trainer; `auto` is kohya as soon as KOHYA_DIR is set."""
    choice = settings.engines.trainer
    return ("kohya" if settings.engines.kohya.folder else "peft") if choice == "auto" else choice


def _image(settings: Settings) -> ImageEngine:
    match image_engine_name(settings):
        case "diffusers":
            from backend.engines.local.diffusers.engine import DiffusersEngine

            return DiffusersEngine(settings)
        case "comfyui":
            from backend.engines.comfyui.image_engine import ComfyImageEngine

            return ComfyImageEngine(settings)
        case other:
            raise Invalid(tr_lazy("IMAGE_ENGINE is {other}. Set it to auto, diffusers or comfyui.", other=repr(other)))


def _trainer(settings: Settings) -> LoraTrainer:
    match trainer_engine_name(settings):
        case "peft":
            from backend.engines.local.peft.trainer import PeftTrainer

            return PeftTrainer(settings)
        case "kohya":
            from backend.engines.kohya.trainer import KohyaTrainer

            return KohyaTrainer(settings)
        case other:
            raise Invalid(tr_lazy("TRAINER_ENGINE is {other}. Set it to auto, peft or kohya.", other=repr(other)))


def _identity(settings: Settings) -> IdentityEngine:
    from backend.engines.local.identity.readers import build_identity_engine

    return build_identity_engine(settings)


def upscale_engine_name(settings: Settings) -> str:
    """The name of the upscaler; `auto` is ComfyUI as soon as COMFYUI_URL is set."""
    choice = settings.engines.upscale
    return ("comfyui" if settings.engines.comfyui.url else "pillow") if choice == "auto" else choice


def _upscaler(settings: Settings) -> Upscaler:
    match upscale_engine_name(settings):
        case "pillow":
            from backend.engines.local.pillow_upscaler import Resampler

            return Resampler(settings)
        case "comfyui":
            from backend.engines.comfyui.upscaler import ComfyUpscaler

            return ComfyUpscaler(settings)
        case other:
            raise Invalid(tr_lazy("UPSCALE_ENGINE is {other}. Set it to auto, pillow or comfyui.", other=repr(other)))


def motion_engine_name(settings: Settings) -> str:
    """The name of the video engine; `auto` is ComfyUI as soon as COMFYUI_URL is set."""
    choice = settings.engines.motion
    return ("comfyui" if settings.engines.comfyui.url else "camera") if choice == "auto" else choice


def _motion(settings: Settings) -> MotionEngine:
    match motion_engine_name(settings):
        case "camera":
            from backend.engines.local.camera import CameraEngine

            return CameraEngine(settings)
        case "comfyui":
            from backend.engines.comfyui.video_engine import ComfyMotion

            return ComfyMotion(settings)
        case other:
            raise Invalid(tr_lazy("MOTION_ENGINE is {other}. Set it to auto, camera or comfyui.", other=repr(other)))


def _text(settings: Settings) -> TextEngine:
    if settings.text.is_model:
        from backend.engines.openrouter.text_engine import OpenAIEngine

        return OpenAIEngine(settings)
    from backend.engines.local.offline_writer.writer import OfflineWriter

    return OfflineWriter()


def build_captioners(settings: Settings) -> dict[str, Captioner]:
    """Name -> captioner, the preferred one first. Starts no process. Raises Invalid for an unknown CAPTION_ENGINE."""
    choice = settings.captions.engine
    if choice not in ("auto", "vision", "blip", "template"):
        raise Invalid(tr_lazy("CAPTION_ENGINE is {choice}. Set it to auto, vision, blip or template.", choice=repr(choice)))
    captioners: list[Captioner] = []
    if choice == "vision" or (choice == "auto" and settings.text.is_model):
        from backend.engines.openrouter.vision_captioner import VisionCaptioner

        captioners.append(VisionCaptioner(settings))
    if choice == "blip" or (choice == "auto" and settings.captions.blip_dir):
        from backend.engines.local.captions.blip import BlipCaptioner

        captioners.append(BlipCaptioner(settings))
    if choice in ("auto", "template"):
        from backend.engines.local.captions.template import TemplateCaptioner

        captioners.append(TemplateCaptioner())
    return {captioner.name: captioner for captioner in captioners}


def build_speech(settings: Settings) -> dict[str, SpeechEngine]:
    """Name -> speech engine. Starts no process."""
    from backend.engines.local.speech.voices import EspeakSpeech, HibariSpeech, PiperSpeech

    engines: list[SpeechEngine] = [
        HibariSpeech(settings),
        PiperSpeech(settings),
        *_own_folders(settings),
        EspeakSpeech(settings),
    ]
    if settings.speech.openai_url or settings.speech.openai_key.get_secret_value():
        from backend.engines.openai_speech.engine import OpenAISpeech

        engines.append(OpenAISpeech(settings))
    if settings.speech.elevenlabs_key.get_secret_value():
        from backend.engines.elevenlabs.engine import ElevenLabsSpeech

        engines.append(ElevenLabsSpeech(settings))
    return {engine.name: engine for engine in engines}


def _own_folders(settings: Settings) -> list[SpeechEngine]:
    """Engines that have the user's own voices only: of those for which there is a folder in SPEECH_MODELS_DIR."""
    root = settings.speech.models_dir.expanduser() if settings.speech.models_dir else None
    engines: list[SpeechEngine] = []
    if root and (folder := root / "kokoro").is_dir():
        from backend.engines.local.speech.kokoro import KokoroSpeech

        engines.append(KokoroSpeech(settings, folder))
    if root and (folder := root / "pocket").is_dir():
        from backend.engines.local.speech.pocket import PocketSpeech

        engines.append(PocketSpeech(settings, folder))
    return engines


def _aligner(settings: Settings) -> WordAligner:
    from backend.engines.local.speech.aligner import SphinxAligner

    return SphinxAligner(settings)


def _transcriber(settings: Settings) -> Transcriber:
    from backend.engines.local.speech.transcriber import SphinxTranscriber

    return SphinxTranscriber(settings)
