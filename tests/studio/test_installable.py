"""What browsers are given to install the studio, and to let go of it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from backend.settings import ROOT
from studio.shell import nav
from studio.shell.headers import SecurityHeaders
from studio.shell.installable import HEAD, MANIFEST, OFFLINE, WORKER, installable_routes

Open = Callable[..., TestClient]


@pytest.fixture
def open_studio() -> Open:
    """`open_studio(enabled=True)` -> a browser at the addresses that installing needs."""

    def make(*, enabled: bool = True) -> TestClient:
        files = Mount("/assets", app=StaticFiles(directory=ROOT / "studio" / "static"))
        routes = [*installable_routes(enabled=enabled), files]
        return TestClient(Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)]))

    return make


def test_the_manifest_names_icons_and_pages_that_exist_in_the_browsers_language(open_studio: Open) -> None:
    client = open_studio()
    answer = client.get(MANIFEST, headers={"accept-language": "de-DE,de;q=0.9,it;q=0.8,en;q=0.7"})
    assert (answer.headers["content-type"], answer.headers["vary"]) == ("application/manifest+json", "accept-language")
    manifest = answer.json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    for icon in manifest["icons"]:
        width, height = map(int, icon["sizes"].split("x"))
        png = client.get(icon["src"]).content
        assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (width, height)
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    addresses = {nav.url(item.file, {}) for item in nav.ITEMS}
    assert {shortcut["url"] for shortcut in manifest["shortcuts"]} <= addresses
    assert [shortcut["name"] for shortcut in manifest["shortcuts"]] == ["Nuova immagine", "Inbox", "Calendario"]
    assert client.get(MANIFEST, headers={"accept-language": "de"}).json()["shortcuts"][0]["name"] == "New picture"


def test_the_worker_is_asked_for_anew_and_speaks_of_no_page_or_data(open_studio: Open) -> None:
    client = open_studio()
    answer = client.get(WORKER)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["content-security-policy"]
    version = re.search(r'const VERSION = "(\w+)"', answer.text)
    assert version
    assert re.fullmatch(r"[0-9a-f]{12}", version[1])
    assert WORKER in HEAD
    assert MANIFEST in HEAD


def test_the_offline_page_needs_nothing_from_elsewhere_and_speaks_every_language(open_studio: Open) -> None:
    page = open_studio().get(OFFLINE).text
    words = re.search(r"const words = (\{.*\})\n", page)
    assert words
    assert {language: texts["again"] for language, texts in json.loads(words[1]).items()} == {
        "en": "Try again",
        "it": "Riprova",
    }
    assert not re.findall(r"(?:src|href)=", page)
    assert "__" not in page


def test_turned_off_browsers_get_a_worker_that_ends_itself(open_studio: Open) -> None:
    client = open_studio(enabled=False)
    assert client.get(MANIFEST).status_code == 404
    worker = client.get(WORKER).text
    assert "registration.unregister()" in worker
    assert '"fetch"' not in worker
    family = '"studio-frame-"'
    assert family in worker
    assert family in open_studio().get(WORKER).text
