"""Single pictures: rating, favourite, trash, cover; review of what the face check holds; duplicates of imports."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool

from backend import gallery, generation
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.pictures import PictureResponse, picture_response

router = APIRouter(prefix="/pictures", tags=["pictures"], dependencies=[needs_scope("images")])
Gate = Literal["open", "held", "rejected"]


class PictureChangeRequest(ApiRequest):
    """Fields that are left out stay as they are."""

    rating: Annotated[int, Field(ge=0, le=5, examples=[4])] | None = None
    favourite: StrictBool | None = None


class DecisionRequest(ApiRequest):
    """`approved`: shown in the gallery; `rejected`: kept, and not shown. `expected`: where all of them were when they were
    looked at; 409 when somebody has decided since."""

    picture_ids: list[str] = Field(min_length=1, max_length=gallery.MAX_PICTURES, examples=[["pic_0190"]])
    decision: Literal["approved", "rejected"] = Field(examples=["approved"])
    expected: Gate | None = Field(None, examples=["held"])


class DecisionResponse(ApiModel):
    """`before`: picture id -> where it was; send it to `/decisions/undo` to take the decision back."""

    before: dict[str, Gate]


class DecisionUndoRequest(ApiRequest):
    """`expected`: where the decision had put them; 409 when somebody has decided otherwise since."""

    expected: Gate | None = Field(None, examples=["open"])
    before: dict[str, Gate] = Field(max_length=gallery.MAX_PICTURES, examples=[{"pic_0190": "held"}])


class HeldResponse(ApiModel):
    """How many pictures wait for a decision, and how many were rejected."""

    held: int
    rejected: int


class DuplicateResponse(ApiModel):
    """An upload that was not imported, because the gallery has the same file as `pictureId`."""

    upload_id: str
    filename: str
    picture_id: str
    asset_id: str


class DismissalRequest(ApiRequest):
    upload_ids: list[str] = Field(min_length=1, max_length=1000, examples=[["upl_0190"]])


@router.get("/decisions")
def count_held_pictures(app: Studio, caller: Caller) -> HeldResponse:
    """What waits for review. The pictures themselves: `/api/pictures?gate=held`."""
    with app.db.transaction(caller) as tx:
        return HeldResponse(**gallery.held_counts(tx))


@router.post("/decisions", status_code=201)
def decide_on_pictures(body: DecisionRequest, app: Studio, caller: Caller) -> DecisionResponse:
    """Shows or rejects pictures that the face check holds: all or none. Nothing is deleted."""
    with app.db.transaction(caller, needs="editor") as tx:
        before = gallery.decide(tx, body.picture_ids, body.decision, expected=body.expected)
    return DecisionResponse.model_validate({"before": before})


@router.post("/decisions/undo")
def undo_picture_decision(body: DecisionUndoRequest, app: Studio, caller: Caller) -> DecisionResponse:
    """Puts pictures back where they were before a decision."""
    with app.db.transaction(caller, needs="editor") as tx:
        gallery.undo_decision(tx, body.before, expected=body.expected)
    return DecisionResponse(before=body.before)


@router.get("/duplicates")
def list_duplicates(app: Studio, caller: Caller, response: Response) -> Listing[DuplicateResponse]:
    """Uploads that were left out of an import, newest first. `picture-import` with `anyway` takes them after all."""
    with app.db.transaction(caller) as tx:
        duplicates = gallery.find_duplicates(tx)
    return listing(response, [DuplicateResponse.model_validate(duplicate) for duplicate in duplicates])


@router.post("/duplicates/dismiss", status_code=204)
def dismiss_duplicates(body: DismissalRequest, app: Studio, caller: Caller) -> None:
    """These stay out; they are not listed any more."""
    with app.db.transaction(caller, needs="editor") as tx:
        gallery.dismiss_duplicates(tx, body.upload_ids)


@router.patch("/{picture_id}")
def change_picture(picture_id: str, body: PictureChangeRequest, app: Studio, caller: Caller) -> PictureResponse:
    """Its stars, and whether it is a favourite. For many at once: `/api/pictures/acts`."""
    with app.db.transaction(caller, needs="editor") as tx:
        generation.picture(tx, picture_id)
        if body.rating is not None:
            gallery.rate(tx, [picture_id], body.rating)
        if body.favourite is not None:
            gallery.set_favourite(tx, [picture_id], body.favourite)
        return picture_response(generation.picture(tx, picture_id))


@router.delete("/{picture_id}", status_code=204)
def delete_picture(picture_id: str, app: Studio, caller: Caller) -> None:
    """Out of the gallery at once; `undelete` brings it back until its file is purged."""
    with app.db.transaction(caller, needs="editor") as tx:
        gallery.delete(tx, [picture_id])


@router.post("/{picture_id}/undelete")
def undelete_picture(picture_id: str, app: Studio, caller: Caller) -> PictureResponse:
    """Brings it back, for as long as its file is there."""
    with app.db.transaction(caller, needs="editor") as tx:
        gallery.undelete(tx, [picture_id])
        return picture_response(generation.picture(tx, picture_id))


@router.post("/{picture_id}/cover")
def make_picture_cover(picture_id: str, app: Studio, caller: Caller) -> PictureResponse:
    """Makes it the cover of its influencer."""
    with app.db.transaction(caller, needs="editor") as tx:
        gallery.make_cover(tx, picture_id)
        return picture_response(generation.picture(tx, picture_id))
