"""The way to the first published post, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from backend.db.tables import Channel, ContentPlan, Dataset, DatasetImage, Influencer, Lora, Picture, Post, PostState

Step = Literal["influencer", "pictures", "training", "channel", "post"]
STEPS: tuple[Step, ...] = ("influencer", "pictures", "training", "channel", "post")
_MAX_INFLUENCERS = 200


@dataclass(frozen=True, slots=True)
class Checklist:
    """`done`: influencer (there is one), pictures (of them), training (a LoRA draws them), channel, post (one was published).

    `influencer_id`: whom the next step is about; "": nobody yet.
    """

    influencer_id: str
    done: tuple[Step, ...]

    @property
    def next_step(self) -> Step | None:
        """None once a post was published, also when a step before was left out."""
        if "post" in self.done:
            return None
        return next((step for step in STEPS if step not in self.done), None)


def checklist(tx: Session, influencer_id: str = "") -> Checklist:
    """Of one influencer; "": of the one that has come furthest, of several the newest. The sample does not count there."""
    columns = [condition.label(step) for step, condition in _conditions().items()]
    query = select(Influencer.id, *columns).order_by(Influencer.id.desc()).limit(_MAX_INFLUENCERS)
    if influencer_id:
        query = query.where(Influencer.id == influencer_id)
    else:
        query = query.where(Influencer.archived_at.is_(None), ~Influencer.is_sample)
    best = Checklist("", ())
    for row in tx.execute(query):
        done: tuple[Step, ...] = tuple(step for step in STEPS if step == "influencer" or row._mapping[step])
        if len(done) > len(best.done):
            best = Checklist(row.id, done)
    return best


def _conditions() -> dict[Step, ColumnElement[bool]]:
    in_datasets = (
        exists()
        .where(Dataset.influencer_id == Influencer.id, Dataset.deleted_at.is_(None), DatasetImage.dataset_id == Dataset.id)
        .correlate(Influencer)
    )
    in_gallery = exists().where(Picture.influencer_id == Influencer.id, Picture.deleted_at.is_(None)).correlate(Influencer)
    own_lora = exists().where(Lora.influencer_id == Influencer.id, Lora.deleted_at.is_(None)).correlate(Influencer)
    connected = exists().where(Channel.influencer_id == Influencer.id, Channel.deleted_at.is_(None)).correlate(Influencer)
    published = (
        exists()
        .where(ContentPlan.influencer_id == Influencer.id, ContentPlan.deleted_at.is_(None), Post.plan_id == ContentPlan.id)
        .where(Post.state == PostState.PUBLISHED)
        .correlate(Influencer)
    )
    return {
        "pictures": in_datasets | in_gallery,
        "training": Influencer.default_lora_id.is_not(None) | own_lora,
        "channel": connected,
        "post": published,
    }
