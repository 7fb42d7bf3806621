"""Plans: made, changed, copied, deleted, moved, with everything that must not be touched."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from backend import assets, content_plans, events, undo
from backend.content_plans import PlanFilters, PostState, RecurringTime, RulesDraft, VariantDraft
from backend.db.tables import Post
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_channel, make_planner

S = PostState


def test_a_plan_is_made_once_and_keeps_wall_time_and_zone(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Europe/Berlin")
        draft = content_plans.PlanDraft(
            influencer_id=bella.influencer.id,
            wall=datetime(2027, 7, 1, 18),
            variants=(bella.variant(hashtags="#sun, #Sun beach"),),
        )
        plan = content_plans.create(tx, draft, request_key="k")
        assert content_plans.create(tx, draft, request_key="k").id == plan.id
        assert (plan.zone, str(plan.due_at)) == ("Europe/Berlin", "2027-07-01 16:00:00+00:00")
        [post] = plan.posts
        assert (post.state, post.hashtags, post.due_at) == (S.DRAFT, ("sun", "beach"), plan.due_at)
        assert assets.uses(tx, bella.asset_id)[-1].noun == "post"
        assert content_plans.get(tx, plan.id).draft().variants == draft.variants


def test_channels_and_files_must_be_the_influencers_own(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_planner(tx), make_planner(tx, "Zara")
        with pytest.raises(NotFound, match="channel"):
            bella.plan(tx, variants=(bella.variant(channel_id=zara.channel.id),))
        with pytest.raises(NotFound, match="picture or video"):
            bella.plan(tx, variants=(bella.variant(media=("ast_gone",)),))
        instagram = make_channel(tx, bella.influencer.id)
        with pytest.raises(Invalid, match="takes no short"):
            bella.plan(tx, variants=(bella.variant(channel_id=instagram.id, format="short"),))
        with pytest.raises(Invalid, match="twice"):
            bella.plan(tx, variants=(bella.variant(), bella.variant()))
        with pytest.raises(Invalid, match="offset"):
            bella.plan(tx, wall=now())


def test_an_edit_of_an_approved_post_reopens_its_review_only_where_people_review(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        for policy, after in (("all", S.IN_REVIEW), ("auto", S.SCHEDULED)):
            bella = make_planner(tx, f"Bella {policy}", policy=policy)
            plan = bella.plan(tx, wall=local_time_ahead())
            content_plans.approve(tx, [plan.id])
            plan = content_plans.get(tx, plan.id)
            assert plan.state == S.SCHEDULED
            same = content_plans.save(tx, plan.id, plan.draft().model_copy(update={"notes": "hm"}), version=plan.version)
            assert same.state == S.SCHEDULED, "notes are for us"
            draft = same.draft().model_copy(update={"variants": (bella.variant(caption="Other words"),)})
            saved = content_plans.save(tx, plan.id, draft, version=same.version)
            assert saved.state == after
            assert (saved.posts[0].approved_at is None) is (after == S.IN_REVIEW)
            with pytest.raises(Conflict, match="Somebody else changed"):
                content_plans.save(tx, plan.id, draft, version=same.version)


def test_what_is_out_or_on_its_way_is_never_touched(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        for state in (S.PUBLISHING, S.PUBLISHED, S.UNKNOWN):
            plan = bella.plan(tx, wall=local_time_ahead())
            tx.execute(update(Post).where(Post.plan_id == plan.id).values(state=state))
            draft = plan.draft()
            with pytest.raises(Conflict):
                content_plans.save(tx, plan.id, draft.model_copy(update={"variants": (bella.variant(caption="x"),)}), version=1)
            with pytest.raises(Conflict):
                content_plans.save(
                    tx, plan.id, draft.model_copy(update={"variants": ()}), version=content_plans.get(tx, plan.id).version
                )
            with pytest.raises(Conflict, match="its date stays"):
                content_plans.move(tx, plan.id, local_time_ahead(days=3))
            assert content_plans.get(tx, plan.id).posts[0].caption == "Good morning"


def test_move_and_undo_in_the_zone_of_whoever_looks(db: Database, workspace: Tenant) -> None:
    year = now().year + 1
    second_sunday = 14 - date(year, 3, 14).isoweekday() % 7  # of March: clocks in New York go from 2:00 to 3:00
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="America/New_York")
        plan = bella.plan(tx, wall=datetime(year, 6, 1, 18))
        content_plans.schedule(tx, [plan.id])
        entry = content_plans.move(tx, plan.id, datetime(year, 6, 2, 9), "Europe/Berlin")
        moved = content_plans.get(tx, plan.id)
        assert (moved.wall, moved.zone, moved.state) == (datetime(year, 6, 2, 3), "America/New_York", S.SCHEDULED)
        assert moved.posts[0].due_at == moved.due_at
        content_plans.undo(tx, entry.id)
        assert content_plans.get(tx, plan.id).wall == datetime(year, 6, 1, 18)
        with pytest.raises(Conflict, match="undone already"):
            content_plans.undo(tx, entry.id)
        skipped = content_plans.move(tx, plan.id, datetime(year, 3, second_sunday, 2, 30))
        assert "skips that time" in skipped.note
        assert str(content_plans.get(tx, plan.id).due_at) == f"{year}-03-{second_sunday:02} 07:00:00+00:00"
        with pytest.raises(Invalid, match="passed"):
            content_plans.move(tx, plan.id, datetime(2020, 1, 1))
        off = content_plans.move(tx, plan.id, None)
        assert (content_plans.get(tx, plan.id).state, content_plans.get(tx, plan.id).due_at) == (S.APPROVED, None)
        content_plans.undo(tx, off.id)
        assert content_plans.get(tx, plan.id).state == S.SCHEDULED


def test_an_undo_does_not_overrule_a_later_move(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
        first = content_plans.move(tx, plan.id, local_time_ahead(days=2))
        content_plans.move(tx, plan.id, local_time_ahead(days=3))
        with pytest.raises(Conflict, match="moved again"), tx.begin_nested():
            content_plans.undo(tx, first.id)


def test_shift_many_and_take_it_back(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plans = [bella.plan(tx, wall=local_time_ahead(days=n)) for n in (2, 3)]
        undated = bella.plan(tx)
        entry, outcome = content_plans.shift(tx, [*(plan.id for plan in plans), undated.id], days=7, minutes=-30)
        assert entry
        assert (entry.count, list(outcome.refused)) == (2, [undated.id])
        step = timedelta(days=7, minutes=-30)
        assert [content_plans.get(tx, plan.id).wall for plan in plans] == [plan.wall + step for plan in plans if plan.wall]
        content_plans.undo(tx, entry.id)
        assert [content_plans.get(tx, plan.id).wall for plan in plans] == [plan.wall for plan in plans]


def test_delete_and_undo(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
        content_plans.schedule(tx, [plan.id])
        entry = content_plans.delete(tx, plan.id)
        assert content_plans.page(tx).total == 0
        assert content_plans.get(tx, plan.id).posts[0].state == S.APPROVED, "the clock has let go of it"
        with pytest.raises(NotFound, match="deleted"):
            content_plans.move(tx, plan.id, local_time_ahead(days=2))
        assert content_plans.latest_undo_entry(tx) == entry
        content_plans.undo(tx, entry.id)
        assert content_plans.latest_undo_entry(tx) is None
        assert content_plans.get(tx, plan.id).state == S.SCHEDULED
        assert (undo.purge(tx, days=1), undo.purge(tx, days=0)) == (0, 1)
        assert [event.kind for event in events.list_for(tx, "plan", plan.id)] == [
            "plan.created",
            "plan.deleted",
            "plan.undeleted",
        ]


def test_repurpose_waits_until_a_post_has_cooled_down(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plan = bella.plan(tx)
        with pytest.raises(Conflict, match="never published"):
            content_plans.repurpose(tx, plan.id, request_key="r0")
        content_plans.mark_published(tx, plan.id, remote_id="ig_1")
        with pytest.raises(Conflict, match="rest for 60 days"):
            content_plans.repurpose(tx, plan.id, request_key="r1")
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(published_at=now() - timedelta(days=61)))
        again = content_plans.repurpose(tx, plan.id, request_key="r2")
        assert (again.repurposed_from, again.state, again.posts[0].caption) == (plan.id, S.DRAFT, "Good morning")
        copy = content_plans.duplicate(tx, plan.id, request_key="d")
        assert (copy.repurposed_from, copy.posts[0].remote_id, copy.wall) == (None, "", None)


def test_next_free_slot_keeps_away_from_what_is_planned(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Europe/Berlin")
        daily = tuple(RecurringTime(day, "18:30") for day in range(7))
        content_plans.save_rules(tx, bella.influencer.id, RulesDraft(policy="auto", slots=daily))
        [first, second] = content_plans.next_free_times(tx, bella.influencer.id, zone="Europe/Berlin", n=2)
        assert second - first == timedelta(days=1)
        bella.plan(tx, wall=first)
        assert content_plans.next_free_times(tx, bella.influencer.id, zone="Europe/Berlin") == [second]


def test_spots_clashes_and_empty_days(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Asia/Tokyo")
        noon = datetime(2027, 6, 10, 12)
        first, second = bella.plan(tx, wall=noon), bella.plan(tx, wall=noon + timedelta(minutes=20), topic="Later")
        bella.plan(tx, wall=noon + timedelta(days=9), variants=(bella.variant(caption="Other"),))
        undated = bella.plan(tx, topic="Someday")
        entries = content_plans.entries(tx, first=datetime(2027, 6, 1), last=datetime(2027, 6, 15), zone="Europe/Berlin")
        assert [entry.id for entry in entries] == [first.id, second.id]
        assert (entries[0].wall, entries[0].own_wall, entries[0].asset_id) == (datetime(2027, 6, 10, 5), noon, bella.asset_id)
        assert "20 min" in entries[0].clash
        assert all(entry.movable for entry in entries)
        assert [entry.id for entry in content_plans.undated_entries(tx)] == [undated.id]
        assert content_plans.placement_warnings(tx, second.id) == [
            "Only 20 min from another post on Bella.",
            "Bella has another post with the same text.",
        ]
        gaps = content_plans.empty_days(tx, bella.influencer.id, noon.date(), (noon + timedelta(days=9)).date())
        assert [(end - start).days + 1 for start, end in gaps] == [8]
        tx.execute(update(Post).where(Post.plan_id == second.id).values(state="published"))
        assert content_plans.placement_warnings(tx, second.id) == []


def test_lists_by_state_day_and_cursor(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx, zone="Pacific/Kiritimati")
        local_time = content_plans.to_local_time(now() + timedelta(minutes=5), "Pacific/Kiritimati")
        today = bella.plan(tx, wall=local_time)
        others = [bella.plan(tx, wall=local_time + timedelta(days=n)) for n in (3, 2)]
        undated = bella.plan(tx, topic="Someday")
        content_plans.schedule(tx, [today.id, others[0].id])
        whole = [card.id for card in content_plans.page(tx).cards]
        assert whole == [today.id, others[1].id, others[0].id, undated.id]
        walked: list[str] = []
        cursor = None
        while True:
            page = content_plans.page(tx, cursor=cursor, take=1)
            walked += [card.id for card in page.cards]
            if (cursor := page.next_cursor) is None:
                break
        assert walked == whole
        scheduled = PlanFilters(states=(S.SCHEDULED,))
        assert {card.id for card in content_plans.page(tx, scheduled).cards} == {today.id, others[0].id}
        assert [card.id for card in content_plans.page(tx, PlanFilters(states=(S.SCHEDULED,), today=True)).cards] == [today.id]
        assert [card.id for card in content_plans.page(tx, PlanFilters(text="someday")).cards] == [undated.id]


def test_a_plan_without_posts_is_a_draft(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        idea = content_plans.create(
            tx, content_plans.PlanDraft(influencer_id=bella.influencer.id, topic="Idea"), request_key="i"
        )
        mixed = bella.plan(tx, variants=(bella.variant(), bella.variant(channel_id=make_channel(tx, bella.influencer.id).id)))
        tx.execute(update(Post).where(Post.id == mixed.posts[0].id).values(state=S.FAILED))
        assert idea.state == S.DRAFT
        assert [card.id for card in content_plans.page(tx, PlanFilters(states=(S.DRAFT,))).cards] == [idea.id]
        assert [card.id for card in content_plans.page(tx, PlanFilters(states=(S.FAILED,))).cards] == [mixed.id]


def test_a_new_post_is_dropped_only_as_long_as_nothing_was_put_into_it(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        empty = (VariantDraft(channel_id=bella.channel.id),)
        plans = [bella.plan(tx, topic="", variants=empty, wall=local_time_ahead()) for _ in range(3)]
        content_plans.move(tx, plans[1].id, local_time_ahead(days=2))
        typed = plans[2].draft().model_copy(update={"topic": "Trams"})
        content_plans.save_unsaved_draft(tx, plans[2].id, typed, before=plans[2].draft(), version=plans[2].version)
        assert [content_plans.discard_untouched(tx, plan.id) for plan in plans] == [True, False, False]
        assert not content_plans.discard_untouched(tx, bella.plan(tx).id)
        with pytest.raises(NotFound):
            content_plans.get(tx, plans[0].id)
