"""Steps that order jobs: what is ordered, and what is taken in once the jobs have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta

from sqlalchemy.orm import Session

from backend import bulk_planning, channels, content_plans, datasets, generation, training
from backend.automations import clock
from backend.automations.definition import (
    CaptionDataset,
    DrawPictures,
    MakeVideo,
    PlanPosts,
    TestPictures,
    TrainLora,
    WriteWords,
)
from backend.automations.steps.instant import NO_POSTS
from backend.automations.steps.run_state import EndedJob, Orders, RunState, StepResult, leave_for_people, plans_of
from backend.bulk_planning import USUAL_CLOCK, SeriesOrder
from backend.content_plans import PlanCard
from backend.datasets import CaptionOrder
from backend.errors import Conflict, Invalid, StudioError
from backend.generation import GenerationDraft, LoraPick
from backend.jobs import JobCard
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.training import RunDraft

NIGHT = time(22)
_SEARCHED = timedelta(days=3)
"""How long after today the first of new posts may be, where no time is free before."""
_TEST_PROMPT = "portrait, looking at the camera, soft light"


def plan_posts(tx: Session, run: RunState, step: PlanPosts) -> Orders:
    if step.only_if_none and plans_of(tx, run.flow):
        return Orders(message=tr_lazy("There are posts already."))
    if run.influencer is None:
        return Orders(message=tr_lazy("This run is for no influencer."))
    order = series_order(tx, run, step)
    if isinstance(order, str):
        return Orders(message=order, failed=True)
    latest_first = _today(tx, run) + _SEARCHED
    job = bulk_planning.start_series(tx, order=order, request_key=run.key, latest_first=latest_first)
    return Orders({job.id: ""})


def series_order(tx: Session, run: RunState, step: PlanPosts) -> SeriesOrder | str:
    """The order, from the first day on that has a free time, today or in the coming three; or why there is none."""
    assert run.influencer
    connected = [channel.id for channel in channels.of(tx, run.influencer.id) if channel.state == "connected"]
    channel_ids = [channel_id for channel_id in step.channel_ids if channel_id in connected] if step.channel_ids else connected
    if not channel_ids:
        return tr_lazy("{name} has no connected channel. Connect one, then run it again.", name=run.influencer.name)
    clocks = step.clocks or (() if content_plans.get_rules(tx, run.influencer.id).slots else (USUAL_CLOCK,))
    today = _today(tx, run)
    order = SeriesOrder(
        influencer_id=run.influencer.id,
        first=today,
        days=step.days,
        clocks=clocks,
        channel_ids=tuple(channel_ids),
        format=step.format,
        pictures=step.pictures,
        style=step.style,
        topics=(step.topic,) if step.topic else (),
        skip_filled=step.skip_filled,
    )
    try:
        return bulk_planning.first_open(tx, order, today + _SEARCHED)
    except Invalid:
        return tr_lazy("No time is free in the coming days: all are taken.")


def _today(tx: Session, run: RunState) -> date:
    return content_plans.to_local_time(clock.now(tx), run.zone).date()


def planned(tx: Session, run: RunState, ended: Sequence[EndedJob]) -> StepResult:
    """The posts of the series, also of one that did not get to its end."""
    [job] = ended
    plans = content_plans.plans_in_series(tx, f"{job.id}:")
    bare = [plan.id for plan in plans if any(not post.media for post in plan.posts)] if job.state != "completed" else []
    if job.state != "completed":
        leave_for_people(tx, bare)
    whole = [plan.id for plan in plans if plan.id not in bare]
    update = {
        "posts": [*run.flow.posts, *whole],
        "left": [*run.flow.left, *bare],
        "planned": run.flow.planned + len(plans),
    }
    message = tr_lazy_plural("{n:,} post planned.", "{n:,} posts planned.", len(plans))
    if job.state != "completed":
        message = joined(message, job.reason)
    return StepResult(run.flow.model_copy(update=update), "done" if whole else "failed", message)


def words(tx: Session, run: RunState, step: WriteWords) -> Orders:
    def lacks(plan: PlanCard) -> bool:
        return any(content_plans.lacks_words(post) for post in plan.posts)

    return _for_each(
        tx,
        run,
        lacks,
        tr_lazy("Every post has its words."),
        lambda plan, key: bulk_planning.write_words(tx, plan.id, style=step.style, request_key=key),
    )


def pictures(tx: Session, run: RunState, step: DrawPictures) -> Orders:
    return _for_each(
        tx,
        run,
        _shows_nothing,
        tr_lazy("Every post has its picture."),
        lambda plan, key: bulk_planning.draw_pictures(tx, plan.id, n=step.n, redraw=step.redraw, request_key=key),
    )


def videos(tx: Session, run: RunState, step: MakeVideo) -> Orders:
    if step.how == "reel":
        return _for_each(
            tx,
            run,
            _shows_nothing,
            tr_lazy("Every post has its picture or video."),
            lambda plan, key: bulk_planning.make_reel(tx, plan.id, seconds=max(step.seconds, 10), request_key=key),
        )
    return _for_each(
        tx,
        run,
        _shows_something,
        tr_lazy("No post has a picture that could move."),
        lambda plan, key: bulk_planning.animate_picture(tx, plan.id, seconds=float(step.seconds), request_key=key),
    )


def _shows_nothing(plan: PlanCard) -> bool:
    return any(not post.media for post in plan.posts)


def _shows_something(plan: PlanCard) -> bool:
    return any(len(post.media) == 1 for post in plan.posts)


def _for_each(
    tx: Session,
    run: RunState,
    needs: Callable[[PlanCard], bool],
    none_text: str,
    order: Callable[[PlanCard, str], JobCard],
) -> Orders:
    plans = plans_of(tx, run.flow)
    lacking, ordered, refused = [plan for plan in plans if needs(plan)], dict[str, str](), dict[str, str]()
    for plan in lacking:
        try:
            with tx.begin_nested():
                ordered[order(plan, f"{run.key}/{plan.id}").id] = plan.id
        except StudioError as error:
            refused[plan.id] = error.message
    return Orders(ordered, refused, NO_POSTS if not plans else "" if lacking else none_text)


def finished_posts(tx: Session, run: RunState, ended: Sequence[EndedJob], refused: dict[str, str]) -> StepResult:
    """Posts whose job did not complete are left for people, with the reason; the others go on."""
    reasons = refused | {job.plan_id: job.reason for job in ended if job.state != "completed"}
    for plan_id, reason in reasons.items():
        content_plans.mark_picture_missing(tx, plan_id, reason)
    leave_for_people(tx, list(reasons))
    existing_ids = {plan.id for plan in plans_of(tx, run.flow)}
    posts = [plan_id for plan_id in run.flow.posts if plan_id in existing_ids and plan_id not in reasons]
    flow = run.flow.model_copy(
        update={"posts": posts, "left": list(dict.fromkeys([*run.flow.left, *(p for p in reasons if p in existing_ids)]))}
    )
    n_done = sum(job.state == "completed" for job in ended)
    message = tr_lazy_plural("{n:,} post done.", "{n:,} posts done.", n_done)
    if reasons:
        message = joined(message, tr_lazy("{n:,} left for you: {reason}", n=len(reasons), reason=next(iter(reasons.values()))))
    return StepResult(flow, "done" if n_done else "failed", message)


def caption(tx: Session, run: RunState, step: CaptionDataset) -> Orders:
    dataset_id = step.dataset_id or run.flow.dataset_id
    if not dataset_id:
        return Orders(message=tr_lazy("There is no dataset to caption."))
    try:
        with tx.begin_nested():
            order = CaptionOrder(dataset_id=dataset_id)
            job = datasets.start_captioning(tx, order, captioners=run.app.engines.captioners, request_key=run.key)
    except (Invalid, Conflict) as error:
        return Orders(message=error.message, data={"dataset_id": dataset_id})
    return Orders({job.id: ""}, data={"dataset_id": dataset_id})


def train(tx: Session, run: RunState, step: TrainLora) -> Orders:
    dataset_id = step.dataset_id or run.flow.dataset_id
    if not dataset_id:
        return Orders(message=tr_lazy("There is no dataset to train on."))
    not_before = training.next_local_time(clock.now(tx), run.zone, NIGHT) if step.at_night else None
    draft = RunDraft(dataset_id=dataset_id, preset=step.preset, influencer_id=run.influencer_id or None, not_before=not_before)
    engine, limit = run.app.engines.trainer, run.app.settings.uploads.max_dataset_images
    try:
        with tx.begin_nested():
            card = training.start(tx, draft=draft, models=engine.models(), request_key=run.key, max_images=limit)
    except StudioError as error:
        return Orders(message=error.message, failed=True)
    return Orders({card.job_id: ""}, data={"training_run_id": card.id})


def test_pictures(tx: Session, run: RunState, step: TestPictures) -> Orders:
    lora_id = run.flow.lora_id
    if not lora_id:
        return Orders(message=tr_lazy("The earlier steps produced no LoRA."))
    prompts = step.prompts or (_TEST_PROMPT,)
    ordered = {}
    for n, prompt in enumerate(prompts):
        draft = GenerationDraft(
            prompt=prompt, n=step.n, influencer_id=run.influencer_id or None, loras=(LoraPick(lora_id=lora_id),)
        )
        card = generation.start(
            tx, draft=draft, models=run.app.engines.image.models(), request_key=f"{run.key}/{n}", aside=True
        )
        ordered[card.job_id] = ""
    return Orders(ordered)


def captioned(_tx: Session, run: RunState, ended: Sequence[EndedJob]) -> StepResult:
    bad = [job for job in ended if job.state != "completed"]
    if bad:
        return StepResult(run.flow, "failed", bad[0].reason)
    n = int(next(iter(ended)).result.get("captioned") or 0)
    return StepResult(run.flow, message=tr_lazy_plural("{n:,} picture captioned.", "{n:,} pictures captioned.", n))


def trained(tx: Session, run: RunState, ended: Sequence[EndedJob], training_run_id: str) -> StepResult:
    [job] = ended
    card = training.get(tx, training_run_id)
    if job.state != "completed" or not card.lora_id:
        return StepResult(run.flow, "failed", job.reason or tr_lazy("The training produced no LoRA."))
    update = {"training_run_id": card.id, "lora_id": card.lora_id}
    return StepResult(run.flow.model_copy(update=update), message=tr_lazy("“{name}” is trained.", name=card.name))


def drawn(_tx: Session, run: RunState, ended: Sequence[EndedJob]) -> StepResult:
    bad = [job for job in ended if job.state != "completed"]
    n = sum(len(job.result.get("assets") or ()) for job in ended)
    flow = run.flow.model_copy(update={"pictures": run.flow.pictures + n})
    message = joined(tr_lazy_plural("{n:,} picture created.", "{n:,} pictures created.", n), bad[0].reason if bad else "")
    return StepResult(flow, "done" if n else "failed", message)
