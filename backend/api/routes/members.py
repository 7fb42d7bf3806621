"""Members of the workspace and the invitations to it. Everybody sees the members; owners change them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from backend import accounts
from backend.accounts import MemberCard
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope

router = APIRouter(prefix="/members", tags=["members"], dependencies=[needs_scope("workspace")])
MemberRole = Literal["owner", "editor", "viewer"]
OWNERS = needs_scope("workspace", "admin")


class MemberResponse(ApiModel):
    """`userId`: of the person; their id in addresses. `since`: when they joined."""

    user_id: str
    name: str
    email: str
    role: MemberRole
    since: datetime


class MemberChangeRequest(ApiRequest):
    role: MemberRole = Field(examples=["editor"])


class InvitationRequest(ApiRequest):
    """`email` empty: whoever holds the link may use it, once."""

    role: MemberRole = Field(examples=["editor"])
    email: str = Field("", max_length=320, examples=["ada@example.org"])


class InvitationResponse(ApiModel):
    id: str
    email: str
    role: MemberRole
    created_by: str
    expires_at: datetime


class NewInvitationResponse(InvitationResponse):
    """`url`: the link to send, with its secret. Neither is stored, and they cannot be shown again."""

    secret: str
    url: str


@router.get("")
def list_members(app: Studio, caller: Caller, response: Response) -> Listing[MemberResponse]:
    """The members of the workspace: owners first, then by name."""
    with app.db.transaction(caller) as tx:
        cards = accounts.members(tx)
    return listing(response, [MemberResponse.model_validate(card) for card in cards])


@router.get("/{user_id}/avatar", response_class=Response)
def get_member_avatar(user_id: str, app: Studio, caller: Caller) -> Response:
    """The person's own picture, WebP, at most 48 KB. A new picture has a new `?v=` in the studio's own pages."""
    with app.db.transaction(caller) as tx:
        picture = accounts.avatar(tx, user_id)
    return Response(picture, media_type="image/webp", headers={"cache-control": "private, max-age=86400"})


@router.get("/invitations", dependencies=[OWNERS])
def list_invitations(app: Studio, caller: Caller, response: Response) -> Listing[InvitationResponse]:
    """Open invitations, newest first; for owners."""
    with app.db.transaction(caller, needs="owner") as tx:
        cards = accounts.invitations(tx)
    return listing(response, [InvitationResponse.model_validate(card) for card in cards])


@router.post("/invitations", status_code=201)
def create_invitation(body: InvitationRequest, app: Studio, caller: Caller) -> NewInvitationResponse:
    """Makes a link that is good for one person and seven days. The studio sends no mail: send it yourself."""
    with app.db.transaction(caller, needs="owner") as tx:
        invitation = accounts.invite(tx, role=body.role, email=body.email)
    url = f"{app.settings.web.base_url}/?{accounts.INVITE_PARAM}={invitation.secret}"
    card = InvitationResponse.model_validate(invitation.card)
    return NewInvitationResponse(**card.model_dump(), secret=invitation.secret, url=url)


@router.delete("/invitations/{invitation_id}", status_code=204)
def withdraw_invitation(invitation_id: str, app: Studio, caller: Caller) -> None:
    """Its link is refused from now on."""
    with app.db.transaction(caller, needs="owner") as tx:
        accounts.withdraw(tx, invitation_id)


@router.get("/{user_id}")
def get_member(user_id: str, app: Studio, caller: Caller) -> MemberResponse:
    """One member of the workspace."""
    with app.db.transaction(caller) as tx:
        return _member_response(accounts.member(tx, user_id))


@router.patch("/{user_id}")
def change_member(user_id: str, body: MemberChangeRequest, app: Studio, caller: Caller) -> MemberResponse:
    """Gives a member another role. 409 when no owner would be left."""
    with app.db.transaction(caller, needs="owner") as tx:
        accounts.set_role(tx, user_id, body.role)
        return _member_response(accounts.member(tx, user_id))


@router.delete("/{user_id}", status_code=204)
def remove_member(user_id: str, app: Studio, caller: Caller) -> None:
    """Takes a member out of the workspace; what they made stays. Members may take themselves out. 409 for the last owner."""
    with app.db.transaction(caller) as tx:
        accounts.remove_member(tx, user_id)


def _member_response(card: MemberCard) -> MemberResponse:
    return MemberResponse.model_validate(card)
