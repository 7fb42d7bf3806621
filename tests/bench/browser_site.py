"""A studio process on temporary servers, and how long a real browser waits for one of its pages."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from backend.db.transactions import Database
from backend.settings import Settings
from backend.storage import Storage
from ops.local_stack import services, start
from tests.bench.folders import bench_folder
from tests.e2e.conftest import BROWSERS, answers, free_port, running
from tests.factories.account import Tenant, make_workspace
from tests.support.databases import DatabaseUrls, make_template
from tests.support.wait import until


@dataclass(frozen=True)
class Site:
    """`full`: the workspace that is measured; `empty`: one with nothing in it. `url` answers once `serve` runs."""

    full: Tenant
    empty: Tenant
    db: Database
    urls: DatabaseUrls
    storage: Storage
    serve: Callable[[], Any]


@contextmanager
def site() -> Iterator[Site]:
    """`with site() as made: … fill …; with made.serve() as url: …`."""
    with bench_folder() as folder:
        folder.chmod(0o755)
        stack = start(folder / "stack", durable=False)
        try:
            stack.wait_storage(60)
            urls = make_template(stack.urls["DATABASE_OWNER_URL"])
            s3 = {key: value for key, value in stack.urls.items() if key.startswith("S3_")}
            env = {"DATABASE_URL": urls.app, "WORKER_DATABASE_URL": urls.worker, "REDIS_URL": stack.urls["REDIS_URL"], **s3}
            env |= {"STUDIO_DATA": str(folder / "var"), "SECRET_KEYS": base64.b64encode(bytes(32)).decode()}
            storage = Storage(Settings.model_validate(s3))
            db = Database(urls.app)

            @contextmanager
            def serve() -> Iterator[str]:
                port = free_port()
                url, args = f"http://127.0.0.1:{port}", services.studio_service(host="127.0.0.1", port=port).args
                with running(args, {**env, "PORT": str(port)}, folder / "studio.log"):
                    until(lambda: answers(url), 60, what="the studio")
                    yield url

            yield Site(make_workspace(db, "Full"), make_workspace(db, "Empty"), db, urls, storage, serve)
            db.close()
        finally:
            stack.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        executable = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, url: str, tenant: Tenant) -> Iterator[BrowserContext]:
    """A browser without a cache, signed in as the owner."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "studio_sid", "value": tenant.token, "url": url}])
    try:
        yield context
    finally:
        context.close()


@dataclass(frozen=True)
class Shown:
    """What stands on a page once it is painted: at least `count` visible elements of the CSS selector whose text has `text`,
    components' shadow roots included."""

    selector: str
    count: int = 1
    text: str = ""


_LOOK = """({ selector, count, text }) => {
  const all = root => [...root.querySelectorAll(selector)].concat(
    [...root.querySelectorAll("*")].flatMap(node => (node.shadowRoot ? all(node.shadowRoot) : [])))
  const look = () => {
    const shown = all(document).filter(node => node.textContent.includes(text) && node.checkVisibility())
    if (shown.length >= count) window.paintedAt = performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""


def paint(browser: Browser, url: str, tenant: Tenant, path: str, shown: Shown) -> float:
    """Seconds from the start of the navigation until `shown` stands there, looked for by the page itself at every animation
    frame: Playwright's own waits look again only after 100 and 500 ms."""
    with visit(browser, url, tenant) as context:
        tab = context.new_page()
        tab.add_init_script(f"({_LOOK})({json.dumps(asdict(shown))})")
        tab.goto(f"{url}/{path}{'&' if '?' in path else '?'}ws={tenant.id}", wait_until="commit")
        painted_ms: float = tab.wait_for_function("window.paintedAt", timeout=60_000).json_value()
        return painted_ms / 1000


def thumbnail() -> bytes:
    """320 px of noise as WebP: as large as one of a real picture."""
    thumb = io.BytesIO()
    Image.effect_noise((320, 320), 60).convert("RGB").save(thumb, "WEBP")
    return thumb.getvalue()


def in_turn(rounds: int, ours: Callable[[], float], bare: Callable[[], float]) -> tuple[float, float]:
    """Medians of both, run alternately `rounds` times in changing order, after a warm-up round of each."""
    ours(), bare()
    times = []
    for n in range(rounds):
        first, second = (ours, bare) if n % 2 else (bare, ours)
        first_time, second_time = first(), second()
        times.append((first_time, second_time) if first is ours else (second_time, first_time))
    firsts, seconds = zip(*times, strict=True)
    return median(firsts), median(seconds)
