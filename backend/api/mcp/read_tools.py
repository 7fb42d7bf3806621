"""Tools that change nothing."""

from __future__ import annotations

from typing import Annotated

import anyio
from pydantic import Field

from backend import channels, content_plans, gallery, influencers, jobs, music, reels, voices
from backend.api.mcp import answers
from backend.api.mcp.calls import current_call
from backend.channels import ChannelCard
from backend.content_plans import PlanCard, PlanFilters, PostCard, PostState
from backend.gallery import GalleryFilters, TileCard
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.reels import ReelCard

MAX_WAIT_S = 50
"""Clients give up on an answer after a minute."""
_POLL_S = 0.5
Take = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(max_length=200, description="next_cursor of the answer before, for the next page")]
Id = Annotated[str, Field(max_length=80)]


def find_influencers(
    text: Annotated[str, Field(max_length=200, description="A part of the name; empty: all")] = "",
    take: Take = 20,
    cursor: Cursor = "",
) -> answers.Influencers:
    """The influencers of this workspace, newest first."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        page = influencers.page(tx, text=text, take=take, cursor=cursor or None)
    found_here = [_influencer(card) for card in page.cards]
    return answers.Influencers(influencers=found_here, total=page.total, next_cursor=page.next_cursor)


def list_channels(influencer_id: Id = "") -> answers.Channels:
    """The accounts on platforms that posts can be planned for."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        return answers.Channels(channels=[_channel(card) for card in channels.of(tx, influencer_id)])


def list_pictures(
    influencer_id: Id = "",
    text: Annotated[str, Field(max_length=500, description="Words of the prompt, as typed above the gallery")] = "",
    min_rating: Annotated[int, Field(ge=0, le=5)] = 0,
    take: Take = 20,
    cursor: Cursor = "",
) -> answers.Pictures:
    """Pictures, newest first. Their asset_id goes into plan_post."""
    call = current_call.get()
    filters = GalleryFilters(influencer_id=influencer_id or None, text=text, min_rating=min_rating)
    with call.app.db.transaction(call.caller) as tx:
        page = gallery.tiles(tx, filters=filters, cursor=cursor or None, take=take)
    return answers.Pictures(pictures=[_picture(card) for card in page.tiles], next_cursor=page.next_cursor)


def list_music(take: Take = 20, cursor: Cursor = "") -> answers.Music:
    """Music for reels and finished videos, own tracks first. The id goes into a reel's musicTrackId."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        page = music.page(tx, take=take, cursor=cursor or None)
    fields = answers.Track.model_fields
    tracks = [answers.Track(**{name: getattr(card, name) for name in fields}) for card in page.cards if card.is_ready]
    return answers.Music(tracks=tracks, next_cursor=page.next_cursor)


def list_reels(influencer_id: Id = "", take: Take = 20, cursor: Cursor = "") -> answers.Reels:
    """Reels, newest first. The asset_id of a rendered one goes into plan_post."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        page = reels.page(tx, influencer_id=influencer_id or None, take=take, cursor=cursor or None)
    cards = [reel_answer(card) for card in page.cards]
    return answers.Reels(reels=cards, total=page.total, next_cursor=page.next_cursor)


def list_voices() -> answers.Voices:
    """Voices of the workspace that can speak now. Their id goes into speak_text and into a reel's voiceId."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        cards = [card for card in voices.choices(tx) if not card.refusal]
    fields = answers.Voice.model_fields
    return answers.Voices(voices=[answers.Voice(**{name: getattr(card, name) for name in fields}) for card in cards])


async def wait_for_job(
    job_id: Id, seconds: Annotated[int, Field(ge=0, le=MAX_WAIT_S, description="How long to wait at most")] = 30
) -> answers.Job:
    """Waits until a job has ended, or for so many seconds; then says how it stands."""
    call = current_call.get()

    def read() -> JobCard:
        with call.app.db.transaction(call.caller) as tx:
            return jobs.get(tx, job_id)

    with anyio.move_on_after(seconds):
        while not (await anyio.to_thread.run_sync(read)).ended:
            await anyio.sleep(_POLL_S)
    return _job(await anyio.to_thread.run_sync(read))


def list_posts(
    influencer_id: Id = "",
    status: Annotated[PostState | None, Field(description="Only plans in this state")] = None,
    text: Annotated[str, Field(max_length=200, description="Words of the topic, caption or hashtags")] = "",
    take: Take = 20,
    cursor: Cursor = "",
) -> answers.Plans:
    """Content plans by date, with their posts and what became of them: status, address on the platform, error."""
    call = current_call.get()
    filters = PlanFilters(influencer_id=influencer_id, states=(status,) if status else (), text=text)
    with call.app.db.transaction(call.caller) as tx:
        page = content_plans.page(tx, filters, cursor=cursor or None, take=take, skip=0)
    plans = [plan_answer(card) for card in page.cards]
    return answers.Plans(plans=plans, total=page.total, next_cursor=page.next_cursor)


def read_post(plan_id: Id) -> answers.Plan:
    """One content plan with its posts: status, captions, addresses on the platforms, errors."""
    call = current_call.get()
    with call.app.db.transaction(call.caller) as tx:
        return plan_answer(content_plans.get(tx, plan_id))


def _influencer(card: InfluencerCard) -> answers.Influencer:
    return answers.Influencer(
        id=card.id,
        name=card.name,
        language=card.language,
        time_zone=card.time_zone,
        topics=list(card.persona.topics),
        tone=card.persona.tone,
        trained=card.default_lora_id is not None,
    )


def _channel(card: ChannelCard) -> answers.Channel:
    name = answers.OutsideText(source=f"account on {card.platform}", untrusted_text=card.name)
    return answers.Channel(id=card.id, influencer_id=card.influencer_id, platform=card.platform, state=card.state, name=name)


def _picture(card: TileCard) -> answers.Picture:
    drawn_here = card.source == "made"
    return answers.Picture(
        id=card.id,
        asset_id=card.asset_id,
        influencer_id=card.influencer_id,
        prompt=card.prompt if drawn_here else "",
        imported_prompt=None if drawn_here else answers.outside("imported file", card.prompt),
        rating=card.rating,
        shape=card.shape,
        created_at=card.created_at,
        face_match=card.identity_score,
    )


def _job(card: JobCard) -> answers.Job:
    next_step = "It has ended; result has what it made." if card.ended else "Call wait_for_job again."
    return answers.Job(
        job_id=card.id,
        type=card.type,
        status=card.state,
        ended=card.ended,
        progress=card.progress,
        result=card.result,
        error=answers.outside("engine, platform or model", card.error_message),
        next_step=next_step,
    )


def reel_answer(card: ReelCard) -> answers.Reel:
    return answers.Reel(
        id=card.id,
        title=card.title,
        influencer_id=card.influencer_id,
        script=card.script,
        scenes=len(card.scenes),
        status=card.state,
        asset_id=card.asset_id,
        is_current=card.asset_id is not None and card.rendered_revision == card.revision,
        error=answers.outside("engine or model", card.error_message),
    )


def plan_answer(card: PlanCard) -> answers.Plan:
    return answers.Plan(
        id=card.id,
        influencer_id=card.influencer_id,
        topic=card.topic,
        status=card.state,
        local_time=card.wall,
        time_zone=card.zone,
        version=card.version,
        posts=[_post(post) for post in card.posts],
    )


def _post(post: PostCard) -> answers.Post:
    return answers.Post(
        id=post.id,
        channel_id=post.channel_id,
        platform=post.platform,
        status=post.state,
        caption=post.caption,
        asset_ids=list(post.media),
        url=post.url,
        published_at=post.published_at,
        error=answers.outside(post.platform, post.error),
    )
