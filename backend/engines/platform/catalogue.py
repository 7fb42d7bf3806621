"""All platforms there are, by name. Adapters are imported when they are asked for; making them starts nothing."""

from __future__ import annotations

from backend.engines.platform.limits import PLATFORMS
from backend.engines.platform.port import Platform
from backend.errors import Unsupported
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
            from backend.engines.platform.instagram import Instagram

            return Instagram(settings)
        case "tiktok":
            from backend.engines.platform.tiktok import TikTok

            return TikTok(settings)
        case "youtube":
            from backend.engines.platform.youtube import YouTube

            return YouTube(settings)
        case "sandbox":
            from backend.engines.platform.sandbox import Sandbox

            return Sandbox(settings)
    raise Unsupported(f"There is no platform called {name!r}.")
