"""Tools that start work, plan and publish. Each takes an idempotency key: the same call again returns the first answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field
from sqlalchemy.orm import Session

from backend import content_plans, jobs, publishing, reels
from backend.api.job_requests import job_request_type
from backend.api.mcp import answers
from backend.api.mcp.calls import ToolCall, current_call, run_once
from backend.api.mcp.read_tools import Id, plan_answer, reel_answer
from backend.content_plans import PlanCard, PlanDraft, PostState, VariantDraft
from backend.errors import Conflict
from backend.reels import ReelDraft

Key = Annotated[
    str,
    Field(
        min_length=8,
        max_length=200,
        description="A new value for each thing that is to happen once; the same value again returns the first answer",
    ),
]
Clock = Annotated[str, Field(max_length=5, description="A time of day like 18:30")]


def write_post(
    influencer_id: Id,
    topic: Annotated[str, Field(min_length=1, max_length=300)],
    idempotency_key: Key,
    content_type: Annotated[str, Field(max_length=40, description="instagram-post, or post, reel, story for short")] = "post",
    style: Annotated[str, Field(max_length=200, description="For example motivational, dry")] = "",
) -> answers.StartedJob:
    """Starts writing a post in the influencer's voice: caption, hashtags and a picture. The job's result has the texts as
    contentPlan and the picture as assetId. Costs what the language model costs."""
    payload = {"influencer_id": influencer_id, "topic": topic, "content_type": content_type, "style": style}
    return _start_job("content-generation", payload, idempotency_key)


def draw_pictures(
    prompt: Annotated[str, Field(min_length=1, max_length=2000)],
    idempotency_key: Key,
    influencer_id: Annotated[str, Field(max_length=80, description="Who is shown; empty: nobody in particular")] = "",
    count: Annotated[int, Field(ge=1, le=16)] = 4,
    size: Literal["square", "portrait", "landscape"] = "portrait",
) -> answers.StartedJob:
    """Starts drawing pictures. When the job has completed, list_pictures shows them first."""
    payload = {"prompt": prompt, "influencer_id": influencer_id or None, "n": count, "size": size}
    return _start_job("image-generation", payload, idempotency_key)


def make_reel(
    script: Annotated[str, Field(min_length=1, max_length=6000, description="What is said; a blank line begins a new scene")],
    idempotency_key: Key,
    influencer_id: Annotated[
        str, Field(max_length=80, description="Who is shown and speaks; empty: nobody in particular")
    ] = "",
    caption: Annotated[str, Field(max_length=2200, description="Text of the post that it is for")] = "",
    format: Literal["instagram-reel", "instagram-post", "tiktok", "youtube-short", "youtube-standard"] = "instagram-reel",
) -> answers.Reel:
    """Makes a reel of a script: its scenes, with the influencer's voice. Nothing is drawn yet: render_reel makes the video."""
    call = current_call.get()
    draft = ReelDraft(script=script, caption=caption, influencer_id=influencer_id or None, format=format)

    def create(_: str) -> answers.Reel:
        with call.app.db.transaction(call.caller, needs="editor") as tx:
            card, _ = reels.create_spoken_or_shown(call.app, tx, draft)
            return reel_answer(card)

    return run_once(idempotency_key, "make_reel", draft.model_dump(mode="json"), answers.Reel, create)


def render_reel(reel_id: Id, idempotency_key: Key) -> answers.StartedJob:
    """Starts making the video of a reel: voice, missing pictures, subtitles. When the job has completed, its result has the
    assetId of the video. Only what was changed since the last render is made anew."""
    return _start_job("reel-render", {"reel_id": reel_id}, idempotency_key)


def speak_text(
    voice_id: Id,
    text: Annotated[str, Field(min_length=1, max_length=10_000, description="[pause 1 s] is a second of silence")],
    idempotency_key: Key,
    speed: Annotated[float, Field(ge=0.5, le=2.0, description="1: the voice's own pace")] = 1.0,
) -> answers.StartedJob:
    """Starts speaking a text. The job's result has the sound as assetId (WAV) and the time of each word. The same words with
    the same voice are spoken, and paid, once."""
    payload = {"voice_id": voice_id, "text": text, "speed": speed}
    return _start_job("voice-preview", payload, idempotency_key)


def plan_days(
    influencer_id: Id,
    first_day: date,
    channel_ids: Annotated[list[str], Field(min_length=1, max_length=20)],
    idempotency_key: Key,
    days: Annotated[int, Field(ge=1, le=31)] = 7,
    times: Annotated[list[Clock], Field(max_length=4, description="Empty: the influencer's usual times")] = [],  # noqa: B006
    pictures: Annotated[int, Field(ge=0, le=4, description="Pictures of a post; 0: texts only")] = 1,
    as_reels: Annotated[bool, Field(description="Make a reel for each post: script, voice, pictures, video")] = False,
    topics: Annotated[list[str], Field(max_length=60, description="Of the first posts; the writer thinks of the rest")] = [],  # noqa: B006
    style: Annotated[str, Field(max_length=200)] = "",
) -> answers.StartedJob:
    """Starts writing and illustrating posts for several days; they come onto the calendar as drafts."""
    payload = {"influencer_id": influencer_id, "first": first_day, "days": days, "clocks": tuple(times), "style": style}
    payload |= {"channel_ids": tuple(channel_ids), "pictures": pictures, "topics": tuple(topics)}
    if as_reels:
        payload |= {"format": "reel", "pictures": 1}
    return _start_job(
        "content-plan", payload | ({"format": "carousel"} if pictures > 1 and not as_reels else {}), idempotency_key
    )


def plan_post(
    influencer_id: Id,
    channel_ids: Annotated[list[str], Field(min_length=1, max_length=20)],
    caption: Annotated[str, Field(max_length=5000)],
    idempotency_key: Key,
    local_time: Annotated[datetime | None, Field(description="As the clock shows it there; null: no date yet")] = None,
    time_zone: Annotated[str, Field(max_length=60, description="Empty: the influencer's own")] = "",
    topic: Annotated[str, Field(max_length=300)] = "",
    hashtags: Annotated[list[str], Field(max_length=60)] = [],  # noqa: B006
    asset_ids: Annotated[list[str], Field(max_length=35, description="Pictures and videos, in order")] = [],  # noqa: B006
) -> answers.Plan:
    """Puts one post onto the calendar, as a draft. schedule_post or publish_post send it out."""
    call = current_call.get()
    shared: dict[str, Any] = {"caption": caption, "hashtags": tuple(hashtags), "media": tuple(asset_ids)}
    variants = tuple(VariantDraft(channel_id=channel_id, **shared) for channel_id in channel_ids)
    draft = PlanDraft(influencer_id=influencer_id, topic=topic, wall=local_time, zone=time_zone, variants=variants)

    def create(request_key: str) -> answers.Plan:
        with call.app.db.transaction(call.caller, needs="editor") as tx:
            return plan_answer(content_plans.create(tx, draft, request_key=request_key))

    return run_once(idempotency_key, "plan_post", draft.model_dump(mode="json"), answers.Plan, create)


def schedule_post(plan_id: Id, idempotency_key: Key) -> answers.Decision:
    """Schedules a plan for its date. Where the workspace's rules want a person's approval, it is sent to review instead, and
    the answer has a link for that person."""
    call = current_call.get()

    def schedule(_: str) -> answers.Decision:
        with call.app.db.transaction(call.caller, needs="editor") as tx:
            outcome = content_plans.schedule(tx, [plan_id])
            if plan_id in outcome.refused:
                raise Conflict(outcome.refused[plan_id])
            card = content_plans.get(tx, plan_id)
        if plan_id in outcome.review:
            return _for_a_person(call, card)
        held = "Publishing is stopped, so it is on hold." if plan_id in outcome.held else "It goes out at its time."
        return answers.Decision(plan_id=plan_id, done=plan_id not in outcome.held, status=card.state, message=held)

    return run_once(idempotency_key, "schedule_post", {"plan_id": plan_id}, answers.Decision, schedule)


def publish_post(plan_id: Id, idempotency_key: Key) -> answers.Decision:
    """Publishes a plan's posts now. Cannot be taken back. Where a person has to approve them first, nothing is published: they
    are sent to review, and the answer has a link for that person."""
    call = current_call.get()

    def publish(request_key: str) -> answers.Decision:
        with call.app.db.transaction(call.caller, needs="editor") as tx:
            card = content_plans.get(tx, plan_id)
            if content_plans.needs_approval(tx, card):
                _send_to_review(tx, card)
                return _for_a_person(call, content_plans.get(tx, plan_id))
            job = publishing.send_now(tx, plan_id, request_key=request_key)[0]
            card = content_plans.get(tx, plan_id)
        message = "It is being published. wait_for_job says when it is there, read_post where."
        return answers.Decision(plan_id=plan_id, done=True, status=card.state, message=message, job_id=job.id)

    return run_once(idempotency_key, "publish_post", {"plan_id": plan_id}, answers.Decision, publish)


def _start_job(name: str, payload: dict[str, Any], key: str) -> answers.StartedJob:
    call = current_call.get()
    request_type = job_request_type(name)
    draft = request_type.draft(**payload)

    def start(request_key: str) -> answers.StartedJob:
        with call.app.db.transaction(call.caller, needs="editor") as tx:
            job = jobs.get(tx, request_type.start(call.app, tx, draft, request_key))
        return answers.StartedJob(job_id=job.id, status=job.state)

    return run_once(key, name, draft.model_dump(mode="json"), answers.StartedJob, start)


def _send_to_review(tx: Session, card: PlanCard) -> None:
    if any(post.state in (PostState.DRAFT, PostState.FAILED, PostState.MISSED) for post in card.posts):
        content_plans.submit_for_review(tx, [card.id])


def _for_a_person(call: ToolCall, card: PlanCard) -> answers.Decision:
    link = f"{call.app.settings.web.base_url}/inbox?{urlencode({'ws': call.caller.tenant_id})}"
    message = "A person has to approve it first; it waits in review. Give them the link. Nothing was published."
    return answers.Decision(plan_id=card.id, done=False, status=card.state, message=message, link=link)
