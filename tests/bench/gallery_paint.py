"""First paint of the gallery over 10,000 pictures against an empty page of the same app, in the same browser, in turn."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser

from backend.db.tables import Lora
from backend.db.transactions import Database, SystemCaller
from backend.storage import Storage
from tests.bench.browser_site import Shown, Site, chromium, in_turn, paint, site, thumbnail
from tests.factories.account import Tenant
from tests.factories.studio_rows import draw_pictures, fill_workspace

PICTURES = 10_000
ROUNDS = 15


def run() -> dict[str, Any]:
    """Seconds to the first row of thumbnails, and to the empty page's sentence: medians."""
    with site() as paint_site:
        _fill(paint_site.db, paint_site.full, paint_site.storage)
        with paint_site.serve() as url, chromium() as browser:
            ours, bare = paints(browser, url, paint_site)
    return {"name": "gallery_paint", "ratio": ours / bare, "ours": ours, "bare": bare, "unit": "s", "n": PICTURES}


def paints(browser: Browser, url: str, paint_site: Site) -> tuple[float, float]:
    return in_turn(
        ROUNDS,
        lambda: paint(browser, url, paint_site.full, "gallery", Shown("img.here", 4)),
        lambda: paint(browser, url, paint_site.empty, "gallery", Shown("h2, h3, p", text="No pictures yet")),
    )


def _fill(db: Database, tenant: Tenant, storage: Storage) -> None:
    """Rows for all; bytes for those that a first page can show."""
    rows = fill_workspace(db, tenant, pictures=16)
    keys: list[str] = []
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        lora = tx.get_one(Lora, rows.lora_id)
        for _ in range(PICTURES // 16 - 1):
            draw_pictures(tx, rows.influencer_id, rows.job_ids["generation"], lora, 16, keys)
    thumb = thumbnail()
    for key in keys[-96:]:
        storage.put_bytes(f"{key}.w320.webp", thumb, "image/webp")
