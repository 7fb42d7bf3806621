"""Datasets over REST: made, filled by uploads, declared, listed by status; their pictures, captions and edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from backend.app import App
from backend.db.tables import DatasetImage
from backend.db.transactions import Database
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace


def test_pages_filters_and_borders(
    client: Callable[..., TestClient], db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    address, viewer = f"/api/datasets/{rows.dataset_id}/pictures", client(workspace.viewer)
    first = viewer.get(address, params={"workspace": workspace.id, "take": 10}).json()
    assert (len(first["data"]), first["total"]) == (10, 14)
    rest = viewer.get(address, params={"workspace": workspace.id, "cursor": first["nextCursor"]}).json()
    assert (len(rest["data"]), rest["total"], rest["nextCursor"]) == (4, None, None)
    [blurred] = viewer.get(address, params={"workspace": workspace.id, "filter": "blurred"}).json()["data"]
    assert blurred["name"] == "03.jpg"
    assert blurred["reasons"] == [["blurred", "sharpness 12, at least 100", False]]
    assert viewer.get(address, params={"workspace": workspace.id, "q": "NOWHERE"}).json()["total"] == 0
    wrong = viewer.get(address, params={"workspace": workspace.id, "filter": "nonsense"})
    assert wrong.status_code == 400
    assert "no filter called" in wrong.json()["message"]
    assert client(other_workspace).get(address, params={"workspace": other_workspace.id}).status_code == 404
    assert client(other_workspace).get(address, params={"workspace": workspace.id}).status_code == 401


@pytest.fixture
def key(app: App, workspace: Tenant) -> Iterator[TestClient]:
    with program(app, make_key(app, workspace, "datasets:write")[1]) as client:
        yield client


def test_a_dataset_in_the_seeds_words(key: TestClient, workspace: Tenant) -> None:
    sent = {
        "name": "influencer-marco-gym",
        "path": "data/datasets/influencer-marco-gym",
        "imageCount": 120,
        "metadata": {"captionStyle": "tags", "tags": ["fitness", "gym"]},
    }
    answer = key.post("/datasets", json=sent)
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/datasets/{made['id']}")
    assert {name: made[name] for name in ("name", "path", "metadata")} == {k: v for k, v in sent.items() if k != "imageCount"}
    assert (made["tenantId"], made["status"], made["imageCount"], made["expectedImageCount"]) == (workspace.id, "draft", 0, 120)
    assert made["jobId"] is None
    again = key.post("/datasets", json=sent)
    assert (again.status_code, again.json()["message"]) == (409, "Dataset with name 'influencer-marco-gym' already exists")
    wrong = key.post("/datasets", json={"name": "ab", "imageCount": 0})
    assert wrong.status_code == 400
    assert "imageCount: " in wrong.json()["message"]
    assert key.post("/datasets", json={"name": "ab"}).json()["message"].startswith("name: The name of a dataset must have 3")
    plain = key.post("/datasets", json={"name": "plain"}).json()
    assert plain["path"] == f"datasets/{workspace.id}/{plain['id']}"
    assert plain["metadata"] == {"captionStyle": "natural", "tags": []}

    def listed(query: str) -> list[str]:
        return [card["name"] for card in key.get(f"/datasets?{query}").json()["data"]]

    assert listed("") == listed("sortBy=createdAt&sortOrder=desc") == ["plain", "influencer-marco-gym"]
    assert listed("sortBy=name&sortOrder=asc&take=1") == ["influencer-marco-gym"]
    assert listed("take=1&skip=1") == listed("q=MARCO") == ["influencer-marco-gym"]
    assert key.get("/datasets?status=ready").json()["total"] == 0
    assert key.get("/datasets?status=draft").headers["x-total-count"] == "2"
    assert key.get("/datasets?status=gone").status_code == 400


def test_what_is_not_named_stays_and_the_slower_is_refused(key: TestClient) -> None:
    made = key.post("/datasets", json={"name": "Bella", "path": "here", "metadata": {"tags": ["yoga"]}})
    address, etag = f"/datasets/{made.json()['id']}", made.headers["etag"]
    change = {"name": "Bella two", "triggerWord": "bella_01", "metadata": {"captionStyle": "tags"}, "thresholds": {"dark": 30}}
    changed = key.patch(address, json=change, headers={"if-match": etag})
    answered = changed.json()
    assert changed.status_code == 200
    assert (answered["name"], answered["triggerWord"], answered["path"]) == ("Bella two", "bella_01", "here")
    assert answered["metadata"] == {"captionStyle": "tags", "tags": ["yoga"]}
    assert (answered["thresholds"]["dark"], answered["thresholds"]["bright"]) == (30, 225)
    assert key.patch(address, json={"name": "Mine"}, headers={"if-match": etag}).json()["code"] == "changed_since"
    assert key.get(address).headers["etag"] == changed.headers["etag"]
    refused = key.patch(address, json={"status": "ready"})
    assert refused.status_code == 409
    assert "Say whose pictures these are" in refused.json()["message"]
    assert "/api/lora-configs" in key.patch(address, json={"status": "training"}).json()["message"]
    assert key.patch(address, json={"status": "draft"}).status_code == 200
    assert key.patch(address, json={"influencerId": "inf_none"}).status_code == 404
    declared = key.post(f"{address}/rights", json={"kind": "agreed", "note": "Contract of 3 May"})
    assert (declared.status_code, declared.json()["rightsKind"]) == (201, "agreed")
    ready = key.get(f"{address}/readiness").json()
    assert (ready["ready"], [blocker["code"] for blocker in ready["blockers"]]) == (False, ["too_few"])
    assert key.delete(f"{address}/rights").json()["rightsKind"] == ""
    assert [entry["kind"] for entry in key.get(f"{address}/rights").json()["data"]] == ["withdrawn", "agreed"]
    assert key.delete(address).status_code == 204
    assert key.get(address).status_code == 404


def test_uploads_that_waited_become_the_pictures(key: TestClient, workspace: Tenant) -> None:
    announced = key.post(
        f"/uploads/{workspace.id}",
        json={"noun": "dataset", "nounId": "new", "filename": "1.jpg", "size": 10, "clientKey": "1"},
    ).json()
    assert announced["s3Key"] is None
    s3_key = key.put(announced["putUrl"].removeprefix("/api"), content=b"x" * 10).json()["s3Key"]
    missing = key.post("/datasets", json={"name": "Bella", "s3Keys": [s3_key, "incoming/other/up_1"]})
    assert missing.status_code == 404
    assert "incoming/other/up_1" in missing.json()["message"]
    made = key.post("/datasets", json={"name": "Bella", "s3Keys": [s3_key]})
    assert made.status_code == 201
    assert made.json()["jobId"].startswith("job_")
    of_set = key.get(f"/uploads/{workspace.id}", params={"noun": "dataset", "nounId": made.json()["id"]}).json()
    assert [(upload["s3Key"], upload["state"]) for upload in of_set["data"]] == [(s3_key, "stored")]
    assert key.post("/datasets", json={"name": "Again", "s3Keys": [s3_key]}).status_code == 404
    scan = key.post(f"/datasets/{made.json()['id']}/scan")
    assert (scan.status_code, scan.json()["jobId"][:4]) == (201, "job_")
    sample = key.post(f"/datasets/{made.json()['id']}/sample-character", json={"name": "Nobody"})
    assert sample.status_code == 400
    assert key.get(f"/datasets/{made.json()['id']}/refused-files").json()["data"] == []
    assert key.delete(f"/datasets/{made.json()['id']}/refused-files").status_code == 204


def test_ready_sets_are_found_by_their_status(key: TestClient, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    assert [card["id"] for card in key.get("/datasets?status=ready").json()["data"]] == [rows.dataset_id]
    late = {"kind": "agreed", "note": "Contract", "until": "2020-01-01T00:00:00Z"}
    assert key.post(f"/datasets/{rows.dataset_id}/rights", json=late).status_code == 400
    key.delete(f"/datasets/{rows.dataset_id}/rights")
    assert [card["id"] for card in key.get("/datasets?status=draft").json()["data"]] == [rows.dataset_id]


def test_pictures_are_captioned_cropped_left_out_and_brought_back(key: TestClient, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    address = f"/datasets/{rows.dataset_id}"
    first, second = [tile["id"] for tile in key.get(f"{address}/pictures?take=2").json()["data"]]
    picture = f"{address}/pictures/{first}"
    before = key.get(picture).json()
    box = {"x": 0, "y": 0, "width": 64, "height": 64}
    after = key.patch(
        picture, json={"caption": "bella, a", "captionVersion": before["captionVersion"], "included": False, "crop": box}
    ).json()
    assert (after["caption"], after["included"], after["crop"], after["repeats"]) == ("bella, a", False, box, 1)
    assert key.patch(picture, json={"repeats": 15}).json()["repeats"] == 15
    assert [key.patch(picture, json={"repeats": wrong}).status_code for wrong in (0, 1000)] == [400, 400]
    stale = key.patch(picture, json={"caption": "bella, b", "captionVersion": before["captionVersion"]})
    assert stale.status_code == 409
    assert key.patch(picture, json={"crop": None, "included": True}).json()["crop"] is None
    written: Any = {"captions": [{"imageId": first, "caption": "bella, one"}, {"imageId": second, "caption": "bella, two"}]}
    assert key.put(f"{address}/captions", json=written).json() == {"count": 2}
    change = {"verb": "replace", "find": "bella, one", "put": "bella, three"}
    [preview] = key.post(f"{address}/captions/preview", json=change).json()["data"]
    assert (preview["imageId"], preview["after"]) == (first, "bella, three")
    edit = key.post(f"{address}/captions/edit", json=change).json()
    assert key.post(f"{address}/edits/{edit['id']}/undo").json() == {"count": 1, "kept": 0}
    assert key.post(f"{address}/edits/{edit['id']}/undo").status_code == 409
    versions = key.get(f"{picture}/captions").json()["data"]
    assert versions[0]["caption"] == "bella, one"
    restored = key.post(f"{picture}/captions/{versions[-1]['version']}/restore").json()
    assert restored["caption"] == versions[-1]["caption"]
    both = {"imageIds": [first, second]}
    assert key.post(f"{address}/include", json={**both, "included": False}).json() == {"count": 2}
    assert key.post(f"{address}/remove", json=both).json() == {"count": 2}
    assert key.post(f"{address}/remove", json=both).status_code == 404
    removed = key.get(f"{address}/edits").json()["data"][0]
    assert (removed["kind"], removed["count"]) == ("removed", 2)
    third = key.get(f"{address}/pictures?take=1").json()["data"][0]["id"]
    assert key.delete(f"{address}/pictures/{third}").status_code == 204
    assert key.get(f"{address}/pictures/{third}").status_code == 404
    mask = {"noun": "dataset-mask", "nounId": second, "filename": "m.png", "size": 9, "clientKey": "m"}
    assert key.post(f"/uploads/{workspace.id}", json=mask).status_code == 201


def test_what_the_check_found_is_mended(key: TestClient, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    address = f"/datasets/{rows.dataset_id}"
    tiles = key.get(f"{address}/pictures").json()["data"]
    first, second = tiles[0]["id"], tiles[1]["id"]
    with db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(update(DatasetImage).where(DatasetImage.id.in_([first, second])).values(alike=first))
    fixes = {fix["key"]: fix["count"] for fix in key.get(f"{address}/fixes").json()["data"]}
    assert (fixes["blurred"], fixes["keep_best"]) == (1, 1)
    preview = key.get(f"{address}/fixes/blurred").json()
    assert (preview["count"], len(preview["out"]), preview["captions"]) == (1, 1, [])
    assert key.post(f"{address}/fixes/blurred", json={"imageIds": [first]}).status_code == 400
    assert key.post(f"{address}/fixes/blurred", json={}).json() == {"count": 1}
    assert key.post(f"{address}/fixes/blurred", json={}).status_code == 400
    assert key.get(f"{address}/fixes/nothing").status_code == 400
    groups = key.get(f"{address}/near-duplicates")
    assert groups.headers["x-total-count"] == "1"
    assert groups.json()["data"][0]["imageIds"] == [first, second]
    assert key.post(f"{address}/pictures/{second}/keep-only").json() == {"count": 1}
    assert key.get(f"{address}/pictures/{first}").json()["included"] is False
    assert key.post(f"{address}/clear-masks", json={"imageIds": [first]}).status_code == 400
    assert key.get(f"{address}/import-notes").json()["data"] == []
    assert key.delete(f"{address}/import-notes").status_code == 204
    sizes = key.get(f"{address}/buckets?resolution=512").json()
    assert [(bucket["width"], bucket["count"]) for bucket in sizes["buckets"]] == [(512, 11)]
