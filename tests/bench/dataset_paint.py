"""A dataset of 5,000 pictures in a real browser: first paint against an empty page, scrolling and filtering against bare work.

Bare work: one indexed query in psycopg, then as many thumbnails as the act shows, fetched and decoded by the same browser.
`N=500 python -m tests.bench dataset_paint` is quicker.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from time import perf_counter
from typing import Any

import psycopg
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import insert

from backend.db.tables import Asset, Dataset, DatasetImage
from backend.db.transactions import Database, SystemCaller
from backend.kit.ids import new_id
from backend.storage import Storage
from tests.bench.browser_site import Shown, chromium, in_turn, paint, site, thumbnail, visit
from tests.factories.account import Tenant

PICTURES, ROUNDS, SCROLLS = 5000, 5, 6
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "sharp": ("", {}),
    "blurred": ("Blurred", {"sharpness": 1.0}),
    "dark": ("Dark", {"brightness": 5.0}),
    "bright": ("Bright", {"brightness": 250.0}),
    "faces": ("Several faces", {"faces": 3}),
    "bare": ("No caption", {"caption": ""}),
}
"""Beginning of the file name -> the chip that shows these, and what is wrong with them. Most are sharp."""
SETTLED = """async (grid, [done, act]) => {
  const seen = () => [...grid.querySelectorAll(".tile img")].filter(img => {
    const box = img.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight && box.width > 0 })
  const ready = eval(done), begun = performance.now()
  eval(act)
  for (;;) {
    await new Promise(requestAnimationFrame)
    const shown = seen()
    const here = shown.length && ready(shown) && shown.every(img => img.complete && img.naturalWidth)
    if (here) return [performance.now() - begun, shown.length]
    if (performance.now() - begun > 30000) throw new Error("not settled")
  }
}"""
DECODE = """async urls => { const begun = performance.now()
  await Promise.all(urls.map(url => { const img = new Image(); img.src = url; return img.decode() }))
  return performance.now() - begun }"""
QUERY = "SELECT id, asset_id FROM dataset_images WHERE tenant_id = %s AND dataset_id = %s AND id > %s ORDER BY id LIMIT 60"


def run() -> dict[str, Any]:
    n = int(os.environ.get("N", PICTURES))
    with site() as paint_site:
        dataset_id, assets = _fill(paint_site.db, paint_site.full, paint_site.storage, n)
        owner = psycopg.connect(paint_site.urls.owner.replace("postgresql+psycopg", "postgresql"))
        with paint_site.serve() as url, owner as bare, chromium() as browser:
            paint_, nothing = in_turn(
                ROUNDS,
                lambda: paint(browser, url, paint_site.full, f"datasets?id={dataset_id}", Shown("img.here", 4)),
                lambda: paint(browser, url, paint_site.empty, "datasets", Shown("h2, h3, p", text="No dataset yet")),
            )
            acts = [pair for _ in range(ROUNDS) for pair in _acts(browser, url, paint_site.full, dataset_id, assets, bare)]
    act, work = (quantiles(column, n=20)[18] for column in zip(*acts, strict=True))
    return {
        "ratio": round(paint_ / nothing, 3),
        "ours": round(paint_, 3),
        "bare": round(nothing, 3),
        "unit": "s",
        "n": n,
        "act_ratio": round(act / work, 3),
        "act_p95_ms": round(act, 1),
        "act_bare_p95_ms": round(work, 1),
        "acts": len(acts),
    }


def _fill(db: Database, tenant: Tenant, storage: Storage, n: int) -> tuple[str, list[str]]:
    """(dataset, asset ids in order); each asset with a thumbnail of its own."""
    images, files, dataset_id, kinds = [], [], new_id("ds"), list(KINDS)
    for k in range(n):
        asset_id, kind = new_id("ast"), kinds[k % 20 - 14] if k % 20 > 14 else "sharp"
        key = f"datasets/{tenant.id}/{dataset_id}/{asset_id}.jpg"
        files.append(
            {
                "id": asset_id,
                "kind": "image",
                "state": "stored",
                "key": key,
                "content_type": "image/jpeg",
                "sha256": f"{k:064x}",
                "size_bytes": 1,
                "width": 1024,
                "height": 1024,
                "thumbs": [160, 320],
            }
        )
        images.append(
            {
                "id": new_id("img"),
                "dataset_id": dataset_id,
                "asset_id": asset_id,
                "filename": f"{kind}-{k:05}.jpg",
                "sha256": f"{k:064x}",
                "width": 1024,
                "height": 1024,
                "dhash": f"{k * 0x9E37_79B9_7F4A_7C15 % 2**64:016x}",
                "measured": 1,
                "sharpness": 900.0,
                "brightness": 128.0,
                "contrast": 50.0,
                "clipped": 0.0,
                "faces": 1,
                "face_height": 0.3,
                "caption": f"photo of bella, place {k % 97}, dress {k % 13}",
                **KINDS[kind][1],
            }
        )
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        tx.add(Dataset(id=dataset_id, name="Large", trigger_word="bella", rights_statement="They show me."))
        tx.flush()
        tx.execute(insert(Asset), files)
        tx.execute(insert(DatasetImage), images)
    thumb = thumbnail()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: storage.put_bytes(f"{file['key']}.w320.webp", thumb, "image/webp"), files))
    return dataset_id, [str(file["id"]) for file in files]


def _acts(
    browser: Browser, url: str, tenant: Tenant, dataset_id: str, assets: list[str], bare: psycopg.Connection[Any]
) -> list[tuple[float, float]]:
    """(ms of one act, ms of its bare work), filters and pages in turn, with nothing in the browser's cache."""
    with visit(browser, url, tenant) as context:
        return _measure_act(context.new_page(), url, tenant, dataset_id, assets, bare)


def _measure_act(
    tab: Page, url: str, tenant: Tenant, dataset_id: str, assets: list[str], bare: psycopg.Connection[Any]
) -> list[tuple[float, float]]:
    tab.goto(f"{url}/datasets?ws={tenant.id}&id={dataset_id}")
    expect(tab.locator("img.here").nth(3)).to_be_visible(timeout=60_000)
    grid, unseen, measured = tab.locator(".grid").first, iter(reversed(assets)), []
    for label in (*(chip for chip, _ in KINDS.values() if chip), "All"):
        prefix = next((name for name, (chip, _) in KINDS.items() if chip == label), "")
        took, shown_count = _filtered(grid, label, prefix)
        measured.append((took, _bare(tab, bare, url, tenant, dataset_id, [next(unseen) for _ in range(shown_count)])))
    for _ in range(SCROLLS):
        took, shown_count = _scrolled(grid)
        measured.append((took, _bare(tab, bare, url, tenant, dataset_id, [next(unseen) for _ in range(shown_count)])))
    return measured


def _filtered(grid: Locator, label: str, prefix: str) -> tuple[float, int]:
    chip = (
        f'[...grid.parentElement.querySelectorAll(".chips button")].find(one => one.textContent.startsWith("{label}")).click()'
    )
    took, shown = grid.evaluate(SETTLED, [f'shown => shown.every(img => img.alt.startsWith("{prefix}"))', chip])
    return float(took), int(shown)


def _scrolled(grid: Locator) -> tuple[float, int]:
    """Scrolls to the end; done when the next page's first row is in view and loaded."""
    before = "globalThis.had = grid.children.length; grid.parentElement.lastElementChild.scrollIntoView({block: 'end'})"
    ready = "() => { const next = grid.children[globalThis.had]; next?.scrollIntoView({block: 'start'}); return Boolean(next) }"
    took, shown = grid.evaluate(SETTLED, [ready, before])
    return float(took), int(shown)


def _bare(tab: Page, bare: psycopg.Connection[Any], url: str, tenant: Tenant, dataset_id: str, assets: list[str]) -> float:
    started_at = perf_counter()
    assert len(bare.execute(QUERY, (tenant.id, dataset_id, "")).fetchall()) == 60
    request_ms = (perf_counter() - started_at) * 1000
    return request_ms + float(tab.evaluate(DECODE, [f"{url}/api/media/{tenant.id}/{asset_id}?w=320" for asset_id in assets]))
