"""The inbox over HTTP: read by everybody, acted on by editors, never over what somebody else has changed."""

from __future__ import annotations

from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import Post
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.browsing import browser


def test_posts_are_approved_sent_back_and_moved_from_the_inbox(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_planner(tx, policy="all")
        first, changed = bella.plan(tx, wall=local_time_ahead()), bella.plan(tx, wall=local_time_ahead(days=2))
        missed = bella.plan(tx)
        tx.get_one(Post, missed.posts[0].id).state = PostState.MISSED
    with browser(app, workspace.viewer) as viewer, browser(app, workspace.editor) as editor:
        for client in (viewer, editor):
            client.headers["x-workspace"] = workspace.id
        assert viewer.get("/inbox/counts").json() == {
            "fix": 1,
            "approve": 2,
            "faceCheck": 0,
            "rejected": 0,
            "notices": 0,
            "extra": 0,
            "total": 3,
        }
        entries = viewer.get("/inbox", params={"kind": "approve"}).json()["data"]
        assert [entry["nounId"] for entry in entries] == [first.id, changed.id]
        body = {
            "planIds": [first.id, changed.id],
            "versions": {entry["nounId"]: entry["version"] for entry in entries} | {changed.id: 0},
        }
        assert viewer.post("/content-plans/approve", json=body).status_code == 403
        answer = editor.post("/content-plans/approve", json=body).json()
        assert (answer["planIds"], answer["scheduled"], list(answer["refused"])) == ([first.id], [first.id], [changed.id])
        assert editor.get("/inbox/counts").json()["approve"] == 1
        editor.post(f"/content-plans/acts/{answer['act']['id']}/undo")
        assert editor.get("/inbox/counts").json()["approve"] == 2

        editor.patch(f"/content-plans/{first.id}", json={"status": "in_review"})
        rejection = {"note": "Say where it is.", "version": 0}
        assert editor.post(f"/content-plans/{first.id}/reject", json=rejection).status_code == 409
        assert editor.post(f"/content-plans/{first.id}/reject", json={"note": "Where?"}).json()["status"] == "draft"

        moved = editor.post(f"/content-plans/{missed.id}/next-free-time").json()
        assert "moved to" in moved["said"]
        assert editor.get(f"/content-plans/{missed.id}").json()["status"] == "scheduled"
