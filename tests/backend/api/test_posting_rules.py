"""Posting rules, and what is done to plans besides changing them."""

from __future__ import annotations

from backend.app import App
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner


def test_rules_are_read_changed_and_publishing_stops(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
        plan_id = planner.plan(tx, wall=local_time_ahead()).id
    influencer_id = planner.influencer.id
    _, secret = make_key(app, workspace, "posts:publish")
    with program(app, secret) as client:
        read = client.get(f"/posting-rules/{influencer_id}")
        rules, if_match = read.json(), {"if-match": read.headers["etag"]}
        assert (rules["policy"], rules["stoppedAt"]) == ("auto", None)
        slots = [{"weekday": 0, "at": "18:30"}]
        changed = client.patch(f"/posting-rules/{influencer_id}", json={"policy": "first", "firstN": 3, "slots": slots})
        assert changed.status_code == 200, changed.text
        assert (changed.json()["policy"], changed.json()["firstN"], changed.json()["slots"]) == ("first", 3, slots)
        late = client.patch(f"/posting-rules/{influencer_id}", json={"policy": "all"}, headers=if_match)
        assert late.json()["code"] == "changed_since"
        kept = client.patch(f"/posting-rules/{influencer_id}", json={"policy": "auto"}).json()
        assert (kept["slots"], kept["firstN"]) == (slots, 3)
        for body in ({"policy": "never"}, {"slots": [{"weekday": 9, "at": "18:30"}]}, {"slots": [{"weekday": 1, "at": "6pm"}]}):
            assert client.patch(f"/posting-rules/{influencer_id}", json=body).status_code == 400, body
        assert client.patch(f"/content-plans/{plan_id}", json={"status": "scheduled"}).status_code == 200
        assert client.get("/posting-rules").json() == {"stoppedAt": None, "scheduled": 1, "held": 0}
        assert client.post("/posting-rules/stop", json={}).json() == {"stopped": True, "held": 1, "scheduled": 0, "missed": 0}
        stopped_at = client.get(f"/posting-rules/{influencer_id}").json()["stoppedByWorkspace"]
        assert client.get("/posting-rules").json() == {"stoppedAt": stopped_at, "scheduled": 0, "held": 1}
        assert client.post("/posting-rules/start", json={}).json()["scheduled"] == 1
        assert client.post("/posting-rules/start", json={"influencerId": "x"}).status_code == 404
    _, writer = make_key(app, workspace, "posts:write")
    with program(app, writer) as client:
        assert client.patch(f"/posting-rules/{influencer_id}", json={"policy": "auto"}).status_code == 403
        assert client.post("/posting-rules/stop", json={}).status_code == 200, "stopping needs no right to publish"


def test_plans_are_copied_and_moved(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
        plan = planner.plan(tx, wall=local_time_ahead())
    _, secret = make_key(app, workspace, "posts:publish")
    with program(app, secret) as client:
        copied = client.post(f"/content-plans/{plan.id}/duplicate")
        assert (copied.status_code, copied.json()["localTime"], copied.json()["topic"]) == (201, None, "Trams")
        assert client.post(f"/content-plans/{plan.id}/repurpose", json={}).status_code == 409
        variant = {"channelId": planner.channel.id, "caption": "Evening", "assetIds": [planner.asset_id]}
        changed = client.patch(f"/content-plans/{plan.id}", json={"variants": [variant]})
        assert changed.json()["variants"][0]["caption"] == "Evening", changed.text
        assert client.post(f"/content-plans/{plan.id}/unschedule").status_code == 409
        client.patch(f"/content-plans/{plan.id}", json={"status": "scheduled"})
        assert client.post(f"/content-plans/{plan.id}/unschedule").json()["status"] == "approved"
        assert client.post(f"/content-plans/{plan.id}/reject", json={"note": ""}).status_code == 400
        rejected = client.post(f"/content-plans/{plan.id}/reject", json={"note": "Say where."}).json()
        assert (rejected["status"], rejected["variants"][0]["note"]) == ("draft", "Say where.")
        assert client.post(f"/content-plans/{plan.id}/release").status_code == 409
        post_id = rejected["variants"][0]["id"]
        assert client.post(f"/content-plans/posts/{post_id}/fix").status_code == 400, "there is nothing to mend"
        assert client.post(f"/content-plans/posts/{post_id}/resolve", json={"isPublished": False}).status_code == 409
