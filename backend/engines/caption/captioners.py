"""Builds the captioners that settings allow."""

from __future__ import annotations

from backend.engines.caption.blip import BlipCaptioner
from backend.engines.caption.port import Captioner
from backend.engines.caption.template import TemplateCaptioner
from backend.engines.caption.vision import VisionCaptioner
from backend.errors import Invalid
from backend.settings import Settings


def build_captioners(settings: Settings) -> dict[str, Captioner]:
    """Name -> captioner, the preferred one first. Starts no process. Raises Invalid for an unknown CAPTION_ENGINE."""
    choice = settings.captions.engine
    if choice not in ("auto", "vision", "blip", "template"):
        raise Invalid(f"CAPTION_ENGINE is {choice!r}. Set it to auto, vision, blip or template.")
    captioners: list[Captioner] = []
    if choice == "vision" or (choice == "auto" and settings.text.is_model):
        captioners.append(VisionCaptioner(settings))
    if choice == "blip" or (choice == "auto" and settings.captions.blip_dir):
        captioners.append(BlipCaptioner(settings))
    if choice in ("auto", "template"):
        captioners.append(TemplateCaptioner())
    return {captioner.name: captioner for captioner in captioners}
