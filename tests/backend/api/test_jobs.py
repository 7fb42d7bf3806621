"""Jobs over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import update

from backend import VERSION, access, jobs
from backend.access import ApiKeyDraft
from backend.api.errors import STATUS_MESSAGES
from backend.app import App
from backend.db.tables import Attempt, Job, LlmCall
from backend.db.transactions import SignedIn
from backend.jobs.context import no_work
from backend.kit.clock import now
from backend.language import translations
from tests.factories.account import Tenant
from tests.support.context import make_context

Browser = Callable[..., TestClient]


class Nothing(BaseModel):
    pass


class Source(BaseModel):
    dataset_id: str


def make_job(app: App, caller: SignedIn, key: str = "k") -> str:
    with app.db.transaction(caller) as tx:
        return jobs.enqueue(tx, kind="upkeep", payload=Nothing(), title=f"Tidy {key}", request_key=key).id


def test_a_list_has_the_seeds_shape(app: App, client: Browser, workspace: Tenant) -> None:
    ids = [make_job(app, workspace.caller, f"k{n}") for n in range(5)]
    answer = client(workspace.viewer).get("/api/jobs", params={"workspace": workspace.id, "take": 2, "skip": 1})
    assert answer.status_code == 200
    assert answer.headers["x-total-count"] == "5"
    assert answer.headers["x-request-id"].startswith("req_")
    body = answer.json()
    assert [job["id"] for job in body["data"]] == [ids[3], ids[2]]
    assert (body["total"], body["take"], body["skip"], body["nextCursor"]) == (5, 2, 1, ids[2])
    older = client(workspace.viewer).get(
        "/api/jobs", params={"workspace": workspace.id, "cursor": body["nextCursor"], "take": 9}
    )
    assert [job["id"] for job in older.json()["data"]] == [ids[1], ids[0]]
    oldest = client(workspace.viewer).get(
        "/api/jobs", params={"workspace": workspace.id, "sortBy": "createdAt", "sortOrder": "asc"}
    )
    assert [job["id"] for job in oldest.json()["data"]] == ids
    none = client(workspace.viewer).get("/api/jobs", params={"workspace": workspace.id, "status": "failed", "type": "upkeep"})
    assert none.json()["total"] == 0


def test_bad_parameters_are_400_with_all_complaints(client: Browser, workspace: Tenant) -> None:
    answer = client(workspace.owner).get(
        "/api/jobs", params={"workspace": workspace.id, "take": 0, "skip": -1, "sortBy": "shoeSize"}
    )
    assert answer.status_code == 400
    body = answer.json()
    assert (body["statusCode"], body["error"]) == (400, "Bad Request")
    for field in ("take", "skip", "sortBy"):
        assert field in body["message"]
    assert client(workspace.owner).get("/api/jobs").status_code == 400


def test_one_job_its_log_and_the_live_ones(app: App, client: Browser, workspace: Tenant) -> None:
    job_id = make_job(app, workspace.caller)
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})
    job = browser.get(f"/api/jobs/{job_id}").json()
    assert (job["state"], job["queuePosition"], job["etaS"], job["deadLetter"]) == ("pending", 1, None, False)
    assert browser.get(f"/api/jobs/{job_id}/log").json()["data"] == []
    assert [job["id"] for job in browser.get("/api/jobs/live").json()["data"]] == [job_id]
    assert [job["id"] for job in browser.get("/api/jobs/live", params={"id": job_id}).json()["data"]] == [job_id]


def test_a_running_job_shows_its_latest_preview_and_an_ended_one_none(app: App, client: Browser, workspace: Tenant) -> None:
    seen = "data:image/jpeg;base64,/9g="
    running = make_context(app, workspace, "upkeep", Nothing())
    with running.transaction() as tx:
        tx.get_one(Attempt, running.attempt_id).preview = seen
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})
    assert [job["preview"] for job in browser.get("/api/jobs/live").json()["data"]] == [seen]
    running.write_step("last", no_work, lambda tx, _: None, job_result=dict)
    ended = browser.get(f"/api/jobs/{running.job_id}").json()
    assert (ended["state"], ended["preview"]) == ("completed", None)


def ended(app: App, caller: SignedIn, kind: str, key: str, result: dict[str, Any] | None = None, **columns: Any) -> str:
    """A job that has completed, or as `columns` say."""
    with app.db.transaction(caller) as tx:
        job_id = jobs.enqueue(tx, kind=kind, payload=Source(dataset_id="ds_1"), title=key, request_key=key).id
        columns = {"state": "completed", "finished_at": now(), "result": result, **columns}
        tx.execute(update(Job).where(Job.id == job_id).values(**columns))
    return job_id


def test_a_job_speaks_the_seeds_words_and_those_of_0_5_1(app: App, client: Browser, workspace: Tenant) -> None:
    columns = {"state": "failed", "error_message": "No.", "error_code": "invalid", "dead_letter": True}
    failed = ended(app, workspace.caller, "video-generation-gpu", "v", **columns)
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})
    job = browser.get(f"/api/jobs/{failed}").json()
    words = {name: job[name] for name in ("type", "status", "payload", "result", "cost", "error", "deadLetter")}
    assert words == {
        "type": "video-generation",
        "status": "failed",
        "payload": {"datasetId": "ds_1"},
        "result": None,
        "cost": 0.0,
        "error": "No.",
        "deadLetter": True,
    }
    assert job["completedAt"] == job["finishedAt"] > job["createdAt"]
    old = {name: job[name] for name in ("kind", "state", "errorMessage", "errorCode", "costUsd")}
    assert old == {
        "kind": "video-generation-gpu",
        "state": "failed",
        "errorMessage": "No.",
        "errorCode": "invalid",
        "costUsd": "0",
    }
    described = client(workspace.viewer).get("/api/openapi.json").json()["components"]["schemas"]["JobResponse"]["properties"]
    assert {name for name, schema in described.items() if schema.get("deprecated")} == {
        "kind", "state", "errorMessage", "finishedAt", "costUsd",
    }  # fmt: skip


def test_what_was_ordered_is_what_is_listed(app: App, client: Browser, workspace: Tenant) -> None:
    kinds = ("video-generation", "video-generation-gpu", "auto-caption-local", "image-upscale-gpu", "image-generation")
    ids = {kind: ended(app, workspace.caller, kind, kind) for kind in kinds}
    listed_as = ended(app, workspace.caller, "image-generation", "list", type="image-list")
    ids["0.5.1"] = ended(app, workspace.caller, "video-generation-gpu", "old", type=None)
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Job).where(Job.id == ids["image-upscale-gpu"]).values(state="failed", dead_letter=True))
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})

    def found(**query: Any) -> set[str]:
        answer = browser.get("/api/jobs", params=query).json()
        assert answer["total"] == len(answer["data"])
        return {job["id"] for job in answer["data"]}

    assert found(type="video-generation") == {ids["video-generation"], ids["video-generation-gpu"], ids["0.5.1"]}
    assert found(type="video-generation-gpu") == {ids["video-generation-gpu"], ids["0.5.1"]}
    assert found(type=["image-list", "auto-caption"]) == {listed_as, ids["auto-caption-local"]}
    assert found(type="image-generation") == {ids["image-generation"]}
    assert found(type="nothing-of-this-name") == set()
    assert found(deadLetter=True) == found(status="failed") == found(state="failed") == {ids["image-upscale-gpu"]}
    assert len(found(deadLetter=False)) == len(found(status=["completed"])) == 6


def test_a_job_costs_what_it_and_its_parts_paid(app: App, client: Browser, workspace: Tenant) -> None:
    parent = ended(app, workspace.caller, "content-plan", "p")
    part = ended(app, workspace.caller, "content-plan-picture", "c", parent_id=parent)
    deep = ended(app, workspace.caller, "image-generation", "d", parent_id=part)
    free = ended(app, workspace.caller, "upkeep", "u")
    with app.db.transaction(workspace.caller) as tx:
        call = {"day": 20260101, "kind": "caption", "estimate_usd": 1}
        for n, (job_id, usd, state) in enumerate(
            ((parent, "0.25", "settled"), (part, "0.5", "estimated"), (deep, "0.125", "settled"), (parent, "9", "reserved"))
        ):
            tx.add(LlmCall(id=f"llm_{n}", job_id=job_id, usd=Decimal(usd), state=state, **call))
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})
    costs = {job["id"]: job["cost"] for job in browser.get("/api/jobs").json()["data"]}
    assert costs == {parent: 0.875, part: 0.625, deep: 0.125, free: 0.0}
    assert browser.get(f"/api/jobs/{parent}").json()["cost"] == 0.875


def test_results_of_older_versions_are_read_in_todays_words(app: App, client: Browser, workspace: Tenant) -> None:
    old = ended(app, workspace.caller, "video-generation", "old", {"clip_id": "clip_1", "asset_id": "ast_1"})
    names = {"videoId": "clip_1", "assetId": "ast_1", "s3Key": "videos/x.mp4"}
    new = ended(app, workspace.caller, "video-generation", "new", names)
    plain = ended(app, workspace.caller, "content-generation", "text", {"assetId": "ast_2", "contentPlan": {"sdPrompt": "x"}})
    browser = client(workspace.viewer, **{"x-workspace": workspace.id})
    results = {
        job["id"]: job["result"] for job in browser.get("/api/jobs/live", params={"id": [old, new, plain]}).json()["data"]
    }
    snake = {"clip_id": "clip_1", "asset_id": "ast_1"}
    assert results[old] == {"videoId": "clip_1", "assetId": "ast_1", **snake}
    assert results[new] == {**names, **snake}
    assert results[plain] == {"assetId": "ast_2", "contentPlan": {"sdPrompt": "x"}}
    with app.db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, old).result == {"videoId": "clip_1", "assetId": "ast_1"}


def test_a_dead_letter_is_run_again_dismissed_and_moved(app: App, client: Browser, workspace: Tenant) -> None:
    dead = ended(app, workspace.caller, "upkeep", "d", state="failed", dead_letter=True, error_message="Gone.")
    before = make_job(app, workspace.caller)
    editor = client(workspace.editor, **{"x-workspace": workspace.id})
    assert editor.post(f"/api/jobs/{dead}/dismiss").status_code == 204
    again = editor.post(f"/api/jobs/{dead}/retry").json()
    assert (again["status"], again["deadLetter"], again["error"]) == ("pending", False, None)
    assert editor.get("/api/jobs", params={"deadLetter": True}).json()["total"] == 0
    assert editor.post(f"/api/jobs/{before}/move", json={"where": "first"}).json()["queuePosition"] == 1
    assert editor.get(f"/api/jobs/{dead}").json()["queuePosition"] == 2
    assert editor.post(f"/api/jobs/{before}/move", json={"where": "sideways"}).status_code == 400
    assert editor.post(f"/api/jobs/{dead}/dismiss").status_code == 409


def test_a_key_runs_again_only_what_it_could_order(app: App, client: Browser, workspace: Tenant) -> None:
    failed = ended(app, workspace.caller, "image-generation", "f", state="failed", type="image-grid")
    for scopes, status in ((("jobs:write",), 403), (("jobs:write", "images:write"), 200)):
        with app.db.transaction(workspace.caller, needs="owner") as tx:
            secret = access.create(tx, ApiKeyDraft(name="n8n", scopes=scopes)).secret
        answer = client(None, authorization=f"Bearer {secret}").post(f"/api/jobs/{failed}/retry")
        assert (answer.status_code, "images:write" in answer.text) == (status, status == 403), answer.text


def test_cancel_and_retry_need_an_editor(app: App, client: Browser, workspace: Tenant) -> None:
    job_id = make_job(app, workspace.caller)
    where = {"params": {"workspace": workspace.id}}
    assert client(workspace.viewer).post(f"/api/jobs/{job_id}/cancel", **where).status_code == 403
    editor = client(workspace.editor)
    assert editor.post(f"/api/jobs/{job_id}/cancel", **where).json()["state"] == "cancelled"
    assert editor.post(f"/api/jobs/{job_id}/cancel", **where).status_code == 409
    assert editor.post(f"/api/jobs/{job_id}/retry", **where).json()["state"] == "pending"
    assert (
        client(workspace.editor, origin="https://evil.example").post(f"/api/jobs/{job_id}/cancel", **where).status_code == 403
    )


def test_another_workspaces_job_is_404_and_its_workspace_401(
    app: App, client: Browser, workspace: Tenant, other_workspace: Tenant
) -> None:
    theirs = make_job(app, other_workspace.caller)
    browser = client(workspace.owner)
    for verb, path in (("GET", ""), ("GET", "/log"), ("POST", "/cancel"), ("POST", "/retry")):
        answer = browser.request(verb, f"/api/jobs/{theirs}{path}", params={"workspace": workspace.id})
        assert answer.status_code == 404, path
        assert answer.json()["statusCode"] == 404
    assert browser.get(f"/api/jobs/{theirs}", params={"workspace": other_workspace.id}).status_code == 401


@pytest.mark.parametrize("job_id", ["job_1", "%00", "x" * 4000, "🙂", "1%27%3B--"])
def test_odd_ids_are_refused_in_sentences(client: Browser, workspace: Tenant, job_id: str) -> None:
    answer = client(workspace.owner).get(f"/api/jobs/{job_id}", params={"workspace": workspace.id})
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].endswith(".")


def test_work_of_an_unknown_type_is_refused(client: Browser, workspace: Tenant) -> None:
    where = {"params": {"workspace": workspace.id}}
    answer = client(workspace.editor).post("/api/jobs", json={"type": "world-domination", "payload": {}}, **where)
    assert answer.status_code == 400
    assert "image-generation" in answer.json()["message"]
    assert client(workspace.editor).post("/api/jobs", content=b"{not json", **where).status_code == 400
    viewer = client(workspace.viewer).post(
        "/api/jobs", json={"type": "dataset-ingest", "payload": {"datasetId": "ds_1"}}, **where
    )
    assert viewer.status_code == 403


def test_unknown_addresses_are_json_too(client: Browser) -> None:
    for path in ("/api/nope", "/api", "/api/"):
        answer = client().get(path)
        assert answer.status_code == 404, path
        refusal = {"statusCode": 404, "message": "There is nothing at this address.", "error": "Not Found", "code": "not_found"}
        assert answer.json() == refusal
    assert client().put("/api/session").status_code == 405


def test_health_ready_metrics_and_docs(client: Browser, workspace: Tenant) -> None:
    browser = client()
    health = browser.get("/health").json()
    assert health.pop("uptime") >= 0
    assert datetime.fromisoformat(health.pop("timestamp")).tzinfo == UTC
    parts = {"database": "connected", "redis": "connected", "storage": "connected", "workers": "disconnected", "disk": "ok"}
    words_of_0_6 = {"database": "ok", "redis": "ok", "storage": "ok", "workers": "down", "disk": "ok"}
    assert health == {"status": "degraded", "version": VERSION, **parts, "deprecated": words_of_0_6}
    assert browser.get("/ready").json() == {"ready": True}
    assert "/jobs/{job_id}" in browser.get("/api/openapi.json").json()["paths"]
    browser.get("/api/jobs/job_1")
    figures = browser.get("/metrics").text
    assert 'studio_up{part="database"} 1.0' in figures
    assert 'route="/jobs/{job_id}"' in figures
    assert "job_1" not in figures


def test_a_page_reads_why_a_job_failed_in_its_own_language(app: App, client: Browser, workspace: Tenant) -> None:
    sentence = STATUS_MESSAGES[404]
    job_id = ended(app, workspace.caller, "upkeep", "w", state="failed", error_message=sentence)
    italian = translations("it").gettext(sentence)
    browser = client(workspace.viewer)
    for headers, expected in (({}, sentence), ({"x-studio-language": "it"}, italian), ({"x-studio-language": "xx"}, sentence)):
        where = {"params": {"workspace": workspace.id}, "headers": headers}
        assert browser.get(f"/api/jobs/{job_id}", **where).json()["error"] == expected
        followed = {**where, "params": {"workspace": workspace.id, "id": job_id}}
        assert browser.get("/api/jobs/live", **followed).json()["data"][0]["error"] == expected
        assert browser.get("/api/nowhere", **where).json()["message"] == expected
    assert italian != sentence
