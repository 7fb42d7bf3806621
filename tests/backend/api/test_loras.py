"""Trainings, the LoRA library and files over REST, by an API key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend import assets
from backend.app import App
from backend.db import row_counts
from backend.storage import Storage
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset
from tests.factories.studio_rows import Rows, fill_workspace, make_clip
from tests.fakes.engines import write_lora
from tests.support.browsing import browser


@pytest.fixture
def rows(app: App, workspace: Tenant) -> Rows:
    return fill_workspace(app.db, workspace)


@pytest.fixture
def key(app: App, workspace: Tenant) -> Iterator[TestClient]:
    secret = make_key(app, workspace, "loras:write", "jobs:read", "images:write")[1]
    with program(app, secret) as client:
        yield client


def test_a_lora_config_starts_a_training(key: TestClient, workspace: Tenant, rows: Rows) -> None:
    params: dict[str, Any] = {"network_dim": 8, "networkAlpha": 4, "learning_rate": 1e-4, "max_train_steps": 300}
    params |= {"save_every_n_steps": 100, "resolution": [512, 768]}
    sent = {"datasetId": rows.dataset_id, "name": "bella-v2", "params": params}
    answer = key.post("/lora-configs", json=sent, headers={"idempotency-key": "train"})
    started = answer.json()
    assert answer.status_code == 201, answer.text
    assert (started["type"], started["status"], started["id"]) == ("lora-training", "pending", started["jobId"])
    assert answer.headers["location"] == f"/api/lora-configs/{started['loraConfigId']}"
    assert key.post("/lora-configs", json=sent, headers={"idempotency-key": "train"}).json() == started
    address = f"/lora-configs/{started['loraConfigId']}"
    config = key.get(address).json()
    assert (config["tenantId"], config["datasetId"], config["jobId"]) == (workspace.id, rows.dataset_id, started["id"])
    assert (config["status"], config["s3Key"], config["error"]) == ("pending", None, None)
    params_answered = config["params"]
    assert (params_answered["networkDim"], params_answered["networkAlpha"], params_answered["learningRate"]) == (8, 4, 1e-4)
    assert (params_answered["maxTrainSteps"], params_answered["saveEveryNSteps"], params_answered["resolution"]) == (
        300,
        100,
        [512, 768],
    )
    assert key.get(f"/jobs/{started['id']}").json()["type"] == "lora-training"
    changed = key.patch(address, json={"notes": "Small", "notBefore": "2020-01-01T00:00:00Z"})
    assert (changed.status_code, changed.json()["notes"]) == (200, "Small")
    assert [config["id"] for config in key.get("/lora-configs?status=pending").json()["data"]] == [started["loraConfigId"]]
    assert key.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert key.post(f"{address}/cancel").status_code == 409

    wrong = key.post("/lora-configs", json={**sent, "params": {"max_train_steps": 0, "mixed_precision": "fp16"}})
    assert (wrong.status_code, "params.mixed_precision" in wrong.json()["message"]) == (400, True)
    wrong = key.post("/lora-configs", json={**sent, "params": {"max_train_steps": 0}})
    assert wrong.json()["message"].startswith("params.maxTrainSteps: ")
    assert key.post("/lora-configs", json={"datasetId": "ds_none"}).status_code == 404


def test_a_finished_training_names_its_lora(key: TestClient, rows: Rows) -> None:
    ready = key.get("/lora-configs?status=ready&take=1")
    [config] = ready.json()["data"]
    lora = key.get(f"/loras/{rows.lora_id}").json()
    assert (config["id"], config["loraId"], config["s3Key"]) == (rows.run_id, rows.lora_id, lora["s3Key"])
    assert (lora["loraConfigId"], lora["step"], lora["networkDim"]) == (rows.run_id, 150, 16)
    assert lora["uses"]
    checkpoints = key.get(f"/lora-configs/{rows.run_id}/checkpoints").json()["data"]
    promoted = key.post(
        f"/lora-configs/{rows.run_id}/checkpoints/{checkpoints[0]['step']}/promote", json={"name": "bella-early"}
    )
    assert (promoted.status_code, promoted.json()["name"]) == (201, "bella-early")
    assert key.post(f"/lora-configs/{rows.run_id}/checkpoints/7/promote", json={}).status_code == 404
    listed = key.get("/loras?take=1")
    assert (listed.headers["x-total-count"], listed.json()["data"][0]["name"]) == ("2", "bella-early")
    assert key.get("/loras?q=early").json()["total"] == 1
    assert key.patch(f"/loras/{rows.lora_id}", json={"name": "bella-early"}).status_code == 409
    assert key.patch(f"/loras/{rows.lora_id}", json={"name": "bella-old"}).json()["name"] == "bella-old"
    used = key.delete(f"/loras/{rows.lora_id}")
    assert used.status_code == 409
    assert "default of Bella" in used.json()["message"]
    assert key.delete(f"/loras/{rows.lora_id}?force=true").status_code == 204
    assert key.get(f"/loras/{rows.lora_id}").status_code == 404


def test_an_uploaded_file_joins_the_library(key: TestClient, workspace: Tenant, tmp_path: Path) -> None:
    data = write_lora(tmp_path / "x.safetensors", 7).read_bytes()
    sent = {"noun": "lora", "nounId": "library", "filename": "Nice One.safetensors", "size": len(data), "clientKey": "1"}
    upload = key.post(f"/uploads/{workspace.id}", json=sent).json()
    assert key.post("/loras", json={"uploadId": upload["id"]}).status_code == 409
    key.put(upload["putUrl"].removeprefix("/api"), content=data)
    answer = key.post("/loras", json={"uploadId": upload["id"], "triggerWord": "nice"})
    lora = answer.json()
    assert answer.status_code == 201, answer.text
    assert (lora["name"], lora["source"], lora["triggerWord"]) == ("nice-one", "uploaded", "nice")
    assert key.post("/loras", json={"uploadId": upload["id"]}).status_code == 409
    assert key.post("/loras", json={"uploadId": "up_none"}).status_code == 404


def test_files_have_addresses_that_programs_can_fetch(
    app: App, key: TestClient, workspace: Tenant, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = jpeg()
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        picture = make_asset(tx, data=data, storage=app.storage, job_id=rows.job_ids["generation"])
        clip = make_clip(tx, rows.picture_ids[0])
        used = make_asset(tx, kind="lora")
        assets.use(tx, used, "lora", rows.lora_id)
    assert key.get("/assets?type=image").json()["total"] > 2
    with monkeypatch.context() as patch:
        patch.setattr(row_counts, "COUNT_TO", 2)
        assert key.get("/assets?type=image&take=1").json()["total"] == 2
    answer = key.get(f"/assets/{picture}")
    asset = answer.json()
    assert (asset["tenantId"], asset["jobId"], asset["type"]) == (workspace.id, rows.job_ids["generation"], "image")
    assert (asset["metadata"]["contentType"], asset["metadata"]["width"]) == ("image/jpeg", 96)
    assert asset["s3Key"].endswith(picture)
    assert answer.headers["cache-control"] == "no-store"
    with browser(app, None) as stranger:
        address = asset["url"].removeprefix(app.settings.web.base_url + "/api")
        assert stranger.get(address).content == data
    public = app.settings.replace(S3_PUBLIC_ENDPOINT="https://files.example")
    with app.db.transaction(workspace.caller) as tx:
        link = assets.temporary_link(Storage(public), public, tenant_id=workspace.id, card=assets.get(tx, picture))
    assert link.url.startswith("https://files.example/")
    assert "X-Amz-Expires=3600" in link.url
    of_job = key.get("/assets", params={"jobId": rows.job_ids["generation"], "type": "image", "take": 1}).json()
    assert (of_job["data"][0]["id"], len(of_job["data"])) == (picture, 1)
    assert "url" not in of_job["data"][0]
    assert key.get("/assets?type=video").status_code == 403, "this key may not read videos"
    assert {asset["type"] for asset in key.get("/assets?take=200").json()["data"]} == {"image", "lora"}
    refused = key.delete(f"/assets/{used}")
    assert (refused.status_code, "used by 1 LoRA" in refused.json()["message"]) == (409, True)
    assert key.delete(f"/assets/{picture}").status_code == 204
    assert key.get(f"/assets/{picture}").status_code == 404
    with browser(app, workspace.viewer) as viewer:
        viewer.headers["x-workspace"] = workspace.id
        [video] = viewer.get("/assets?type=video").json()["data"]
        assert viewer.get(f"/videos/{clip}").json()["assetId"] == video["id"]
        assert viewer.get(f"/assets/{video['id']}").json()["url"].endswith(".mp4")
        assert viewer.delete(f"/assets/{video['id']}").status_code == 403
