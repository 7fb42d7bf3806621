"""The inbox is derived: an entry comes with its cause and goes with it, in a number of statements that does not grow."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, update

from backend import automations, channels, content_plans, gallery, inbox, jobs
from backend.app import App
from backend.automations import AutomationDraft
from backend.automations.definition import HandTrigger, TakePosts
from backend.content_plans import PostState
from backend.db.tables import AutomationRun, Channel, Job, Notice, Picture, Post
from backend.db.transactions import Database
from backend.inbox import InboxCounts
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.making import end_job, make_asset, make_pictures
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.support.handlers import Steps


def set_state(app: App, workspace: Tenant, plan_id: str, state: PostState, **values: object) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(update(Post).where(Post.plan_id == plan_id).values(state=state, **values))


def titles(app: App, workspace: Tenant, **filters: object) -> list[str]:
    with app.db.transaction(workspace.viewer.caller) as tx:
        return [f"{entry.state}: {entry.title}" for entry in inbox.entries(tx, app.settings, **filters)]  # type: ignore[arg-type]


def test_what_waits_is_listed_by_urgency_and_is_gone_when_it_is_done(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella, nina = make_planner(tx, "Bella"), make_planner(tx, "Nina")
        later = bella.plan(tx, topic="later", wall=local_time_ahead(days=2))
        sooner = nina.plan(tx, topic="sooner", wall=local_time_ahead(days=1))
        bella.plan(tx, topic="without a date")
        stuck = bella.plan(tx, topic="stuck", wall=local_time_ahead(days=3))
        lost, failed = bella.plan(tx, topic="lost"), bella.plan(tx, topic="failed")
        [held, rejected] = make_pictures(tx, 2)
        tx.execute(update(Picture).where(Picture.id == held).values(gate="held", identity_score=0.5, identity_line=0.8))
        gallery.decide(tx, [rejected], "rejected")
        tx.execute(update(Channel).where(Channel.id == nina.channel.id).values(state="reconnect", trouble="Its token ended."))
        job = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="Tidy up", request_key="job")
        end_job(tx, job.id, "failed")
        part = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="A part", request_key="part")
        end_job(tx, part.id, "failed")
        tx.execute(update(Job).where(Job.id == part.id).values(parent_id=job.id))
    set_state(app, workspace, failed.id, PostState.FAILED, error="Too large.")
    set_state(app, workspace, lost.id, PostState.UNKNOWN)
    set_state(app, workspace, stuck.id, PostState.APPROVED)

    assert titles(app, workspace) == [
        "unknown: lost",
        "failed: failed",
        "approved: stuck",
        f"reconnect: {nina.channel.name} · {channels.PLATFORMS[nina.channel.platform]}",
        "failed: Tidy up",
        "draft: sooner",
        "draft: later",
        f"held: {prompt_of(app, workspace, held)}",
    ]
    assert titles(app, workspace, kinds=["approve"], influencer_id=bella.influencer.id) == ["draft: later"]
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert inbox.count_entries(tx, app.settings) == InboxCounts(fix=5, approve=2, face_check=1, rejected=1)
        assert inbox.count_entries(tx, app.settings, influencer_id=bella.influencer.id).total == 5
        [entry] = inbox.entries(tx, app.settings, kinds=["face_check"])
        assert (entry.is_face_below, entry.id) == (True, f"picture:{held}")

        content_plans.approve(tx, [sooner.id, later.id])
        gallery.decide(tx, [held], "approved")
        jobs.dismiss(tx, job.id)
        assert inbox.count_entries(tx, app.settings) == InboxCounts(fix=5, approve=0, face_check=0, rejected=1)


def prompt_of(app: App, workspace: Tenant, picture_id: str) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return gallery.tile(tx, picture_id).prompt


def test_notices_have_the_picture_of_their_thing_in_five_statements(db: Database, app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
        plan = planner.plan(tx)
        automation = automations.create(tx, AutomationDraft(name="Daily", trigger=HandTrigger(), steps=(TakePosts(),)))
        [run] = automations.run_now(tx, automation.id, influencer_id=planner.influencer.id, request_key="k")
        tx.execute(update(AutomationRun).where(AutomationRun.id == run.id).values(figures={"posts": ["cp_gone", plan.id]}))
        job = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="Pictures", request_key="job")
        made, weights = make_asset(tx), make_asset(tx, kind="lora")
        tx.execute(update(Job).where(Job.id == job.id).values(result={"assets": [{"assetId": weights}, {"assetId": made}]}))
        things = [("post.missed", "plan", plan.id, ""), ("run.finished", "job", job.id, ""), ("disk", "system", "", "")]
        things.append(("automation.finished", "automation", automation.id, f"run:{run.id}"))
        for n, (kind, noun, noun_id, subject) in enumerate(things * 3):
            values = {"kind": kind, "noun": noun, "noun_id": noun_id, "subject": subject or kind, "episode": n, "position": n}
            at = now() - timedelta(minutes=n)
            tx.add(Notice(id=new_id("ntc"), user_id=workspace.owner.id, title=noun, first_at=at, last_at=at, **values))
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with app.db.transaction(workspace.owner.caller) as tx:
        before = len(statements)
        listed = inbox.entries(tx, app.settings, kinds=["notice_log"])
        assert len(statements) - before <= 2 + 5
    pictures = {entry.title: entry.asset_ids for entry in listed}
    expected = {"plan": (planner.asset_id,), "job": (made,), "system": (), "automation": (planner.asset_id,)}
    assert (len(listed), pictures) == (12, expected)


def test_it_costs_no_more_statements_when_more_waits(db: Database, app: App, workspace: Tenant) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    def cost() -> tuple[int, int]:
        counts = []
        for read in (inbox.count_entries, inbox.entries):
            with app.db.transaction(workspace.caller) as tx:
                before = len(statements)
                read(tx, app.settings)
                counts.append(len(statements) - before)
        return counts[0], counts[1]

    def more(planner: Planner, n: int) -> None:
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            planner.plan(tx, wall=local_time_ahead(days=1 + n))
            failed = planner.plan(tx)
            tx.execute(update(Post).where(Post.plan_id == failed.id).values(state=PostState.UNKNOWN))
            tx.execute(update(Picture).where(Picture.id.in_(make_pictures(tx, 2))).values(gate="held"))

    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
    more(planner, 0)
    of_few = cost()
    for n in range(1, 5):
        more(planner, n)
    assert cost() == of_few
    assert of_few[0] <= 9
    assert of_few[1] <= 20, of_few
