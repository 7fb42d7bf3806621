"""GET /history and POST /history/{id}/undo."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend import accounts
from backend.db.transactions import Database
from tests.factories.account import Tenant


def test_the_api_lists_ones_own_acts_and_undoes_them(
    client: Callable[..., TestClient], db: Database, workspace: Tenant
) -> None:
    with db.transaction(workspace.caller, needs="owner") as tx:
        accounts.set_role(tx, workspace.viewer.id, "editor")
    query = f"?workspace={workspace.id}"
    owner, editor = client(workspace.owner), client(workspace.editor)
    [entry] = owner.get(f"/api/history{query}").json()["data"]
    assert (entry["kind"], entry["canUndo"], entry["whyNot"]) == ("member.role", True, "")
    assert entry["text"].endswith(" is editor now.")
    assert editor.get(f"/api/history{query}").json()["data"] == []
    path = f"/api/history/{entry['id']}/undo{query}"
    assert editor.post(path).status_code == 404
    assert owner.post(path).json() == {"message": "Undone."}
    assert owner.post(path).status_code == 200
    with db.transaction(workspace.caller) as tx:
        assert accounts.member(tx, workspace.viewer.id).role == "viewer"
    by_id = {shown["id"]: shown for shown in owner.get(f"/api/history{query}").json()["data"]}
    assert by_id[entry["id"]]["undoneAt"]
    assert (by_id[entry["id"]]["canUndo"], by_id[entry["id"]]["whyNot"]) == (False, "Undone.")
    assert owner.get(f"/api/history{query}&cursor=x").status_code == 400
    assert owner.post(f"/api/history/evt_none/undo{query}").status_code == 404
