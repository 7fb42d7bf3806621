"""A dataset's pictures over HTTP: pages by cursor, filters with reasons, members only."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace


def test_pages_filters_and_borders(
    client: Callable[..., TestClient], db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    address, mine = f"/api/datasets/{rows.dataset_id}/pictures", client(workspace.viewer)
    first = mine.get(address, params={"workspace": workspace.id, "take": 10}).json()
    assert (len(first["data"]), first["total"]) == (10, 14)
    rest = mine.get(address, params={"workspace": workspace.id, "cursor": first["nextCursor"]}).json()
    assert (len(rest["data"]), rest["total"], rest["nextCursor"]) == (4, None, None)
    [blurred] = mine.get(address, params={"workspace": workspace.id, "filter": "blurred"}).json()["data"]
    assert blurred["name"] == "03.jpg"
    assert blurred["reasons"] == [["blurred", "sharpness 12, at least 100", False]]
    assert mine.get(address, params={"workspace": workspace.id, "q": "NOWHERE"}).json()["total"] == 0
    wrong = mine.get(address, params={"workspace": workspace.id, "filter": "nonsense"})
    assert wrong.status_code == 400
    assert "no filter called" in wrong.json()["message"]
    assert client(other_workspace).get(address, params={"workspace": other_workspace.id}).status_code == 404
    assert client(other_workspace).get(address, params={"workspace": workspace.id}).status_code == 401
