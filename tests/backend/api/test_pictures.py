"""The gallery's routes: pages by cursor, acts with their way back, files, boards; viewers only look, strangers see nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from backend import assets, generation
from backend.db.tables import Asset
from backend.media.images.pictures_child import recipe_texts
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.pictures import photo
from tests.support.browsing import browser


@pytest.fixture
def ids(app: Any, workspace: Tenant) -> list[str]:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        return make_pictures(tx, 5, prompt="bella at the beach")


@pytest.fixture
def editor(app: Any, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.params = {"workspace": workspace.id}
        yield client


def test_pages_counts_and_neighbours(editor: Any, ids: list[str]) -> None:
    first = editor.get("/pictures", params={"take": 3, "q": "beach"}).json()
    rest = editor.get("/pictures", params={"take": 3, "q": "beach", "cursor": first["nextCursor"]}).json()
    assert [picture["id"] for picture in first["data"] + rest["data"]] == ids[::-1]
    assert rest["nextCursor"] is None
    assert {"assetId", "prompt", "rating", "favourite", "shape", "createdAt"} <= set(first["data"][0])
    assert editor.get("/pictures/count").json() == {"total": 5, "more": False}
    around = editor.get(f"/pictures/{ids[2]}/around").json()
    assert (around["before"]["id"], around["after"]["id"]) == (ids[3], ids[1])
    assert editor.get(f"/pictures/{ids[0]}").json()["negativePrompt"] == ""
    wrong = editor.get("/pictures", params={"q": "foo:1"})
    assert wrong.status_code == 400
    assert "no search term" in wrong.json()["message"]


def test_acts_undo_and_a_whole_filter(editor: Any, ids: list[str]) -> None:
    done = editor.post("/pictures/acts", json={"kind": "rate", "pictureIds": ids[:2], "rating": 4}).json()
    assert done["said"] == "2 pictures rated ★★★★."
    everything = {"all": True, "rating": 4}
    faved = editor.post("/pictures/acts", params=everything, json={"kind": "favourite"}).json()
    assert (faved["count"], editor.get("/pictures/count", params={"favourite": True}).json()["total"]) == (2, 2)
    assert [act["id"] for act in editor.get("/pictures/acts").json()["data"]] == [faved["id"], done["id"]]
    assert editor.post(f"/pictures/acts/{done['id']}/undo").json()["undoneAt"]
    assert editor.post(f"/pictures/acts/{done['id']}/undo").status_code == 409
    again = [editor.post("/pictures/acts", json={"kind": "delete", "pictureIds": ids[:1]}, headers={"idempotency-key": "k"})
             for _ in range(2)]  # fmt: skip
    assert again[0].json() == again[1].json()
    assert editor.get("/pictures/count").json()["total"] == 4
    assert editor.post("/pictures/acts", json={"kind": "explode", "pictureIds": ids[:1]}).status_code == 400


def test_boards(editor: Any, ids: list[str]) -> None:
    made = editor.post("/boards", json={"name": "Summer", "notes": "warm"})
    board = made.json()["id"]
    assert made.headers["location"].startswith(f"/api/boards/{board}")
    editor.post("/pictures/acts", json={"kind": "board-add", "pictureIds": ids[:3], "boardId": board})
    moved = editor.post(f"/boards/{board}/order", json={"pictureIds": [ids[2]], "before": ids[0]})
    assert moved.status_code == 200
    shown = editor.get("/pictures", params={"board": board, "order": "board"}).json()["data"]
    assert [picture["id"] for picture in shown] == [ids[2], ids[0], ids[1]]
    listed = editor.get("/boards").json()["data"][0]
    assert (listed["name"], listed["count"], listed["covers"][0]) == ("Summer", 3, shown[0]["assetId"])
    job = editor.post(f"/boards/{board}/archive").json()
    assert (job["kind"], job["state"]) == ("picture-archive", "pending")
    assert editor.post("/pictures/archive", json={"pictureIds": ids[:2]}).status_code == 201
    gone = editor.delete(f"/boards/{board}").json()
    assert editor.get("/boards").json()["total"] == 0
    editor.post(f"/pictures/acts/{gone['id']}/undo")
    assert editor.put(f"/boards/{board}", json={"name": "Winter"}).json()["name"] == "Winter"
    assert editor.get("/pictures", params={"order": "board"}).status_code == 400


def test_a_file_has_its_recipe_only_when_asked(app: Any, editor: Any, workspace: Tenant, ids: list[str]) -> None:
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Asset).values(content_type="image/png", filename="a.png"))
        key = assets.get(tx, generation.picture(tx, ids[0]).asset_id).key
    app.storage.put_bytes(key, photo(1, kind="PNG"), "image/png")
    for recipe, keys in (("false", set()), ("true", {"parameters", "influencerai"})):
        answer = editor.get(f"/pictures/{ids[0]}/file", params={"recipe": recipe})
        assert "a.png" in answer.headers["content-disposition"]
        with Image.open(io.BytesIO(answer.content)) as opened:
            opened.load()
            assert set(recipe_texts(opened)) == keys


def test_viewers_look_and_strangers_do_not(app: Any, workspace: Tenant, other_workspace: Tenant, ids: list[str]) -> None:
    with browser(app, workspace.viewer) as viewer:
        viewer.params = {"workspace": workspace.id}
        assert len(viewer.get("/pictures").json()["data"]) == 5
        for answer in (
            viewer.post("/pictures/acts", json={"kind": "rate", "pictureIds": ids[:1], "rating": 1}),
            viewer.post("/boards", json={"name": "Mine"}),
            viewer.post("/pictures/archive", json={"pictureIds": ids[:1]}),
        ):
            assert answer.status_code == 403
    with browser(app, other_workspace.owner) as stranger:
        stranger.params = {"workspace": other_workspace.id}
        assert stranger.get("/pictures").json()["data"] == []
        assert stranger.get(f"/pictures/{ids[0]}").status_code == 404
        assert stranger.get(f"/pictures/{ids[0]}/similar").status_code == 404
        assert stranger.get("/pictures", params={"workspace": workspace.id}).status_code == 401
