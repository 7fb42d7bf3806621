"""Talks and texts that a caller waits for."""

from __future__ import annotations

from backend.app import App
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.support.browsing import browser


def test_a_program_talks_with_an_influencer(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        address = f"/influencers/{make_influencer(tx).id}/chat"
    _, secret = make_key(app, workspace, "texts:write")
    with program(app, secret) as client:
        answer = client.post(address, json={"question": "What do you do today?"})
        assert answer.status_code == 201, answer.text
        line = answer.json()
        assert (line["question"], line["state"]) == ("What do you do today?", "said")
        assert line["answer"]
        assert client.post(f"{address}/{line['id']}/again").status_code == 201
        listed = client.get(address)
        assert (listed.json()["total"], listed.headers["x-total-count"]) == (1, "1")
        assert client.post(address, json={"question": " "}).status_code == 400
        assert client.post(address, json={"question": "x" * 1001}).status_code == 400
        with browser(app, workspace.editor) as editor:
            editor.headers["x-workspace"] = workspace.id
            assert editor.get(address).json()["data"] == [], "everybody has a talk of their own"
        assert client.delete(address).status_code == 204
        assert client.get(address).json()["data"] == []
    _, reader = make_key(app, workspace, "texts:read")
    with program(app, reader) as client:
        assert client.post(address, json={"question": "Hello?"}).status_code == 403


def test_variants_are_written_chosen_and_taken_back(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        influencer_id = make_influencer(tx).id
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        order = {"influencerId": influencer_id, "topic": "yoga at sunrise"}
        answer = client.post("/drafts/write", json={"order": order, "n": 2})
        assert answer.status_code == 201, answer.text
        first, second = (draft["id"] for draft in answer.json()["data"])
        assert client.post(f"/drafts/{first}/choose").json() == {"chosen": first, "discarded": [second]}
        assert client.get(f"/drafts/{second}").json()["state"] == "discarded"
        assert client.post(f"/drafts/{first}/undo").status_code == 400, "nothing was changed yet"
        before = client.get(f"/drafts/{first}").json()["caption"]
        client.patch(f"/drafts/{first}", json={"caption": "Mine"})
        assert client.post(f"/drafts/{first}/undo").json()["caption"] == before
        assert client.post(f"/drafts/{first}/rewrite", json={"part": "hook"}).status_code == 200
        assert client.post(f"/drafts/{first}/rewrite", json={"part": "price"}).status_code == 400
        suggestion = client.post("/drafts/suggestions", json={"influencerId": influencer_id, "topic": "tea"}).json()
        assert suggestion["caption"]
        assert client.post("/drafts/write", json={"order": order, "n": 99}).status_code == 400
        assert client.patch(f"/drafts/{first}", json={"captoin": "x"}).status_code == 400
