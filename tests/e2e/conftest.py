"""A real studio process (with or without workers) and a real browser that looks at it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from backend.kit import child
from backend.settings import ROOT
from ops.local_stack import services
from tests.support.processes import Workers
from tests.support.wait import until
from tests.support.worker_forks import ForkedWorker, WorkerForks

HUNG_S = 420.0
"""A call to a page has no limit of its own, and one that is never answered would hold the whole run: then pages are killed."""
STORAGE = "local_storage,indexeddb,cache_storage,service_workers"
"""What pages of ours keep. With "all" one run of a test that plays a film never came out of its end."""
SCREENS = ROOT / "var" / "screens"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--process-per-site", "--js-flags=--no-opt --no-maglev"]
"""No page lives long enough to earn back what its code costs to be compiled a second and a third time."""
STILL = """addEventListener("DOMContentLoaded", () => document.head.append(Object.assign(document.createElement("style"), {
  textContent: `*, *::before, *::after { animation-duration: .01ms !important; animation-iteration-count: 1 !important;
    transition-duration: 0s !important; scroll-behavior: auto !important }` })))"""
"""CSS that ends animations at once: drawing them sixty times a second takes processor time that the studio needs. A transition
of any length would be one of every property of every element, and an inherited colour arrive a level of the page a frame."""
NO_STREAM = "delete window.EventSource"
"""Pages poll then. An open stream is a request that never ends, and Playwright would wait for it (`networkidle`)."""
expect.set_options(timeout=30_000)  # a busy machine is not a fault


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine gets two more tries; the report's RERUN lines name who needed it."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@contextmanager
def running(args: tuple[str, ...], env: dict[str, str], log: Path) -> Iterator[Any]:
    """A process of the project with `env` in front of ours; its log stays for a failed test's reader."""
    with log.open("ab") as out:
        proc = child.spawn([sys.executable, *args], cwd=ROOT, env={**os.environ, **env}, stdout=out, stderr=out)
    try:
        yield proc
    finally:
        child.stop(proc, grace_s=8)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def listening_pid(port: int) -> int:
    """Of the process that listens there. In tests `child.spawn` returns a launcher, whose program runs beside it
    (tests/support/warm_children.py)."""
    return next(
        connection.pid
        for connection in psutil.net_connections("tcp4")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
    )


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def studio(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """A studio process; its URL once it is ready."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / f"studio-{port}.log"
    env = {**environment, "HOST": "127.0.0.1", "PORT": str(port)}
    with running(services.studio_service(host="127.0.0.1", port=port).args, env, log) as proc:
        until(lambda: answers(url) or proc.poll() is not None, 60, what="the studio")
        assert proc.poll() is None, child.tail(log, 40)
        yield url


@pytest.fixture
def start_studio(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """`start_studio(**more_environment)` -> the URL of one more studio process on this test's servers."""
    with ExitStack() as processes:
        yield lambda **more: processes.enter_context(studio({**environment, **more}, tmp_path))


class SharedStudio:
    """A studio process that several tests share; its database is emptied in between, as between any two tests."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._process, self._of, self._url = folder, ExitStack(), "", ""

    def on(self, environment: dict[str, str]) -> str:
        if self._of != environment["DATABASE_URL"]:
            self._process.close()
            self._url = self._process.enter_context(studio(environment, self.folder))
            self._of = environment["DATABASE_URL"]
        return self._url

    def close(self) -> None:
        self._process.close()


@pytest.fixture(scope="session")
def shared_studio(tmp_path_factory: pytest.TempPathFactory, stack: object) -> Iterator[SharedStudio]:
    server = SharedStudio(tmp_path_factory.mktemp("studio"))
    yield server
    server.close()


@pytest.fixture
def bare_studio_url(shared_studio: SharedStudio, environment: dict[str, str]) -> str:
    """A studio without workers, for tests that need no jobs."""
    return shared_studio.on({**environment, "STUDIO_DATA": str(shared_studio.folder / "var")})


@pytest.fixture
def studio_url(
    start_studio: Callable[..., str], worker_forks: WorkerForks, environment: dict[str, str], tmp_path: Path
) -> Iterator[str]:
    """A whole studio: the page and its two workers, on this test's own database."""
    url, started = start_studio(), list[ForkedWorker]()
    for service in services.worker_services(stop_grace_s=3):
        module, *argv = service.args[1:]
        assert module == "workers.main"
        started.append(worker_forks.fork(argv, environment, tmp_path / f"{service.name}.log"))
    yield url
    for worker in started:
        worker.terminate()
    for worker in started:
        worker.wait(20)


@pytest.fixture
def light_studio_url(bare_studio_url: str, workers: Workers) -> str:
    """A studio with a worker for jobs that need no GPU."""
    workers.start("cpu,net", handlers="")
    return bare_studio_url


class Visitors:
    """The browsers-within-the-browser that tests look through. One is given back empty: without cookies, storage and tabs.

    What it keeps is its process with the page's compiled code, and its cache of files: of the two seconds of processor time
    that a first page takes, the second test with the same kind of visitor pays half.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}
        self._kinds: dict[BrowserContext, str] = {}
        self._alive: set[BrowserContext] = set()
        """Those whose pages nobody has killed: others never answer again."""

    def take(self, *, live: bool, **options: Any) -> BrowserContext:
        """`options` are Playwright's. `live`: with the stream of events."""
        kind = repr((live, sorted(options.items())))
        free = self._free.setdefault(kind, [])
        context = free.pop() if free else self._create(kind, live=live, **options)
        context.set_default_timeout(30_000)
        return context

    def _create(self, kind: str, *, live: bool, **options: Any) -> BrowserContext:
        # Playwright's routes do not see what a service worker asks for
        context = self._browser.new_context(**{"service_workers": "block", **options})
        context.add_init_script(STILL)
        if not live:
            context.add_init_script(NO_STREAM)
        keeper = context.new_page()  # a process stays as long as a page of its site does
        keeper.route("**/*", lambda route: route.fulfill(body=""))
        keeper.goto("http://127.0.0.1/")
        self._kinds[context] = kind
        self._alive.add(context)
        return context

    def give_back(self, context: BrowserContext) -> None:
        if context not in self._alive:
            context.close()
            return
        keeper, *tabs = context.pages
        protocol = context.new_cdp_session(keeper)
        for tab in tabs:
            origin = urlsplit(tab.url)._replace(path="", query="", fragment="").geturl()
            tab.close()
            protocol.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORAGE})
        protocol.detach()
        context.clear_cookies()
        context.clear_permissions()
        context.unroute_all()
        self._free.setdefault(self._kinds[context], []).append(context)

    def kill_pages(self) -> None:
        """From another thread: ends what waits for a page that never answers. No context of now is used again."""
        self._alive.clear()
        self._free.clear()
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "--type=renderer" in process.cmdline():
                    process.kill()


@pytest.fixture(scope="session")
def session_browser() -> Iterator[Browser]:
    """One for all tests of this process. Outside of tests that use it, its loop is not the running one: `asyncio.run` is
    refused where one runs."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing = "Chromium is not installed; the walks in a real browser need it (Debian: apt-get install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield launched
        asyncio._set_running_loop(loop)
        launched.close()


@pytest.fixture(scope="session")
def visitors(session_browser: Browser) -> Visitors:
    return Visitors(session_browser)


@pytest.fixture
def browser(session_browser: Browser) -> Iterator[Browser]:
    asyncio._set_running_loop(session_browser._loop)
    yield session_browser
    asyncio._set_running_loop(None)


@pytest.fixture
def new_visitor(browser: Browser, visitors: Visitors) -> Iterator[Callable[..., BrowserContext]]:
    """`new_visitor(width=1280, dark=False, live=False)` -> a browser without cookies. `live`: with the stream of events."""
    assert browser.is_connected()
    taken: list[BrowserContext] = []
    guard = threading.Timer(HUNG_S, visitors.kill_pages)
    guard.daemon = True
    guard.start()

    def make(*, width: int = 1280, height: int = 900, dark: bool = False, live: bool = False, **options: Any) -> BrowserContext:
        scheme = "dark" if dark else "light"
        viewport = {"width": width, "height": height}
        taken.append(visitors.take(live=live, viewport=viewport, color_scheme=scheme, **options))
        return taken[-1]

    yield make
    for context in taken:
        visitors.give_back(context)
    guard.cancel()


@pytest.fixture
def tab(new_visitor: Callable[..., BrowserContext]) -> Page:
    """The first tab of a visitor who is not signed in."""
    return new_visitor().new_page()


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """`shoot(page, "name")` keeps a screenshot as CI output: var/screens/name.jpg."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=SCREENS / f"{name}.jpg", type="jpeg", quality=80) and None


@pytest.fixture
def set_up_studio() -> Callable[..., None]:
    """`set_up_studio(tab)`: on a fresh studio's page, makes the owner and waits until they are in."""

    def make(
        tab: Page, *, name: str = "Ada Owner", email: str = "ada@example.org", password: str = "three happy ducks"
    ) -> None:
        tab.get_by_label("Your name").fill(name)
        tab.get_by_label("E-mail").fill(email)
        tab.get_by_label("Password", exact=True).fill(password)
        tab.get_by_role("button", name="Create the studio").click()
        tab.get_by_role("button", name="Your account").wait_for(state="attached")

    return make
