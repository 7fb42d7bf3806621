"""The composer over HTTP: one post with checks of what is being typed, saving with an action in one go, earlier versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field, StrictBool

from backend import accounts, assets, content_plans, publishing
from backend.api.api_model import ApiRequest, Listing, listing
from backend.api.composer_answer import (
    ComposerResponse,
    FixedDraftResponse,
    VersionResponse,
    composer_response,
    draft_response,
    version_response,
)
from backend.api.deps import Caller, Studio, needs_scope, require_scope
from backend.api.routes.content_plans import LocalTime, PlanActResponse, VariantRequest
from backend.content_plans import ChangedSince, PlanDraft
from backend.db.transactions import Member
from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.language import tr_lazy, worded
from backend.publishing import PlanAction

router = APIRouter(prefix="/content-plans", tags=["content plans"], dependencies=[needs_scope("posts")])
Key = Annotated[str, Header(max_length=200)]
_GOES_OUT = {"approve", "schedule", "release", "publish", "approve_and_publish"}
"""Actions after which a post goes out, now or by itself."""


class EditRequest(ApiRequest):
    """A whole post as it is on the screen. `version`: of the plan that it was typed over; 409 `changed_since` when there is a
    newer one."""

    version: int = Field(examples=[3])
    topic: str = ""
    notes: str = ""
    local_time: LocalTime | None = None
    time_zone: str = ""
    variants: list[VariantRequest] = Field(default_factory=list, max_length=20)

    def draft(self, influencer_id: str) -> PlanDraft:
        return PlanDraft(
            influencer_id=influencer_id,
            topic=self.topic,
            notes=self.notes,
            wall=self.local_time,
            zone=self.time_zone,
            variants=tuple(variant.draft() for variant in self.variants),
        )


class UnsavedEditRequest(EditRequest):
    """`unsavedAt`: `savedAt` of the unsaved edit as it was read, null when there was none; left out: it is not checked. Another
    one is answered as a newer version: the same person writes in two tabs."""

    unsaved_at: datetime | None = None


class SaveRequest(EditRequest):
    """`action`: what is done after saving. When it is refused, the texts are saved all the same and `refusal` says why.

    `postId`: with `publish`, only this post. `note`: with `reject`, what should change. `typing`: saved by itself while
    somebody types: such saves become one version.
    """

    action: PlanAction = Field("", examples=["schedule"])
    post_id: str = Field("", max_length=80)
    note: str = Field("", max_length=2000)
    typing: StrictBool = False


class FixRequest(EditRequest):
    """`code`: one problem of `channelId`; empty: everything that blocks and can be fixed by itself."""

    channel_id: str = Field("", max_length=80)
    code: str = Field("", max_length=80)


class RestoreRequest(ApiRequest):
    """`version`: of the plan as the caller has seen it."""

    version: int = Field(examples=[3])


@router.get("/{plan_id}/composer")
def get_composer(plan_id: str, app: Studio, caller: Caller, response: Response) -> ComposerResponse:
    """All that the composer shows of a post. `ETag`: the plan's version."""
    with app.db.transaction(caller) as tx:
        composer = publishing.read_composer(tx, app.settings, plan_id)
    response.headers["etag"] = f'"{composer.plan.version}"'
    return composer_response(composer)


@router.post("/{plan_id}/save")
def save_plan(plan_id: str, body: SaveRequest, app: Studio, caller: Caller, idempotency_key: Key = "") -> ComposerResponse:
    """Saves what is on the screen and acts on it, in one transaction. An API key needs `posts:publish` for actions after which
    a post goes out."""
    if body.action in _GOES_OUT:
        require_scope(caller, "posts:publish")
    with app.db.transaction(caller, needs="editor") as tx:
        draft = body.draft(content_plans.get(tx, plan_id).influencer_id)
        result = publishing.save_and_act(
            tx,
            plan_id,
            draft,
            version=body.version,
            action=body.action,
            request_key=idempotency_key or new_id("key"),
            post_id=body.post_id,
            note=body.note,
            typing=body.typing,
        )
        answer = composer_response(publishing.read_composer(tx, app.settings, plan_id))
    answer.action_refusal = worded(result.refusal)
    answer.done = PlanActResponse.model_validate(result.undo_entry) if result.undo_entry else None
    return answer


@router.put("/{plan_id}/unsaved-edit")
def keep_unsaved_edit(plan_id: str, body: UnsavedEditRequest, app: Studio, caller: Caller) -> ComposerResponse:
    """Keeps what the caller is typing, for them alone, until it is saved or discarded. 409 `changed_since` when somebody has
    saved another version."""
    with app.db.transaction(caller, needs="editor") as tx:
        _require_person(caller, tx.info.get("user_id"))
        content_plans.require_unchanged(tx, plan_id, {plan_id: body.version})
        card = content_plans.get(tx, plan_id)
        unsaved = content_plans.get_unsaved_draft(tx, plan_id)
        if "unsaved_at" in body.model_fields_set and body.unsaved_at != (unsaved.at if unsaved else None):
            raise ChangedSince(tr_lazy("You have changed this post in another tab."), version=card.version)
        draft = body.draft(card.influencer_id)
        if draft == card.draft():
            content_plans.discard_unsaved_draft(tx, plan_id)
        else:
            content_plans.save_unsaved_draft(tx, plan_id, draft, before=card.draft(), version=body.version)
        return composer_response(publishing.read_composer(tx, app.settings, plan_id))


@router.delete("/{plan_id}/unsaved-edit")
def discard_unsaved_edit(plan_id: str, app: Studio, caller: Caller) -> ComposerResponse:
    """Drops what the caller typed and did not save."""
    with app.db.transaction(caller, needs="editor") as tx:
        _require_person(caller, tx.info.get("user_id"))
        content_plans.discard_unsaved_draft(tx, plan_id)
        return composer_response(publishing.read_composer(tx, app.settings, plan_id))


@router.post("/{plan_id}/fixed-draft")
def fix_draft(plan_id: str, body: FixRequest, app: Studio, caller: Caller) -> FixedDraftResponse:
    """The sent texts and files with problems fixed (crop, shorten, transcode …); nothing is saved."""
    shown = [variant for variant in body.variants if body.channel_id in ("", variant.channel_id)]
    assets.look_for_faces(app, caller, list({asset_id for variant in shown for asset_id in variant.asset_ids}))
    with app.db.transaction(caller, needs="editor") as tx:
        card = content_plans.get(tx, plan_id)
        draft = content_plans.fixed_draft(tx, card, body.draft(card.influencer_id), channel_id=body.channel_id, code=body.code)
    return FixedDraftResponse(draft=draft_response(draft))


@router.get("/{plan_id}/versions")
def list_plan_versions(plan_id: str, app: Studio, caller: Caller, response: Response) -> Listing[VersionResponse]:
    """What the post was after each save, newest first."""
    with app.db.transaction(caller) as tx:
        versions = content_plans.list_versions(tx, plan_id)
        names = {member.user_id: member.name for member in accounts.members(tx)}
    return listing(response, [version_response(card, names.get(card.saved_by or "", "")) for card in versions])


@router.post("/{plan_id}/versions/{version}/restore")
def restore_plan_version(plan_id: str, version: int, body: RestoreRequest, app: Studio, caller: Caller) -> ComposerResponse:
    """Saves the post as it was in an earlier version, as a new one. What is out stays as it went out."""
    with app.db.transaction(caller, needs="editor") as tx:
        content_plans.restore_version(tx, plan_id, version, version=body.version)
        content_plans.discard_unsaved_draft(tx, plan_id)
        return composer_response(publishing.read_composer(tx, app.settings, plan_id))


def _require_person(caller: Member, user_id: str | None) -> None:
    if not user_id:
        raise Invalid(tr_lazy("Unsaved edits belong to people. Send the change itself with PATCH."))
