"""A month of 500 plans in a real browser against the same page without one: first paint, in turn."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any

from backend import channels, content_plans
from backend.content_plans import PlanDraft, VariantDraft
from backend.db.tables import Asset
from backend.db.transactions import Database, SystemCaller
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.storage import Storage
from tests.bench.browser_site import Shown, chromium, in_turn, paint, site, thumbnail
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer

PLANS, PICTURES, ROUNDS = 500, 60, 9


def run() -> dict[str, Any]:
    """Seconds until as many plans show as the month has days, and until the empty month has its days: medians."""
    with site() as paint_site:
        _fill(paint_site.db, paint_site.full, paint_site.storage, PLANS)
        _fill(paint_site.db, paint_site.empty, paint_site.storage, 0)
        days = _days()
        with paint_site.serve() as url, chromium() as browser:
            ours, bare = in_turn(
                ROUNDS,
                lambda: paint(browser, url, paint_site.full, "calendar", Shown(".fc-event", days + 1)),
                lambda: paint(
                    browser,
                    url,
                    paint_site.empty,
                    "calendar",
                    Shown(".fc-daygrid-day", 28),
                ),
            )
    return {"ratio": round(ours / bare, 3), "ours": round(ours, 3), "bare": round(bare, 3), "unit": "s", "n": PLANS}


def _days() -> int:
    today = now()
    return calendar.monthrange(today.year, today.month)[1]


def _fill(db: Database, tenant: Tenant, storage: Storage, n: int) -> None:
    """Two influencers, each with a channel; plans all over this month, with pictures and in several states."""
    keys: list[str] = []
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        people = [make_influencer(tx, name) for name in ("Bella", "Zara")]
        accounts = [channels.add_sandbox(tx, influencer.id) for influencer in people]
        assets = [make_asset(tx, width=1080, height=1350, thumbs=[160, 320]) for _ in range(min(n, PICTURES))]
        keys = [tx.get_one(Asset, asset_id).key for asset_id in assets]
        start = datetime(now().year, now().month, 1)
        for at in range(n):
            wall = start + timedelta(days=at % _days(), hours=7 + at // _days() % 15)
            influencer_index = at % 2
            post = VariantDraft(
                channel_id=accounts[influencer_index].id,
                caption=f"Good morning, number {at}, from the harbour",
                media=(assets[at % PICTURES],),
            )
            draft = PlanDraft(
                influencer_id=people[influencer_index].id, topic=f"Morning walk number {at}", wall=wall, variants=(post,)
            )
            card = content_plans.create(tx, draft, request_key=new_id("key"))
            if at % 3 == 0:
                content_plans.submit_for_review(tx, [card.id])
    thumb = thumbnail()
    for key in keys:
        storage.put_bytes(f"{key}.w160.webp", thumb, "image/webp")
