"""What every route keeps: our own Origin for writes, a session, one workspace's things for its own people, small bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend import (
    access,
    accounts,
    assets,
    automations,
    channels,
    consents,
    content_plans,
    datasets,
    gallery,
    prompt_library,
    reels,
    voices,
    webhooks,
    workflows,
    writing,
    writing_styles,
)
from backend.access import ApiKeyDraft
from backend.api.credentials import COOKIE
from backend.app import App
from backend.automations import AutomationDraft
from backend.automations.definition import HandTrigger, Notify
from backend.consents import ConsentDraft
from backend.content_plans import CommentTemplateDraft, HashtagSetDraft
from backend.db.tables import TalkLine, Voice
from backend.gallery import BoardDraft, BulkActionDraft
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from backend.reels import ReelDraft, ReelVariantDraft
from backend.webhooks import EndpointDraft
from backend.workflows import WorkflowDraft
from backend.writing import TextParts, WriteOrder
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_pictures
from tests.factories.posts import local_time_ahead, make_planner
from tests.factories.studio_rows import Rows, fill_workspace, make_clip, make_track
from tests.factories.styles import make_style
from tests.factories.trials import make_trial
from tests.support.api_description import api_description
from tests.support.api_writes import writes_on
from tests.support.browsing import browser

OPEN = {
    "/session/exchange",
    "/handed/{token}/{name}",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/style/health",
    "/ical/{token}/posts.ics",
    "/automation-hooks/{token}",
    "/notices/unsubscribe/{token}",
}
"""Asked before there is a session; or by platforms and programs, whose address is the permission."""
OF_PROGRAMS = {"/auth/login", "/auth/refresh", "/auth/logout", "/automation-hooks/{token}"}
OF_PROGRAMS |= {"/notices/unsubscribe/{token}"}
"""Take and give no cookie, so a foreign page gains nothing by them."""


def routes(*, writes: bool) -> list[tuple[str, str]]:
    paths = api_description()["paths"].items()
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
    writes = routes(writes=True)
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
        for method, path in [*writes, *routes(writes=False)]:
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
        voice = Voice(id="voi_theirs", title="Theirs", engine="fake", engine_voice="anna", language="en", licence="MIT")
        tx.add(voice)
        consent = consents.create(tx, ConsentDraft(subject_name="Theirs", language="en"))
        entry = voices.set_pronunciation(tx, "Nguyen", "Win")
        webhooks.send_when_job_ends(tx, next(iter(rows.job_ids.values())), [("test", "https://n8n.example")])
        message_id = webhooks.page(app.settings, tx).cards[0].id
        hook = EndpointDraft(name="Theirs", url="https://hooks.example/")
        endpoint_id = webhooks.create_endpoint(app.settings, tx, hook).card.id
        reel = reels.create(tx, ReelDraft(script="Theirs."))
        variant = reels.add_variant(tx, reel.id, ReelVariantDraft(hook="Theirs too."))
        track_id = make_track(tx)
        image_id = datasets.images(tx, rows.dataset_id, take=1).images[0].id
        datasets.set_included(tx, [image_id], False)
        edit_id = datasets.list_edits(tx, rows.dataset_id)[0].id
        automation = automations.create(tx, AutomationDraft(name="Theirs", trigger=HandTrigger(), steps=(Notify(),)))
        automation_run = automations.run_now(tx, automation.id, request_key="theirs")[0]
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
        "campaign_id": campaign.id, "message_id": message_id, "reel_id": reel.id, "scene_id": reel.scenes[0].id,
        "variant_id": variant.id, "endpoint_id": endpoint_id,
        "track_id": track_id,
        "automation_id": automation.id, "automation_run_id": automation_run.id,
        "voice_id": "voi_theirs", "consent_id": consent.id, "entry_id": entry.id, "notice_id": "ntc_theirs",
        "target_id": "ntt_theirs",
    }  # fmt: skip


MADE_HERE = {
    "/budgets",
    "/workspaces/{workspace}",
    "/members/invitations",
    "/boards",
    "/workflows",
    "/style/sessions",
    "/api-keys",
    "/webhook-endpoints",
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
    "/voices",
    "/lexicon",
    "/automations",
}
OWN_RIGHTS = {("POST", "/session/exchange"), ("DELETE", "/session"), ("POST", "/jobs/estimate"), ("POST", "/pictures/archive")}
OWN_RIGHTS |= {("POST", "/workspaces"), ("POST", "/pictures/duplicates/dismiss")}
OWN_RIGHTS |= {("POST", path) for path in OF_PROGRAMS}
OWN_RIGHTS |= {("POST", "/automations/preview"), ("POST", "/automations/{automation_id}/preview")}
OWN_RIGHTS |= {("POST", "/calendar-feeds"), ("DELETE", "/calendar-feeds/{feed_id}")}
OWN_RIGHTS |= {("POST", "/notices/read"), ("POST", "/notices/{notice_id}/read"), ("POST", "/notices/test-email")}
OWN_RIGHTS |= {("PUT", "/notices/preferences"), ("PUT", "/notices/hours"), ("POST", "/notices/targets")}
OWN_RIGHTS |= {("DELETE", "/notices/targets/{target_id}"), ("POST", "/notices/targets/{target_id}/test")}
OWN_RIGHTS |= {("POST", "/history/{history_entry_id}/undo"), ("POST", "/system/backups")}  # the latter: operators alone
"""Writes that change nothing of the workspace but what is the person's own, or that leave out what is not there."""


def test_things_of_another_workspace_are_not_there(app: App, owner: Any, workspace: Tenant, theirs: dict[str, str]) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        own_ids = make_pictures(tx, 2)
        own_board = gallery.create_board(tx, draft=BoardDraft(name="Mine")).id
    ids = {**theirs, "workspace": workspace.id}
    for _, path in routes(writes=False):
        if "{" in path.replace("{workspace}", ""):
            assert owner.get(path.format(**ids)).status_code == 404, path
    assert owner.get(f"/jobs/live?id={theirs['job_id']}").status_code == 404
    for query in ("board={board_id}", "influencer={influencer_id}", "lora={lora_id}"):
        assert owner.get(f"/pictures?{query}".format(**theirs)).json()["data"] == [], query
    for method, path, body in writes_on(ids, own_ids, own_board):
        if path not in MADE_HERE or (path == "/datasets" and "influencerId" in body):
            answer = owner.request(method, path.format(**ids), json=body)
            assert answer.status_code == 404, (method, path, body, answer.text)
    assert owner.get(f"/pictures/{own_ids[0]}").json()["rating"] == 0


def test_viewers_change_nothing(app: App, other_workspace: Tenant, theirs: dict[str, str]) -> None:
    ids = {**theirs, "workspace": other_workspace.id}
    tried = writes_on(ids, [theirs["picture_id"]], theirs["board_id"])
    assert {(method, path) for method, path, _ in tried} | OWN_RIGHTS >= set(routes(writes=True))
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
