"""Invitations to a workspace, and password reset links made by an owner."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from backend import events
from backend.accounts import people, sessions, throttle, two_factor
from backend.accounts.operators import is_operator
from backend.accounts.rules import checked_email
from backend.accounts.schemas import InvitationCard, InvitationPreview, NewInvitation, NewPerson, WorkspaceCard
from backend.accounts.sign_in_events import record_for
from backend.db.callers import NOWHERE, Origin
from backend.db.tables import Invitation, Membership, PasswordReset, User, Workspace
from backend.db.transactions import RANK, enter_workspace, hash_token
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id, new_secret
from backend.language import tr_lazy
from backend.settings import Settings

INVITATION_DAYS = 7
RESET_HOURS = 24
_INVALID_INVITATION = tr_lazy("That invitation is used up, withdrawn or too old. Ask for a new link.")
_INVALID_RESET = tr_lazy("That reset link is used up or too old. Ask an owner for a new one.")
_now = func.clock_timestamp()


def invite(tx: Session, *, role: str, email: str = "") -> NewInvitation:
    """Creates an invitation. `email` empty: whoever holds the link may use it.

    Raises Invalid, NotPermitted (not an owner), Conflict (a member already).
    """
    if role not in RANK:
        raise Invalid(tr_lazy("A role is owner, editor or viewer."))
    people.require_owner(tx)
    email = _email(email) if email.strip() else ""
    if email and email in {member.email for member in people.members(tx)}:
        raise Conflict(tr_lazy("{email} belongs to this workspace already.", email=email))
    secret = new_secret()
    row = Invitation(id=new_id("inv"), email=email, role=role, token_hash=hash_token(secret), created_by=tx.info["user_id"])
    row.expires_at = _now + timedelta(days=INVITATION_DAYS)  # an SQL expression on Postgres's clock
    tx.add(row)
    tx.flush()
    events.record(tx, "invitation.created", "invitation", row.id, {"role": role})
    return NewInvitation(next(card for card in invitations(tx) if card.id == row.id), secret)


def invitations(tx: Session) -> list[InvitationCard]:
    """Open invitations, newest first."""
    rows = tx.execute(
        select(Invitation.id, Invitation.email, Invitation.role, Invitation.expires_at, User.name)
        .join(User, User.id == Invitation.created_by)
        .where(*_open())
        .order_by(Invitation.created_at.desc())
    )
    return [InvitationCard(*row) for row in rows]


def withdraw(tx: Session, invitation_id: str) -> None:
    """Revokes an open invitation. Raises NotFound when it is no longer open."""
    people.require_owner(tx)
    revoked = tx.execute(
        update(Invitation).where(Invitation.id == invitation_id, *_open()).values(revoked_at=_now).returning(Invitation.id)
    )
    if revoked.first() is None:
        raise NotFound(tr_lazy("That invitation is not open any more."))
    events.record(tx, "invitation.withdrawn", "invitation", invitation_id, {})


def preview(tx: Session, secret: str) -> InvitationPreview:
    """What the link offers. Raises NotFound for one that is no longer valid. `tx`: of Anonymous(); it is confined to that
    workspace afterwards."""
    invitation, workspace = _open_invitation(tx, secret)
    host = tx.scalar(select(User.name).where(User.id == invitation.created_by)) or ""
    return InvitationPreview(WorkspaceCard(workspace.id, workspace.name, invitation.role), invitation.email, host)


def accept(tx: Session, secret: str) -> str:
    """The acting person joins (a higher role already held is kept); returns the workspace id. `tx`: of Anonymous(user_id).

    Of two calls at once with the same link one succeeds. Raises NotFound for a link that is no longer valid, Conflict when it
    is meant for another e-mail address.
    """
    invitation, workspace = _open_invitation(tx, secret, lock=True)
    user_id = tx.info["user_id"]
    email = tx.scalar(select(User.email).where(User.id == user_id))
    if invitation.email and invitation.email != email:
        raise Conflict(
            tr_lazy(
                "This invitation is for {email}. Sign in with that address, or ask for a link of your own.",
                email=invitation.email,
            )
        )
    role = tx.scalar(select(Membership.role).where(Membership.tenant_id == workspace.id, Membership.user_id == user_id))
    if role is None:
        tx.add(Membership(tenant_id=workspace.id, user_id=user_id, role=invitation.role))
    elif RANK[role] < RANK[invitation.role]:
        people.set_role(tx, user_id, invitation.role)
    invitation.accepted_at, invitation.accepted_by = _now, user_id
    tx.flush()
    events.record(tx, "member.joined", "member", user_id, {"role": invitation.role, "invitation_id": invitation.id})
    return workspace.id


def accept_as_new(tx: Session, secret: str, person: NewPerson, *, settings: Settings) -> str:
    """Creates the account and joins; returns a sign-in ticket. `tx`: of Anonymous().

    Raises NotFound, and Conflict, also for an address of OPERATOR_EMAILS that only somebody else invited: nobody proves that an
    address is theirs.
    """
    invitation, _ = _open_invitation(tx, secret, lock=True)
    by_operator = is_operator(tx, settings, invitation.created_by or "")
    if person.email in settings.web.operator_emails and not by_operator:
        raise Conflict(tr_lazy("That is the address of somebody who runs this studio. Only another of them can invite them."))
    user = sessions.add_user(tx, name=person.name, email=person.email, password=person.password)
    accept(tx, secret)
    return sessions.create_ticket(tx, user.id)


def create_reset_link(tx: Session, user_id: str, *, settings: Settings) -> str:
    """Creates a reset link for a member and returns its secret. Only for members whose workspaces all belong to this owner too:
    otherwise the owner of one workspace could sign in to another one as a shared member. For operators only operators can.

    Raises NotPermitted, NotFound, Conflict.
    """
    people.require_owner(tx)
    if user_id not in {member.user_id for member in people.members(tx)}:
        raise NotFound(tr_lazy("That person does not belong to this workspace any more."))
    if is_operator(tx, settings, user_id) and not is_operator(tx, settings, tx.info["user_id"]):
        raise Conflict(
            tr_lazy("This person runs the studio. They must change the password themselves, or make a link on the server.")
        )
    if tx.scalar(select(func.belongs_beyond(user_id, tx.info["user_id"]))):
        raise Conflict(
            tr_lazy("This person also belongs to a workspace that you do not own. They must change the password themselves.")
        )
    return _new_reset(tx, user_id, created_by=tx.info["user_id"])


def create_reset_link_on_server(tx: Session, email: str, *, turn_off_two_factor: bool = False) -> str:
    """Creates a reset link from the server's command line, for an owner who is alone in a workspace and has nobody to ask.
    `turn_off_two_factor`: for somebody who has lost the authenticator app and the recovery codes too.

    Returns its secret. `tx`: of Anonymous(). Raises Invalid, NotFound.
    """
    user_id = tx.scalar(select(User.id).where(User.email == _email(email), User.disabled_at.is_(None)))
    if user_id is None:
        raise NotFound(tr_lazy("Nobody signs in here as {email}. Check the address.", email=email.strip().lower()))
    if turn_off_two_factor:
        two_factor.turn_off_for(tx, user_id)
    return _new_reset(tx, user_id, created_by=user_id)


def reset_email(tx: Session, secret: str) -> str:
    """The e-mail address whose password the link resets. Raises NotFound for an invalid link. `tx`: of Anonymous()."""
    email = tx.scalar(
        select(User.email)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(PasswordReset.token_hash == hash_token(secret), *_unused())
    )
    if email is None:
        raise NotFound(_INVALID_RESET)
    return str(email)


def reset(tx: Session, secret: str, password: SecretStr, *, origin: Origin = NOWHERE) -> str:
    """Sets the password and signs that person out everywhere; returns a sign-in ticket. `tx`: of Anonymous(). `origin`: for the
    audit log.

    Of two calls at once with the same link one succeeds. Raises NotFound for an invalid link.
    """
    email = reset_email(tx, secret)
    mark_used = update(PasswordReset).where(PasswordReset.token_hash == hash_token(secret), *_unused()).values(used_at=_now)
    user_id = tx.scalar(mark_used.returning(PasswordReset.user_id))
    if user_id is None:
        raise NotFound(_INVALID_RESET)
    people.set_password(tx, user_id, password)
    sessions.end_all(tx, user_id)
    record_for(tx, user_id, "password.reset", origin=origin)
    throttle.clear_attempts(tx, email=email)
    return sessions.create_ticket(tx, user_id)


def _new_reset(tx: Session, user_id: str, *, created_by: str) -> str:
    """Creates a reset link and invalidates the older ones of that person."""
    secret = new_secret()
    tx.execute(
        update(PasswordReset).where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None)).values(used_at=_now)
    )
    row = PasswordReset(id=new_id("rst"), user_id=user_id, token_hash=hash_token(secret), created_by=created_by)
    row.expires_at = _now + timedelta(hours=RESET_HOURS)
    tx.add(row)
    tx.flush()
    return secret


def _open() -> tuple[ColumnElement[bool], ...]:
    return Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > _now


def _unused() -> tuple[ColumnElement[bool], ...]:
    return PasswordReset.used_at.is_(None), PasswordReset.expires_at > _now


def _open_invitation(tx: Session, secret: str, *, lock: bool = False) -> tuple[Invitation, Workspace]:
    tenant_id = tx.scalar(select(func.invitation_workspace(hash_token(secret))))
    if tenant_id is None:
        raise NotFound(_INVALID_INVITATION)
    enter_workspace(tx, tenant_id)
    query = select(Invitation).where(Invitation.token_hash == hash_token(secret), *_open())
    invitation = tx.scalars(query.with_for_update() if lock else query).first()
    workspace = tx.get(Workspace, tenant_id)
    if invitation is None or workspace is None:
        raise NotFound(_INVALID_INVITATION)
    return invitation, workspace


def _email(value: str) -> str:
    try:
        return checked_email(value)
    except ValueError as error:
        raise Invalid(str(error)) from error
