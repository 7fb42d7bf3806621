"""Music by programs: uploaded with its licence, checked by its job, listed, used and taken back."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from backend.app import App
from tests.backend.api.test_access import make_key
from tests.backend.api.test_mcp import Agent, run
from tests.backend.music.test_music import tone
from tests.factories.account import Tenant
from tests.support.inline_worker import run_job


def test_from_an_upload_to_a_track_in_a_reel(app: App, workspace: Tenant, client: Callable[..., TestClient]) -> None:
    editor, data = client(workspace.editor, **{"x-workspace": workspace.id}), tone(3.0, 0.2)
    announced = {"noun": "music", "nounId": "import", "filename": "sunrise.wav", "size": len(data), "clientKey": "sunrise"}
    upload_id = editor.post(f"/api/uploads/{workspace.id}", json=announced).json()["id"]
    assert editor.put(f"/api/uploads/{workspace.id}/{upload_id}", content=data).status_code == 200
    values = {"uploadId": upload_id, "title": "Sunrise", "source": "https://example.org/sunrise", "credit": "Ada"}
    refused = editor.post("/api/music", json={**values, "licence": "CC-BY-NC-4.0"})
    assert (refused.status_code, "commercial" in refused.json()["message"]) == (400, True)
    added = editor.post("/api/music", json={**values, "licence": "CC-BY-4.0"})
    assert added.status_code == 201
    track_id = added.json()["id"]
    assert added.headers["location"] == f"/api/music/{track_id}"
    run_job(app, workspace, added.json()["jobId"])
    reel = editor.post("/api/reels", json={"script": "Hello there.", "musicTrackId": track_id}).json()
    track = editor.get(f"/api/music/{track_id}").json()
    assert (track["state"], round(track["seconds"])) == ("completed", 3)
    assert [(use["noun"], use["id"]) for use in track["uses"]] == [("reel", reel["id"])]
    bundled = next(entry for entry in editor.get("/api/music").json()["data"] if entry["bundled"])
    assert editor.get(f"/api/music/{bundled['id']}/sound").headers["content-type"] == "audio/ogg"

    _, key = make_key(app, workspace, "*:read")

    async def steps(agent: Agent) -> None:
        assert (await agent.call("list_music"))["tracks"][0]["id"] == track_id

    run(app, key, steps)
    assert editor.delete(f"/api/music/{track_id}").status_code == 204
    refused = editor.post(f"/api/reels/{reel['id']}/render")
    assert (refused.status_code, "was deleted" in refused.json()["message"]) == (400, True)
    assert editor.post(f"/api/music/{track_id}/undelete").json()["id"] == track_id
