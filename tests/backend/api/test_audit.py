"""GET /audit and /audit/export."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend import access
from backend.db.transactions import Database
from tests.factories.account import Tenant


def test_owners_read_and_export_and_nobody_else(
    client: Callable[..., TestClient], db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    query = f"?workspace={workspace.id}"
    owner = client(workspace.owner, **{"user-agent": "Firefox/150"})
    assert owner.patch(f"/api/workspaces/{workspace.id}", json={"name": "Harbour"}).status_code == 200
    with db.transaction(workspace.caller, needs="owner") as tx:
        key = access.create(tx, access.ApiKeyDraft(name="n8n", scopes=["*:admin"]))
    answer = owner.get(f"/api/audit{query}&group=settings").json()
    assert answer["nextCursor"] is None
    newest = answer["data"][0]
    assert (newest["kind"], newest["after"]["name"], newest["source"]) == ("api_key.created", "n8n", "unknown")
    assert newest["text"] == "API key “n8n” created."
    program = client(None, **{"x-api-key": key.secret})
    assert program.patch(f"/api/workspaces/{workspace.id}", json={"name": "Pier"}).status_code == 200
    [changed] = program.get("/api/audit?source=key").json()["data"]
    assert (changed["apiKey"], changed["address"], changed["before"]) == ("n8n", "testclient", {"name": "Harbour"})
    browsed = owner.get(f"/api/audit{query}&source=page").json()["data"]
    assert [(entry["kind"], entry["userAgent"]) for entry in browsed][-1] == ("workspace.renamed", "Firefox/150")
    exported = owner.get(f"/api/audit/export{query}&format=json&source=key")
    assert exported.headers["content-disposition"] == 'attachment; filename="audit-log.json"'
    assert [entry["kind"] for entry in exported.json()] == ["workspace.renamed"]
    assert owner.get(f"/api/audit/export{query}").text.startswith("\ufeffat,person,")
    for path in ("/api/audit", "/api/audit/export"):
        assert client(workspace.editor).get(path + query).status_code == 403
        assert client(other_workspace.owner).get(path + query).status_code in (401, 404)
        assert owner.get(f"{path}{query}&source=none").status_code == 400
