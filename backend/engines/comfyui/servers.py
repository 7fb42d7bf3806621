"""The ComfyUI servers of one process: clients, sockets, and what they last said of themselves, kept for a while."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from backend.engines.comfyui import server_urls
from backend.engines.comfyui.client import Away, Client, Refusal
from backend.engines.comfyui.socket_mux import SocketMux
from backend.engines.events import EngineStatus
from backend.settings import Settings

T = TypeVar("T")
LISTS_S, STATUS_S, AWAY_S = 30.0, 5.0, 5.0
"""How long lists of models, and a server's state, are taken as they were; how long one that was away is not asked again."""
PAGE_S = 2.0
"""Pages wait for these answers."""


class Servers:
    """Thread-safe. Starts nothing and asks nothing until it is asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._askers: dict[str, Client] = {}
        self._hubs: dict[str, SocketMux] = {}
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._away: dict[str, float] = {}
        self._stuck: dict[str, str] = {}

    @property
    def urls(self) -> list[str]:
        """Raises Invalid when COMFYUI_URL cannot be read."""
        return server_urls.urls(self.settings)

    @property
    def stuck_s(self) -> float:
        """No progress for so long: the prompt thread is dead. A little less than the setting, which is also when a job that
        does not move is given up: the server is named before."""
        return self.settings.comfyui_timeout / 1000 * 0.9

    @property
    def patience_s(self) -> float:
        """How long a server that went away with our work is waited for before its device is given up."""
        return min(30.0, self.stuck_s / 10)

    def close(self) -> None:
        """Every connection is closed when this returns; the next question opens new ones."""
        with self._guard:
            hubs, clients = list(self._hubs.values()), [*self._clients.values(), *self._askers.values()]
            self._hubs, self._clients, self._askers = {}, {}, {}
        for hub in hubs:
            hub.close()
        for client in clients:
            client.close()

    def url_of(self, device: str) -> str:
        return server_urls.url_of(self.settings, device)

    def of(self, handle: Mapping[str, Any] | None) -> str:
        """The server that an earlier attempt's handle names; "" when it is none of ours."""
        said = str((handle or {}).get("url", ""))
        return next((url for url in self.urls if server_urls.bare(url) == said), "")

    def client(self, url: str) -> Client:
        """For work."""
        with self._guard:
            if url not in self._clients:
                self._clients[url] = Client(url)
            return self._clients[url]

    def hub(self, url: str) -> SocketMux:
        """This process's one name on that server."""
        with self._guard:
            if url not in self._hubs:
                self._hubs[url] = SocketMux(url, str(uuid.uuid4()))
            return self._hubs[url]

    def models(self, url: str, kind: str) -> list[str]:
        """Names in a folder of models. The last known ones while the server is away; raises Away when none are known."""
        found: list[str] = self._keep(url, ("models", kind), LISTS_S, lambda asker: asker.models(kind))
        return found

    def info(self, url: str, classes: Iterable[str]) -> dict[str, Any]:
        """Class -> its /object_info, without those that are not installed. Raises Away."""
        told = {name: self._keep(url, ("info", name), LISTS_S, self._describes(name)) for name in classes}
        return {name: said for name, said in told.items() if said}

    def metadata(self, url: str, kind: str, name: str) -> dict[str, str]:
        """Of one model file, asked once. Raises Away."""
        said: dict[str, str] = self._keep(url, ("metadata", kind, name), 3600.0, lambda asker: asker.metadata(kind, name))
        return said

    def everywhere(self, ask: Callable[[str], T], otherwise: T) -> dict[str, T]:
        """Url -> `ask(url)`, all at once; `otherwise` where the server is away and nothing is known."""

        def one(url: str) -> T:
            try:
                return ask(url)
            except (Away, Refusal):
                return otherwise

        urls = self.urls
        if len(urls) < 2:
            return {url: one(url) for url in urls}
        with ThreadPoolExecutor(len(urls)) as pool:
            return dict(zip(urls, pool.map(one, urls), strict=True))

    def forget(self, url: str) -> None:
        """What it said is asked anew: its files or nodes have changed."""
        with self._guard:
            self._kept = {key: value for key, value in self._kept.items() if key[0] != url}

    def hangs(self, url: str, prompt_id: str) -> None:
        """It has not moved at this prompt for too long: it is out of use until it is restarted."""
        self._stuck[url] = prompt_id

    def status(self, url: str, device: str = "") -> EngineStatus:
        """Version, card and queue, asked at most every few seconds."""
        try:
            said: EngineStatus = self._keep(url, ("status",), STATUS_S, lambda asker: self._look(asker, device), stale=False)
        except (Away, Refusal):
            said = EngineStatus("comfyui", False, "", away(url), device or server_urls.name(url))
        return said

    def _look(self, asker: Client, device: str) -> EngineStatus:
        said, line, url = asker.stats(), asker.line(), asker.url
        version = str(said.get("system", {}).get("comfyui_version", ""))
        cards = ", ".join(_card(one) for one in said.get("devices", []))
        stuck = self._stuck.get(url)
        if stuck and stuck in line.running:
            return EngineStatus("comfyui", False, version, stopped(url), device or cards)
        self._stuck.pop(url, None)
        queue = f"{len(line.running)} running, {len(line.pending)} waiting." if line.running or line.pending else "Idle."
        return EngineStatus("comfyui", True, version, f"{cards}. {queue}".removeprefix(". "), device or cards)

    @staticmethod
    def _describes(name: str) -> Callable[[Client], dict[str, Any]]:
        return lambda asker: asker.object_info(name)

    def _keep(
        self, url: str, what: tuple[str, ...], fresh_s: float, ask: Callable[[Client], Any], *, stale: bool = True
    ) -> Any:
        """The kept answer while it is fresh; one that is not, when `stale` and the server is away."""
        key, now = (url, *what), time.monotonic()
        with self._guard:
            at, value = self._kept.get(key, (0.0, None))
            known = key in self._kept
            lately = now < self._away.get(url, 0.0)
            if url not in self._askers:
                self._askers[url] = Client(url, read_s=PAGE_S, connect_s=PAGE_S)
            asker = self._askers[url]
        if known and now - at < fresh_s:
            return value
        if lately and known and stale:
            return value
        if lately:
            raise Away("it did not answer a moment ago", sent=False)
        try:
            value = ask(asker)
        except Away:
            with self._guard:
                self._away[url] = time.monotonic() + AWAY_S
            if known and stale:
                return value
            raise
        with self._guard:
            self._kept[key] = (time.monotonic(), value)
        return value


def away(url: str) -> str:
    advice = "Start it, or correct COMFYUI_URL; jobs that wait go on by themselves."
    return f"ComfyUI at {server_urls.name(url)} does not answer. {advice}"


def stopped(url: str) -> str:
    what = f"ComfyUI at {server_urls.name(url)} answers but has stopped working on its queue."
    return f"{what} Restart it; the job goes on by itself."


def _card(said: dict[str, Any]) -> str:
    name = str(said.get("name", "")).partition(" : ")[0]
    total, free = (int(said.get(key) or 0) / 2**30 for key in ("vram_total", "vram_free"))
    return f"{name} ({free:.0f} of {total:.0f} GB free)" if total else name
