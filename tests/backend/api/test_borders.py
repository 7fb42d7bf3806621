"""What every route keeps: our own Origin for writes, a session, one workspace's things for its own people, small bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend import (
    access,
    accounts,
    api,
    assets,
    channels,
    content_plans,
    datasets,
    gallery,
    prompt_library,
    workflows,
    writing,
    writing_styles,
)
from backend.access import ApiKeyDraft
from backend.api.credentials import COOKIE
from backend.app import App
from backend.content_plans import CommentTemplateDraft, HashtagSetDraft
from backend.db.tables import TalkLine
from backend.gallery import BoardDraft, BulkActionDraft
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from backend.workflows import WorkflowDraft
from backend.writing import TextParts, WriteOrder
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_pictures
from tests.factories.posts import local_time_ahead, make_planner
from tests.factories.studio_rows import Rows, fill_workspace, make_clip
from tests.factories.styles import make_style
from tests.factories.trials import make_trial
from tests.support.browsing import browser

OPEN = {
    "/session/exchange",
    "/handed/{token}/{name}",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/style/health",
    "/ical/{token}/posts.ics",
}
"""Asked before there is a session; or by platforms and calendar programs, whose address is the permission."""
OF_PROGRAMS = {"/auth/login", "/auth/refresh", "/auth/logout"}
"""Take and give no cookie, so a foreign page gains nothing by them."""


def routes(app: App, *, writes: bool) -> list[tuple[str, str]]:
    paths = api.create_api(lambda: app).openapi()["paths"].items()
    return [(method.upper(), path) for path, methods in paths for method in methods if writes is (method != "get")]


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


@pytest.fixture
def owner(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.owner) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_no_write_comes_from_another_page_and_nothing_is_open_without_a_session(app: App, workspace: Tenant) -> None:
    writes = routes(app, writes=True)
    assert len(writes) > 15
    with browser(app, None) as client:
        client.headers["x-workspace"] = workspace.id
        for method, path in writes:
            if path in OF_PROGRAMS:
                continue
            for origin in ("https://evil.example", "null", ""):
                client.cookies.set(COOKIE, workspace.owner.token)
                answer = client.request(method, path, headers={"origin": origin}, json={})
                assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), (method, path)
        client.cookies.clear()
        for method, path in [*writes, *routes(app, writes=False)]:
            if path not in OPEN:
                assert client.request(method, path, json={} if method != "GET" else None).status_code == 401, (method, path)


@pytest.fixture
def theirs(app: App, other_workspace: Tenant) -> dict[str, str]:
    """Something of every noun in the other workspace, by the name it has in addresses."""
    rows: Rows = fill_workspace(app.db, other_workspace)
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        board = gallery.create_board(tx, draft=BoardDraft(name="Theirs"))
        draft = BulkActionDraft(kind="board-add", picture_ids=(rows.picture_ids[0],), board_id=board.id)
        act = gallery.act(tx, draft=draft, request_key="t")
        words = prompt_library.save_wildcard(tx, WildcardDraft(name="places", lines=("Rome",)))
        sent = {"noun": "dataset", "noun_id": rows.dataset_id, "filename": "a.png", "size": 9, "client_key": "a"}
        upload = assets.uploads.announce(tx, settings=app.settings, **sent)  # type: ignore[arg-type]
        asset = make_asset(tx)
        text = writing.create(tx, WriteOrder(influencer_id=rows.influencer_id, topic="yoga"), TextParts(caption="Theirs"))
        plan = make_planner(tx, "Planned").plan(tx, wall=local_time_ahead())
        campaign = content_plans.create_campaign(tx, "Theirs")
        plan_act = content_plans.move(tx, plan.id, local_time_ahead(days=2))
        clip = make_clip(tx, rows.picture_ids[0])
        hashtags = content_plans.save_hashtag_set(tx, HashtagSetDraft(name="Theirs", hashtags=("theirs",)))
        comment = content_plans.save_comment_template(tx, CommentTemplateDraft(name="Theirs", text="Theirs?"))
        style = make_style(tx)
        writing_style_source = writing_styles.sources(tx, style.id)[0].id
        api_key = access.create(tx, ApiKeyDraft(name="Theirs", scopes=("*:read",)))
        channel = channels.add_sandbox(tx, rows.influencer_id)
        invitation = accounts.invite(tx, role="viewer")
        template = prompt_library.save_template(tx, TemplateDraft(name="Theirs", prompt="x"))
        prompt_style = prompt_library.save_style(tx, PromptStyleDraft(name="Theirs", prompt="x"))
        preset = prompt_library.save_preset(tx, name="Theirs", draft={}, own=False)
        line = TalkLine(id="say_theirs", influencer_id=rows.influencer_id, user_id=other_workspace.owner.id, question="x")
        tx.add(line)
        image_id = datasets.images(tx, rows.dataset_id, take=1).images[0].id
        datasets.set_included(tx, [image_id], False)
        edit_id = datasets.list_edits(tx, rows.dataset_id)[0].id
        workflow = workflows.import_workflow(tx, draft=WorkflowDraft(name="Theirs", text=known.text("upscale_model")))
    return {
        "picture_id": rows.picture_ids[0], "board_id": board.id, "act_id": act.id, "wildcard_id": words.id, "asset": asset,
        "trial_id": make_trial(app.db, other_workspace, rows.run_id), "run_id": rows.run_id, "dataset_id": rows.dataset_id,
        "influencer_id": rows.influencer_id, "generation_id": rows.generation_id, "lora_id": rows.lora_id,
        "job_id": next(iter(rows.job_ids.values())), "upload": upload.id,
        "workflow_id": workflow.id, "draft_id": text.id, "clip_id": clip, "plan_id": plan.id, "plan_act_id": plan_act.id,
        "session_id": style.id, "token": "x", "name": "a.jpg", "api_key_id": api_key.card.id,
        "channel_id": channel.id, "invitation_id": invitation.card.id, "user_id": other_workspace.owner.id,
        "image_id": image_id, "edit_id": edit_id, "version": "1", "step": "1", "asset_id": asset, "fix": "too_small",
        "template_id": template.id,
        "style_id": prompt_style.id, "preset_id": preset.id, "line_id": line.id, "post_id": plan.posts[0].id,
        "source_id": writing_style_source, "set_id": hashtags.id, "comment_template_id": comment.id, "form": "create",
        "campaign_id": campaign.id,
    }  # fmt: skip


Write = tuple[str, str, Any]
MADE_HERE = {
    "/budgets",
    "/workspaces/{workspace}",
    "/members/invitations",
    "/boards",
    "/workflows",
    "/style/sessions",
    "/api-keys",
    "/influencers",
    "/datasets",
    "/recipes/templates",
    "/recipes/wildcards",
    "/recipes/presets",
    "/recipes/unsaved-forms/{form}",
    "/recipes/import",
    "/campaigns",
    "/trash",
    "/onboarding/sample-influencer",
}
OWN_RIGHTS = {("POST", "/session/exchange"), ("DELETE", "/session"), ("POST", "/jobs/estimate"), ("POST", "/pictures/archive")}
OWN_RIGHTS |= {("POST", "/workspaces"), ("POST", "/pictures/duplicates/dismiss")}
OWN_RIGHTS |= {("POST", path) for path in OF_PROGRAMS}
OWN_RIGHTS |= {("POST", "/calendar-feeds"), ("DELETE", "/calendar-feeds/{feed_id}")}
"""Writes that change nothing of the workspace but what is the person's own, or that leave out what is not there."""


def writes_on(ids: dict[str, str], mine: list[str], own: str) -> list[Write]:
    """Every write there is, on what `ids` names; `mine`, `own`: pictures and a board of one's own that stand beside it."""
    kept = {"leftId": "a", "rightId": "b", "choice": "left"}
    file = {"noun": "dataset", "nounId": ids["dataset_id"], "filename": "a.png", "size": 9, "clientKey": "a"}
    drawn = {"prompt": "x", "influencerId": ids["influencer_id"]}
    week = {"first": "2031-12-01", "clocks": ["18:00"], "channelIds": ["chn_1"]}
    return [
        ("POST", "/pictures/acts", {"kind": "rate", "rating": 1, "pictureIds": [*mine[:1], ids["picture_id"]]}),
        ("POST", "/pictures/acts", {"kind": "board-add", "boardId": ids["board_id"], "pictureIds": mine}),
        ("POST", "/pictures/acts", {"kind": "board-move", "boardId": own, "fromBoardId": ids["board_id"], "pictureIds": mine}),
        ("POST", "/pictures/acts/{act_id}/undo", {}),
        ("POST", "/boards", {"name": "New"}),
        ("PUT", "/boards/{board_id}", {"name": "Taken"}),
        ("DELETE", "/boards/{board_id}", None),
        ("POST", "/boards/{board_id}/order", {"pictureIds": mine[:1]}),
        ("POST", f"/boards/{own}/order", {"pictureIds": [ids["picture_id"]]}),
        ("POST", "/boards/{board_id}/archive", None),
        ("POST", "/jobs/{job_id}/cancel", None),
        ("POST", "/jobs/{job_id}/retry", None),
        ("POST", "/jobs/{job_id}/dismiss", None),
        ("POST", "/jobs/{job_id}/move", {"where": "first"}),
        ("POST", "/trials/{trial_id}/votes", kept),
        ("DELETE", "/trials/{trial_id}/votes/last", None),
        ("POST", "/jobs", {"type": "dataset-ingest", "payload": {"datasetId": ids["dataset_id"]}}),
        ("POST", "/jobs", {"type": "lora-training", "payload": {"datasetId": ids["dataset_id"], "name": "stolen"}}),
        ("POST", "/jobs", {"type": "image-upscale", "payload": {"pictureId": ids["picture_id"]}}),
        ("POST", "/jobs", {"type": "image-generation", "payload": drawn}),
        ("POST", "/jobs", {"type": "image-generation", "payload": {"prompt": "x", "initAssetId": ids["asset"]}}),
        ("POST", "/jobs", {"type": "image-generation", "payload": {"prompt": "x", "loras": [{"loraId": ids["lora_id"]}]}}),
        ("POST", "/jobs", {"type": "image-grid", "payload": {"draft": drawn, "axes": [{"kind": "steps", "values": [1]}]}}),
        ("POST", "/jobs", {"type": "content-generation", "payload": {"influencerId": ids["influencer_id"], "topic": "x"}}),
        ("POST", "/jobs", {"type": "content-ideas", "payload": {"influencerId": ids["influencer_id"]}}),
        ("POST", "/jobs", {"type": "content-plan", "payload": {**week, "influencerId": ids["influencer_id"]}}),
        ("POST", "/jobs", {"type": "autopost", "payload": {"contentPlanId": ids["plan_id"]}}),
        ("POST", "/drafts", {"influencerId": ids["influencer_id"], "topic": "x", "caption": "Mine"}),
        ("PATCH", "/drafts/{draft_id}", {"caption": "Taken"}),
        ("POST", "/style/sessions", {"name": "New"}),
        ("DELETE", "/style/sessions/{session_id}", None),
        ("PATCH", "/style/sessions/{session_id}", {"name": "Taken"}),
        ("POST", "/style/sessions/{session_id}/reset", None),
        ("POST", "/style/train", {"session_id": ids["session_id"]}),
        ("POST", "/style/generate", {"session_id": ids["session_id"], "topic": "x"}),
        ("POST", "/style/jobs/{job_id}/cancel", None),
        ("POST", "/uploads/{workspace}", file),
        ("PUT", "/uploads/{workspace}/{upload}", None),
        ("POST", "/jobs", {"type": "video-generation", "payload": {"pictureId": ids["picture_id"]}}),
        ("PUT", "/videos/{clip_id}", {"rating": 1}),
        ("DELETE", "/videos/{clip_id}", None),
        ("POST", "/videos/{clip_id}/undelete", None),
        ("POST", "/workflows", {"name": "New", "graph": {}}),
        ("POST", "/content-plans", {"influencerId": ids["influencer_id"]}),
        ("POST", "/trash/restore", {"items": [{"kind": "picture", "id": ids["picture_id"]}]}),
        ("POST", "/trash/erase", {"items": [{"kind": "post", "id": ids["plan_id"]}]}),
        ("DELETE", "/trash", None),
        ("POST", "/hashtag-sets", {"name": "New", "hashtags": "#new", "influencerId": ids["influencer_id"]}),
        ("PUT", "/hashtag-sets/{set_id}", {"name": "Taken", "hashtags": "#taken"}),
        ("DELETE", "/hashtag-sets/{set_id}", None),
        ("POST", "/comment-templates", {"name": "New", "text": "New?", "influencerId": ids["influencer_id"]}),
        ("PUT", "/comment-templates/{comment_template_id}", {"name": "Taken", "text": "Taken?"}),
        ("DELETE", "/comment-templates/{comment_template_id}", None),
        ("POST", "/content-plans/from", {"pictureIds": [ids["picture_id"]]}),
        ("PATCH", "/content-plans/{plan_id}", {"status": "published", "igMediaId": "1"}),
        ("DELETE", "/content-plans/{plan_id}", None),
        ("POST", "/content-plans/{plan_id}/move", {"localTime": None}),
        ("POST", "/content-plans/shift", {"planIds": [ids["plan_id"]], "days": 1}),
        ("POST", "/content-plans/acts/{plan_act_id}/undo", None),
        ("POST", "/content-plans/{plan_id}/stage", {"stage": "review"}),
        ("POST", "/content-plans/campaign", {"planIds": [ids["plan_id"]]}),
        ("POST", "/campaigns", {"name": "New"}),
        ("PATCH", "/campaigns/{campaign_id}", {"name": "Taken"}),
        ("DELETE", "/campaigns/{campaign_id}", None),
        ("PUT", "/posting-rules/holidays", {"influencerId": ids["influencer_id"], "country": "IT"}),
        ("PUT", "/workflows/{workflow_id}", {"name": "Taken"}),
        ("POST", "/workflows/{workflow_id}/try", {"prompt": "x"}),
        ("POST", "/workflows/{workflow_id}/approve", None),
        ("POST", "/workflows/{workflow_id}/archive", None),
        ("POST", "/workflows/{workflow_id}/undelete", None),
        ("DELETE", "/workflows/{workflow_id}", None),
        ("POST", "/influencers", {"name": "New"}),
        ("PATCH", "/influencers/{influencer_id}", {"name": "Taken"}),
        ("POST", "/influencers/{influencer_id}/archive", None),
        ("POST", "/influencers/{influencer_id}/unarchive", None),
        ("DELETE", "/influencers/{influencer_id}", None),
        *dataset_writes(ids),
        *training_writes(ids),
        ("POST", "/api-keys", {"name": "Mine now", "scopes": ["*:admin"]}),
        ("PATCH", "/api-keys/{api_key_id}", {"name": "Taken"}),
        ("DELETE", "/api-keys/{api_key_id}", None),
        ("POST", "/channels", {"influencerId": ids["influencer_id"]}),
        ("POST", "/channels/connections", {"influencerId": ids["influencer_id"], "platform": "sandbox"}),
        ("PATCH", "/channels/{channel_id}", {"name": "Taken"}),
        ("DELETE", "/channels/{channel_id}", None),
        ("PUT", "/budgets", {"dailyUsd": "1", "monthlyUsd": None}),
        ("PATCH", "/workspaces/{workspace}", {"name": "Taken"}),
        ("PATCH", "/pictures/{picture_id}", {"rating": 1}),
        ("POST", "/generations/{generation_id}/sheet", None),
        ("PATCH", "/influencers/{influencer_id}/identity", {"gate": "off"}),
        ("POST", "/influencers/{influencer_id}/identity/calibrate", None),
        ("POST", "/influencers/{influencer_id}/identity/score", None),
        ("DELETE", "/pictures/{picture_id}", None),
        ("POST", "/pictures/{picture_id}/undelete", None),
        ("POST", "/pictures/{picture_id}/cover", None),
        ("POST", "/pictures/decisions", {"pictureIds": [*mine[:1], ids["picture_id"]], "decision": "approved"}),
        ("POST", "/pictures/decisions/undo", {"before": {ids["picture_id"]: "held"}}),
        ("PATCH", "/boards/{board_id}", {"archived": True}),
        ("POST", "/recipes/templates", {"name": "New", "prompt": "x"}),
        ("PUT", "/recipes/templates/{template_id}", {"name": "Taken", "prompt": "x"}),
        ("DELETE", "/recipes/templates/{template_id}", None),
        ("POST", "/recipes/wildcards", {"name": "new", "lines": ["x"]}),
        ("PUT", "/recipes/wildcards/{wildcard_id}", {"name": "taken", "lines": ["x"]}),
        ("DELETE", "/recipes/wildcards/{wildcard_id}", None),
        ("POST", "/recipes/styles", {"name": "New", "prompt": "x", "influencerId": ids["influencer_id"]}),
        ("PUT", "/recipes/styles/{style_id}", {"name": "Taken", "prompt": "x"}),
        ("DELETE", "/recipes/styles/{style_id}", None),
        ("POST", "/recipes/presets", {"name": "New", "values": {}}),
        ("PATCH", "/recipes/presets/{preset_id}", {"isDefault": True}),
        ("DELETE", "/recipes/presets/{preset_id}", None),
        ("PATCH", "/recipes/unsaved-forms/{form}", {"texts": {"prompt": "x"}}),
        ("POST", "/recipes/import", {"filename": "new.txt", "text": "x"}),
        ("POST", "/posting-rules/stop", {"influencerId": ids["influencer_id"]}),
        ("POST", "/posting-rules/start", {"influencerId": ids["influencer_id"]}),
        ("PATCH", "/posting-rules/{influencer_id}", {"policy": "auto"}),
        ("POST", "/influencers/{influencer_id}/chat", {"question": "Hello?"}),
        ("POST", "/influencers/{influencer_id}/chat/{line_id}/again", None),
        ("DELETE", "/influencers/{influencer_id}/chat", None),
        ("POST", "/drafts/write", {"order": {"influencerId": ids["influencer_id"], "topic": "x"}}),
        ("POST", "/drafts/suggestions", {"influencerId": ids["influencer_id"], "topic": "x"}),
        ("POST", "/drafts/{draft_id}/rewrite", {"part": "hook"}),
        ("POST", "/drafts/{draft_id}/write", None),
        ("POST", "/drafts/{draft_id}/undo", None),
        ("POST", "/drafts/{draft_id}/choose", None),
        ("DELETE", "/style/sessions/{session_id}/sources/{source_id}", None),
        ("POST", "/style/sessions/{session_id}/undelete", None),
        ("DELETE", "/style/results/{job_id}", None),
        ("POST", "/content-plans/posts/{post_id}/fix", None),
        ("POST", "/content-plans/posts/{post_id}/resolve", {"isPublished": False}),
        ("POST", "/content-plans/{plan_id}/duplicate", None),
        ("POST", "/content-plans/{plan_id}/repurpose", {}),
        ("POST", "/content-plans/{plan_id}/reject", {"note": "No."}),
        ("POST", "/content-plans/{plan_id}/release", None),
        ("POST", "/content-plans/{plan_id}/unschedule", None),
        ("POST", "/content-plans/{plan_id}/save", {"version": 1}),
        ("POST", "/content-plans/{plan_id}/next-free-time", {}),
        ("POST", "/content-plans/approve", {"planIds": [ids["plan_id"]]}),
        ("PUT", "/content-plans/{plan_id}/unsaved-edit", {"version": 1}),
        ("DELETE", "/content-plans/{plan_id}/unsaved-edit", None),
        ("POST", "/content-plans/{plan_id}/fixed-draft", {"version": 1}),
        ("POST", "/content-plans/{plan_id}/versions/{version}/restore", {"version": 1}),
        ("POST", "/trials", {"runId": ids["run_id"]}),
        ("DELETE", "/trials/{trial_id}", None),
        ("POST", "/trials/{trial_id}/rescore", None),
        ("POST", "/trials/{trial_id}/grid", None),
        ("POST", "/trials/{trial_id}/promote", {"step": 1}),
        ("POST", "/members/invitations", {"role": "owner"}),
        ("DELETE", "/members/invitations/{invitation_id}", None),
        ("PATCH", "/members/{user_id}", {"role": "owner"}),
        ("DELETE", "/members/{user_id}", None),
        ("POST", "/onboarding/sample-influencer", {}),
        ("DELETE", "/onboarding/sample-influencer", None),
    ]  # fmt: skip


def dataset_writes(ids: dict[str, str]) -> list[Write]:
    dataset, image_ids = "/datasets/{dataset_id}", [ids["image_id"]]
    return [
        ("POST", "/datasets", {"name": "New"}),
        ("POST", "/datasets", {"name": "New", "influencerId": ids["influencer_id"]}),
        ("PATCH", dataset, {"name": "Taken"}),
        ("DELETE", dataset, None),
        ("POST", f"{dataset}/rights", {"kind": "made_up"}),
        ("DELETE", f"{dataset}/rights", None),
        ("DELETE", f"{dataset}/refused-files", None),
        ("POST", f"{dataset}/sample-character", {"name": "Ada"}),
        ("POST", f"{dataset}/scan", None),
        ("PATCH", f"{dataset}/pictures/{{image_id}}", {"caption": "Taken"}),
        ("DELETE", f"{dataset}/pictures/{{image_id}}", None),
        ("PUT", f"{dataset}/pictures/{{image_id}}/mask", {"uploadId": ids["upload"]}),
        ("DELETE", f"{dataset}/pictures/{{image_id}}/mask", None),
        ("POST", f"{dataset}/pictures/{{image_id}}/captions/{{version}}/restore", None),
        ("POST", f"{dataset}/include", {"imageIds": image_ids, "included": False}),
        ("POST", f"{dataset}/remove", {"imageIds": image_ids}),
        ("PUT", f"{dataset}/captions", {"captions": [{"imageId": image_ids[0], "caption": "Taken"}]}),
        ("POST", f"{dataset}/fixes/{{fix}}", {}),
        ("POST", f"{dataset}/pictures/{{image_id}}/keep-only", None),
        ("POST", f"{dataset}/clear-masks", {"imageIds": image_ids}),
        ("DELETE", f"{dataset}/import-notes", None),
        ("POST", f"{dataset}/captions/edit", {"verb": "tidy"}),
        ("POST", f"{dataset}/captions/preview", {"verb": "tidy"}),
        ("POST", f"{dataset}/edits/{{edit_id}}/undo", None),
    ]


def training_writes(ids: dict[str, str]) -> list[Write]:
    return [
        ("POST", "/lora-configs", {"datasetId": ids["dataset_id"]}),
        ("PATCH", "/lora-configs/{run_id}", {"notes": "Taken"}),
        ("POST", "/lora-configs/{run_id}/cancel", None),
        ("POST", "/lora-configs/{run_id}/checkpoints/{step}/promote", {}),
        ("POST", "/loras", {"uploadId": ids["upload"]}),
        ("PATCH", "/loras/{lora_id}", {"name": "taken"}),
        ("DELETE", "/loras/{lora_id}", None),
        ("DELETE", "/assets/{asset_id}", None),
        ("POST", "/assets", {"uploadId": ids["upload"]}),
    ]


def test_things_of_another_workspace_are_not_there(app: App, owner: Any, workspace: Tenant, theirs: dict[str, str]) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        mine = make_pictures(tx, 2)
        own = gallery.create_board(tx, draft=BoardDraft(name="Mine")).id
    ids = {**theirs, "workspace": workspace.id}
    for _, path in routes(app, writes=False):
        if "{" in path.replace("{workspace}", ""):
            assert owner.get(path.format(**ids)).status_code == 404, path
    assert owner.get(f"/jobs/live?id={theirs['job_id']}").status_code == 404
    for query in ("board={board_id}", "influencer={influencer_id}", "lora={lora_id}"):
        assert owner.get(f"/pictures?{query}".format(**theirs)).json()["data"] == [], query
    for method, path, body in writes_on(ids, mine, own):
        if path not in MADE_HERE or (path == "/datasets" and "influencerId" in body):
            answer = owner.request(method, path.format(**ids), json=body)
            assert answer.status_code == 404, (method, path, body, answer.text)
    assert owner.get(f"/pictures/{mine[0]}").json()["rating"] == 0


def test_viewers_change_nothing(app: App, other_workspace: Tenant, theirs: dict[str, str]) -> None:
    ids = {**theirs, "workspace": other_workspace.id}
    tried = writes_on(ids, [theirs["picture_id"]], theirs["board_id"])
    assert {(method, path) for method, path, _ in tried} | OWN_RIGHTS >= set(routes(app, writes=True))
    with browser(app, other_workspace.viewer) as viewer:
        viewer.headers["x-workspace"] = other_workspace.id
        tried.append(("POST", "/pictures/archive", {"pictureIds": [theirs["picture_id"]]}))
        for method, path, body in tried:
            assert viewer.request(method, path.format(**ids), json=body).status_code == 403, (method, path, body)


def test_a_body_of_json_is_small_whatever_the_method(editor: Any) -> None:
    """Only a file on its way in is streamed without this limit."""
    board = editor.post("/boards", json={"name": "Summer"}).json()["id"]
    huge = {"name": "Summer", "notes": "x" * 2_000_000}
    for method, path in (("PUT", f"/boards/{board}"), ("POST", "/boards"), ("POST", "/pictures/acts")):
        assert editor.request(method, path, json=huge).status_code == 413, (method, path)


def test_what_is_out_of_range_is_the_requests_fault(editor: Any, workspace: Tenant) -> None:
    for query in ("until=9999-12-31", "q=until:9999-12-31", "from=0001-01-01", "q=from:0001-01-01"):
        assert editor.get(f"/pictures?{query}").status_code == 200, query
    announced = {"noun": "lora", "nounId": "x" * 20_000, "filename": "a", "size": 9, "clientKey": "a"}
    assert editor.post(f"/uploads/{workspace.id}", json=announced).status_code == 400
    for path in (
        "/jobs/live?take=-1",
        f"/uploads/{workspace.id}?noun=lora&nounId=a&take=-1",
        "/jobs?skip=99999999999999999999",
    ):
        assert editor.get(path).status_code == 400, path
