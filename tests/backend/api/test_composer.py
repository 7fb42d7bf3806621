"""The composer over HTTP: what is on the screen is what is saved and what goes out; nothing typed is lost to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from backend import accounts, content_plans
from backend.accounts import ReadingSettings
from backend.app import App
from backend.content_plans import PlanCard, PostState, RulesDraft
from backend.db.tables import Influencer
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.support.browsing import browser


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all")


@pytest.fixture
def plan(app: App, workspace: Tenant, bella: Planner) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        return bella.plan(tx, wall=local_time_ahead())


def typed(editor: Any, plan_id: str, **variant: Any) -> dict[str, Any]:
    """What the composer would send after typing."""
    shown = editor.get(f"/content-plans/{plan_id}/composer").json()
    draft = shown["draft"]
    return {"version": shown["plan"]["version"], **draft, "variants": [{**draft["variants"][0], **variant}]}


def test_what_is_typed_is_saved_and_acted_on_in_one_go(editor: Any, plan: PlanCard, app: App, workspace: Tenant) -> None:
    body = typed(editor, plan.id, caption="On the screen", hashtags="#sun sea")
    answer = editor.post(f"/content-plans/{plan.id}/save", json={**body, "action": "approve_and_publish"}).json()
    [post] = answer["plan"]["variants"]
    assert (post["status"], post["caption"], post["hashtags"]) == ("publishing", "On the screen", ["sun", "sea"])
    assert (answer["actionRefusal"], answer["posts"][post["id"]]["approver"]) == ("", "Editor Example")
    body = typed(editor, plan.id, caption="Too late")
    refused = editor.post(f"/content-plans/{plan.id}/save", json=body)
    assert (refused.status_code, "publishing" in refused.json()["message"]) == (409, True)


def test_a_time_is_saved_as_it_was_shown_though_the_zone_has_changed_since(
    editor: Any, plan: PlanCard, app: App, workspace: Tenant, bella: Planner
) -> None:
    body = typed(editor, plan.id, caption="Typed while it was open")
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        accounts.set_reading(tx, ReadingSettings(zone="America/New_York"))
        tx.execute(update(Influencer).where(Influencer.id == bella.influencer.id).values(time_zone="Asia/Tokyo"))
    saved = editor.post(f"/content-plans/{plan.id}/save", json=body).json()["plan"]
    assert (saved["localTime"], saved["timeZone"]) == (body["localTime"], body["timeZone"])
    with app.db.transaction(workspace.caller) as tx:
        assert content_plans.get(tx, plan.id).due_at == plan.due_at


def test_a_refused_action_leaves_the_text_saved(editor: Any, plan: PlanCard) -> None:
    body = typed(editor, plan.id, caption="No picture yet", assetIds=[])
    answer = editor.post(f"/content-plans/{plan.id}/save", json={**body, "action": "approve"}).json()
    assert answer["plan"]["variants"][0]["caption"] == "No picture yet"
    assert answer["plan"]["status"] == "approved", "approved, and not scheduled: it has no picture"
    answer = editor.post(
        f"/content-plans/{plan.id}/save", json={**typed(editor, plan.id, caption="Still none"), "action": "publish"}
    ).json()
    assert "somebody has to approve" in answer["actionRefusal"]
    assert answer["plan"]["variants"][0]["caption"] == "Still none"


def test_of_two_people_the_second_is_told_and_loses_nothing(editor: Any, plan: PlanCard, app: App, workspace: Tenant) -> None:
    ada, ben = (typed(editor, plan.id, caption=f"{name}'s words") for name in ("Ada", "Ben"))
    saved = editor.post(f"/content-plans/{plan.id}/save", json={**ada, "typing": True}).json()
    assert saved["plan"]["version"] == plan.version + 1
    for send, path in ((editor.post, "save"), (editor.put, "unsaved-edit")):
        refused = send(f"/content-plans/{plan.id}/{path}", json=ben)
        assert (refused.status_code, refused.json()["code"]) == (409, "changed_since")
    again = editor.post(f"/content-plans/{plan.id}/save", json={**ben, "version": saved["plan"]["version"]}).json()
    assert again["plan"]["variants"][0]["caption"] == "Ben's words"


def test_what_others_rely_on_is_kept_apart_until_it_is_saved(editor: Any, plan: PlanCard, app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        content_plans.approve(tx, [plan.id])
    body = typed(editor, plan.id, caption="Half a sent", assetIds=[])
    kept = editor.put(f"/content-plans/{plan.id}/unsaved-edit", json=body).json()
    assert (kept["plan"]["variants"][0]["caption"], kept["plan"]["status"]) == ("Good morning", "scheduled")
    assert kept["unsaved"]["draft"]["variants"][0]["caption"] == "Half a sent"
    assert ("media_missing", True) in {(problem["code"], problem["blocks"]) for problem in kept["problems"]}
    with browser(app, workspace.owner) as owner:
        owner.headers["x-workspace"] = workspace.id
        assert owner.get(f"/content-plans/{plan.id}/composer").json()["unsaved"] is None
    other_tab = {**body, "unsavedAt": None}
    assert editor.put(f"/content-plans/{plan.id}/unsaved-edit", json=other_tab).json()["code"] == "changed_since"
    this_tab = {**body, "unsavedAt": kept["unsaved"]["savedAt"]}
    assert editor.put(f"/content-plans/{plan.id}/unsaved-edit", json=this_tab).status_code == 200
    assert editor.delete(f"/content-plans/{plan.id}/unsaved-edit").json()["unsaved"] is None
    saved = editor.post(f"/content-plans/{plan.id}/save", json=typed(editor, plan.id, caption="Other words")).json()
    assert saved["plan"]["status"] == "in_review"


def test_a_problem_is_fixed_in_what_is_typed(editor: Any, plan: PlanCard) -> None:
    body = typed(editor, plan.id, caption="word " * 500)
    fixed = editor.post(f"/content-plans/{plan.id}/fixed-draft", json={**body, "code": "caption_long"}).json()["draft"]
    assert len(fixed["variants"][0]["caption"]) <= 2200
    assert editor.get(f"/content-plans/{plan.id}").json()["variants"][0]["caption"] == "Good morning"
    assert editor.post(f"/content-plans/{plan.id}/fixed-draft", json=typed(editor, plan.id)).status_code == 404


def test_earlier_versions_are_listed_and_restored(editor: Any, plan: PlanCard, app: App, workspace: Tenant) -> None:
    for caption, more in (
        ("T", {"typing": True}),
        ("Ty", {"typing": True}),
        ("Typed", {"typing": True}),
        ("Saved by hand", {}),
    ):
        body = typed(editor, plan.id, caption=caption)
        assert editor.post(f"/content-plans/{plan.id}/save", json={**body, **more}).status_code == 200
    with app.db.transaction(workspace.caller) as tx:
        content_plans.save_rules(tx, plan.influencer_id, RulesDraft(policy="auto"))
        content_plans.schedule(tx, [plan.id])
    versions = editor.get(f"/content-plans/{plan.id}/versions").json()["data"]
    assert [entry["draft"]["variants"][0]["caption"] for entry in versions] == ["Saved by hand", "Typed", "Good morning"]
    assert [entry["savedBy"] for entry in versions] == [workspace.editor.id, workspace.editor.id, None]
    shown = editor.get(f"/content-plans/{plan.id}").json()
    path = f"/content-plans/{plan.id}/versions/{versions[1]['version']}/restore"
    restored = editor.post(path, json={"version": shown["version"]}).json()["plan"]
    assert (restored["variants"][0]["caption"], restored["status"]) == ("Typed", PostState.SCHEDULED)
    assert editor.post(path, json={"version": shown["version"]}).status_code == 409
