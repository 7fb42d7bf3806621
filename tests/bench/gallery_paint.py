"""First paint of the gallery over 10,000 pictures against an empty page of the same app, in the same browser, in turn."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from backend.kit.db import Database, Trusted
from backend.local_stack import services, start
from backend.settings import Settings
from backend.storage import Storage
from backend.tables import Lora
from tests.e2e.conftest import answers, free_port, running
from tests.factories.account import Tenant, make_workspace
from tests.factories.studio_rows import draw, fill
from tests.support.databases import make_template
from tests.support.wait import until

PICTURES = 10_000
ROUNDS = 7


def run() -> dict[str, Any]:
    """Seconds from the click on the address bar to the first row of thumbnails, or to the empty page's sentence."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        stack = start(folder / "stack", durable=False)
        try:
            stack.wait_storage(60)
            return _measure(stack, folder)
        finally:
            stack.stop()


def _measure(stack: Any, folder: Path) -> dict[str, Any]:
    urls = make_template(stack.urls["DATABASE_OWNER_URL"])
    env = {
        "DATABASE_URL": urls.app, "WORKER_DATABASE_URL": urls.worker, "REDIS_URL": stack.urls["REDIS_URL"],
        **{key: value for key, value in stack.urls.items() if key.startswith("S3_")}, "DATA_SHARED_BASE": str(folder / "var"),
    }  # fmt: skip
    db = Database(urls.app)
    full, nobody = make_workspace(db, "Full"), make_workspace(db, "Empty")
    _fill(db, full, Storage(Settings(_env_file=None, **{key.lower(): value for key, value in env.items() if "S3_" in key})))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(services.studio(host="127.0.0.1", port=port).args, {**env, "PORT": str(port)}, folder / "studio.log"):
        until(lambda: answers(url), 60, what="the studio")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            times = [(paint(browser, url, full), empty(browser, url, nobody)) for _ in range(ROUNDS + 1)][1:]
            browser.close()
    db.close()
    ours, bare = (median(column) for column in zip(*times, strict=True))
    return {"name": "gallery_paint", "ratio": ours / bare, "ours": ours, "bare": bare, "unit": "s", "n": PICTURES}


def _fill(db: Database, tenant: Tenant, storage: Storage) -> None:
    """Rows for all; bytes for those that a first page can show."""
    rows = fill(db, tenant, pictures=16)
    keys: list[str] = []
    with db.transaction(Trusted(tenant.id, tenant.user_id)) as tx:
        lora = tx.get_one(Lora, rows.lora_id)
        for _ in range(PICTURES // 16 - 1):
            draw(tx, rows.influencer_id, rows.job_ids["generation"], lora, 16, keys)
    thumb = io.BytesIO()
    Image.effect_noise((320, 320), 60).convert("RGB").save(thumb, "WEBP")
    for key in keys[-96:]:
        storage.put_bytes(f"{key}.w320.webp", thumb.getvalue(), "image/webp")


def _visit(browser: Browser, url: str, tenant: Tenant) -> BrowserContext:
    """A browser without a cache, signed in as the owner."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "studio_sid", "value": tenant.token, "url": url}])
    return context


def paint(browser: Browser, url: str, tenant: Tenant) -> float:
    context = _visit(browser, url, tenant)
    tab, began = context.new_page(), perf_counter()
    tab.goto(f"{url}/gallery?ws={tenant.id}", wait_until="commit")
    expect(tab.locator("img.here").nth(3)).to_be_visible(timeout=60_000)
    took = perf_counter() - began
    context.close()
    return took


def empty(browser: Browser, url: str, tenant: Tenant) -> float:
    context = _visit(browser, url, tenant)
    tab, began = context.new_page(), perf_counter()
    tab.goto(f"{url}/gallery?ws={tenant.id}", wait_until="commit")
    expect(tab.get_by_text("No pictures yet")).to_be_visible(timeout=60_000)
    took = perf_counter() - began
    context.close()
    return took
