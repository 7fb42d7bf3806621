"""What of posting rules, pauses, campaigns, hashtag sets and comment templates can be undone. What is done to plans is an act
(`undo_entries`)."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import undo
from backend.content_plans import campaigns, dates, posting_rules, snippets
from backend.content_plans.posting_rules import WORKSPACE
from backend.content_plans.schemas import RulesDraft
from backend.content_plans.snippets import CommentTemplateDraft, HashtagSetDraft
from backend.db.tables import Campaign, ContentPlan, PostingRule, PostSnippet
from backend.undo import Values


def _read_rules(tx: Session, influencer_id: str) -> Values:
    """Defaults where nobody has set any."""
    card = posting_rules.get_rules(tx, influencer_id)
    slots = [{"weekday": slot.weekday, "at": slot.at} for slot in card.slots]
    return {name: getattr(card, name) for name in RulesDraft.model_fields if name != "slots"} | {"slots": slots}


def _save_rules(tx: Session, influencer_id: str, values: Values) -> None:
    posting_rules.save_rules(tx, influencer_id, RulesDraft(**values))


def _read_pause(tx: Session, scope: str) -> Values:
    row = tx.scalars(select(PostingRule.stopped_at).where(PostingRule.scope == scope).with_for_update()).first()
    return {"paused": row is not None}


def _pause(tx: Session, scope: str, values: Values) -> None:
    influencer_id = "" if scope == WORKSPACE else scope
    (posting_rules.pause_publishing if values["paused"] else posting_rules.resume_publishing)(tx, influencer_id)


def _read_holidays(tx: Session, scope: str) -> Values:
    country = tx.scalars(select(PostingRule.holiday_country).where(PostingRule.scope == scope).with_for_update()).first()
    return {"country": country or ""}


def _set_holidays(tx: Session, scope: str, values: Values) -> None:
    posting_rules.set_holiday_country(tx, values["country"], "" if scope == WORKSPACE else scope)


def _read_campaign(tx: Session, campaign_id: str) -> Values | None:
    """Its name, and the plans in it."""
    name = tx.scalar(select(Campaign.name).where(Campaign.id == campaign_id).with_for_update())
    if name is None:
        return None
    plans = select(ContentPlan.id).where(ContentPlan.campaign_id == campaign_id).order_by(ContentPlan.id)
    return {"name": name, "plans": list(tx.scalars(plans))}


def _rename_campaign(tx: Session, campaign_id: str, values: Values) -> None:
    campaigns.rename_campaign(tx, campaign_id, values["name"])


def _create_campaign(tx: Session, campaign_id: str, values: Values) -> None:
    """As it was, with those of its plans that are in no other one now."""
    campaigns.recreate_campaign(tx, campaign_id, values["name"])
    free = ContentPlan.id.in_(values["plans"]), ContentPlan.campaign_id.is_(None)
    tx.execute(update(ContentPlan).where(*free).values(campaign_id=campaign_id))


def _save_snippet(tx: Session, snippet_id: str, values: Values) -> None:
    shared = {"name": values["name"], "influencer_id": values["influencer_id"] or ""}
    if values["kind"] == "hashtags":
        snippets.save_hashtag_set(tx, HashtagSetDraft(hashtags=values["text"], **shared), set_id=snippet_id)
    else:
        snippets.save_comment_template(tx, CommentTemplateDraft(text=values["text"], **shared), template_id=snippet_id)


def _remove_snippet(tx: Session, snippet_id: str) -> None:
    kind = tx.scalars(select(PostSnippet.kind).where(PostSnippet.id == snippet_id)).one()
    (snippets.delete_hashtag_set if kind == "hashtags" else snippets.delete_comment_template)(tx, snippet_id)


def register_parts() -> None:
    undo.register(undo.Part("posting.rules", read=_read_rules, write=_save_rules))
    undo.register(undo.Part("posting.pause", read=_read_pause, write=_pause))
    undo.register(undo.Part("posting.holidays", read=_read_holidays, write=_set_holidays))
    undo.register(undo.Part("campaign", read=_read_campaign, write=_rename_campaign, create=_create_campaign))
    undo.register(
        undo.Part(
            "snippet",
            read=undo.columns(PostSnippet, "kind", "name", "influencer_id", "text"),
            write=_save_snippet,
            create=snippets.recreate,
            remove=_remove_snippet,
        )
    )
    undo.register_act("plan", dates.undo)
