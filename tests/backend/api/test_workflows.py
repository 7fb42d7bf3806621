"""Imported workflows over HTTP: the whole way, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from backend import workflows
from backend.bootstrap import App
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.fakes.engines import MODEL

URL = "/api/workflows"


def test_the_whole_way(client: Callable[..., TestClient], app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.engines.image, "models", lambda: [replace(MODEL, features=("graph",))])
    asked = {"workspace": workspace.id}
    viewer, editor, owner = (client(one) for one in (workspace.viewer, workspace.editor, workspace.owner))
    body = {"name": "Soft light", "graph": known.graph("txt2img_lora_sd15")}
    assert viewer.post(URL, params=asked, json=body).status_code == 403
    wrong = editor.post(URL, params=asked, json={"name": "Editor's", "graph": {"nodes": [], "links": []}})
    assert (wrong.status_code, "Export (API)" in wrong.json()["message"]) == (400, True)
    made = editor.post(URL, params=asked, json=body)
    assert made.status_code == 201
    card = made.json()
    assert made.headers["location"].startswith(f"{URL}/{card['id']}")
    assert (card["state"], card["problems"], card["mapping"]["prompt"]) == ("draft", [], [["6", "text"]])
    one = f"{URL}/{card['id']}"
    assert editor.post(f"{one}/approve", params=asked).status_code == 403
    assert owner.post(f"{one}/approve", params=asked).status_code == 400
    tried = editor.post(f"{one}/try", params=asked, json={"prompt": "a harbour"}, headers={"idempotency-key": "k"})
    assert tried.status_code == 201
    again = editor.post(f"{one}/try", params=asked, json={"prompt": "a harbour"}, headers={"idempotency-key": "k"})
    assert again.json() == tried.json()
    with app.db.transaction(workspace.caller) as tx:
        workflows.record_trial(tx, card["id"], tried.json()["generationId"])
    assert owner.post(f"{one}/approve", params=asked).json()["state"] == "approved"
    assert [row["takes"][0] for row in viewer.get(URL, params=asked).json()["data"]] == ["prompt"]
    edited = editor.put(one, params=asked, json={"name": "Softer light", "mapping": {"prompt": [["6", "text"]]}}).json()
    assert (edited["name"], edited["state"], edited["takes"]) == ("Softer light", "draft", ["prompt"])
    assert editor.post(f"{one}/archive", params=asked).json()["state"] == "archived"
    assert editor.delete(one, params=asked).status_code == 204
    assert editor.post(f"{one}/undelete", params=asked).json()["id"] == card["id"]


def test_another_workspaces_workflow_is_not_found(
    client: Callable[..., TestClient], workspace: Tenant, other_workspace: Tenant
) -> None:
    mine, theirs = client(workspace.owner), client(other_workspace.owner)
    body = {"name": "Soft light", "graph": known.graph("txt2img_lora_sd15")}
    card = mine.post(URL, params={"workspace": workspace.id}, json=body).json()
    other = {"workspace": other_workspace.id}
    assert theirs.get(f"{URL}/{card['id']}", params=other).status_code == 404
    assert theirs.post(f"{URL}/{card['id']}/approve", params=other).status_code == 404
    assert theirs.delete(f"{URL}/{card['id']}", params=other).status_code == 404
    assert theirs.get(URL, params=other).json()["data"] == []
