"""All platforms by name, in the order that forms show them."""

from __future__ import annotations

from backend.errors import Unsupported
from backend.language import tr_lazy
from backend.platforms.instagram.platform import INSTAGRAM
from backend.platforms.platform import Platform
from backend.platforms.port import PlatformAdapter
from backend.platforms.sandbox.platform import SANDBOX
from backend.platforms.tiktok.platform import TIKTOK
from backend.platforms.youtube.platform import YOUTUBE
from backend.settings import Settings

PLATFORMS: dict[str, Platform] = {platform.name: platform for platform in (INSTAGRAM, TIKTOK, YOUTUBE, SANDBOX)}


def create_adapter(name: str, settings: Settings) -> PlatformAdapter:
    """The adapter of one platform, imported on demand; creating it makes no call, but opens a connection pool.

    Raises Unsupported for an unknown name.
    """
    if name not in PLATFORMS:
        raise Unsupported(tr_lazy("There is no platform called {name}.", name=repr(name)))
    return PLATFORMS[name].create_adapter(settings)
