"""Plans over HTTP in the seeds' words, as an automation outside uses them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend import content_plans
from backend.api.routes.content_plans import PlanResponse
from backend.app import App
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner
from tests.support.browsing import browser


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx)


def body(bella: Planner, **more: Any) -> dict[str, Any]:
    variant = {"channelId": bella.channel.id, "caption": "Hi", "hashtags": "#sun sea", "assetIds": [bella.asset_id]}
    return {"influencerId": bella.influencer.id, "topic": "Trams", "variants": [variant], **more}


def test_made_listed_today_and_published_by_an_automation(app: App, editor: Any, workspace: Tenant) -> None:
    zone = "UTC" if 2 <= now().hour < 22 else "Asia/Tokyo"  # where it is not about midnight, and soon is still today
    soon = (now().astimezone(ZoneInfo(zone)) + timedelta(minutes=2)).replace(second=0, microsecond=0, tzinfo=None)
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone=zone)
        make_channel(tx, bella.influencer.id)
    made = editor.post("/content-plans", json=body(bella, localTime=soon.isoformat()), headers={"idempotency-key": "k"})
    assert made.status_code == 201
    plan = made.json()
    assert made.headers["location"].startswith(f"/api/content-plans/{plan['id']}")
    assert (plan["status"], plan["timeZone"], plan["variants"][0]["hashtags"]) == ("draft", zone, ["sun", "sea"])
    again = editor.post("/content-plans", json=body(bella, localTime=soon.isoformat()), headers={"idempotency-key": "k"})
    assert again.json()["id"] == plan["id"]

    scheduled = editor.patch(f"/content-plans/{plan['id']}", json={"status": "scheduled"})
    assert scheduled.json()["status"] == "scheduled"
    listed = editor.get("/content-plans?status=scheduled&date=today")
    assert (listed.headers["x-total-count"], [item["id"] for item in listed.json()["data"]]) == ("1", [plan["id"]])
    assert editor.get("/content-plans?status=scheduled&date=2031-01-01").json()["data"] == []

    out = editor.patch(f"/content-plans/{plan['id']}", json={"status": "published", "igMediaId": "ig_media_id_456"}).json()
    assert (out["status"], out["variants"][0]["remoteId"]) == ("published", "ig_media_id_456")


def test_a_plan_is_made_from_pictures_and_says_so(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        pictures = make_pictures(tx, 2, influencer_id=bella.influencer.id)
    body = {"pictureIds": pictures, "caption": "Two of a kind", "localTime": local_time_ahead().isoformat()}
    answer = editor.post("/content-plans/from", json=body, headers={"idempotency-key": "k"})
    plan = answer.json()
    assert (answer.status_code, plan["influencerId"], plan["localTime"]) == (201, bella.influencer.id, body["localTime"])
    assert [post["caption"] for post in plan["variants"]] == ["Two of a kind"]
    origin = editor.get(f"/content-plans/{plan['id']}/origin").json()
    assert [file["pictureId"] for file in origin["files"]] == pictures
    assert origin["textId"] == origin["repurposedFrom"] == ""


def test_a_refused_change_changes_nothing(editor: Any, bella: Planner) -> None:
    plan = editor.post("/content-plans", json=body(bella)).json()
    refused = editor.patch(f"/content-plans/{plan['id']}", json={"topic": "Other", "status": "scheduled"})
    assert (refused.status_code, refused.json()["message"]) == (409, "It has no date yet. Give it one.")
    assert editor.get(f"/content-plans/{plan['id']}").json()["topic"] == "Trams"
    soon = local_time_ahead().isoformat()
    changed = editor.patch(f"/content-plans/{plan['id']}", json={"topic": "Other", "localTime": soon}).json()
    assert (changed["topic"], changed["localTime"]) == ("Other", soon)


def test_what_was_changed_since_it_was_read_is_refused(editor: Any, bella: Planner) -> None:
    plan = editor.post("/content-plans", json=body(bella, localTime=local_time_ahead().isoformat())).json()
    path, old = f"/content-plans/{plan['id']}", plan["version"]
    assert editor.get(path).headers["etag"] == f'"{old}"'
    assert editor.patch(path, json={"topic": "Other", "version": old}).status_code == 200
    stale = {"if-match": f'"{old}"'}
    refused = [
        editor.patch(path, json={"status": "scheduled", "version": old}),
        editor.patch(path, json={"status": "scheduled"}, headers=stale),
        editor.post(f"{path}/move", json={"localTime": None, "version": old}),
        editor.post("/content-plans/shift", json={"planIds": [plan["id"]], "days": 1, "versions": {plan["id"]: old}}),
        editor.delete(path, headers=stale),
        autopost(editor, contentPlanId=plan["id"], version=old),
        autopost(editor, postId=plan["variants"][0]["id"], version=old),
    ]
    assert [answer.status_code for answer in refused] == [409] * 7
    assert refused[0].json()["code"] == "changed_since"
    assert "then, 2 now" in refused[0].json()["message"]
    assert editor.get(path).json()["status"] == "draft"
    assert editor.patch(path, json={}, headers={"if-match": "yesterday"}).status_code == 400
    assert autopost(editor, contentPlanId=plan["id"], version=editor.get(path).json()["version"]).status_code == 201


def test_scheduled_is_never_answered_with_in_review(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        content_plans.save_rules(tx, bella.influencer.id, content_plans.RulesDraft(policy="all"))
    plan = editor.post("/content-plans", json=body(bella, localTime=local_time_ahead().isoformat())).json()
    refused = editor.patch(f"/content-plans/{plan['id']}", json={"status": "scheduled"})
    assert refused.status_code == 409
    assert "needs an approval" in refused.json()["message"]
    assert editor.get(f"/content-plans/{plan['id']}").json()["status"] == "draft"
    assert editor.patch(f"/content-plans/{plan['id']}", json={"status": "in_review"}).json()["status"] == "in_review"


def test_a_time_with_seconds_is_refused_and_not_rounded(editor: Any, bella: Planner) -> None:
    for local_time in ("2031-06-01T08:32:07", "2031-06-01T08:32:00.5"):
        refused = editor.post("/content-plans", json=body(bella, localTime=local_time))
        assert refused.status_code == 400
        assert "whole minutes: say localTime as 2031-06-01T08:32" in refused.json()["message"]
    plan = editor.post("/content-plans", json=body(bella, localTime="2031-06-01T08:32:00")).json()
    assert plan["localTime"] == "2031-06-01T08:32:00"
    assert editor.post(f"/content-plans/{plan['id']}/move", json={"localTime": "2031-06-02T08:32:07"}).status_code == 400


def test_the_calendar_moves_shifts_and_takes_back(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    plan = editor.post("/content-plans", json=body(bella, localTime="2031-06-01T18:00")).json()
    idea = editor.post("/content-plans", json=body(bella)).json()
    asked = "/content-plans/calendar?from=2031-06-01T00:00&to=2031-07-01T00:00&zone=Asia/Tokyo"
    shown = editor.get(asked).json()
    assert [(plan["id"], plan["wall"], plan["ownWall"]) for plan in shown["data"]] == [
        (plan["id"], "2031-06-02T03:00:00", "2031-06-01T18:00:00")
    ]
    assert [plan["id"] for plan in shown["undated"]] == [idea["id"]]
    act = editor.post(
        f"/content-plans/{plan['id']}/move", json={"localTime": "2031-06-10T09:00", "timeZone": "Asia/Tokyo"}
    ).json()
    moved = PlanResponse.model_validate(editor.get(f"/content-plans/{plan['id']}").json())
    assert str(moved.scheduled_at) == "2031-06-10 00:00:00+00:00"
    assert editor.post(f"/content-plans/acts/{act['id']}/undo").json() == {"planIds": [plan["id"]]}
    assert editor.post("/content-plans/shift", json={"planIds": [idea["id"]], "days": 1}).status_code == 409
    assert editor.post("/content-plans/shift", json={"planIds": [plan["id"]], "days": 1}).json()["count"] == 1
    gone = editor.delete(f"/content-plans/{plan['id']}").json()
    assert editor.get(asked).json()["data"] == []
    editor.post(f"/content-plans/acts/{gone['id']}/undo")
    with app.db.transaction(workspace.caller) as tx:
        assert content_plans.get(tx, plan["id"]).deleted_at is None


@pytest.mark.parametrize(
    "path",
    [
        "?date=yesterday",
        "?status=done",
        "/calendar?from=2031-01-01&to=2040-01-01",
        "/calendar?from=2031-01-01&to=2031-02-01&zone=X",
        "/calendar?from=2031-01-01T00:00:00-12:00&to=2030-12-31T12:00:00-23:00&perDay=3",
        "/calendar/days?from=2031-01-01&to=2030-01-01T00:00Z",
    ],
)
def test_what_makes_no_sense_is_the_requests_fault(editor: Any, path: str) -> None:
    assert editor.get(f"/content-plans{path}").status_code == 400


def autopost(editor: Any, key: str = "", **payload: Any) -> Any:
    heads = {"idempotency-key": key} if key else {}
    return editor.post("/jobs", json={"type": "autopost", "payload": payload}, headers=heads)


def test_an_automation_publishes_now(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        other = make_channel(tx, bella.influencer.id, "youtube")  # cannot go out as it is: no film, no title
        plan = bella.plan(tx, wall=local_time_ahead())
        two = bella.plan(tx, wall=local_time_ahead(), variants=(bella.variant(), bella.variant(channel_id=other.id)))
    started = autopost(editor, "n8n-1", contentPlanId=plan.id)
    job = started.json()
    assert (started.status_code, job["kind"], job["state"], job["jobId"]) == (201, "autopost", "pending", job["id"])
    assert started.headers["location"].startswith(f"/api/jobs/{job['id']}")
    assert autopost(editor, "n8n-1", contentPlanId=plan.id).json()["id"] == job["id"]
    assert editor.get(f"/jobs/{job['id']}").json()["title"] == "Publish “Trams” on Bella · Practice platform"
    variant = editor.get(f"/content-plans/{plan.id}").json()["variants"][0]
    assert (variant["status"], variant["jobId"]) == ("publishing", job["id"])
    again = autopost(editor, contentPlanId=plan.id)
    assert (again.status_code, "right now" in again.json()["message"]) == (409, True)

    whole = autopost(editor, contentPlanId=two.id)
    assert (whole.status_code, "bella.travels" in whole.json()["message"]) == (400, True)
    sandbox = next(post for post in two.posts if post.platform == "sandbox")
    assert autopost(editor, postId=sandbox.id).status_code == 201
    states = {variant["platform"]: variant["status"] for variant in editor.get(f"/content-plans/{two.id}").json()["variants"]}
    assert states == {"sandbox": "publishing", "youtube": "draft"}


def test_autopost_keeps_the_rules(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        strict = make_planner(tx, "Zara", policy="all").plan(tx)
        free = bella.plan(tx)
    unseen = autopost(editor, contentPlanId=strict.id)
    assert (unseen.status_code, "approve" in unseen.json()["message"]) == (409, True)
    with app.db.transaction(workspace.caller) as tx:
        content_plans.pause_publishing(tx)
    stopped = autopost(editor, contentPlanId=free.id)
    assert (stopped.status_code, "stopped for this workspace" in stopped.json()["message"]) == (409, True)
    for payload in ({}, {"contentPlanId": free.id, "postId": free.posts[0].id}):
        assert (refused := autopost(editor, **payload)).status_code == 400
        assert "contentPlanId" in refused.json()["message"]
    assert autopost(editor, postId="post_gone").status_code == 404
    assert editor.get("/jobs?type=autopost").json()["total"] == 0


def test_a_month_is_sent_as_it_is_drawn(app: App, editor: Any, bella: Planner, workspace: Tenant) -> None:
    """A few of each day by the calendar's own clock, how many more there are, and clashes with what is not sent too."""
    day = datetime(2031, 6, 10, 20)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        minutes = (0, 100, 200, 230, 430, 600)
        plans = [bella.plan(tx, wall=day + timedelta(minutes=at), topic=str(at), variants=(bella.variant(caption=f"No {at}"),))
                 for at in minutes]  # fmt: skip
        same = bella.plan(tx, wall=day + timedelta(days=3), variants=(bella.variant(caption="No 600"),))
    asked = "/content-plans/calendar?from=2031-06-01T00:00&to=2031-07-01T00:00&zone=Asia/Tokyo"
    whole, few = editor.get(asked).json(), editor.get(f"{asked}&perDay=3").json()
    assert whole["more"] == {}
    # 20:00 in UTC is 05:00 of the next day in Tokyo
    assert few["more"] == {"2031-06-11": 3}
    ids = {plan["id"] for plan in few["data"]}
    assert ids == {plan.id for plan in plans[:3]} | {same.id}
    assert few["data"] == [plan for plan in whole["data"] if plan["id"] in ids]
    assert [plan["clash"] for plan in few["data"]] == [
        "", "", "Only 30 min from another post on this channel.", "Another post on this channel has the same text.",
    ]  # fmt: skip
