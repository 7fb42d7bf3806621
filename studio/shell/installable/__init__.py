"""What makes the studio installable on a phone or computer: its manifest, its service worker, and the page that is shown where
it cannot be reached."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from backend.language import LANGUAGES, Reader, reading, tr
from studio.shell import nav
from studio.shell.first_paint import DARK, LIGHT

_FOLDER = Path(__file__).parent
_MARK = (_FOLDER.parents[1] / "static" / "mark.svg").read_text("utf-8")
_PRODUCT = "InfluencerAI Studio"
MANIFEST, WORKER, OFFLINE = "/manifest.webmanifest", "/service-worker.js", "/assets/offline.html"
_ICONS = (("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"), ("icon-maskable-512.png", 512, "maskable"))

HEAD = f"""<link rel="manifest" href="{MANIFEST}">
    <link rel="apple-touch-icon" href="/assets/apple-touch-icon.png">
    <meta name="apple-mobile-web-app-title" content="Studio">
    <script>
      if ("serviceWorker" in navigator) addEventListener("load", () =>
        (window.requestIdleCallback ?? setTimeout)(() => navigator.serviceWorker.register("{WORKER}")))
    </script>"""
"""For the index page. The worker waits for an idle moment, so that it takes nothing from the first page; without https (or
localhost) browsers have no `serviceWorker`."""


def installable_routes(*, enabled: bool) -> list[Route]:
    """Disabled: a worker that ends itself, for browsers that have one. Before the mount of /assets."""
    if not enabled:
        return [Route(WORKER, _retired_worker)]
    return [Route(MANIFEST, _manifest), Route(WORKER, _worker), Route(OFFLINE, _offline)]


async def _manifest(request: Request) -> Response:
    with reading(Reader(_asked_language(request))):
        body = manifest()
    headers = {"cache-control": "max-age=3600", "vary": "accept-language"}
    return JSONResponse(body, headers=headers, media_type="application/manifest+json")


def manifest() -> dict[str, Any]:
    """For whoever reads; https://www.w3.org/TR/appmanifest/."""
    shortcuts = (("create/pictures", tr("New picture")), ("inbox/inbox", tr("Inbox")), ("calendar/calendar", tr("Calendar")))
    return {
        "id": "/",
        "name": _PRODUCT,
        "short_name": "Studio",
        "description": tr("A studio for virtual influencers: pictures, videos, texts, and what is posted when."),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": LIGHT,
        "background_color": DARK,
        "icons": [
            {"src": f"/assets/{file}", "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
            for file, side, purpose in _ICONS
        ],
        "shortcuts": [
            {"name": name, "url": nav.url(file, {}), "icons": [{"src": "/assets/icon-192.png", "sizes": "192x192"}]}
            for file, name in shortcuts
        ],
    }


async def _worker(request: Request) -> Response:
    return _script((_FOLDER / "service_worker.js").read_text("utf-8").replace("__VERSION__", _version()))


async def _retired_worker(request: Request) -> Response:
    return _script((_FOLDER / "retired_worker.js").read_text("utf-8"))


def _script(source: str) -> Response:
    """Asked for anew each time, so that a new version is there at the next visit."""
    return Response(source, media_type="text/javascript", headers={"cache-control": "no-cache"})


@cache
def _version() -> str:
    """Another one whenever something that the worker keeps is another one."""
    return sha256(f"{st.__version__} {offline_page()}".encode()).hexdigest()[:12]


async def _offline(request: Request) -> Response:
    return HTMLResponse(offline_page(), headers={"cache-control": "no-cache"})


@cache
def offline_page() -> str:
    """One page with the words of every language: which one is chosen where it is shown."""
    words = {}
    for language in LANGUAGES:
        with reading(Reader(language)):
            words[language] = {
                "title": tr("The studio cannot be reached"),
                "text": tr(
                    "You are offline, or the studio is starting again. This page looks again by itself; what you saved is safe."
                ),
                "again": tr("Try again"),
            }
    page = (_FOLDER / "offline.html").read_text("utf-8").replace("__MARK__", _MARK)
    return page.replace("__WORDS__", json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"))


def _asked_language(request: Request) -> str:
    """The first language of the browser that the studio speaks; English where it speaks none."""
    preferences = request.headers.get("accept-language", "").split(",")
    codes = (part.strip().partition(";")[0].partition("-")[0].lower() for part in preferences)
    return next((code for code in codes if code in LANGUAGES), "en")
