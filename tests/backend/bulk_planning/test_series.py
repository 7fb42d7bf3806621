"""A series from the order to drafts with pictures: offline, with a paid model, dying anywhere, out of money, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

import pytest
from sqlalchemy import delete, func, select, update

from backend import budgets, bulk_planning, content_plans, jobs, writing
from backend.budgets import OverBudget
from backend.bulk_planning import pipeline
from backend.bulk_planning.schemas import PicturePayload
from backend.content_plans import PlanDraft, PostState, RecurringTime, RulesDraft, VariantDraft
from backend.db.tables import ContentPlan, Job, JobStep, Picture, TextDraft
from backend.errors import Cancelled, Conflict, Invalid, NotFound
from backend.generation import forecast
from backend.jobs import WaitForChildren
from backend.kit.ids import new_id
from backend.writing import WriteOrder
from backend.writing.composition import build_texts_request
from tests.backend.bulk_planning.conftest import ZONE, SeriesRig, first_day
from tests.backend.writing.conftest import answer_json, text
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context, next_attempt
from tests.support.crashing import crash_at_every_write
from workers.context import Context

S = PostState


def local_times(*days: int, hour: int = 18, minute: int = 0) -> list[datetime]:
    return [datetime.combine(first_day() + timedelta(days=n), time(hour, minute)) for n in days]


def ideas(first: int, n: int) -> str:
    idea = {"content_type": "post", "topic": "trams", "picture": "on a tram, morning light"}
    return json.dumps({"ideas": [{"day": day, "hook": f"Up the hill, day {day}", **idea} for day in range(first, first + n)]})


def test_days_are_written_drawn_and_put_on_free_times(rig: SeriesRig, workspace: Tenant) -> None:
    with rig.app.db.transaction(workspace.caller) as tx:
        taken = PlanDraft(influencer_id=rig.influencer_id, topic="By hand", wall=local_times(1)[0])
        content_plans.create(tx, taken, request_key=new_id("key"))
    context = rig.begin(rig.order(minutes_between=10, skip_filled=False))
    assert rig.run(context) is None, "waits for its pictures"
    plans = rig.plans(context.job_id)
    assert [plan.wall for plan in plans] == [local_times(0)[0], local_times(1, hour=19)[0], local_times(2)[0]]
    assert {plan.zone for plan in plans} == {ZONE}
    assert {plan.state for plan in plans} == {S.DRAFT}
    assert len({plan.posts[0].caption for plan in plans}) == 3
    for plan in plans:
        by_platform = {post.platform: post for post in plan.posts}
        assert by_platform["tiktok"].due_at == by_platform["instagram"].due_at + timedelta(minutes=10)
        assert by_platform["tiktok"].title
        assert by_platform["instagram"].hashtags
        assert plan.notes.startswith("Put together by the offline writer")
        assert "Alt text: " in plan.notes
    with rig.app.db.transaction(workspace.caller) as tx:
        card = bulk_planning.latest_series(tx)
    assert card
    assert (len(card.plans), card.pictures, card.drawn) == (3, 3, 0)
    assert rig.draw(context.job_id, most=1) == 1
    assert [bool(plan.posts[0].media) for plan in rig.plans(context.job_id)].count(True) == 1, "each lands when it is there"
    rig.draw(context.job_id)
    result = rig.run(next_attempt(context))
    assert sorted(result.pop("contentPlanIds")) == sorted(plan.id for plan in plans)
    assert result == {"posts": 3, "undated": 0, "unwritten": 0, "cost": 0.0, "model": "offline", "pictures": 3}
    for plan in rig.plans(context.job_id):
        assert all(len(post.media) == 1 and post.alt_texts[post.media[0]] for post in plan.posts)
    with rig.app.db.transaction(workspace.caller) as tx:
        used = writing.page(tx).cards
        assert {text.state for text in used} == {"used"}
        assert all(text.picture_id for text in used)
        outcome = content_plans.schedule(tx, [plan.id for plan in rig.plans(context.job_id)])
        assert all("TikTok asks for it" in why for why in outcome.refused.values()), "who can see it is chosen by hand"


def test_what_does_not_look_like_them_is_drawn_again(rig: SeriesRig, workspace: Tenant) -> None:
    context = rig.begin(rig.order())
    rig.run(context)
    rig.scores[:] = [0.5, 1.0, 0.83, 0.2, 0.4, 0.67, 0.1]  # of the first post two, of the second one, of the third four
    assert rig.draw(context.job_id) == 3
    assert rig.scores == []
    first, second, third = rig.plans(context.job_id)
    with rig.app.db.transaction(workspace.caller) as tx:
        scores = {row.asset_id: row.identity_score for row in tx.scalars(select(Picture))}
        assert [scores[plan.posts[0].media[0]] for plan in (first, second)] == [1.0, 0.83]
        assert len(scores) == 7
        card = bulk_planning.latest_series(tx)
        assert card
        assert (card.drawn, card.lacking) == (3, 1)
        for post in third.posts:
            [problem] = [problem for problem in content_plans.problems(tx, post) if problem.code == "media_missing"]
            assert problem.blocks
            assert problem.message == content_plans.missing_picture_reason(post.options, post.media)
            assert problem.message.startswith("Needs a picture: of 4 created, too few look like")
            assert "best face match 67%, needs 83%" in problem.message
    with rig.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        content_plans.attach_files(tx, third.id, first.posts[0].media)
        assert not any(
            content_plans.missing_picture_reason(post.options, post.media) for post in content_plans.get(tx, third.id).posts
        )


def test_pictures_can_be_taken_as_they_come(rig: SeriesRig) -> None:
    context = rig.begin(rig.order(redraw=0, days=1))
    rig.run(context)
    rig.scores[:] = [0.1]
    rig.draw(context.job_id)
    assert all(post.media for post in rig.plans(context.job_id)[0].posts)


def test_one_key_is_one_series_also_when_its_own_posts_have_taken_the_times(rig: SeriesRig, workspace: Tenant) -> None:
    with rig.app.db.transaction(workspace.caller) as tx:
        content_plans.save_rules(tx, rig.influencer_id, RulesDraft(slots=(RecurringTime(first_day().weekday(), "18:00"),)))
    order = rig.order(pictures=0, days=1, clocks=())
    first = rig.begin(order, "monday-1")
    assert rig.run(first)
    assert rig.begin(order, "monday-1").job_id == first.job_id
    with pytest.raises(Invalid):
        rig.begin(order, "monday-2")
    with rig.app.db.transaction(workspace.caller) as tx:
        jobs.enqueue(tx, kind="upkeep", payload=order, title="Other work", request_key="other")
    with pytest.raises(Conflict, match="other work"):
        rig.begin(order, "other")


def test_times_of_another_zone_than_was_shown_are_not_planned(rig: SeriesRig) -> None:
    with pytest.raises(Conflict, match=r"time zone of Bella is Europe/Berlin now; these times were chosen in Asia/Tokyo"):
        rig.begin(rig.order(zone="Asia/Tokyo"))
    rig.begin(rig.order(zone="Europe/Berlin"))


def test_all_drafts_away_with_one_undo_and_what_went_on_stays(rig: SeriesRig, workspace: Tenant) -> None:
    context = rig.begin(rig.order(pictures=0))
    result = rig.run(context)
    assert result
    assert (result["posts"], result["pictures"]) == (3, 0)
    plans = rig.plans(context.job_id)
    with rig.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        content_plans.submit_for_review(tx, [plans[0].id])
        entry, outcome = bulk_planning.discard_drafts(tx, context.job_id)
    assert entry
    assert (entry.said, sorted(outcome.done)) == ("2 posts deleted.", sorted(plan.id for plan in plans[1:]))
    assert [plan.id for plan in rig.plans(context.job_id)] == [plans[0].id]
    with rig.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        assert sorted(content_plans.undo(tx, entry.id).done) == sorted(outcome.done)
        with pytest.raises(NotFound, match="no such job"):
            bulk_planning.discard_drafts(tx, f"{context.job_id}x")
    assert len(rig.plans(context.job_id)) == 3


def test_discarding_one_that_works_stops_it_first(rig: SeriesRig, workspace: Tenant) -> None:
    context = rig.begin(rig.order())
    rig.run(context)
    with rig.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        _, outcome = bulk_planning.discard_drafts(tx, context.job_id)
        children = jobs.children(tx, context.job_id)
    assert len(outcome.done) == 3
    assert {job.state for job in children} == {"cancelled"}
    fresh = next_attempt(context)
    with pytest.raises(Cancelled):
        rig.run(_writing_again(rig, fresh))
    assert not rig.plans(context.job_id)


def _writing_again(rig: SeriesRig, context: Context) -> Context:
    """As if the cancel had come while a text was written: its draft is not put down any more."""
    with rig.app.db.transaction(rig.workspace.caller) as tx:
        tx.execute(delete(JobStep).where(JobStep.job_id == context.job_id, JobStep.name == "draft-2"))
        tx.get_one(Job, context.job_id).cancel_requested_at = func.clock_timestamp()
    return context


def test_a_picture_never_replaces_what_somebody_chose(rig: SeriesRig, workspace: Tenant) -> None:
    context = rig.begin(rig.order(days=2))
    rig.run(context)
    edited, deleted = rig.plans(context.job_id)
    with rig.app.db.transaction(workspace.caller) as tx:
        asset = make_asset(tx, width=1024, height=1024)
        draft = edited.draft()
        first, *rest = draft.variants
        chosen = first.model_copy(update={"media": (asset,)})
        content_plans.save(tx, edited.id, draft.model_copy(update={"variants": (chosen, *rest)}), version=edited.version)
        content_plans.delete(tx, deleted.id)
    rig.draw(context.job_id)
    with rig.app.db.transaction(workspace.caller) as tx:
        after = {post.channel_id: post.media for post in content_plans.get(tx, edited.id).posts}
        assert after[first.channel_id] == (asset,)
        assert after[rest[0].channel_id], "the other channel gets the new one"
        assert not content_plans.get(tx, deleted.id).posts[0].media
        with pytest.raises(Conflict, match="Somebody else changed"):
            content_plans.save(tx, edited.id, draft, version=edited.version + 1)


def test_held_pictures_stay_out_of_their_posts_and_are_counted(rig: SeriesRig, workspace: Tenant) -> None:
    context = rig.begin(rig.order(days=1, redraw=0))
    rig.run(context)
    with rig.app.db.transaction(workspace.caller) as tx:
        (child,) = jobs.children(tx, context.job_id)
        payload = PicturePayload.model_validate(tx.get_one(Job, child.id).payload)
    first = make_context(rig.app, workspace, bulk_planning.PICTURE_KIND, payload, job_id=child.id)
    with pytest.raises(WaitForChildren):
        pipeline.run_picture(first, payload)
    rig.drawn(child.id)
    with rig.app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Picture).values(gate="held"))
    done = pipeline.run_picture(next_attempt(first), payload)
    assert done == {"pictures": 0, "held": 1, "missed": 0, "assets": []}
    with rig.app.db.transaction(workspace.caller) as tx:
        tx.get_one(Job, child.id).result = done
        assert bulk_planning.get_series(tx, context.job_id).held == 1
    assert not rig.plans(context.job_id)[0].posts[0].media


def test_whatever_dies_nothing_is_paid_or_drafted_twice(
    paid_rig: Callable[..., SeriesRig], server: ModelServer, workspace: Tenant
) -> None:
    rig = paid_rig(ENABLE_CACHING=False)
    job_counts: list[int] = []

    def begin() -> Context:
        with rig.app.db.transaction(workspace.caller) as tx:
            for row in tx.scalars(select(ContentPlan)):
                tx.delete(row)
        job_counts.append(len(server.asked))
        n = len(job_counts)
        server.faults.says = [ideas(1, 2), answer_json(text(2 * n)), answer_json(text(2 * n + 1))]
        return rig.begin(rig.order(days=2), key=f"k{n}")

    def check(context: Context) -> None:
        assert len(server.asked) - job_counts[-1] == 3, "ideas and two texts, each once"
        plans = rig.plans(context.job_id)
        assert [plan.wall for plan in plans] == local_times(0, 1)
        assert [plan.topic for plan in plans] == ["Up the hill, day 1", "Up the hill, day 2"]
        with rig.app.db.transaction(workspace.caller) as tx:
            assert len(jobs.children(tx, context.job_id)) == 2
            texts = tx.scalar(select(func.count()).select_from(TextDraft).where(TextDraft.job_id == context.job_id))
        assert texts == 2

    assert crash_at_every_write(begin, rig.run, check) > 8


def test_a_picture_is_asked_for_once_whatever_dies(rig: SeriesRig, workspace: Tenant) -> None:
    begun: list[str] = []

    def begin() -> Context:
        order = rig.order(days=1, first=first_day() + timedelta(days=len(begun)))
        series = rig.begin(order, key=f"k{len(begun)}")
        rig.run(series)
        begun.append(series.job_id)
        with rig.app.db.transaction(workspace.caller) as tx:
            (child,) = jobs.children(tx, series.job_id)
            payload = PicturePayload.model_validate(tx.get_one(Job, child.id).payload)
        return make_context(rig.app, workspace, bulk_planning.PICTURE_KIND, payload, job_id=child.id)

    def run(context: Context) -> None:
        payload = PicturePayload.model_validate(context.claim.payload)
        try:
            pipeline.run_picture(context, payload)
        except WaitForChildren:
            rig.drawn(context.job_id)
            pipeline.run_picture(context, payload)

    def check(context: Context) -> None:
        with rig.app.db.transaction(workspace.caller) as tx:
            assert len(jobs.children(tx, context.job_id)) == 1
        (plan,) = rig.plans(begun[-1])
        assert {len(post.media) for post in plan.posts} == {1}

    assert crash_at_every_write(begin, run, check) > 3


@pytest.mark.parametrize(("mode", "asked"), [("refusal", 1), ("empty", 2), ("text_error_with_cost", 1)])
def test_a_day_without_a_text_is_counted_with_what_it_cost(
    paid_rig: Callable[..., SeriesRig], server: ModelServer, workspace: Tenant, mode: str, asked: int
) -> None:
    rig = paid_rig(ENABLE_CACHING=False)
    server.faults.says = [answer_json(text(1)), *[answer_json(text(2))] * asked, answer_json(text(3))]
    server.faults.odd = ["crlf", *[mode] * asked, "crlf"]
    context = rig.begin(rig.order(topics=("one", "two", "three"), pictures=0))
    result = rig.run(context)
    assert result
    assert (result["posts"], result["unwritten"], len(result["reasons"])) == (2, 1, 1)
    assert len(server.asked) == 2 + asked
    assert [plan.wall for plan in rig.plans(context.job_id)] == local_times(0, 2)
    with rig.app.db.transaction(workspace.caller) as tx:
        spent = budgets.costs(tx, rig.app.settings).day.spent_usd
    assert spent == server.total
    if mode != "text_error_with_cost":  # what a lost answer cost is in the costs alone
        assert result["cost"] == pytest.approx(float(server.total))


def test_out_of_money_keeps_what_is_done_and_goes_on_later(
    paid_rig: Callable[..., SeriesRig], server: ModelServer, workspace: Tenant
) -> None:
    rig = paid_rig(ENABLE_CACHING=False)
    server.faults.says = [answer_json(text(n)) for n in (1, 2, 3)]
    context = rig.begin(rig.order(topics=("one", "two", "three")))
    acting = partial(rig.app.db.transaction, workspace.caller)
    with acting() as tx:
        writing_context = writing.load_context(tx, rig.influencer_id)
    days = (WriteOrder(influencer_id=rig.influencer_id, topic="three", publish_on=first_day() + timedelta(n)) for n in range(3))
    text_usd = max(rig.app.engines.text.quote(build_texts_request(writing_context, day, 1)).most_usd for day in days)
    with acting() as tx:
        budgets.set_limits(tx, daily_usd=text_usd, monthly_usd=None, settings=rig.app.settings)
    assert bulk_planning.forecast(rig.app, acting, order=rig.order(first=first_day() + timedelta(days=9))).over
    with pytest.raises(
        OverBudget, match=r"1 of 3 posts are on the calendar and stay\. .*too little left.* continues where it stopped"
    ):
        rig.run(context)
    assert [plan.wall for plan in rig.plans(context.job_id)] == local_times(0)
    with acting() as tx:
        budgets.set_limits(tx, daily_usd=None, monthly_usd=None, settings=rig.app.settings)
    assert rig.run(next_attempt(context)) is None
    assert [plan.wall for plan in rig.plans(context.job_id)] == local_times(0, 1, 2)
    assert len(server.asked) == 3
    rig.draw(context.job_id)
    result = rig.run(next_attempt(context))
    assert result
    assert result["cost"] == pytest.approx(float(server.total))


def test_what_it_comes_to_is_said_before(paid_rig: Callable[..., SeriesRig], workspace: Tenant) -> None:
    rig = paid_rig()

    def transact() -> object:
        return rig.app.db.transaction(workspace.viewer.caller)

    def foretold(**values: object) -> bulk_planning.Forecast:
        return bulk_planning.forecast(rig.app, transact, order=rig.order(**values))  # type: ignore[arg-type]

    week = foretold(days=7)
    assert (len(week.moments), week.left_out, week.moved, week.pictures) == (7, 0, 0, 7)
    assert week.most_usd
    assert week.left_usd
    assert not week.over
    assert week.draw_s
    assert week.seconds
    assert week.load_s == forecast.LOAD_S, "no card has the model ready"
    assert week.load_s < week.draw_s < week.seconds
    assert any("has no LoRA yet" in warning for warning in week.warnings)
    assert any("who can see it" in warning for warning in week.warnings)
    assert (foretold(days=7).most_usd or 0) > (foretold(days=7, topics=("a",) * 7).most_usd or 0), "ideas cost too"
    with pytest.raises(Invalid, match="no recurring times"):
        foretold(clocks=())
    with rig.app.db.transaction(workspace.caller) as tx:
        slots = (RecurringTime(first_day().weekday(), "09:00"), RecurringTime(first_day().weekday(), "20:00"))
        content_plans.save_rules(tx, rig.influencer_id, RulesDraft(slots=slots))
        at_nine = PlanDraft(
            influencer_id=rig.influencer_id, wall=local_times(0, hour=9)[0], variants=(VariantDraft(channel_id=rig.tiktok),)
        )
        content_plans.create(tx, at_nine, request_key="nine")
    skipping = foretold(clocks=(), days=8)
    assert [moment.wall for moment in skipping.moments] == [*local_times(7, hour=9), *local_times(7, hour=20)]
    assert (skipping.filled, skipping.left_out) == (1, 0)
    with pytest.raises(Invalid, match="has a post already"):
        foretold(days=1)
    assert (foretold(days=2).filled, foretold(days=2, skip_filled=False).filled) == (1, 0)
    recurring = foretold(clocks=(), days=8, skip_filled=False)
    assert [moment.wall for moment in recurring.moments] == [
        *local_times(0, hour=20),
        *local_times(7, hour=9),
        *local_times(7, hour=20),
    ]
    assert recurring.left_out == 1


def test_pictures_that_are_drawn_again_are_in_the_time_that_is_said(rig: SeriesRig, workspace: Tenant) -> None:
    def drawing_s(redraw: int) -> float:
        order = rig.order(redraw=redraw, days=2, skip_filled=False)
        forecast = bulk_planning.forecast(rig.app, lambda: rig.app.db.transaction(workspace.viewer.caller), order=order)
        assert forecast.draw_s
        return forecast.draw_s - forecast.load_s

    assert drawing_s(3) == drawing_s(0), "nobody's face is known: nothing is scored, nothing drawn again"
    rig.scores.extend([0.9, 0.5] * 4)
    context = rig.begin(rig.order(days=8, redraw=0))
    rig.run(context)
    rig.draw(context.job_id)
    assert drawing_s(3) == pytest.approx(drawing_s(0) * (1 + 0.5 + 0.25 + 0.125))


def test_the_next_week_with_a_free_time_is_found(rig: SeriesRig, workspace: Tenant) -> None:
    with rig.app.db.transaction(workspace.caller) as tx:
        tomorrow = bulk_planning.next_open_week(tx, rig.influencer_id)
        for n in range(7):
            at = datetime.combine(tomorrow + timedelta(days=n), time(9))
            content_plans.create(tx, PlanDraft(influencer_id=rig.influencer_id, wall=at), request_key=new_id("key"))
        assert bulk_planning.next_open_week(tx, rig.influencer_id) == tomorrow + timedelta(days=7)
        slot = RecurringTime((tomorrow + timedelta(days=8)).weekday(), "18:30")
        content_plans.save_rules(tx, rig.influencer_id, RulesDraft(slots=(slot,)))
        assert bulk_planning.next_open_week(tx, rig.influencer_id) == tomorrow + timedelta(days=7)
