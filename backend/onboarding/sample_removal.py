"""Removes the sample influencer with everything of hers, for good: rows, files, undo entries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, any_, bindparam, cast, delete, exists, or_, select
from sqlalchemy.orm import Session

from backend import assets, events, renditions
from backend.db.tables import (
    Channel,
    Clip,
    ContentPlan,
    Generation,
    Influencer,
    Job,
    JobState,
    Picture,
    PlanAct,
    Post,
    PostState,
    Rendition,
    TalkLine,
    TextDraft,
)
from backend.errors import Conflict
from backend.language import tr_lazy
from backend.onboarding.sample_influencer import JOB_KIND, REQUEST_KEY, find_sample

_ACTIVE = (JobState.PENDING, JobState.PROCESSING)


def count_own_work(tx: Session) -> int:
    """How many posts, pictures, videos and texts people have made with the sample, beyond what it came with."""
    if (sample := find_sample(tx)) is None:
        return 0
    came_with_it = select(Generation.id).join(Job, Job.id == Generation.job_id)
    came_with_it = came_with_it.where(Job.kind == JOB_KIND, Job.subject_id == sample.id)
    own = (
        select(ContentPlan.id).where(
            ContentPlan.influencer_id == sample.id, ~ContentPlan.request_key.startswith(f"{REQUEST_KEY}:")
        ),
        select(Picture.id).where(Picture.influencer_id == sample.id, Picture.generation_id.not_in(came_with_it)),
        select(Clip.id).where(Clip.influencer_id == sample.id),
        select(TextDraft.id).where(TextDraft.influencer_id == sample.id, TextDraft.job_id.is_not(None)),
    )
    return sum(len(tx.scalars(query).all()) for query in own)


def remove_sample(tx: Session) -> bool:
    """Removes the sample, its pictures and what was made of them, texts, talks, posts and channel. False: there is none.

    Datasets, trainings and LoRAs that people made with it stay. The next sweep removes the bytes
    of what nothing else uses.
    Raises Conflict: one of its posts is being published, or something of it is being made.
    """
    sample = find_sample(tx)
    if sample is None:
        return False
    _check_idle(tx, sample.id)
    of_sample = Picture.influencer_id == sample.id
    picture_ids = list(tx.scalars(select(Picture.id).where(of_sample)))
    of_pictures = or_(Clip.influencer_id == sample.id, Clip.picture_id.in_(picture_ids))
    clip_ids = list(tx.scalars(select(Clip.id).where(of_pictures)))
    plan_ids = list(tx.scalars(select(ContentPlan.id).where(ContentPlan.influencer_id == sample.id)))
    post_ids = list(tx.scalars(select(Post.id).where(Post.plan_id.in_(plan_ids))))
    asset_ids = _asset_ids(tx, picture_ids, clip_ids)
    uses = {"picture": picture_ids, "trashed-picture": picture_ids, "clip": clip_ids, "trashed-clip": clip_ids}
    for noun, noun_ids in (uses | {"post": post_ids, "influencer": [sample.id]}).items():
        assets.unuse_all(tx, noun, noun_ids)
    tx.execute(delete(TextDraft).where(TextDraft.influencer_id == sample.id))
    tx.execute(delete(TalkLine).where(TalkLine.influencer_id == sample.id))
    undo_of_sample = cast(PlanAct.before, Text).like(any_(bindparam(None, _named(plan_ids + post_ids), ARRAY(Text))))
    tx.execute(delete(PlanAct).where(undo_of_sample))
    tx.execute(delete(ContentPlan).where(ContentPlan.influencer_id == sample.id))
    tx.execute(delete(Channel).where(Channel.influencer_id == sample.id))
    tx.execute(delete(Clip).where(Clip.id.in_(clip_ids)))
    tx.execute(delete(Picture).where(Picture.id.in_(picture_ids)))
    without_pictures = ~exists().where(Picture.generation_id == Generation.id)
    tx.execute(delete(Generation).where(Generation.influencer_id == sample.id, without_pictures))
    tx.execute(delete(Job).where(Job.kind == JOB_KIND, Job.subject_noun == "influencer", Job.subject_id == sample.id))
    tx.execute(delete(Influencer).where(Influencer.id == sample.id))
    assets.delete_unused(tx, asset_ids)
    events.record(tx, "sample.removed", "influencer", sample.id, {"pictures": len(picture_ids), "posts": len(post_ids)})
    return True


def _named(ids: Sequence[str]) -> list[str]:
    """Patterns that match JSON in which one of these ids stands."""
    return [f'%"{noun_id}"%' for noun_id in ids]


def _check_idle(tx: Session, sample_id: str) -> None:
    publishing = select(Post.id).join(ContentPlan, ContentPlan.id == Post.plan_id)
    publishing = publishing.where(ContentPlan.influencer_id == sample_id, Post.state == PostState.PUBLISHING)
    drawing = select(Job.id).join(Generation, Generation.job_id == Job.id)
    filming = select(Job.id).join(Clip, Clip.job_id == Job.id)
    if tx.scalar(publishing.limit(1)):
        raise Conflict(tr_lazy("One of the sample's posts is being published right now. Wait a moment, then remove it."))
    active = Job.state.in_(_ACTIVE)
    if tx.scalar(drawing.where(Generation.influencer_id == sample_id, active).limit(1)) or tx.scalar(
        filming.where(Clip.influencer_id == sample_id, active).limit(1)
    ):
        raise Conflict(tr_lazy("Pictures or videos of the sample are being made. Wait for them, or cancel them on Activity."))


def _asset_ids(tx: Session, picture_ids: Sequence[str], clip_ids: Sequence[str]) -> list[str]:
    """Files of these pictures and videos, and what was prepared of them for platforms, which nothing uses from now on."""
    asset_ids = list(tx.scalars(select(Picture.asset_id).where(Picture.id.in_(picture_ids))))
    clip_files = select(Clip.asset_id).where(Clip.id.in_(clip_ids), Clip.asset_id.is_not(None))
    asset_ids += [str(asset_id) for asset_id in tx.scalars(clip_files)]
    prepared = delete(Rendition).where(Rendition.asset_id.in_(asset_ids)).returning(Rendition.id, Rendition.made_id)
    rows = tx.execute(prepared).all()
    assets.unuse_all(tx, renditions.OWNER_TYPE, [row.id for row in rows])
    return asset_ids + [row.made_id for row in rows if row.made_id]
