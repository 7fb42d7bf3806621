"""The orchestrator's API: its words and addresses, one job a run, hostile names, and the webhook at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from backend import webhooks
from backend.app import App
from backend.db.tables import WebhookMessage
from backend.reels.shared_folder import folder_name
from tests.factories.account import Tenant
from tests.servers.webhook_receiver import receiving
from tests.support.browsing import browser
from tests.support.inline_worker import run_job

RUN = {"script": "Hello there.", "caption": "Hi", "prompts": "a street\n", "run_id": "../../etc/passwd"}


@pytest.fixture
def program(studio: App, workspace: Tenant) -> Iterator[Any]:
    with browser(studio, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_a_run_is_started_once_followed_and_fetched(
    studio: App, worker_app: App, workspace: Tenant, program: Any, tmp_path: Path
) -> None:
    started = program.post("/orchestrate/start", json=RUN)
    assert (started.status_code, started.json()["status"]) == (201, "queued"), started.text
    job_id = started.json()["job_id"]
    assert program.post("/webhook/create-video", json=RUN).json()["job_id"] == job_id
    assert program.post("/orchestrate/start", json={**RUN, "script": "Another."}).status_code == 409
    assert program.get(f"/orchestrate/video/{job_id}").status_code == 409
    assert program.get("/orchestrate/video/job_none").status_code == 404
    reported = program.post("/frontend/webhook/job-update", json={"job_id": job_id, "status": "completed"})
    assert reported.json() == {"job_id": job_id, "status": "queued"}, "what another program says changes no job"
    queued = program.get(f"/orchestrate/status/{job_id}").json()
    assert (queued["status"], queued["step"], queued["error"]) == ("queued", "Queued", None)
    run_job(studio, workspace, job_id)
    done = program.get(f"/orchestrate/status/{job_id}").json()
    assert (done["status"], done["step"], done["run_id"]) == ("completed", "Completed", RUN["run_id"])
    folder = tmp_path / "shared" / workspace.id / folder_name(RUN["run_id"])
    assert done["files"] == {
        "output_dir": str(folder),
        "final_video_path": str(folder / "stitched_subtitled.mp4"),
        "video_files": ["vid_001.mp4"],
        "image_files": ["img_001.png"],
        "voiceover_path": str(folder / "voiceover.mp3"),
    }
    film = program.get(f"/orchestrate/video/{job_id}")
    assert film.content == (folder / "stitched_subtitled.mp4").read_bytes()
    part = program.get(f"/orchestrate/video/{job_id}", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    with receiving() as n8n:
        with worker_app.db.dispatch() as tx:
            tx.execute(update(WebhookMessage).values(url=n8n.url))
        webhooks.deliver_due(replace(worker_app, settings=studio.settings))
    [body] = [json.loads(request.body) for request in n8n.taken]
    assert (set(body), body["event"]) == ({"event", "timestamp", "data"}, "job_completed")
    assert body["data"] == {"job_id": job_id, "status": "completed", "run_id": RUN["run_id"], **done["files"]}


@pytest.mark.parametrize("run_id", ["../x", "/etc", "a/b", "..", ".", "secrets.json\0", "con", "a" * 200, "käse", "x.part"])
def test_a_hostile_name_stays_in_its_folder(run_id: str) -> None:
    name = folder_name(run_id)
    assert Path("/base/ws") == (Path("/base/ws") / name).resolve().parent
    assert name.isascii()
    assert not name.startswith(".")
    assert folder_name("user-run-123") == "user-run-123"
    assert folder_name("a/b") != folder_name("a_b")
