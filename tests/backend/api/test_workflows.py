"""Imported workflows over HTTP: the whole way, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from backend import workflows
from backend.app import App
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.fakes.engines import MODEL

URL = "/api/workflows"


def test_the_whole_way(client: Callable[..., TestClient], app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.engines.image, "models", lambda: [replace(MODEL, features=("graph",))])
    params = {"workspace": workspace.id}
    viewer, editor, owner = (client(person) for person in (workspace.viewer, workspace.editor, workspace.owner))
    body = {"name": "Soft light", "graph": known.graph("txt2img_lora_sd15")}
    assert viewer.post(URL, params=params, json=body).status_code == 403
    wrong = editor.post(URL, params=params, json={"name": "Editor's", "graph": {"nodes": [], "links": []}})
    assert (wrong.status_code, "Export (API)" in wrong.json()["message"]) == (400, True)
    created = editor.post(URL, params=params, json=body)
    assert created.status_code == 201
    card = created.json()
    assert created.headers["location"].startswith(f"{URL}/{card['id']}")
    assert (card["state"], card["problems"], card["mapping"]["prompt"]) == ("draft", [], [["6", "text"]])
    url = f"{URL}/{card['id']}"
    assert editor.post(f"{url}/approve", params=params).status_code == 403
    assert owner.post(f"{url}/approve", params=params).status_code == 400
    tried = editor.post(f"{url}/try", params=params, json={"prompt": "a harbour"}, headers={"idempotency-key": "k"})
    assert tried.status_code == 201
    again = editor.post(f"{url}/try", params=params, json={"prompt": "a harbour"}, headers={"idempotency-key": "k"})
    assert again.json() == tried.json()
    with app.db.transaction(workspace.caller) as tx:
        workflows.record_trial(tx, card["id"], tried.json()["generationId"])
    assert owner.post(f"{url}/approve", params=params).json()["state"] == "approved"
    assert [row["takes"][0] for row in viewer.get(URL, params=params).json()["data"]] == ["prompt"]
    edited = editor.put(url, params=params, json={"name": "Softer light", "mapping": {"prompt": [["6", "text"]]}}).json()
    assert (edited["name"], edited["state"], edited["takes"]) == ("Softer light", "draft", ["prompt"])
    assert editor.post(f"{url}/archive", params=params).json()["state"] == "archived"
    assert editor.delete(url, params=params).status_code == 204
    assert editor.post(f"{url}/undelete", params=params).json()["id"] == card["id"]


def test_another_workspaces_workflow_is_not_found(
    client: Callable[..., TestClient], workspace: Tenant, other_workspace: Tenant
) -> None:
    own_client, other_client = client(workspace.owner), client(other_workspace.owner)
    body = {"name": "Soft light", "graph": known.graph("txt2img_lora_sd15")}
    card = own_client.post(URL, params={"workspace": workspace.id}, json=body).json()
    other = {"workspace": other_workspace.id}
    assert other_client.get(f"{URL}/{card['id']}", params=other).status_code == 404
    assert other_client.post(f"{URL}/{card['id']}/approve", params=other).status_code == 404
    assert other_client.delete(f"{URL}/{card['id']}", params=other).status_code == 404
    assert other_client.get(URL, params=other).json()["data"] == []
