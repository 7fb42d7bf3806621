"""What the composer's routes answer: a post with everything that is shown of it, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.api.api_model import ApiModel, ClockTime, Worded
from backend.api.routes.content_plans import PlanActResponse, PlanResponse, plan_response
from backend.content_plans import PlanCard, PlanDraft, VersionCard
from backend.platforms.port import PostProblem
from backend.publishing import ComposerCard, PostDetails


class DraftVariantResponse(ApiModel):
    """A post's texts and files, without what became of it."""

    channel_id: str
    format: str
    caption: str
    title: str
    hashtags: list[str]
    asset_ids: list[str]
    edits: dict[str, dict[str, Any]]
    cover_asset_id: str
    first_comment: str
    alt_texts: dict[str, str]
    privacy: str
    options: dict[str, Any]


class PlanDraftResponse(ApiModel):
    topic: str
    notes: str
    local_time: ClockTime | None
    time_zone: str
    variants: list[DraftVariantResponse]


class UnsavedEditResponse(ApiModel):
    """What the caller typed over `version` and did not save. `before`: the plan as it was then."""

    version: int
    saved_at: datetime
    draft: PlanDraftResponse
    before: PlanDraftResponse


class ProblemResponse(ApiModel):
    """`media`: number of the file, from 0. `fix`: the label of what mends it by itself, "" when nothing does."""

    channel_id: str
    code: str
    message: Worded
    field: str
    media: int | None
    fix: Worded
    blocks: bool


class AttemptResponse(ApiModel):
    n: int
    outcome: str
    phase: str
    said: Worded
    sent: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None


class PostDetailsResponse(ApiModel):
    """`jobId` and `progress`: of the job that publishes it now."""

    attempts: list[AttemptResponse]
    job_id: str | None
    progress: float | None
    publisher: str
    approver: str
    profile_url: str
    phase: str
    by_hand: bool
    approved_at: datetime | None
    due_at: datetime | None


class FileResponse(ApiModel):
    """`score`, `threshold`: face match of a picture, 0 to 1, null when it was not measured; `accepted`: by a person.
    `pictureId`, `videoId`: in the library, "" when it is not from there. `title`: what it shows, by its prompt."""

    kind: str
    width: int | None
    height: int | None
    duration_s: float | None
    score: float | None = None
    threshold: float | None = None
    accepted: bool = False
    picture_id: str = ""
    video_id: str = ""
    title: str = ""


class SourceTextResponse(ApiModel):
    id: str
    topic: str


class ComposerChannelResponse(ApiModel):
    id: str
    name: str
    platform: str
    state: str
    trouble: Worded
    nickname: str
    avatar: str
    privacy: str


class ComposerResponse(ApiModel):
    """`draft`: the plan's texts and files as they are stored; `unsaved`: the caller's own unsaved edit. `problems`, `warnings`,
    `needsApproval` and `refusal` (why it cannot be published now) are of what was typed. `reviewWanted`: by the posting
    rules. `text`, `repurposedFrom`: what it was made from. `deleted`: it is in the trash. `done`: of a save with an action."""

    plan: PlanResponse
    draft: PlanDraftResponse
    unsaved: UnsavedEditResponse | None
    channels: list[ComposerChannelResponse]
    files: dict[str, FileResponse]
    problems: list[ProblemResponse]
    warnings: list[Worded]
    review_wanted: bool
    needs_approval: bool
    refusal: Worded
    paused: bool
    posts: dict[str, PostDetailsResponse]
    cooldown: Worded
    next_free_time: ClockTime | None
    text: SourceTextResponse | None
    repurposed_from: str
    deleted: bool
    done: PlanActResponse | None = None
    action_refusal: Worded = ""


class FixedDraftResponse(ApiModel):
    draft: PlanDraftResponse


class VersionResponse(ApiModel):
    """`savedBy`: a user's id, null when it is not known; `name`: theirs."""

    version: int
    saved_by: str | None
    name: str
    saved_at: datetime
    draft: PlanDraftResponse


def draft_response(draft: PlanDraft) -> PlanDraftResponse:
    variants = [
        DraftVariantResponse(
            **variant.model_dump(mode="json", include=DraftVariantResponse.model_fields.keys() - {"hashtags", "edits"}),
            hashtags=list(variant.hashtags),
            asset_ids=list(variant.media),
            cover_asset_id=variant.cover_id,
            edits={asset_id: edit.model_dump(mode="json", exclude_defaults=True) for asset_id, edit in variant.edits.items()},
        )
        for variant in draft.variants
    ]
    return PlanDraftResponse(
        topic=draft.topic, notes=draft.notes, local_time=draft.wall, time_zone=draft.zone, variants=variants
    )


def composer_response(composer: ComposerCard) -> ComposerResponse:
    plan, unsaved = composer.plan, composer.unsaved
    files = {
        asset_id: FileResponse(
            kind=file.kind,
            width=file.width,
            height=file.height,
            duration_s=file.meta.get("duration_s"),
            **_origin(composer, asset_id),
        )
        for asset_id, file in composer.files.items()
    }
    return ComposerResponse(
        plan=plan_response(plan),
        draft=draft_response(plan.draft()),
        unsaved=UnsavedEditResponse(
            version=unsaved.version,
            saved_at=unsaved.at,
            draft=draft_response(unsaved.draft),
            before=draft_response(unsaved.before),
        )
        if unsaved
        else None,
        channels=[
            ComposerChannelResponse(
                **{name: getattr(channel, name) for name in ("id", "name", "platform", "state", "trouble")},
                nickname=channel.profile.get("nickname", ""),
                avatar=channel.profile.get("avatar", ""),
                privacy=str(channel.settings.get("privacy") or ""),
            )
            for channel in composer.channels
        ],
        files=files,
        problems=[
            _problem_response(channel_id, problem) for channel_id, problems in composer.problems.items() for problem in problems
        ],
        warnings=list(composer.warnings),
        review_wanted=composer.rules.review,
        needs_approval=composer.needs_approval,
        refusal=composer.refusal,
        paused=composer.rules.stopped,
        posts={post_id: _post_details(plan, post_id, details) for post_id, details in composer.posts.items()},
        cooldown=composer.cooldown,
        next_free_time=composer.next_free_time,
        text=SourceTextResponse(id=composer.origin.text.id, topic=composer.origin.text.topic) if composer.origin.text else None,
        repurposed_from=composer.origin.repurposed_from,
        deleted=plan.deleted_at is not None,
    )


def _origin(composer: ComposerCard, asset_id: str) -> dict[str, Any]:
    source = next((file for file in composer.origin.files if file.asset_id == asset_id), None)
    if source is None:
        return {}
    values = {name: getattr(source, name) for name in ("picture_id", "video_id", "title")}
    match = source.match
    return values | ({"score": match.score, "threshold": match.threshold, "accepted": match.accepted} if match else {})


def _problem_response(channel_id: str, problem: PostProblem) -> ProblemResponse:
    values = {name: getattr(problem, name) for name in ("code", "message", "field", "media", "blocks")}
    return ProblemResponse(channel_id=channel_id, fix=problem.fix.label if problem.fix else "", **values)


def _post_details(plan: PlanCard, post_id: str, details: PostDetails) -> PostDetailsResponse:
    post = next(post for post in plan.posts if post.id == post_id)
    return PostDetailsResponse(
        attempts=[AttemptResponse.model_validate(attempt) for attempt in details.attempts],
        job_id=details.job.id if details.job else None,
        progress=details.job.progress if details.job else None,
        publisher=details.publisher,
        approver=details.approver,
        profile_url=details.profile_url,
        **{name: getattr(post, name) for name in ("phase", "by_hand", "approved_at", "due_at")},
    )


def version_response(card: VersionCard, name: str) -> VersionResponse:
    return VersionResponse(
        version=card.version, saved_by=card.saved_by, name=name, saved_at=card.saved_at, draft=draft_response(card.draft)
    )
