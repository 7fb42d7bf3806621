"""The report of an influencer: every figure from rows, words that a spreadsheet cannot run, nothing of other workspaces."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import update

from backend import generation
from backend.db.tables import Dataset, Influencer, Picture
from backend.db.transactions import Database, SystemCaller
from backend.errors import NotFound
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace


def test_who_made_what_from_whose_pictures(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    rows, other_rows = fill_workspace(db, workspace, pictures=8), fill_workspace(db, other_workspace, pictures=3)
    with db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        first, second, third, *_ = rows.picture_ids
        tx.execute(update(Picture).where(Picture.id == first).values(gate="held", identity_score=0.5, identity_line=0.8))
        tx.execute(update(Picture).where(Picture.id == second).values(gate="rejected", identity_score=0.2, identity_line=0.8))
        tx.execute(update(Picture).where(Picture.id == third).values(identity_score=0.8, identity_line=0.8))
        tx.execute(update(Dataset).values(rights_by=workspace.user_id, rights_at=Dataset.created_at))
        tx.execute(update(Influencer).values(name="=Bella"))
    with db.transaction(workspace.viewer.caller) as tx:
        report = generation.influencer_report(tx, rows.influencer_id)
        with pytest.raises(NotFound):
            generation.influencer_report(tx, other_rows.influencer_id)
    assert (report.made, report.marked, report.scored, report.passed, report.held, report.rejected) == (8, 8, 3, 1, 1, 1)
    assert report.share_marked == 1.0
    [lora] = report.loras
    assert (lora.name, lora.step, lora.dataset_id, lora.pictures) == ("bella-v1", 150, rows.dataset_id, 8 - report.without_lora)
    [dataset] = report.datasets
    assert (dataset.images, dataset.included) == (14, 13)
    assert "made-up person" in dataset.statement
    assert "@" in dataset.said_by
    assert json.loads(generation.report_json(report))["loras"][0]["sha256"] == lora.sha256
    table = list(csv.reader(io.StringIO(generation.report_csv(report))))
    assert table[0] == ["part", "name", "figure", "value"]
    assert ["pictures", "'=Bella", "held", "1"] in table
    assert not [cell for row in table for cell in row if cell.startswith("=")]
