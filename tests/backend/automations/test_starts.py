"""What starts a run: once for each time, event and call, never in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend import automations, events, influencers
from backend.automations import AutomationDraft
from backend.automations.starts import MAX_RUNS_AN_HOUR
from backend.db.tables import Automation, AutomationTimer, Influencer
from backend.errors import Conflict, Invalid, NotFound
from tests.backend.automations.conftest import Rig
from tests.factories.making import make_influencer

DAILY: dict[str, Any] = {"kind": "cron", "cron": "0 9 * * *"}
NOTIFY: dict[str, Any] = {"kind": "notify", "message": "done"}


def next_at(rig: Rig, automation_id: str) -> Any:
    with rig.reading() as tx:
        return automations.get(tx, automation_id).next_at


def test_a_time_fires_once_however_many_tick_and_missed_ones_together(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger=DAILY)
    first = next_at(rig, automation_id)
    with rig.reading() as tx:
        [card] = automations.page(tx)
    assert (card.next_zone, card.last_run) == ("Europe/Rome", None)
    rig.move_clock(timedelta(days=1, minutes=1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: rig.tick(), range(4)))
    rig.work()
    assert len(rig.runs(automation_id)) == 1
    rig.move_clock(timedelta(days=5))
    rig.work()
    assert len(rig.runs(automation_id)) == 2, "four missed mornings fire once"
    later = next_at(rig, automation_id)
    assert later - first == timedelta(days=5) or later > first + timedelta(days=4)
    assert {run.state for run in rig.runs(automation_id)} == {"completed"}


def test_a_run_under_way_keeps_the_next_one_out(rig: Rig) -> None:
    automation_id = rig.make({"kind": "wait", "minutes": 3 * 24 * 60}, trigger=DAILY)
    for day in (1, 2):
        rig.move_clock(timedelta(days=day, minutes=1))
        rig.work()
    assert [run.state for run in rig.runs(automation_id)] == ["refused", "pending"]
    assert "still going" in rig.runs(automation_id)[0].summary


def test_skip_pause_and_resume(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger=DAILY)
    first = next_at(rig, automation_id)
    with rig.editing() as tx:
        assert automations.skip_next(tx, automation_id).next_at == first + timedelta(days=1)
    rig.move_clock(timedelta(days=1, minutes=1))
    rig.work()
    assert not rig.runs(automation_id)
    with rig.editing() as tx:
        assert automations.pause(tx, automation_id).next_at is None
        with pytest.raises(Conflict):
            automations.skip_next(tx, automation_id)
    rig.move_clock(timedelta(days=4))
    rig.work()
    assert not rig.runs(automation_id)
    with rig.editing() as tx:
        assert automations.resume(tx, automation_id).next_at > first + timedelta(days=3)
    assert rig.start(automation_id), "by hand it starts at any time"


def test_timers_follow_influencers_and_their_zones(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger=DAILY)
    with rig.editing() as tx:
        second = make_influencer(tx, "Nina", time_zone="Asia/Tokyo")
    rig.tick()

    def zones() -> dict[str, str]:
        with rig.reading() as tx:
            rows = select(AutomationTimer.influencer_id, AutomationTimer.zone).where(
                AutomationTimer.automation_id == automation_id
            )
            return {influencer_id: zone for influencer_id, zone in tx.execute(rows)}

    assert zones() == {rig.influencer_id: "Europe/Rome", second.id: "Asia/Tokyo"}
    before = next_at(rig, automation_id)
    with rig.editing() as tx:
        influencers.archive(tx, rig.influencer_id)
        tx.execute(update(Influencer).where(Influencer.id == second.id).values(time_zone="Asia/Kolkata"))
    rig.tick()
    assert zones() == {second.id: "Asia/Kolkata"}
    assert next_at(rig, automation_id) != before


def test_an_event_starts_one_run_also_after_a_pause(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger={"kind": "event", "event": "plan.created"})
    plan_id = rig.plan()
    rig.work()
    rig.work()
    [run] = rig.runs(automation_id)
    assert (run.influencer_id, run.trigger["id"], run.state) == (rig.influencer_id, plan_id, "completed")
    with rig.editing() as tx:
        automations.pause(tx, automation_id)
    rig.plan(topic="While it is paused")
    rig.work()
    with rig.editing() as tx:
        automations.resume(tx, automation_id)
    rig.plan(topic="Afterwards")
    rig.work()
    assert len(rig.runs(automation_id)) == 2


def test_an_automation_does_not_start_itself_nor_a_circle(rig: Rig) -> None:
    """It plans a post; that a post was planned starts it, and another one, whose post would start the first again."""
    steps = {"kind": "plan-posts", "clocks": ["18:00"], "pictures": 0}
    trigger = {"kind": "event", "event": "plan.created"}
    first, second = rig.make(steps, trigger=trigger, name="First"), rig.make(steps, trigger=trigger, name="Second")
    rig.plan()
    rig.work()
    runs = rig.runs()
    started = [run.automation_name for run in runs if run.state == "completed"]
    assert sorted(started) == ["First", "First", "Second", "Second"], "for the plan, and for the other's plan"
    refused = [run for run in runs if run.state == "refused"]
    assert refused
    assert all("loop" in run.summary for run in refused)
    assert {run.automation_id for run in refused} == {first, second}


def test_too_many_starts_pause_it(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger={"kind": "event", "event": "influencer.created"})
    with rig.editing() as tx:
        for _ in range(MAX_RUNS_AN_HOUR + 2):
            events.record(tx, "influencer.created", "influencer", rig.influencer_id)
    rig.tick()
    with rig.reading() as tx:
        card = automations.get(tx, automation_id)
    assert card.paused_at
    assert "within an hour" in card.pause_reason
    with rig.reading() as tx:
        runs = automations.runs(tx, automation_id, take=100).cards
    assert len(runs) == MAX_RUNS_AN_HOUR
    assert len([run for run in runs if run.state != "refused"]) == 1, "one influencer, so one run at a time"


def test_an_address_starts_runs_until_there_is_another_one(rig: Rig) -> None:
    automation_id = rig.make(NOTIFY, trigger={"kind": "webhook"})
    with rig.editing() as tx:
        hook = automations.new_hook(tx, rig.app.settings, automation_id)
    token = hook.address.rsplit("/", 1)[1]
    body = {"influencerId": rig.influencer_id, "topic": "snow"}
    [run_id] = automations.call_hook(rig.app.db, token, body=body, request_key="once")
    assert automations.call_hook(rig.app.db, token, body=body, request_key="once") == [run_id]
    rig.work()
    assert rig.run(run_id).trigger["body"]["topic"] == "snow"
    with pytest.raises(Invalid):
        automations.call_hook(rig.app.db, token, body={"influencerId": "inf_none"}, request_key="x")
    with rig.editing() as tx:
        automations.new_hook(tx, rig.app.settings, automation_id)
    with pytest.raises(NotFound):
        automations.call_hook(rig.app.db, token, body={}, request_key="y")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"steps": []}, "at least one step"),
        ({"steps": [{"kind": "write"}]}, "takes or plans posts"),
        ({"steps": [{"kind": "test-pictures"}]}, "trains a LoRA"),
        ({"steps": [{"kind": "train"}]}, "choose one, or start"),
        ({"steps": [{"kind": "wait"}]}, "either how many minutes"),
        ({"steps": [NOTIFY], "trigger": {"kind": "event", "event": "job.pending"}}, "starts no automation"),
        ({"steps": [NOTIFY], "trigger": {"kind": "cron", "cron": "* * * * *"}}, "more often"),
        ({"steps": [{"kind": "condition", "test": "weekday"}]}, "day of the week"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(values: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        AutomationDraft(**{"name": "x", "trigger": {"kind": "hand"}, **values})


def test_events_of_others_start_nothing_here(rig: Rig, other_workspace: Any) -> None:
    automation_id = rig.make(NOTIFY, trigger={"kind": "event", "event": "influencer.created"})
    with rig.app.db.transaction(other_workspace.editor.caller, needs="editor") as tx:
        make_influencer(tx, "Somebody else's")
        assert not tx.scalars(select(Automation)).all()
        with pytest.raises(NotFound):
            automations.get(tx, automation_id)
    rig.work()
    assert not rig.runs(automation_id)
