"""Campaigns: labels of posts that belong together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.content_plans import queries
from backend.content_plans.schemas import MAX_PLANS_AT_ONCE, CampaignCard
from backend.db.tables import Campaign, ContentPlan
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.kit.texts import printable
from backend.language import tr_lazy
from backend.undo import undoable

MAX_CAMPAIGNS = 200
MAX_NAME = 60


def campaigns(tx: Session) -> list[CampaignCard]:
    """All campaigns of the workspace with how many posts each has, by name."""
    posts = (
        select(ContentPlan.campaign_id, func.count().label("n"))
        .where(queries.NOT_DELETED, ContentPlan.campaign_id.is_not(None))
        .group_by(ContentPlan.campaign_id)
        .subquery()
    )
    query = select(Campaign.id, Campaign.name, func.coalesce(posts.c.n, 0)).outerjoin(posts, posts.c.campaign_id == Campaign.id)
    return [CampaignCard(*row) for row in tx.execute(query.order_by(func.lower(Campaign.name)))]


def campaign_names(tx: Session) -> dict[str, str]:
    """Id -> name, by name."""
    query = select(Campaign.id, Campaign.name).order_by(func.lower(Campaign.name))
    return {campaign_id: name for campaign_id, name in tx.execute(query)}


def get_campaign(tx: Session, campaign_id: str) -> CampaignCard:
    """Raises NotFound."""
    name = tx.scalar(select(Campaign.name).where(Campaign.id == campaign_id))
    if name is None:
        raise NotFound(tr_lazy("This campaign does not exist here any more."))
    count = select(func.count()).select_from(ContentPlan).where(queries.NOT_DELETED, ContentPlan.campaign_id == campaign_id)
    return CampaignCard(campaign_id, name, tx.scalar(count) or 0)


def create_campaign(tx: Session, name: str) -> CampaignCard:
    """The campaign of this name, made where there is none yet. Raises Invalid, Conflict (too many)."""
    name = _checked_name(name)
    if existing := tx.scalar(select(Campaign.id).where(func.lower(Campaign.name) == func.lower(name))):
        return get_campaign(tx, existing)
    if (tx.scalar(select(func.count()).select_from(Campaign)) or 0) >= MAX_CAMPAIGNS:
        raise Conflict(tr_lazy("There are {max_campaigns} campaigns. Delete one that is over.", max_campaigns=MAX_CAMPAIGNS))
    row = insert(Campaign).values(id=new_id("cmp"), name=name).on_conflict_do_nothing().returning(Campaign.id)
    campaign_id = tx.scalar(row)
    if campaign_id is None:  # made by somebody else in this moment
        return get_campaign(tx, tx.scalar(select(Campaign.id).where(func.lower(Campaign.name) == func.lower(name))) or "")
    events.record(tx, "campaign.created", "campaign", campaign_id, {"name": name})
    return get_campaign(tx, campaign_id)


@undoable("campaign")
def rename_campaign(tx: Session, campaign_id: str, name: str) -> CampaignCard:
    """Raises NotFound, Invalid, Conflict (another one has this name)."""
    name, before = _checked_name(name), get_campaign(tx, campaign_id)
    same = select(Campaign.id).where(func.lower(Campaign.name) == func.lower(name), Campaign.id != campaign_id)
    if tx.scalar(same):
        raise Conflict(tr_lazy("There is a campaign “{name}” already.", name=name))
    change = update(Campaign).where(Campaign.id == campaign_id)
    tx.execute(change.values(name=name, updated_at=func.clock_timestamp()))
    events.record(tx, "campaign.renamed", "campaign", campaign_id, {"from": before.name, "to": name})
    return get_campaign(tx, campaign_id)


def recreate_campaign(tx: Session, campaign_id: str, name: str) -> None:
    """Makes one that was deleted again, with the id it had. Raises Conflict (another one has its name)."""
    row = insert(Campaign).values(id=campaign_id, name=name).on_conflict_do_nothing().returning(Campaign.id)
    if tx.scalar(row) is None:
        raise Conflict(tr_lazy("There is a campaign “{name}” already.", name=name))
    events.record(tx, "campaign.created", "campaign", campaign_id, {"name": name})


@undoable("campaign")
def delete_campaign(tx: Session, campaign_id: str) -> int:
    """Its posts stay, without a campaign. Returns how many. Raises NotFound."""
    card = get_campaign(tx, campaign_id)
    tx.execute(delete(Campaign).where(Campaign.id == campaign_id))
    events.record(tx, "campaign.deleted", "campaign", campaign_id, {"name": card.name, "posts": card.posts})
    return card.posts


def set_campaign(tx: Session, plan_ids: Sequence[str], campaign_id: str) -> int:
    """Puts plans into a campaign, or (empty) into none; published ones too. Returns how many were in another one.

    The plan's version stays: what somebody writes meanwhile is not affected. Raises NotFound, Invalid (too many at once).
    """
    if len(plan_ids) > MAX_PLANS_AT_ONCE:
        raise Invalid(tr_lazy("At most {max_plans_at_once} posts at once. Choose fewer.", max_plans_at_once=MAX_PLANS_AT_ONCE))
    name = get_campaign(tx, campaign_id).name if campaign_id else ""
    existing = select(ContentPlan.id).where(queries.NOT_DELETED, ContentPlan.id.in_(set(plan_ids)))
    ids = list(tx.scalars(existing.order_by(ContentPlan.id)))
    if plan_ids and not ids:
        raise NotFound(tr_lazy("None of these posts exists here any more."))
    change = update(ContentPlan).where(ContentPlan.id.in_(ids), ContentPlan.campaign_id.is_distinct_from(campaign_id or None))
    changed = tx.scalars(change.values(campaign_id=campaign_id or None).returning(ContentPlan.id)).all()
    for plan_id in changed:
        events.record(tx, "plan.campaign", "plan", plan_id, {"campaign": campaign_id, "name": name})
    return len(changed)


def _checked_name(name: str) -> str:
    name = " ".join(printable(name).split())
    if not name:
        raise Invalid(tr_lazy("Give the campaign a name."))
    if len(name) > MAX_NAME:
        raise Invalid(tr_lazy("A campaign's name has at most {max_name} characters.", max_name=MAX_NAME))
    return name
