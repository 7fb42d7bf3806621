"""Where the ComfyUI servers stand: which of them draws with a card of this machine, and which is a device of its own. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from backend.errors import Invalid
from backend.settings import Settings


def urls(settings: Settings) -> list[str]:
    """COMFYUI_URL's servers in their order, each once, without a trailing slash. Raises Invalid with a sentence."""
    found = [part.strip().rstrip("/") for part in settings.comfyui_url.split(",") if part.strip()]
    for url in found:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise Invalid(f"COMFYUI_URL has {bare(url)!r}. Write it as http://host:8188; several are separated by commas.")
    return list(dict.fromkeys(found))


def name(url: str) -> str:
    """`host:port`: what a server is called as a device."""
    return urlsplit(url).netloc.rpartition("@")[2]


def bare(url: str) -> str:
    """The address without the name and password it may hold: what is saved and shown."""
    parts = urlsplit(url)
    return parts._replace(netloc=name(url)).geturl()


def shared(settings: Settings, cards: Sequence[str]) -> dict[str, str]:
    """Card of this machine -> the server that draws with it: the n-th server of this machine has the n-th of `cards`.

    Who trains on such a card holds the server's device with it, so the two never fight for its memory.
    """
    return dict(zip(cards, (url for url in urls(settings) if _here(url)), strict=False))


def own(settings: Settings, cards: Sequence[str]) -> dict[str, str]:
    """Device name -> server, for those that share no card of this machine."""
    taken = set(shared(settings, cards).values())
    return {name(url): url for url in urls(settings) if url not in taken}


def url_of(settings: Settings, device: str) -> str:
    """The server behind a device. Without one, the first. Raises Invalid when no server is set or none belongs to it."""
    found = urls(settings)
    if not found:
        raise Invalid("COMFYUI_URL is not set. Set it to the address of a running ComfyUI, e.g. http://127.0.0.1:8188.")
    if not device:
        return found[0]
    here = [url for url in found if _here(url)]
    at = here[number : number + 1] if (number := _number(settings, device)) is not None else []
    for url in at or [url for url in found if name(url) == device]:
        return url
    raise Invalid(f"No server of COMFYUI_URL belongs to the device {device}. Set COMFYUI_URL alike on every machine.")


def _number(settings: Settings, device: str) -> int | None:
    """Which of this machine's cards it is; None: none of them. A card that ENGINE_DEVICE names is the only one."""
    if device in {"cpu", "mps"} or device == settings.engine_device:
        return 0
    kind, _, number = device.partition(":")
    return int(number) if kind == "cuda" and number.isdigit() else None


def _here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
