"""The ComfyUI servers of one process: clients, sockets, and a short cache of their lists and status."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from backend.engines.comfyui import server_urls
from backend.engines.comfyui.client import ComfyClient, ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.socket_mux import SocketMux
from backend.engines.ports.events import EngineStatus
from backend.language import joined, tr_lazy
from backend.settings import Settings

T = TypeVar("T")
LISTS_TTL_S, STATUS_TTL_S, AWAY_TTL_S = 30.0, 5.0, 5.0
"""Cache times of model lists and of a server's status; how long an unreachable server is not asked again."""
STATUS_TIMEOUT_S = 2.0
"""Short, because pages wait for these answers."""


class Servers:
    """Thread-safe. Opens no connection before the first call."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._clients: dict[str, ComfyClient] = {}
        self._status_clients: dict[str, ComfyClient] = {}
        self._muxes: dict[str, SocketMux] = {}
        self._cache: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._away_until: dict[str, float] = {}
        self._stuck_at: dict[str, str] = {}

    @property
    def urls(self) -> list[str]:
        """Raises Invalid when COMFYUI_URL cannot be read."""
        return server_urls.urls(self.settings)

    @property
    def stuck_s(self) -> float:
        """Seconds without progress after which the prompt thread counts as dead.

        A little less than the setting, at which a stalled job is given up: the error should name the server before that.
        """
        return self.settings.engines.comfyui.timeout_ms / 1000 * 0.9

    @property
    def patience_s(self) -> float:
        """Seconds to wait for a server that became unreachable with our work before the attempt gives up."""
        return min(30.0, self.stuck_s / 10)

    def close(self) -> None:
        """Every connection is closed when this returns; the next call opens new ones."""
        with self._lock:
            muxes, clients = list(self._muxes.values()), [*self._clients.values(), *self._status_clients.values()]
            self._muxes, self._clients, self._status_clients = {}, {}, {}
        for mux in muxes:
            mux.close()
        for client in clients:
            client.close()

    def url_of(self, device: str) -> str:
        return server_urls.url_of(self.settings, device)

    def url_from_handle(self, handle: Mapping[str, Any] | None) -> str:
        """The configured server that an earlier attempt's handle names; "" when there is none."""
        handle_url = str((handle or {}).get("url", ""))
        return next((url for url in self.urls if server_urls.without_credentials(url) == handle_url), "")

    def client(self, url: str) -> ComfyClient:
        """The client for prompts and files, with normal timeouts."""
        with self._lock:
            if url not in self._clients:
                self._clients[url] = ComfyClient(url)
            return self._clients[url]

    def socket_mux(self, url: str) -> SocketMux:
        """The socket of this process on that server, under one client id."""
        with self._lock:
            if url not in self._muxes:
                self._muxes[url] = SocketMux(url, str(uuid.uuid4()))
            return self._muxes[url]

    def models(self, url: str, kind: str) -> list[str]:
        """File names in models folder `kind`, from the cache while unreachable. Raises ComfyUnreachable when none are known."""
        names: list[str] = self._cached(url, ("models", kind), LISTS_TTL_S, lambda client: client.models(kind))
        return names

    def info(self, url: str, classes: Iterable[str]) -> dict[str, Any]:
        """Class -> its /object_info, without those that are not installed. Raises ComfyUnreachable."""
        info_by_class = {
            name: self._cached(url, ("info", name), LISTS_TTL_S, self._object_info_reader(name)) for name in classes
        }
        return {name: info for name, info in info_by_class.items() if info}

    def metadata(self, url: str, kind: str, name: str) -> dict[str, str]:
        """The metadata of one model file, cached for an hour. Raises ComfyUnreachable."""
        metadata: dict[str, str] = self._cached(
            url, ("metadata", kind, name), 3600.0, lambda client: client.metadata(kind, name)
        )
        return metadata

    def for_each_server(self, query: Callable[[str], T], default: T) -> dict[str, T]:
        """URL -> `query(url)`, for all servers in parallel; `default` for a server that is unreachable or refuses."""

        def query_or_default(url: str) -> T:
            try:
                return query(url)
            except (ComfyUnreachable, ComfyRefused):
                return default

        urls = self.urls
        if len(urls) < 2:
            return {url: query_or_default(url) for url in urls}
        with ThreadPoolExecutor(len(urls)) as pool:
            return dict(zip(urls, pool.map(query_or_default, urls), strict=True))

    def forget(self, url: str) -> None:
        """Empties the cache of one server: its files or nodes have changed."""
        with self._lock:
            self._cache = {key: value for key, value in self._cache.items() if key[0] != url}

    def mark_stuck(self, url: str, prompt_id: str) -> None:
        """Marks a server as stuck at `prompt_id`: its status is not ok until that prompt no longer runs."""
        self._stuck_at[url] = prompt_id

    def status(self, url: str, device: str = "") -> EngineStatus:
        """Version, devices and queue, read at most every STATUS_TTL_S seconds."""
        try:
            status: EngineStatus = self._cached(
                url, ("status",), STATUS_TTL_S, lambda client: self._read_status(client, device), stale=False
            )
        except (ComfyUnreachable, ComfyRefused):
            status = EngineStatus("comfyui", False, "", unreachable_message(url), device or server_urls.name(url))
        return status

    def _read_status(self, client: ComfyClient, device: str) -> EngineStatus:
        stats, server_queue, url = client.system_stats(), client.queue(), client.url
        version = str(stats.get("system", {}).get("comfyui_version", ""))
        cards = joined(*(_device_summary(entry) for entry in stats.get("devices", [])), separator=", ")
        stuck = self._stuck_at.get(url)
        if stuck and stuck in server_queue.running:
            return EngineStatus("comfyui", False, version, stuck_message(url), device or cards)
        self._stuck_at.pop(url, None)
        queue_text = (
            tr_lazy(
                "{running} running, {waiting} waiting.", running=len(server_queue.running), waiting=len(server_queue.pending)
            )
            if server_queue.running or server_queue.pending
            else tr_lazy("Idle.")
        )
        detail = joined(cards, queue_text, separator=". ")
        return EngineStatus("comfyui", True, version, detail, device or cards)

    @staticmethod
    def _object_info_reader(name: str) -> Callable[[ComfyClient], dict[str, Any]]:
        return lambda client: client.object_info(name)

    def _cached(
        self, url: str, key_parts: tuple[str, ...], max_age_s: float, query: Callable[[ComfyClient], Any], *, stale: bool = True
    ) -> Any:
        """The cached answer while it is younger than `max_age_s`; an older one if `stale` and the server is unreachable."""
        key, now = (url, *key_parts), time.monotonic()
        with self._lock:
            stored_at, value = self._cache.get(key, (0.0, None))
            is_cached = key in self._cache
            recently_away = now < self._away_until.get(url, 0.0)
            if url not in self._status_clients:
                self._status_clients[url] = ComfyClient(url, read_s=STATUS_TIMEOUT_S, connect_s=STATUS_TIMEOUT_S)
            client = self._status_clients[url]
        if is_cached and now - stored_at < max_age_s:
            return value
        if recently_away and is_cached and stale:
            return value
        if recently_away:
            raise ComfyUnreachable("it did not answer a moment ago", sent=False)
        try:
            value = query(client)
        except ComfyUnreachable:
            with self._lock:
                self._away_until[url] = time.monotonic() + AWAY_TTL_S
            if is_cached and stale:
                return value
            raise
        with self._lock:
            self._cache[key] = (time.monotonic(), value)
        return value


def unreachable_message(url: str) -> str:
    return tr_lazy(
        "ComfyUI at {server} does not answer. Start it, or correct COMFYUI_URL; waiting jobs continue by themselves.",
        server=server_urls.name(url),
    )


def stuck_message(url: str) -> str:
    return tr_lazy(
        "ComfyUI at {server} answers but has stopped working on its queue. Restart it; the job continues by itself.",
        server=server_urls.name(url),
    )


def _device_summary(device: dict[str, Any]) -> str:
    name = str(device.get("name", "")).partition(" : ")[0]
    total, free = (int(device.get(key) or 0) / 2**30 for key in ("vram_total", "vram_free"))
    return tr_lazy("{device} ({free:.0f} of {total:.0f} GB free)", device=name, free=free, total=total) if total else name
