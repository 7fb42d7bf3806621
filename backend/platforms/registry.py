"""All platforms by name. Adapters are imported on demand; creating one makes no call."""

from __future__ import annotations

from backend.errors import Unsupported
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Platform
from backend.settings import Settings

NAMES = tuple(PLATFORMS)
LABELS = {name: limits.label for name, limits in PLATFORMS.items()}


def platforms(settings: Settings) -> dict[str, Platform]:
    """Name -> adapter of all platforms; the sandbox only where one runs. Create them once: each has a connection pool."""
    return {name: platform(name, settings) for name in NAMES if name != "sandbox" or settings.sandbox_url}


def platform(name: str, settings: Settings) -> Platform:
    """The adapter of one platform. Raises Unsupported for an unknown name."""
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
