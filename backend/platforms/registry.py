"""All platforms there are, by name. Adapters are imported when they are asked for; making them starts nothing."""

from __future__ import annotations

from backend.errors import Unsupported
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Platform
from backend.settings import Settings

NAMES = tuple(PLATFORMS)
LABELS = {name: known.label for name, known in PLATFORMS.items()}


def platforms(settings: Settings) -> dict[str, Platform]:
    """Name -> adapter, for all of them. The sandbox only where one runs. Keep them: each has its connections."""
    return {name: platform(name, settings) for name in NAMES if name != "sandbox" or settings.sandbox_url}


def platform(name: str, settings: Settings) -> Platform:
    """Raises Unsupported for a name nobody knows."""
    match name:
        case "instagram":
            from backend.platforms.instagram.adapter import Instagram

            return Instagram(settings)
        case "tiktok":
            from backend.platforms.tiktok.adapter import TikTok

            return TikTok(settings)
        case "youtube":
            from backend.platforms.youtube.adapter import YouTube

            return YouTube(settings)
        case "sandbox":
            from backend.platforms.sandbox.adapter import Sandbox

            return Sandbox(settings)
    raise Unsupported(f"There is no platform called {name!r}.")
