"""Every list has one shape; single pictures, boards and the prompt library are changed over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend import consents, gallery, voices
from backend.app import App
from backend.consents import ConsentDraft
from backend.gallery import BoardDraft
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.studio_rows import fill_workspace
from tests.factories.trials import make_trial
from tests.fakes.speech import FakeSpeech
from tests.support.browsing import browser


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_every_list_says_its_total(app: App, editor: Any, workspace: Tenant) -> None:
    rows = fill_workspace(app.db, workspace)
    trial = make_trial(app.db, workspace, rows.run_id)
    lists = [
        "/boards", "/channels", "/content-plans", "/drafts", "/members", "/pictures", "/recipes/presets", "/recipes/styles",
        "/recipes/templates", "/recipes/wildcards", "/style/sessions", "/style/jobs", "/trials", "/videos", "/reels",
        "/notices", "/webhooks/event-types",
        "/webhooks", "/workflows", "/workspaces", f"/uploads/{workspace.id}?noun=dataset&nounId={rows.dataset_id}",
    ]  # fmt: skip
    for path in lists:
        answer = editor.get(path)
        assert answer.status_code == 200, (path, answer.text)
        answered = answer.json()
        assert {"data", "total", "take", "skip"} <= set(answered), path
        assert answer.headers["x-total-count"] == str(answered["total"]), path
    assert editor.get("/pictures?total=false").json()["total"] is None
    listed = editor.get(f"/trials?run={rows.run_id}").json()
    assert [card["id"] for card in listed["data"]] == [trial]
    assert editor.get(f"/trials/{trial}").json()["status"] == "completed"
    assert editor.post(f"/trials/{trial}/rescore").status_code == 201
    assert editor.post(f"/trials/{trial}/promote", json={"step": 7}).status_code in (400, 404)
    assert editor.delete(f"/trials/{trial}").status_code == 204
    assert editor.get("/trials").json()["total"] == 0


def test_voices_and_consents_are_listed_page_by_page(app: App, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        made = {
            "/voices": [
                voices.add(tx, {name: FakeSpeech(name)}, engine=name, name="anna").id for name in ("one", "two", "three")
            ],
            "/consents": [
                consents.create(tx, ConsentDraft(subject_name=name, language="en")).id
                for name in ("Ann Bell", "Ben Bell", "Cat Bell")
            ],
        }
    for path, ids in made.items():
        first = editor.get(f"{path}?take=2").json()
        rest = editor.get(f"{path}?take=2&cursor={first['nextCursor']}").json()
        assert [card["id"] for card in (*first["data"], *rest["data"])] == ids[::-1]
        assert (first["total"], rest["total"], rest["nextCursor"]) == (3, 3, None)


def test_a_picture_is_judged_deleted_and_brought_back(app: App, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        picture_id, other_id = make_pictures(tx, 2)
        board_id = gallery.create_board(tx, draft=BoardDraft(name="Summer")).id
    changed = editor.patch(f"/pictures/{picture_id}", json={"rating": 4, "favourite": True}).json()
    assert (changed["rating"], changed["favourite"]) == (4, True)
    assert editor.patch(f"/pictures/{picture_id}", json={"rating": 6}).status_code == 400
    before = editor.post("/pictures/decisions", json={"pictureIds": [picture_id], "decision": "rejected"}).json()
    assert before == {"before": {picture_id: "open"}}
    assert editor.get("/pictures/decisions").json() == {"held": 0, "rejected": 1}
    again = {"pictureIds": [picture_id, other_id], "decision": "approved", "expected": "open"}
    assert editor.post("/pictures/decisions", json=again).status_code == 409, "one was rejected since"
    assert editor.post("/pictures/decisions/undo", json={**before, "expected": "open"}).status_code == 409
    assert editor.post("/pictures/decisions/undo", json={**before, "expected": "rejected"}).status_code == 200
    assert editor.get("/pictures/decisions").json() == {"held": 0, "rejected": 0}
    assert editor.delete(f"/pictures/{other_id}").status_code == 204
    assert editor.get("/pictures").json()["total"] == 1
    assert editor.post(f"/pictures/{other_id}/undelete").status_code == 200
    assert editor.get("/pictures/duplicates").json()["data"] == []
    assert editor.patch(f"/boards/{board_id}", json={"coverPictureId": picture_id}).status_code == 400, "not on the board"
    assert editor.patch(f"/boards/{board_id}", json={"archived": True}).json()["archivedAt"]
    assert editor.get("/boards").json()["total"] == 0
    assert editor.get("/boards?archived=true&take=1").json()["total"] == 1


def test_the_prompt_library_is_filled_over_http(editor: Any) -> None:
    template = editor.post("/recipes/templates", json={"name": "Portrait", "prompt": "portrait of {subject}"})
    assert template.status_code == 201
    address = template.headers["location"].removeprefix("/api")
    etag = editor.get(address).headers["etag"]
    body = {"name": "Portrait", "prompt": "close portrait of {subject}"}
    assert editor.put(address, json=body, headers={"if-match": etag}).json()["version"] == 2
    assert editor.put(address, json=body, headers={"if-match": etag}).status_code == 409
    assert editor.post("/recipes/templates", json={"name": "Portrait", "prompt": "x"}).status_code == 409
    assert editor.post("/recipes/templates", json={"name": "Broken", "prompt": "{a|b"}).status_code == 400
    wildcard = editor.post("/recipes/wildcards", json={"name": "places", "lines": ["Rome", "Rome", "Lisbon"]}).json()
    assert wildcard["lines"] == ["Rome", "Lisbon"]
    style = editor.post("/recipes/styles", json={"name": "Golden hour", "prompt": "low sun", "settings": {"steps": 20}}).json()
    assert style["settings"] == {"steps": 20}
    preset = editor.post("/recipes/presets", json={"name": "Fast", "values": {"steps": 12, "seed": 7}}).json()
    assert (preset["values"]["steps"], preset["values"]["seed"], preset["isOwn"]) == (12, -1, True)
    assert editor.patch(f"/recipes/presets/{preset['id']}", json={"isDefault": True}).json()["isDefault"]
    for values in ({"stepps": 1}, {"self": 1}, {"steps": "many"}):
        assert editor.post("/recipes/presets", json={"name": "Odd", "values": values}).status_code == 400, values
    imported = editor.post("/recipes/import", json={"filename": "colours.txt", "text": "red\nblue"})
    assert imported.json() == {"created": 1, "changed": 0, "same": 0, "problems": []}
    for path in (address, f"/recipes/wildcards/{wildcard['id']}", f"/recipes/styles/{style['id']}"):
        assert editor.delete(path).status_code == 204
    assert editor.delete(f"/recipes/presets/{preset['id']}").status_code == 204
    assert editor.get("/recipes/wildcards").json()["total"] == 1


def test_the_face_check_is_read_and_set(app: App, editor: Any, workspace: Tenant) -> None:
    rows = fill_workspace(app.db, workspace)
    address = f"/influencers/{rows.influencer_id}/identity"
    read = editor.get(address)
    check, if_match = read.json(), {"if-match": read.headers["etag"]}
    assert check["gate"] == "mark"
    assert editor.patch(address, json={"gate": "hold"}, headers=if_match).status_code == 200
    assert editor.patch(address, json={"gate": "reject"}, headers=if_match).json()["code"] == "changed_since"
    assert editor.patch(address, json={"gate": "off"}).json() == {**check, "gate": "off"}
    assert editor.patch(address, json={"extraMax": 8}).json() == {**check, "gate": "off", "extraMax": 8}
    for body in ({"gate": "delete"}, {"threshold": 2}, {"referenceAssetIds": ["nothing"]}, {"line": 0.5}):
        assert editor.patch(address, json=body).status_code == 400, body
    assert editor.post(f"{address}/score").status_code == 400
    assert editor.post(f"/generations/{rows.generation_id}/sheet").status_code == 400, "no grid"
