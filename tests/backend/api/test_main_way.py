"""The whole way by an API key alone: influencer, dataset, training, pictures, text, plan, publication, result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.app import App
from backend.engines.ports.image import ModelCard
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.pictures import photo
from tests.fakes.engines import MODEL, OTHER, FakeImageEngine
from tests.servers.sandbox import SandboxServer
from tests.support.inline_worker import working

PICTURES = 12


class SameFamily(FakeImageEngine):
    """Draws 512 px, which platforms take, with a model that the fake trainer's LoRAs fit."""

    def models(self) -> list[ModelCard]:
        return [replace(OTHER, base=MODEL.base)]


class Studio:
    """What a script has: a key, and JSON over HTTP."""

    def __init__(self, client: TestClient, workspace: Tenant) -> None:
        self.client, self.workspace = client, workspace

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    def upload(self, data: bytes, name: str) -> str:
        sent = {"noun": "dataset", "nounId": "new", "filename": name, "size": len(data), "clientKey": name}
        put_url = self.call("POST", f"/uploads/{self.workspace.id}", sent)["putUrl"]
        answer = self.client.put(put_url.removeprefix("/api"), content=data)
        assert answer.is_success, answer.text
        return str(answer.json()["s3Key"])

    def job(self, type: str, payload: dict[str, Any]) -> Any:
        return self.result(self.call("POST", "/jobs", {"type": type, "payload": payload})["id"])

    def result(self, job_id: str) -> Any:
        ends_at = time.monotonic() + 60
        while (job := self.call("GET", f"/jobs/{job_id}"))["status"] not in ("completed", "failed", "cancelled"):
            assert time.monotonic() < ends_at, job
            time.sleep(0.05)
        assert job["status"] == "completed", job
        return job["result"]


@pytest.fixture
def studio(app: App, workspace: Tenant, tmp_path: Path) -> Iterator[Studio]:
    _, secret = make_key(app, workspace, "*:publish")
    with SandboxServer(tmp_path / "sandbox") as sandbox:
        connected = replace(app, settings=app.settings.replace(**sandbox.settings()))
        with working(connected, workspace), program(connected, secret) as client:
            connected.__dict__["engines"].image = SameFamily()
            yield Studio(client, workspace)


def test_from_an_influencer_to_a_published_post(studio: Studio) -> None:
    bella = studio.call("POST", "/influencers", {"name": "Bella", "timeZone": "Europe/Rome"})
    s3_keys = [studio.upload(photo(n, size=(640, 640)), f"{n}.jpg") for n in range(PICTURES)]
    dataset = studio.call("POST", "/datasets", {"name": "Bella", "influencerId": bella["id"], "s3Keys": s3_keys})
    studio.result(dataset["jobId"])
    address = f"/datasets/{dataset['id']}"
    trigger = studio.call("PATCH", address, {"triggerWord": "bella_01"})["triggerWord"]
    pictures = studio.call("GET", f"{address}/pictures?take=50")["data"]
    captions = [
        {"imageId": picture["id"], "caption": f"{trigger}, a portrait, number {n}"} for n, picture in enumerate(pictures)
    ]
    studio.call("PUT", f"{address}/captions", {"captions": captions})
    studio.call("POST", f"{address}/rights", {"kind": "made_up"})
    readiness = studio.call("GET", f"{address}/readiness")
    assert readiness["ready"], readiness

    training = studio.call("POST", "/lora-configs", {"datasetId": dataset["id"], "params": {"max_train_steps": 50}})
    trained = studio.result(training["jobId"])
    assert trained["loraId"]
    drawn = studio.job(
        "image-generation",
        {"prompt": f"{trigger} on a tram", "influencerId": bella["id"], "loras": [{"loraId": trained["loraId"]}]},
    )
    text = studio.job("content-generation", {"influencerId": bella["id"], "topic": "old trams"})["contentPlan"]
    channel = studio.call("POST", "/channels", {"influencerId": bella["id"], "platform": "sandbox"})
    variant = {"channelId": channel["id"], "caption": text["caption"], "assetIds": [drawn["assets"][0]["assetId"]]}
    plan = studio.call("POST", "/content-plans", {"influencerId": bella["id"], "topic": "old trams", "variants": [variant]})
    studio.call("PATCH", f"/content-plans/{plan['id']}", {"status": "approved"})
    published = studio.job("autopost", {"contentPlanId": plan["id"]})
    [post] = studio.call("GET", f"/content-plans/{plan['id']}")["variants"]
    assert (post["status"], post["url"]) == ("published", published["url"])
    assert studio.call("GET", "/costs")
