"""URLs of the ComfyUI servers: which share a GPU with this machine, and which are devices of their own. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from backend.errors import Invalid
from backend.language import tr_lazy
from backend.settings import Settings


def urls(settings: Settings) -> list[str]:
    """The servers of COMFYUI_URL in order, each once, without trailing slash. Raises Invalid with a sentence."""
    urls = [part.strip().rstrip("/") for part in settings.engines.comfyui.url.split(",") if part.strip()]
    for url in urls:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise Invalid(
                tr_lazy(
                    "COMFYUI_URL has {without_credentials}. Write it as http://host:8188; several are separated by commas.",
                    without_credentials=repr(without_credentials(url)),
                )
            )
    return list(dict.fromkeys(urls))


def name(url: str) -> str:
    """`host:port`: the server's name as a device."""
    return urlsplit(url).netloc.rpartition("@")[2]


def without_credentials(url: str) -> str:
    """The URL without user name and password: the form that is saved and shown."""
    parts = urlsplit(url)
    return parts._replace(netloc=name(url)).geturl()


def servers_by_shared_device(settings: Settings, devices: Sequence[str]) -> dict[str, str]:
    """Device of this machine -> the server that draws with it: the n-th local server has the n-th of `devices`.

    A training job on such a device holds the server's device too, so the two never compete for its memory.
    """
    return dict(zip(devices, (url for url in urls(settings) if _is_local(url)), strict=False))


def servers_by_own_device(settings: Settings, devices: Sequence[str]) -> dict[str, str]:
    """Device name -> server, for servers that share no device of this machine."""
    taken = set(servers_by_shared_device(settings, devices).values())
    return {name(url): url for url in urls(settings) if url not in taken}


def url_of(settings: Settings, device: str) -> str:
    """The server of a device; the first one for "". Raises Invalid when no server is set or none belongs to the device."""
    configured = urls(settings)
    if not configured:
        raise Invalid(
            tr_lazy("COMFYUI_URL is not set. Set it to the address of a running ComfyUI, e.g. http://127.0.0.1:8188.")
        )
    if not device:
        return configured[0]
    local = [url for url in configured if _is_local(url)]
    matching = local[number : number + 1] if (number := _device_index(settings, device)) is not None else []
    for url in matching or [url for url in configured if name(url) == device]:
        return url
    raise Invalid(
        tr_lazy(
            "No server of COMFYUI_URL belongs to the device {device}. Set COMFYUI_URL alike on every machine.", device=device
        )
    )


def _device_index(settings: Settings, device: str) -> int | None:
    """The device's number on this machine; None: it is elsewhere. A device that ENGINE_DEVICE names is the only one here."""
    if device in {"cpu", "mps"} or device == settings.engines.local.device:
        return 0
    kind, _, number = device.partition(":")
    return int(number) if kind == "cuda" and number.isdigit() else None


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
