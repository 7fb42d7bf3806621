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
from tests.backend.bulk_planning.conftest import ZONE, Desk, first_day
from tests.backend.writing.conftest import answer_json, text
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context, next_attempt
from tests.support.crashing import crash_at_every_write
from workers.context import Context

S = PostState


def walls(*days: int, hour: int = 18, minute: int = 0) -> list[datetime]:
    return [datetime.combine(first_day() + timedelta(days=n), time(hour, minute)) for n in days]


def ideas(first: int, n: int) -> str:
    one = {"content_type": "post", "topic": "trams", "picture": "on a tram, morning light"}
    return json.dumps({"ideas": [{"day": day, "hook": f"Up the hill, day {day}", **one} for day in range(first, first + n)]})


def test_days_are_written_drawn_and_put_on_free_times(desk: Desk, workspace: Tenant) -> None:
    with desk.app.db.transaction(workspace.caller) as tx:
        taken = PlanDraft(influencer_id=desk.influencer_id, topic="By hand", wall=walls(1)[0])
        content_plans.create(tx, taken, request_key=new_id("key"))
    context = desk.begin(desk.order(minutes_between=10, skip_filled=False))
    assert desk.run(context) is None, "waits for its pictures"
    plans = desk.plans(context.job_id)
    assert [one.wall for one in plans] == [walls(0)[0], walls(1, hour=19)[0], walls(2)[0]]
    assert {one.zone for one in plans} == {ZONE}
    assert {one.state for one in plans} == {S.DRAFT}
    assert len({one.posts[0].caption for one in plans}) == 3
    for plan in plans:
        by_platform = {one.platform: one for one in plan.posts}
        assert by_platform["tiktok"].due_at == by_platform["instagram"].due_at + timedelta(minutes=10)
        assert by_platform["tiktok"].title
        assert by_platform["instagram"].hashtags
        assert plan.notes.startswith("Put together by the offline writer")
        assert "Alt text: " in plan.notes
    with desk.app.db.transaction(workspace.caller) as tx:
        card = bulk_planning.latest_series(tx)
    assert card
    assert (len(card.plans), card.pictures, card.drawn) == (3, 3, 0)
    assert desk.draw(context.job_id, most=1) == 1
    assert [bool(one.posts[0].media) for one in desk.plans(context.job_id)].count(True) == 1, "each lands when it is there"
    desk.draw(context.job_id)
    result = desk.run(next_attempt(context))
    assert result == {"posts": 3, "undated": 0, "unwritten": 0, "cost": 0.0, "model": "offline", "pictures": 3}
    for plan in desk.plans(context.job_id):
        assert all(len(one.media) == 1 and one.alt_texts[one.media[0]] for one in plan.posts)
    with desk.app.db.transaction(workspace.caller) as tx:
        used = writing.page(tx).cards
        assert {one.state for one in used} == {"used"}
        assert all(one.picture_id for one in used)
        out = content_plans.schedule(tx, [one.id for one in desk.plans(context.job_id)])
        assert all("TikTok asks for it" in why for why in out.refused.values()), "who can see it is chosen by hand"


def test_what_does_not_look_like_them_is_drawn_again(desk: Desk, workspace: Tenant) -> None:
    context = desk.begin(desk.order())
    desk.run(context)
    desk.scores[:] = [0.5, 1.0, 0.83, 0.2, 0.4, 0.67, 0.1]  # of the first post two, of the second one, of the third four
    assert desk.draw(context.job_id) == 3
    assert desk.scores == []
    first, second, third = desk.plans(context.job_id)
    with desk.app.db.transaction(workspace.caller) as tx:
        made = {one.asset_id: one.identity_score for one in tx.scalars(select(Picture))}
        assert [made[plan.posts[0].media[0]] for plan in (first, second)] == [1.0, 0.83]
        assert len(made) == 7
        card = bulk_planning.latest_series(tx)
        assert card
        assert (card.drawn, card.lacking) == (3, 1)
        for post in third.posts:
            [problem] = [one for one in content_plans.problems(tx, post) if one.code == "media_missing"]
            assert problem.blocks
            assert problem.message == content_plans.missing_picture_reason(post.options, post.media)
            assert problem.message.startswith("Needs a picture: of 4 drawn, too few look like")
            assert "best face match 67 %, needs 83 %" in problem.message
    with desk.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        content_plans.attach_pictures(tx, third.id, first.posts[0].media)
        assert not any(
            content_plans.missing_picture_reason(one.options, one.media) for one in content_plans.get(tx, third.id).posts
        )


def test_pictures_can_be_taken_as_they_come(desk: Desk) -> None:
    context = desk.begin(desk.order(redraw=0, days=1))
    desk.run(context)
    desk.scores[:] = [0.1]
    desk.draw(context.job_id)
    assert all(post.media for post in desk.plans(context.job_id)[0].posts)


def test_one_key_is_one_series_also_when_its_own_posts_have_taken_the_times(desk: Desk, workspace: Tenant) -> None:
    with desk.app.db.transaction(workspace.caller) as tx:
        content_plans.save_rules(tx, desk.influencer_id, RulesDraft(slots=(RecurringTime(first_day().weekday(), "18:00"),)))
    order = desk.order(pictures=0, days=1, clocks=())
    first = desk.begin(order, "monday-1")
    assert desk.run(first)
    assert desk.begin(order, "monday-1").job_id == first.job_id
    with pytest.raises(Invalid):
        desk.begin(order, "monday-2")
    with desk.app.db.transaction(workspace.caller) as tx:
        jobs.enqueue(tx, kind="upkeep", payload=order, title="Other work", request_key="other")
    with pytest.raises(Conflict, match="other work"):
        desk.begin(order, "other")


def test_all_drafts_away_with_one_undo_and_what_went_on_stays(desk: Desk, workspace: Tenant) -> None:
    context = desk.begin(desk.order(pictures=0))
    result = desk.run(context)
    assert result
    assert (result["posts"], result["pictures"]) == (3, 0)
    plans = desk.plans(context.job_id)
    with desk.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        content_plans.submit_for_review(tx, [plans[0].id])
        act, out = bulk_planning.discard_drafts(tx, context.job_id)
    assert act
    assert (act.said, sorted(out.done)) == ("2 plans deleted.", sorted(one.id for one in plans[1:]))
    assert [one.id for one in desk.plans(context.job_id)] == [plans[0].id]
    with desk.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        assert sorted(content_plans.undo(tx, act.id).done) == sorted(out.done)
        with pytest.raises(NotFound, match="no such job"):
            bulk_planning.discard_drafts(tx, f"{context.job_id}x")
    assert len(desk.plans(context.job_id)) == 3


def test_discarding_one_that_works_stops_it_first(desk: Desk, workspace: Tenant) -> None:
    context = desk.begin(desk.order())
    desk.run(context)
    with desk.app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        _, out = bulk_planning.discard_drafts(tx, context.job_id)
        children = jobs.children(tx, context.job_id)
    assert len(out.done) == 3
    assert {one.state for one in children} == {"cancelled"}
    fresh = next_attempt(context)
    with pytest.raises(Cancelled):
        desk.run(_writing_again(desk, fresh))
    assert not desk.plans(context.job_id)


def _writing_again(desk: Desk, context: Context) -> Context:
    """As if the cancel had come while a text was written: its draft is not put down any more."""
    with desk.app.db.transaction(desk.workspace.caller) as tx:
        tx.execute(delete(JobStep).where(JobStep.job_id == context.job_id, JobStep.name == "draft-2"))
        tx.get_one(Job, context.job_id).cancel_requested_at = func.clock_timestamp()
    return context


def test_a_picture_never_replaces_what_somebody_chose(desk: Desk, workspace: Tenant) -> None:
    context = desk.begin(desk.order(days=2))
    desk.run(context)
    mine, gone = desk.plans(context.job_id)
    with desk.app.db.transaction(workspace.caller) as tx:
        asset = make_asset(tx, width=1024, height=1024)
        draft = mine.draft()
        first, *rest = draft.variants
        chosen = first.model_copy(update={"media": (asset,)})
        content_plans.save(tx, mine.id, draft.model_copy(update={"variants": (chosen, *rest)}), version=mine.version)
        content_plans.delete(tx, gone.id)
    desk.draw(context.job_id)
    with desk.app.db.transaction(workspace.caller) as tx:
        after = {one.channel_id: one.media for one in content_plans.get(tx, mine.id).posts}
        assert after[first.channel_id] == (asset,)
        assert after[rest[0].channel_id], "the other channel gets the new one"
        assert not content_plans.get(tx, gone.id).posts[0].media
        with pytest.raises(Conflict, match="changed by someone else"):
            content_plans.save(tx, mine.id, draft, version=mine.version + 1)


def test_held_pictures_stay_out_of_their_posts_and_are_counted(desk: Desk, workspace: Tenant) -> None:
    context = desk.begin(desk.order(days=1, redraw=0))
    desk.run(context)
    with desk.app.db.transaction(workspace.caller) as tx:
        (child,) = jobs.children(tx, context.job_id)
        payload = PicturePayload.model_validate(tx.get_one(Job, child.id).payload)
    first = make_context(desk.app, workspace, bulk_planning.PICTURE_KIND, payload, job_id=child.id)
    with pytest.raises(WaitForChildren):
        pipeline.run_picture(first, payload)
    desk.drawn(child.id)
    with desk.app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Picture).values(gate="held"))
    done = pipeline.run_picture(next_attempt(first), payload)
    assert done == {"pictures": 0, "held": 1, "missed": 0}
    with desk.app.db.transaction(workspace.caller) as tx:
        tx.get_one(Job, child.id).result = done
        assert bulk_planning.get_series(tx, context.job_id).held == 1
    assert not desk.plans(context.job_id)[0].posts[0].media


def test_whatever_dies_nothing_is_paid_or_drafted_twice(
    paid_desk: Callable[..., Desk], server: ModelServer, workspace: Tenant
) -> None:
    desk = paid_desk(enable_caching=False)
    begun: list[int] = []

    def begin() -> Context:
        with desk.app.db.transaction(workspace.caller) as tx:
            for one in tx.scalars(select(ContentPlan)):
                tx.delete(one)
        begun.append(len(server.asked))
        n = len(begun)
        server.faults.says = [ideas(1, 2), answer_json(text(2 * n)), answer_json(text(2 * n + 1))]
        return desk.begin(desk.order(days=2), key=f"k{n}")

    def check(context: Context) -> None:
        assert len(server.asked) - begun[-1] == 3, "ideas and two texts, each once"
        plans = desk.plans(context.job_id)
        assert [one.wall for one in plans] == walls(0, 1)
        assert [one.topic for one in plans] == ["Up the hill, day 1", "Up the hill, day 2"]
        with desk.app.db.transaction(workspace.caller) as tx:
            assert len(jobs.children(tx, context.job_id)) == 2
            texts = tx.scalar(select(func.count()).select_from(TextDraft).where(TextDraft.job_id == context.job_id))
        assert texts == 2

    assert crash_at_every_write(begin, desk.run, check) > 8


def test_a_picture_is_asked_for_once_whatever_dies(desk: Desk, workspace: Tenant) -> None:
    begun: list[str] = []

    def begin() -> Context:
        order = desk.order(days=1, first=first_day() + timedelta(days=len(begun)))
        series = desk.begin(order, key=f"k{len(begun)}")
        desk.run(series)
        begun.append(series.job_id)
        with desk.app.db.transaction(workspace.caller) as tx:
            (child,) = jobs.children(tx, series.job_id)
            payload = PicturePayload.model_validate(tx.get_one(Job, child.id).payload)
        return make_context(desk.app, workspace, bulk_planning.PICTURE_KIND, payload, job_id=child.id)

    def run(context: Context) -> None:
        payload = PicturePayload.model_validate(context.claim.payload)
        try:
            pipeline.run_picture(context, payload)
        except WaitForChildren:
            desk.drawn(context.job_id)
            pipeline.run_picture(context, payload)

    def check(context: Context) -> None:
        with desk.app.db.transaction(workspace.caller) as tx:
            assert len(jobs.children(tx, context.job_id)) == 1
        (plan,) = desk.plans(begun[-1])
        assert {len(one.media) for one in plan.posts} == {1}

    assert crash_at_every_write(begin, run, check) > 3


@pytest.mark.parametrize(("mode", "asked"), [("refusal", 1), ("empty", 2), ("text_error_with_cost", 1)])
def test_a_day_without_a_text_is_counted_with_what_it_cost(
    paid_desk: Callable[..., Desk], server: ModelServer, workspace: Tenant, mode: str, asked: int
) -> None:
    desk = paid_desk(enable_caching=False)
    server.faults.says = [answer_json(text(1)), *[answer_json(text(2))] * asked, answer_json(text(3))]
    server.faults.odd = ["crlf", *[mode] * asked, "crlf"]
    context = desk.begin(desk.order(topics=("one", "two", "three"), pictures=0))
    result = desk.run(context)
    assert result
    assert (result["posts"], result["unwritten"], len(result["reasons"])) == (2, 1, 1)
    assert len(server.asked) == 2 + asked
    assert [one.wall for one in desk.plans(context.job_id)] == walls(0, 2)
    with desk.app.db.transaction(workspace.caller) as tx:
        spent = budgets.costs(tx, desk.app.settings).day.spent_usd
    assert spent == server.total
    if mode != "text_error_with_cost":  # what a lost answer cost is in the costs alone
        assert result["cost"] == pytest.approx(float(server.total))


def test_out_of_money_keeps_what_is_done_and_goes_on_later(
    paid_desk: Callable[..., Desk], server: ModelServer, workspace: Tenant
) -> None:
    desk = paid_desk(enable_caching=False)
    server.faults.says = [answer_json(text(n)) for n in (1, 2, 3)]
    context = desk.begin(desk.order(topics=("one", "two", "three")))
    acting = partial(desk.app.db.transaction, workspace.caller)
    with acting() as tx:
        whose = writing.load_context(tx, desk.influencer_id)
    days = (
        WriteOrder(influencer_id=desk.influencer_id, topic="three", publish_on=first_day() + timedelta(n)) for n in range(3)
    )
    one = max(desk.app.engines.text.quote(build_texts_request(whose, day, 1)).most_usd for day in days)
    with acting() as tx:
        budgets.set_limits(tx, daily_usd=one, monthly_usd=None, settings=desk.app.settings)
    assert bulk_planning.forecast(desk.app, acting, order=desk.order(first=first_day() + timedelta(days=9))).over
    with pytest.raises(
        OverBudget, match=r"1 of 3 posts are on the calendar and stay\. .*too little left.* goes on where it stopped"
    ):
        desk.run(context)
    assert [one.wall for one in desk.plans(context.job_id)] == walls(0)
    with acting() as tx:
        budgets.set_limits(tx, daily_usd=None, monthly_usd=None, settings=desk.app.settings)
    assert desk.run(next_attempt(context)) is None
    assert [one.wall for one in desk.plans(context.job_id)] == walls(0, 1, 2)
    assert len(server.asked) == 3
    desk.draw(context.job_id)
    result = desk.run(next_attempt(context))
    assert result
    assert result["cost"] == pytest.approx(float(server.total))


def test_what_it_comes_to_is_said_before(paid_desk: Callable[..., Desk], workspace: Tenant) -> None:
    desk = paid_desk()

    def transact() -> object:
        return desk.app.db.transaction(workspace.viewer.caller)

    def foretold(**values: object) -> bulk_planning.Forecast:
        return bulk_planning.forecast(desk.app, transact, order=desk.order(**values))  # type: ignore[arg-type]

    week = foretold(days=7)
    assert (len(week.moments), week.left_out, week.moved, week.pictures) == (7, 0, 0, 7)
    assert week.most_usd
    assert week.left_usd
    assert not week.over
    assert week.draw_s
    assert week.seconds
    assert week.load_s == forecast.LOAD_S, "no card has the model ready"
    assert week.load_s < week.draw_s < week.seconds
    assert any("has no LoRA yet" in one for one in week.warnings)
    assert any("who can see it" in one for one in week.warnings)
    assert (foretold(days=7).most_usd or 0) > (foretold(days=7, topics=("a",) * 7).most_usd or 0), "ideas cost too"
    with pytest.raises(Invalid, match="no recurring times"):
        foretold(clocks=())
    with desk.app.db.transaction(workspace.caller) as tx:
        slots = (RecurringTime(first_day().weekday(), "09:00"), RecurringTime(first_day().weekday(), "20:00"))
        content_plans.save_rules(tx, desk.influencer_id, RulesDraft(slots=slots))
        at_nine = PlanDraft(
            influencer_id=desk.influencer_id, wall=walls(0, hour=9)[0], variants=(VariantDraft(channel_id=desk.tiktok),)
        )
        content_plans.create(tx, at_nine, request_key="nine")
    skipping = foretold(clocks=(), days=8)
    assert [one.wall for one in skipping.moments] == [*walls(7, hour=9), *walls(7, hour=20)]
    assert (skipping.filled, skipping.left_out) == (1, 0)
    with pytest.raises(Invalid, match="has a post already"):
        foretold(days=1)
    assert (foretold(days=2).filled, foretold(days=2, skip_filled=False).filled) == (1, 0)
    recurring = foretold(clocks=(), days=8, skip_filled=False)
    assert [one.wall for one in recurring.moments] == [*walls(0, hour=20), *walls(7, hour=9), *walls(7, hour=20)]
    assert recurring.left_out == 1


def test_pictures_that_are_drawn_again_are_in_the_time_that_is_said(desk: Desk, workspace: Tenant) -> None:
    def drawing_s(redraw: int) -> float:
        order = desk.order(redraw=redraw, days=2, skip_filled=False)
        said = bulk_planning.forecast(desk.app, lambda: desk.app.db.transaction(workspace.viewer.caller), order=order)
        assert said.draw_s
        return said.draw_s - said.load_s

    assert drawing_s(3) == drawing_s(0), "nobody's face is known: nothing is scored, nothing drawn again"
    desk.scores.extend([0.9, 0.5] * 4)
    context = desk.begin(desk.order(days=8, redraw=0))
    desk.run(context)
    desk.draw(context.job_id)
    assert drawing_s(3) == pytest.approx(drawing_s(0) * (1 + 0.5 + 0.25 + 0.125))
