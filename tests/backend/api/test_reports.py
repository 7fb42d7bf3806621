"""The report of an influencer as a file, and pictures by where the identity gate put them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from backend.app import App
from backend.db.tables import Picture
from backend.db.transactions import Database, SystemCaller
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace

Browser = Callable[..., TestClient]


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    made = fill_workspace(db, workspace, pictures=5)
    with db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        held = update(Picture).where(Picture.id.in_(made.picture_ids[:2]))
        tx.execute(held.values(gate="held", identity_score=0.5, identity_line=0.8))
    return made


def test_a_report_is_a_file_for_members_only(
    app: App, client: Browser, workspace: Tenant, other_workspace: Tenant, rows: Rows
) -> None:
    address = f"/api/influencers/{rows.influencer_id}/report"
    answer = client(workspace.viewer).get(address, params={"workspace": workspace.id})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Bella")
    report = answer.json()
    assert (report["made"], report["held"], report["share_marked"], report["datasets"][0]["name"]) == (5, 2, 1.0, "Bella")
    table = client(workspace.viewer).get(address, params={"workspace": workspace.id, "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert "pictures,Bella,held,2" in table.text
    assert client(other_workspace).get(address, params={"workspace": other_workspace.id}).status_code == 404
    assert client().get(address, params={"workspace": workspace.id}).status_code == 401
    assert client(workspace).get(address, params={"workspace": workspace.id, "format": "exe"}).status_code == 400


def test_held_pictures_are_listed_only_when_asked_for(client: Browser, workspace: Tenant, rows: Rows) -> None:
    def listed(**params: str) -> list[str]:
        answer = client(workspace.viewer).get("/api/pictures", params={"workspace": workspace.id, **params})
        return [picture["id"] for picture in answer.json()["data"]]

    held = set(rows.picture_ids[:2])
    assert set(listed()) == set(rows.picture_ids) - held
    assert set(listed(gate="held")) == held
    assert set(listed(gate="any")) == set(rows.picture_ids)
    [picture] = client(workspace.viewer).get(
        "/api/pictures", params={"workspace": workspace.id, "gate": "held", "take": "1"}
    ).json()["data"]  # fmt: skip
    assert (picture["gate"], picture["identityScore"], picture["identityLine"]) == ("held", 0.5, 0.8)
