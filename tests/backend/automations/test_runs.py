"""Runs: each step's output feeds the next, waiting holds no worker, and what fails is left for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend import automations, budgets, content_plans, jobs, publishing, webhooks
from backend.automations import TEMPLATES
from backend.automations.definition import TRIES
from backend.content_plans import PlanFilters, RulesDraft, VariantDraft
from backend.db.tables import Attempt, EventRow, Influencer, Job, WebhookMessage
from backend.errors import Conflict
from backend.kit.clock import now
from backend.webhooks import EndpointDraft
from tests.backend.automations.conftest import Rig

TAKE = {"kind": "take-posts", "when": "any", "lacking": ""}


def bare(rig: Rig) -> tuple[VariantDraft, ...]:
    """A post without words and without a picture."""
    return (VariantDraft(channel_id=rig.planner.channel.id, format="picture"),)


def event_kinds(rig: Rig, run_id: str) -> list[str]:
    with rig.reading() as tx:
        rows = select(EventRow.kind).where(EventRow.data["runId"].astext == run_id).order_by(EventRow.id)
        return list(tx.scalars(rows))


def attempts_of(rig: Rig, job_id: str | None) -> int:
    with rig.reading() as tx:
        return tx.scalar(select(func.count()).select_from(Attempt).where(Attempt.job_id == job_id)) or 0


def test_daily_content_finishes_what_is_there_and_says_so(rig: Rig) -> None:
    """Words first, then the picture that they describe, then a free time; nothing new is planned beside it."""
    plan_id = rig.plan(variants=bare(rig))
    steps = [step.model_dump() for step in TEMPLATES["daily-content"].draft.steps]
    steps[0]["when"] = "undated"
    run_id = rig.start(rig.make(*steps))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed", [step.message for step in run.steps]
    assert [step.state for step in run.steps] == ["done", "skipped", "done", "done", "done", "done"]
    with rig.reading() as tx:
        plan = content_plans.get(tx, plan_id)
        assert content_plans.page(tx, PlanFilters()).total == 1
    [post] = plan.posts
    assert post.caption
    with rig.reading() as tx:
        assert automations.run_pictures(tx, [run]) == {run_id: post.media[0]}
        assert automations.run_pictures(tx, [replace(run, figures={})]) == {run_id: post.media[0]}, "its jobs have made it"
    assert plan.wall
    assert rig.states(plan_id) == ["scheduled"]
    assert run.summary == "1 post scheduled."
    assert run.figures["failed_jobs"] == 0
    assert event_kinds(rig, run_id) == ["automation.run_started", "automation.notice", "automation.run_finished"]


def test_daily_content_plans_new_posts_where_there_are_none(rig: Rig) -> None:
    steps = [step.model_dump() for step in TEMPLATES["daily-content"].draft.steps]
    run_id = rig.start(rig.make(*steps))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed"
    assert [step.state for step in run.steps] == ["skipped", "done", "skipped", "skipped", "done", "done"]
    with rig.reading() as tx:
        plans = content_plans.page(tx, PlanFilters()).cards
    assert plans
    assert run.figures["planned"] == run.figures["scheduled"] == len(plans)
    [series] = rig.jobs_of("content-plan")
    assert series.parent_id == run.job_id, "what it costs and a cancel follow the run"


def test_failed_jobs_are_tried_three_times_then_left_for_people(rig: Rig) -> None:
    silent = (VariantDraft(channel_id=rig.planner.channel.id, format="picture", media=(rig.planner.asset_id,)),)
    good, bad = rig.plan(variants=silent), rig.plan(variants=silent, topic="broken trams")
    run_id = rig.start(rig.make(TAKE, {"kind": "write"}, {"kind": "schedule"}, alert_percent=49))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed"
    assert (run.figures["jobs"], run.figures["failed_jobs"], run.figures["left"]) == (2, 1, [bad])
    assert rig.states(bad) == ["in_review"], "the review queue"
    assert rig.states(good) == ["scheduled"]
    assert "1 of 2 jobs failed" in run.summary
    assert event_kinds(rig, run_id)[-2:] == ["automation.run_finished", "automation.failed_half"]
    [failed] = [job for job in rig.jobs_of("content-plan-words") if job.state == "failed"]
    tries_of_one_job = 1 + jobs.JOB_TYPES["content-plan-words"].max_retries
    assert attempts_of(rig, failed.id) == TRIES * tries_of_one_job


def test_a_day_that_others_take_meanwhile_moves_new_posts_to_the_next(rig: Rig) -> None:
    automation_id = rig.make({"kind": "plan-posts", "clocks": ["18:00"], "pictures": 0, "skip_filled": True})
    run_id = rig.start(automation_id)
    rig.one_attempt("net")
    with rig.reading() as tx:
        [payload] = tx.scalars(select(Job.payload).where(Job.kind == "content-plan"))
    first = date.fromisoformat(payload["order"]["first"])
    rig.plan(wall=datetime.combine(first, time(23)))
    rig.work()
    assert rig.run(run_id).state == "completed"
    with rig.reading() as tx:
        [plan_id] = automations.get_run(tx, run_id).figures["posts"]
        assert content_plans.get(tx, plan_id).wall.date() == first + timedelta(days=1)
    for days in (2, 3):
        rig.plan(wall=datetime.combine(first + timedelta(days=days), time(23)))
    full_id = rig.start(automation_id, key="again")
    rig.work()
    [step] = rig.run(full_id).steps
    assert (step.state, step.message) == ("failed", "No time is free in the coming days: all are taken.")


def test_a_late_job_goes_on_and_its_post_is_left_for_people(rig: Rig) -> None:
    plan_id = rig.plan(variants=bare(rig))
    run_id = rig.start(rig.make(TAKE, {"kind": "write"}, {"kind": "notify"}))
    rig.one_attempt("net")
    rig.postpone("content-plan-words")
    rig.work()
    waiting = rig.run(run_id)
    assert (waiting.state, waiting.waits_for) == ("pending", "jobs")
    before = attempts_of(rig, waiting.job_id)
    rig.work()
    assert attempts_of(rig, waiting.job_id) == before, "waiting costs nothing"
    other_id = rig.start(rig.make(TAKE, {"kind": "notify"}))
    rig.work()
    assert rig.run(other_id).steps[0].message == "No post on the calendar fits.", "its words are another run's"
    rig.move_clock(timedelta(minutes=11))
    rig.work()
    run = rig.run(run_id)
    assert (run.state, run.figures["left"]) == ("completed", [plan_id])
    assert "not ready after 10 minutes" in run.steps[1].message
    assert rig.states(plan_id) == ["in_review"]
    [job] = rig.jobs_of("content-plan-words")
    assert job.state == "pending"


def test_the_review_gate_lets_approved_posts_through(rig: Rig) -> None:
    approved, rejected, ignored = (rig.plan(wall=_in_days(n)) for n in (3, 4, 5))
    run_id = rig.start(rig.make(TAKE, {"kind": "review", "wait_minutes": 60}, {"kind": "notify"}))
    rig.work()
    assert rig.run(run_id).waits_for == "review"
    assert rig.states(ignored) == ["in_review"]
    with rig.editing() as tx:
        content_plans.approve(tx, [approved])
        content_plans.reject(tx, [rejected], note="Too dark.")
    rig.work()
    assert rig.run(run_id).waits_for == "review", "one is still open"
    rig.move_clock(timedelta(minutes=61))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed"
    assert run.figures["posts"] == [approved]
    assert run.steps[1].message == "1 post approved. 1 post sent back. Nobody looked at 1 post in time."


def test_publishing_is_staggered_and_its_outcome_awaited(rig: Rig) -> None:
    first, second = rig.plan(variants=bare(rig)), rig.plan(variants=bare(rig), topic="Second")
    run_id = rig.start(rig.make(TAKE, {"kind": "write"}, {"kind": "draw"}, {"kind": "publish", "minutes_between": 30}))
    rig.work_until(lambda: rig.states(first) == ["published"], "the first post")
    assert rig.states(second) == ["scheduled"]
    assert rig.run(run_id).waits_for == "posts"
    with rig.editing() as tx:
        publishing.send_now(tx, second, request_key="now")
    rig.work_until(lambda: rig.run(run_id).state != "pending", "the end of the run")
    run = rig.run(run_id)
    assert rig.states(second) == ["published"]
    assert (run.state, run.summary) == ("completed", "2 posts published successfully.")


def test_posts_that_need_an_approval_are_not_published(rig: Rig) -> None:
    with rig.editing() as tx:
        content_plans.save_rules(tx, rig.influencer_id, RulesDraft(policy="all"))
    plan_id = rig.plan()
    run_id = rig.start(rig.make(TAKE, {"kind": "publish"}))
    rig.work()
    run = rig.run(run_id)
    assert (rig.states(plan_id), run.figures["left"]) == (["in_review"], [plan_id])
    assert run.steps[1].state == "failed"
    assert run.has_failed_step


def test_conditions_waits_and_webhooks(rig: Rig) -> None:
    """A condition that does not hold skips or ends; a wait ends by the clock; a webhook is a message like any other."""
    with rig.app.db.transaction(rig.tenant.caller, needs="owner") as tx:
        endpoint = webhooks.create_endpoint(
            rig.app.settings, tx, EndpointDraft(name="Ours", url="https://example.com/hook")
        ).card
    steps: list[dict[str, Any]] = [
        TAKE,
        {"kind": "condition", "test": "posts", "at_least": 2, "otherwise": "skip", "skip": 1},
        {"kind": "notify", "message": "never"},
        {"kind": "wait", "minutes": 90},
        {"kind": "webhook", "endpoint_id": endpoint.id},
        {"kind": "webhook", "endpoint_id": "gone"},
        {"kind": "condition", "test": "posts", "at_least": 2},
        {"kind": "notify", "message": "never"},
    ]
    rig.plan()
    run_id = rig.start(rig.make(*steps))
    rig.work()
    assert rig.run(run_id).waits_for == "time"
    rig.move_clock(timedelta(minutes=91))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed"
    assert [step.state for step in run.steps] == ["done", "skipped", "", "done", "done", "failed", "skipped", ""]
    with rig.reading() as tx:
        [message] = tx.scalars(select(WebhookMessage))
    assert run_id in message.body
    assert "automation.notice" not in event_kinds(rig, run_id)


def test_an_influencer_archived_in_the_middle_ends_the_run(rig: Rig) -> None:
    rig.plan()
    run_id = rig.start(rig.make(TAKE, {"kind": "wait", "minutes": 5}, {"kind": "publish"}))
    rig.work()
    with rig.editing() as tx:
        tx.execute(update(Influencer).values(archived_at=func.clock_timestamp()))
    rig.move_clock(timedelta(minutes=6))
    rig.work()
    run = rig.run(run_id)
    assert run.state == "completed"
    assert "archived" in run.steps[1].message
    assert run.figures["published"] == 0


def test_stopping_a_run_cancels_what_it_ordered(rig: Rig) -> None:
    rig.plan(variants=bare(rig))
    run_id = rig.start(rig.make(TAKE, {"kind": "write"}))
    rig.one_attempt("net")
    with rig.editing() as tx:
        assert automations.stop_run(tx, run_id).state == "cancelled"
    rig.work()
    assert [job.state for job in rig.jobs_of("content-plan-words")] == ["cancelled"]
    run = rig.run(run_id)
    assert [step.state for step in run.steps] == ["done", "cancelled"]
    assert run.ended_at is not None
    assert run.steps[1].ended_at == run.ended_at
    with rig.editing() as tx, pytest.raises(Conflict):
        automations.stop_run(tx, run_id)
    with rig.editing() as tx:
        assert automations.purge_runs(tx, days=1) == 0
        assert automations.purge_runs(tx, days=-1) == 1


def test_a_used_up_budget_orders_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "cost_of_jobs", lambda tx, ids: dict.fromkeys(ids, Decimal("0.6")))
    rig.plan(variants=bare(rig))
    run_id = rig.start(rig.make(TAKE, {"kind": "write"}, budget_usd="0.5"))
    rig.work()
    run = rig.run(run_id)
    assert "used its budget of $0.50" in run.summary
    assert not rig.jobs_of("content-plan-words")


def test_the_same_key_starts_once_and_a_change_leaves_running_runs_alone(rig: Rig) -> None:
    automation_id = rig.make(TAKE, {"kind": "wait", "minutes": 5}, {"kind": "notify"})
    run_id = rig.start(automation_id)
    assert rig.start(automation_id) == run_id
    rig.work()
    with rig.editing() as tx:
        card = automations.get(tx, automation_id)
        draft = card.draft.model_copy(update={"steps": card.draft.steps[:1]})
        automations.save(tx, automation_id, draft, version=card.version)
    with rig.editing() as tx, pytest.raises(Conflict):
        automations.save(tx, automation_id, draft, version=card.version)
    rig.move_clock(timedelta(minutes=6))
    rig.work()
    run = rig.run(run_id)
    assert [step.state for step in run.steps] == ["skipped", "done", "done"]
    assert len(rig.runs(automation_id)) == 1


def test_a_deleted_automation_stops_and_comes_back_paused(rig: Rig) -> None:
    automation_id = rig.make({"kind": "wait", "minutes": 5}, trigger={"kind": "cron", "cron": "0 9 * * *"})
    rig.start(automation_id)
    with rig.editing() as tx:
        assert automations.get(tx, automation_id).next_at
        automations.delete(tx, automation_id)
        assert not automations.page(tx)
    assert [run.state for run in rig.runs()] == ["cancelled"]
    with rig.editing() as tx:
        card = automations.restore(tx, automation_id)
        assert (bool(card.paused_at), card.next_at) == (True, None)
        assert automations.resume(tx, automation_id).next_at


def test_a_dry_run_says_what_would_happen_and_stores_nothing(rig: Rig) -> None:
    rig.plan(variants=bare(rig))
    draft = TEMPLATES["daily-content"].draft
    steps = (draft.steps[0].model_copy(update={"when": "undated"}), *draft.steps[1:])
    draft = draft.model_copy(update={"steps": steps})
    with rig.reading() as tx:
        before = tx.scalar(select(func.count()).select_from(Job))
    draft = draft.model_copy(update={"budget_usd": Decimal(2)})
    preview = automations.preview(rig.app, rig.reading, draft, rig.influencer_id)
    assert preview.budget_left_usd == 2
    sentences = [step.sentence for step in preview.steps]
    assert sentences[0] == "1 post: “Trams”"
    assert sentences[1:4] == ["Nothing: there are posts already.", "Writes 1 post.", "Creates 1 picture."]
    assert len(preview.next_times) == 3
    nothing_there = automations.preview(rig.app, rig.reading, TEMPLATES["daily-content"].draft, rig.influencer_id)
    assert "new post" in nothing_there.steps[1].sentence
    with rig.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(Job)) == before


def _in_days(n: int) -> Any:
    return (now() + timedelta(days=n)).replace(tzinfo=None, hour=18, minute=0, second=0, microsecond=0)
