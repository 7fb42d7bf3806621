"""Every page, and one of each thing, wide and on a phone, in light and dark, as axe sees it; and twice as large."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from backend import assets
from backend.app import App
from backend.db.tables import Asset
from backend.db.transactions import SystemCaller
from backend.settings import ROOT
from studio.shell import nav
from tests.e2e import axe, looks
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner
from tests.factories.studio_rows import Rows, fill_workspace, make_clip, make_track

LOOKS = {"light": looks.light, "phone": looks.phone, "dark": looks.dark, "phone-dark": looks.dark_phone}
FACES = sorted((ROOT / "studio" / "faces").glob("*.webp"))
ZOOMED = {"width": 195, "height": 422}
"""CSS pixels of a phone of 390 at 200 %."""
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""
"""WCAG 1.4.12, text spacing."""


@pytest.fixture
def addresses(app: App, workspace: Tenant) -> list[tuple[str, dict[str, str]]]:
    """(page, query) of every page, and of one thing of each kind."""
    db = app.db
    rows = fill_workspace(db, workspace)
    with db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        plan = make_planner(tx, "Marco").plan(tx, wall=local_time_ahead())
        make_track(tx)
        clip_id = make_clip(tx, rows.picture_ids[0])
        for n, asset in enumerate(tx.scalars(select(Asset).where(Asset.kind.in_(("image", "video"))))):
            face = FACES[n % len(FACES)]
            if asset.kind == "image":
                data = _drawn(face, 512, "JPEG")
                app.storage.put_bytes(asset.key, data, "image/jpeg")
                asset.size_bytes = len(data)
            for width in asset.thumbs:
                app.storage.put_bytes(assets.thumb_key(asset.key, width), _drawn(face, width, "WEBP"), "image/webp")
    return [(item.file, {}) for item in nav.ITEMS] + [(file, {"id": id}) for file, id in _things(rows, plan.id, clip_id)]


@cache
def _drawn(path: Path, side: int, image_format: str) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").resize((side, side)).save(out, image_format)
    return out.getvalue()


def _things(rows: Rows, plan_id: str, clip_id: str) -> list[tuple[str, str]]:
    return [
        ("influencers/influencers", rows.influencer_id),
        ("influencers/wizard", rows.influencer_id),
        ("models/datasets", rows.dataset_id),
        ("models/training", rows.run_id),
        ("models/loras", rows.lora_id),
        ("create/pictures", rows.generation_id),
        ("library/gallery", rows.picture_ids[0]),
        ("library/videos", clip_id),
        ("library/lineage", rows.picture_ids[0]),
        ("calendar/post", plan_id),
        ("settings/jobs", rows.job_ids["failed"]),
    ]


def test_axe_finds_nothing_in_any_look_but_what_streamlit_draws(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    workspace: Tenant,
    addresses: list[tuple[str, dict[str, str]]],
    shoot: Callable[[Page, str], None],
) -> None:
    tab = signed_in(new_visitor(), bare_studio_url, workspace)
    found, met = list[str](), set[axe.DrawnByStreamlit]()
    for file, query in addresses:
        tab.goto(bare_studio_url + nav.url(file, {"ws": workspace.id, **query}))
        expect(tab.get_by_role("heading", level=1).first).to_be_visible()
        for name, look in LOOKS.items():
            look(tab)
            looks.settled(tab)
            found += [f"{file} {query} ({name}): {violation}" for violation in axe.violations(tab)]
            met |= axe.exceptions_met(tab)
            shoot(tab, f"four-{name}-{file.replace('/', '-')}{'-one' if query else ''}")
    assert not found, "\n".join(found)
    assert met == set(axe.EXCEPTIONS), "an exception that nothing needs any more"


def test_pages_at_twice_the_size_and_with_spaced_text_fit_the_window_and_cut_no_label(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    workspace: Tenant,
    addresses: list[tuple[str, dict[str, str]]],
    shoot: Callable[[Page, str], None],
) -> None:
    tab = signed_in(new_visitor(), bare_studio_url, workspace)
    wide = []
    for file, query in addresses:
        tab.goto(bare_studio_url + nav.url(file, {"ws": workspace.id, **query}))
        expect(tab.get_by_role("heading", level=1).first).to_be_visible()
        looks.phone(tab)
        tab.add_style_tag(content=SPACED)
        looks.settled(tab)
        shoot(tab, f"spaced-{file.replace('/', '-')}{'-one' if query else ''}")
        wide += [f"{file} {query} spaced: {px} px"] if (px := looks.too_wide(tab)) > 1 else []
        wide += [f"{file} {query} spaced: “{label}” is cut" for label in looks.cut_labels(tab)]
        tab.set_viewport_size(ZOOMED)
        looks.settled(tab)
        shoot(tab, f"zoomed-{file.replace('/', '-')}{'-one' if query else ''}")
        wide += [f"{file} {query} zoomed: {px} px"] if (px := looks.too_wide(tab)) > 1 else []
        wide += [f"{file} {query} zoomed: “{label}” is cut" for label in looks.cut_labels(tab)]
    assert not wide, "\n".join(wide)


def signed_in(visitor: BrowserContext, url: str, tenant: Tenant) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": tenant.owner.token, "url": url}])
    tab = visitor.new_page()
    tab.emulate_media(reduced_motion="reduce")  # no colour is on its way from one look to the next
    return tab
