"""The board: plans by stage, and what moving one to another stage does."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend import content_plans
from backend.content_plans import ChangedSince, PlanFilters, PostState, RecurringTime, RulesDraft
from backend.db.tables import Post
from backend.db.transactions import Database
from backend.errors import Conflict
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner


def test_a_post_goes_its_way_from_column_to_column(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, zara = make_planner(tx, policy="all"), make_planner(tx, "Zara")
        plan, dated = bella.plan(tx, topic="Idea"), zara.plan(tx, wall=local_time_ahead(), topic="Walk")

        def stages() -> dict[str, str]:
            return {entry.title: column.stage for column in content_plans.board(tx, zone="UTC") for entry in column.entries}

        assert stages() == {"Idea": "draft", "Walk": "draft"}
        moved = content_plans.move_to_stage(tx, plan.id, "scheduled")
        assert (stages()["Idea"], moved.note) == ("review", "The posting rules ask for an approval first.")
        assert content_plans.get(tx, plan.id).wall, "it got the suggested time"
        moved = content_plans.move_to_stage(tx, plan.id, "scheduled")
        assert stages()["Idea"] == "scheduled"
        content_plans.undo(tx, moved.undo_id)
        assert stages()["Idea"] == "review"
        content_plans.move_to_stage(tx, plan.id, "draft")
        assert stages()["Idea"] == "draft"
        content_plans.move_to_stage(tx, plan.id, "review")
        assert stages()["Idea"] == "review"

        assert content_plans.move_to_stage(tx, dated.id, "scheduled").undo_id == ""
        assert stages()["Walk"] == "scheduled"
        with pytest.raises(ChangedSince):
            content_plans.move_to_stage(tx, dated.id, "draft", expected={dated.id: dated.version + 5})
        tx.execute(update(Post).where(Post.plan_id == dated.id).values(state=PostState.PUBLISHED))
        assert stages()["Walk"] == "published"
        with pytest.raises(Conflict, match="published cannot be moved to “Draft”"):
            content_plans.move_to_stage(tx, dated.id, "draft")
        only_zara = content_plans.board(tx, zone="UTC", filters=PlanFilters(influencer_id=zara.influencer.id))
        assert [len(column.entries) for column in only_zara] == [0, 0, 0, 0, 1]


def test_a_column_says_that_there_is_more_and_why_a_post_cannot_go_out(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        for n in range(4):
            bella.plan(tx, topic=str(n))
        draft = next(column for column in content_plans.board(tx, zone="UTC", take=3) if column.stage == "draft")
        assert (len(draft.entries), draft.more) == (3, True)
        empty = bella.plan(tx, topic="Empty", wall=local_time_ahead(), variants=(bella.variant(media=()),))
        with pytest.raises(Conflict):
            content_plans.move_to_stage(tx, empty.id, "scheduled")


def test_campaigns_label_posts_and_filter_them(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plans = [bella.plan(tx, topic=str(n), wall=local_time_ahead(days=n + 1)) for n in range(3)]
        summer = content_plans.create_campaign(tx, " Summer  drop ")
        assert (summer.name, content_plans.create_campaign(tx, "summer drop").id) == ("Summer drop", summer.id)
        assert content_plans.set_campaign(tx, [plans[0].id, plans[1].id], summer.id) == 2
        assert content_plans.set_campaign(tx, [plans[0].id], summer.id) == 0
        assert content_plans.get(tx, plans[0].id).version == plans[0].version, "nobody's edit is refused because of it"
        copy = content_plans.duplicate(tx, plans[0].id, request_key="copy")
        found = content_plans.page(tx, PlanFilters(campaign_id=summer.id)).cards
        assert {card.id for card in found} == {plans[0].id, plans[1].id, copy.id}
        assert [(card.name, card.posts) for card in content_plans.campaigns(tx)] == [("Summer drop", 3)]
        winter = content_plans.create_campaign(tx, "Winter")
        with pytest.raises(Conflict, match="already"):
            content_plans.rename_campaign(tx, winter.id, "SUMMER DROP")
        assert content_plans.delete_campaign(tx, summer.id) == 3
        assert content_plans.get(tx, plans[0].id).campaign_id is None


def test_the_feed_shows_the_channel_newest_first_without_stories(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        for n in (1, 3, 2):
            bella.plan(tx, topic=f"Day {n}", wall=local_time_ahead(days=n))
        bella.plan(tx, topic="Someday")
        story = bella.variant(format="story")
        bella.plan(tx, topic="Story", wall=local_time_ahead(days=4), variants=(story,))
        preview = content_plans.feed_preview(tx, bella.influencer.id, zone="UTC", take=2)
        assert ([tile.title for tile in preview.tiles], preview.more) == (["Day 3", "Day 2"], True)
        assert (preview.tiles[0].asset_id, preview.tiles[0].media_count) == (bella.asset_id, 1)
        assert preview.channel
        assert preview.channel.id == bella.channel.id


def test_days_have_the_holidays_and_free_times_of_whom_they_are_about(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella, hanna = make_planner(tx, zone="Europe/Rome"), make_planner(tx, "Hanna", zone="Europe/Berlin")
        year = local_time_ahead(days=370).replace(month=4, day=20, hour=0, minute=0)
        week = {"first": year, "last": year.replace(day=28), "zone": "Europe/Rome"}

        def holidays(influencer_id: str = "") -> dict[str, tuple[str, ...]]:
            marks = content_plans.day_marks(tx, **week, influencer_id=influencer_id)
            return {holiday.name: holiday.countries for holiday in marks.holidays if "Easter" not in holiday.name}

        assert holidays() == {"Liberation Day": ("IT",)}
        assert holidays(hanna.influencer.id) == {}
        content_plans.set_holiday_country(tx, "IT", hanna.influencer.id)
        assert holidays(hanna.influencer.id) == {"Liberation Day": ("IT",)}
        content_plans.set_holiday_country(tx, "none")
        assert holidays(bella.influencer.id) == {}, "the workspace's choice holds for who has none"
        assert holidays(hanna.influencer.id)

        monday = local_time_ahead(days=7)
        monday = monday.replace(day=monday.day, hour=0, minute=0)
        slot = RecurringTime(monday.weekday(), "18:30")
        content_plans.save_rules(tx, bella.influencer.id, RulesDraft(slots=(slot,)))
        day = {"first": monday, "last": monday.replace(hour=23), "zone": "Europe/Rome"}
        assert [free.local_time for free in content_plans.day_marks(tx, **day).slots] == [monday.replace(hour=18, minute=30)]
        bella.plan(tx, wall=monday.replace(hour=18))
        assert content_plans.day_marks(tx, **day).slots == []
