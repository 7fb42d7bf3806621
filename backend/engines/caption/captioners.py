"""Which captioners there are, by settings, the one to use first in front."""

from __future__ import annotations

from backend.engines.caption.blip import BlipCaptioner
from backend.engines.caption.port import Captioner
from backend.engines.caption.template import TemplateCaptioner
from backend.engines.caption.vision import VisionCaptioner
from backend.errors import Invalid
from backend.settings import Settings


def pick(settings: Settings) -> dict[str, Captioner]:
    """Name -> captioner. Starts nothing. Raises Invalid for a CAPTION_ENGINE nobody knows, or that lacks its setting."""
    wish = settings.caption_engine
    if wish not in ("auto", "vision", "blip", "template"):
        raise Invalid(f"CAPTION_ENGINE is {wish!r}. Set it to auto, vision, blip or template.")
    found: list[Captioner] = []
    if wish == "vision" or (wish == "auto" and settings.text_is_model):
        found.append(VisionCaptioner(settings))
    if wish == "blip" or (wish == "auto" and settings.blip_dir):
        found.append(BlipCaptioner(settings))
    if wish in ("auto", "template"):
        found.append(TemplateCaptioner())
    return {one.name: one for one in found}
