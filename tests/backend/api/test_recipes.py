"""Templates and lists as files: for members, of their own workspace."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend import prompt_library
from backend.db.transactions import Database
from backend.prompt_library import TemplateDraft, WildcardDraft
from tests.factories.account import Tenant


def test_files(client: Callable[..., TestClient], db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = prompt_library.save_wildcard(tx, WildcardDraft(name="hair/colors", lines=("red", "blå")))
        prompt_library.save_template(tx, TemplateDraft(name="Face", prompt="{who}"))
    viewer, other_owner = client(workspace.viewer), client(other_workspace.owner)
    asked = {"workspace": workspace.id}
    whole = viewer.get("/api/recipes/export", params=asked)
    assert whole.json() == {
        "templates": [{"name": "Face", "prompt": "{who}", "negative": ""}], "wildcards": {"hair/colors": ["red", "blå"]},
    }  # fmt: skip
    assert "attachment" in whole.headers["content-disposition"]
    text = viewer.get(f"/api/recipes/wildcards/{card.id}", params=asked)
    assert (text.text, text.headers["content-type"]) == ("red\nblå\n", "text/plain; charset=utf-8")
    assert other_owner.get("/api/recipes/export", params=asked).status_code == 401
    other = {"workspace": other_workspace.id}
    assert other_owner.get(f"/api/recipes/wildcards/{card.id}", params=other).status_code == 404
    assert other_owner.get("/api/recipes/export", params=other).json() == {"templates": [], "wildcards": {}}
