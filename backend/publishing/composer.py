"""All that the composer shows of one post: the plan, what its user typed and did not save, checks of what is typed, files,
channels and attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend import accounts, assets, channels, content_plans, events, jobs
from backend.assets import AssetCard
from backend.channels import ChannelCard
from backend.content_plans import AttemptCard, PlanCard, PostCard, PostOrigin, PostState, RulesCard, UnsavedDraft
from backend.jobs import JobCard
from backend.platforms.port import PostProblem
from backend.publishing.media import reachability_problems
from backend.settings import Settings

_SENT_STATES = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class PostDetails:
    """`publisher`, `approver`: names of people, "" when nobody. `profile_url`: the account's page, "" when it has none."""

    attempts: tuple[AttemptCard, ...]
    job: JobCard | None
    publisher: str
    approver: str
    profile_url: str


@dataclass(frozen=True, slots=True)
class ComposerCard:
    """`plan`: as it is stored; `unsaved`: what the caller typed and did not save. `problems` (by channel id), `warnings`,
    `needs_approval` and `refusal` (why publishing now would be refused, "" when it would not) are of what was typed.

    `origin`: what its files and text come from, with face match. `posts`: details by post id. `cooldown`: why a published post
    should rest, "" when not. `next_free_time`: local time of the influencer's next free recurring time.
    """

    plan: PlanCard
    unsaved: UnsavedDraft | None
    channels: tuple[ChannelCard, ...]
    rules: RulesCard
    files: dict[str, AssetCard]
    origin: PostOrigin
    problems: dict[str, tuple[PostProblem, ...]]
    warnings: tuple[str, ...]
    needs_approval: bool
    refusal: str
    posts: dict[str, PostDetails]
    cooldown: str
    next_free_time: datetime | None


def read_composer(tx: Session, settings: Settings, plan_id: str, *, with_unsaved: bool = True) -> ComposerCard:
    """Raises NotFound. `with_unsaved`: False for people who may not edit: they have typed nothing."""
    card = content_plans.get(tx, plan_id)
    unsaved = content_plans.get_unsaved_draft(tx, plan_id) if with_unsaved else None
    typed = content_plans.as_typed(tx, card, unsaved.draft) if unsaved else card
    plan_channels = {channel.id: channel for channel in channels.of(tx, card.influencer_id)}
    plan_channels |= channels.get_many(tx, [post.channel_id for post in typed.posts if post.channel_id not in plan_channels])
    asset_ids = [asset_id for plan in (card, typed) for post in plan.posts for asset_id in post.media]
    rules = content_plans.get_rules(tx, card.influencer_id)
    approve = content_plans.needs_approval(tx, typed)
    is_published = any(post.published_at for post in card.posts)
    free_times = content_plans.next_free_times(tx, card.influencer_id, zone=card.zone) if rules.slots else []
    return ComposerCard(
        plan=card,
        unsaved=unsaved,
        channels=tuple(plan_channels.values()),
        rules=rules,
        files=dict(assets.get_many(tx, asset_ids)),
        origin=content_plans.origin_of(tx, typed),
        problems={post.channel_id: _problems(tx, settings, post) for post in typed.posts if post.state not in _SENT_STATES},
        warnings=tuple(content_plans.placement_warnings(tx, plan_id)),
        needs_approval=approve,
        refusal=content_plans.publish_now_refusal(tx, typed, approve=True) if typed.posts else "",
        posts=_post_details(tx, settings, card, plan_channels),
        cooldown=content_plans.cooldown_message(tx, card) if is_published else "",
        next_free_time=next(iter(free_times), None),
    )


def _problems(tx: Session, settings: Settings, post: PostCard) -> tuple[PostProblem, ...]:
    return (*content_plans.problems(tx, post), *reachability_problems(tx, settings, post))


def _post_details(
    tx: Session, settings: Settings, card: PlanCard, channels_by_id: dict[str, ChannelCard]
) -> dict[str, PostDetails]:
    tried = [post for post in card.posts if post.job_id or post.state in _SENT_STATES or post.error]
    approved = any(post.approved_by for post in card.posts)
    names = {member.user_id: member.name for member in accounts.members(tx)} if tried or approved else {}
    details = {}
    for post in card.posts:
        published = (
            [event for event in events.list_for(tx, "post", post.id) if event.kind == "post.published"] if post in tried else []
        )
        job = jobs.get(tx, post.job_id) if post.job_id and post.state == PostState.PUBLISHING else None
        details[post.id] = PostDetails(
            attempts=tuple(content_plans.list_attempts(tx, post.id)) if post in tried else (),
            job=job,
            publisher=names.get((published[-1].user_id if published else None) or "", ""),
            approver=names.get(post.approved_by or "", ""),
            profile_url=channels.profile_url(channels_by_id[post.channel_id], settings),
        )
    return details
