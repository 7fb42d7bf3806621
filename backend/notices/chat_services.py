"""Apprise, of which four services are used. Imported when an address of these is first checked or sent to: it takes long.

`Apprise.instantiate` is not used: it loads all of its hundred services, and would take any of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from apprise import AppriseAsset, NotifyType
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram

_PLUGINS: dict[str, Any] = {
    "tgram": NotifyTelegram,
    "slack": NotifySlack,
    "discord": NotifyDiscord,
    "ntfy": NotifyNtfy,
    "ntfys": NotifyNtfy,
}
_ASSET = AppriseAsset(app_id="InfluencerAI Studio", app_desc="InfluencerAI Studio", http_redirects=False, plugin_paths=[])


def plugin(url: str) -> Any | None:
    """Apprise's object for the URL; None where it cannot read it."""
    service = _PLUGINS[urlsplit(url).scheme]
    values = service.parse_url(url)
    try:
        return service(**values, asset=_ASSET) if values else None
    except TypeError:  # how Apprise says that a token or host is missing
        return None


def notify(url: str, *, title: str, body: str) -> bool:
    """Whether the service took it. What it answered is not told by Apprise."""
    service_plugin = plugin(url)
    return service_plugin is not None and bool(service_plugin.notify(body=body, title=title, notify_type=NotifyType.INFO))
