"""What every route keeps: our own Origin for writes, a session, one workspace's things for its own people, small bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend import api, boards, recipes
from backend.api.deps import COOKIE
from backend.boards import ActDraft, BoardDraft
from backend.bootstrap import App
from backend.recipes import WildcardDraft
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_dataset, make_pictures
from tests.factories.studio_rows import Rows, fill
from tests.factories.trials import make_trial
from tests.support.browsing import browser

OPEN = {"/session/exchange"}
"""Asked before there is a session."""


def routes(app: App, *, writes: bool) -> Iterator[tuple[str, str]]:
    for path, methods in api.create(lambda: app).openapi()["paths"].items():
        for method in methods:
            if writes is (method != "get"):
                yield method.upper(), path.replace("{", "").replace("}", "")


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_no_write_comes_from_another_page_and_nothing_is_open_without_a_session(app: App, workspace: Tenant) -> None:
    writes = list(routes(app, writes=True))
    assert len(writes) > 15
    with browser(app, None) as client:
        client.headers["x-workspace"] = workspace.id
        for method, path in writes:
            for origin in ("https://evil.example", "null", ""):
                client.cookies.set(COOKIE, workspace.owner.token)
                answer = client.request(method, path, headers={"origin": origin}, json={})
                assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), (method, path)
        client.cookies.clear()
        for method, path in [*writes, *routes(app, writes=False)]:
            if path not in OPEN:
                assert client.request(method, path, json={} if method != "GET" else None).status_code == 401, (method, path)


@pytest.fixture
def theirs(app: App, other_workspace: Tenant) -> dict[str, str]:
    """Something of every noun in the other workspace."""
    rows: Rows = fill(app.db, other_workspace)
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        board = boards.create(tx, draft=BoardDraft(name="Theirs"))
        act = boards.act(
            tx, draft=ActDraft(kind="board-add", picture_ids=(rows.picture_ids[0],), board_id=board.id), request_key="t"
        )
        words = recipes.save_wildcard(tx, WildcardDraft(name="places", lines=("Rome",)))
        asset = make_asset(tx)
    trial = make_trial(app.db, other_workspace, rows.run_id)
    return {
        "picture": rows.picture_ids[0], "board": board.id, "act": act.id, "wildcard": words.id, "asset": asset, "trial": trial,
        "run": rows.run_id, "dataset": rows.dataset_id, "influencer": rows.influencer_id, "generation": rows.generation_id,
        "job": next(iter(rows.job_ids.values())), "lora": rows.lora_id,
    }  # fmt: skip


def test_things_of_another_workspace_are_not_there(app: App, editor: Any, workspace: Tenant, theirs: dict[str, str]) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        mine = make_pictures(tx, 2)
        own = boards.create(tx, draft=BoardDraft(name="Mine")).id
        make_dataset(tx, images=1)
    seen = [
        "/pictures/{picture}", "/pictures/{picture}/file", "/pictures/{picture}/similar", "/boards/{board}",
        "/datasets/{dataset}/pictures", "/datasets/{dataset}/export", "/generations/{generation}/pictures", "/jobs/{job}",
        "/jobs/{job}/log", "/jobs/live?id={job}", "/training/{run}/points", "/training/{run}/samples", "/trials/{trial}/cells",
        "/trials/{trial}/ballot", "/trials/{trial}/scores.csv", "/influencers/{influencer}/report",
        "/recipes/wildcards/{wildcard}", f"/media/{workspace.id}/{{asset}}",
    ]  # fmt: skip
    for path in seen:
        assert editor.get(path.format(**theirs)).status_code == 404, path
    for query in ("board={board}", "influencer={influencer}", "lora={lora}"):
        address = f"/pictures?{query}".format(**theirs)
        assert editor.get(address).json()["data"] == [], query
    both = [mine[0], theirs["picture"]]
    changed = [
        ("POST", "/pictures/acts", {"kind": "rate", "rating": 1, "pictureIds": both}),
        ("POST", "/pictures/acts", {"kind": "board-add", "boardId": theirs["board"], "pictureIds": mine}),
        ("POST", "/pictures/acts", {"kind": "board-move", "boardId": own, "fromBoardId": theirs["board"], "pictureIds": mine}),
        ("POST", "/pictures/acts/{act}/undo", {}),
        ("PUT", "/boards/{board}", {"name": "Taken"}),
        ("DELETE", "/boards/{board}", None),
        ("POST", "/boards/{board}/order", {"pictureIds": mine[:1]}),
        ("POST", f"/boards/{own}/order", {"pictureIds": [theirs["picture"]]}),
        ("POST", "/boards/{board}/archive", None),
        ("POST", "/jobs/{job}/cancel", None),
        ("POST", "/jobs/{job}/retry", None),
        ("POST", "/trials/{trial}/votes", {"leftId": "a", "rightId": "b", "choice": "left"}),
        ("DELETE", "/trials/{trial}/votes/last", None),
        ("POST", "/jobs", {"type": "dataset-ingest", "payload": {"datasetId": theirs["dataset"]}}),
        ("POST", "/jobs", {"type": "image-generation", "payload": {"prompt": "x", "influencerId": theirs["influencer"]}}),
        ("POST", "/jobs", {"type": "image-generation", "payload": {"prompt": "x", "initAssetId": theirs["asset"]}}),
        ("POST", "/jobs", {"type": "image-generation", "payload": {"prompt": "x", "loras": [{"loraId": theirs["lora"]}]}}),
        ("POST", f"/uploads/{workspace.id}", {"noun": "dataset", "nounId": theirs["dataset"], "filename": "a.png", "size": 9,
                                              "clientKey": "a"}),
    ]  # fmt: skip
    for method, path, body in changed:
        answer = editor.request(method, path.format(**theirs), json=body)
        assert answer.status_code == 404, (method, path, body, answer.text)
    with browser(app, workspace.editor) as client:
        assert client.get(f"/pictures/{mine[0]}", params={"workspace": workspace.id}).json()["rating"] == 0


def test_a_body_of_json_is_small_whatever_the_method(editor: Any) -> None:
    """Only a file on its way in is streamed without this limit."""
    board = editor.post("/boards", json={"name": "Summer"}).json()["id"]
    huge = {"name": "Summer", "notes": "x" * 2_000_000}
    for method, path in (("PUT", f"/boards/{board}"), ("POST", "/boards"), ("POST", "/pictures/acts")):
        assert editor.request(method, path, json=huge).status_code == 413, (method, path)


def test_what_is_out_of_range_is_the_requests_fault(editor: Any, workspace: Tenant) -> None:
    for query in ("until=9999-12-31", "q=until:9999-12-31", "from=0001-01-01", "q=from:0001-01-01"):
        assert editor.get(f"/pictures?{query}").status_code == 200, query
    announced = {"noun": "lora", "nounId": "x" * 20_000, "filename": "a", "size": 9, "clientKey": "a"}
    assert editor.post(f"/uploads/{workspace.id}", json=announced).status_code == 400
    for path in (
        "/jobs/live?take=-1",
        f"/uploads/{workspace.id}?noun=lora&nounId=a&take=-1",
        "/jobs?skip=99999999999999999999",
    ):
        assert editor.get(path).status_code == 400, path
