"""The page of one job says what it was, what it cost and what came of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from backend.app import App
from backend.db.tables import Asset, Job, LlmCall
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(app: App, workspace: Tenant) -> Rows:
    return fill_workspace(app.db, workspace)


def test_a_finished_job_shows_its_cost_its_files_and_a_link(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    job_id = rows.job_ids["training"]
    with app.db.transaction(workspace.caller) as tx:
        lora, picture, video = (make_asset(tx) for _ in range(3))
        tx.execute(update(Asset).where(Asset.id == lora).values(kind="lora", filename="bella-v1.safetensors"))
        tx.execute(update(Asset).where(Asset.id == video).values(kind="video"))
        assets = [{"assetId": asset_id} for asset_id in (lora, picture, video)]
        tx.execute(update(Job).where(Job.id == job_id).values(result={"loraId": rows.lora_id, "assets": assets}))
        tx.add(
            LlmCall(id="llm_1", job_id=job_id, day=20260101, kind="x", state="settled", usd=Decimal("0.0042"), estimate_usd=1)
        )
    at = open_page("settings/jobs", id=job_id)
    assert not at.exception
    said = words(at)
    for part in ("lora\\-training", "try 1", "cost \\$0\\.0042", "Open the LoRA"):
        assert part in said, said
    drawn = " ".join(element.proto.body for element in at.get("html"))
    assert f"/api/media/{workspace.id}/{picture}?w=320" in drawn
    assert f'<video src="/api/media/{workspace.id}/{video}"' in drawn
    assert "bella" in at.get("link_button")[0].proto.label


def test_one_that_gave_up_shows_what_it_was_given(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    job_id = rows.job_ids["failed"]
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Job).where(Job.id == job_id).values(payload={"dataset_id": "ds_7"}))
    at = open_page("settings/jobs", id=job_id)
    said = words(at)
    for part in ('"dataset_id": "ds_7"', "gave up after several tries", "cost \\$0\\.00"):
        assert part in said, said
