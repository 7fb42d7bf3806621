"""Members and their roles; a person's own name and password; workspaces."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import events, undo
from backend.accounts import passwords, sessions, throttle
from backend.accounts.reading_settings import READING_COLUMNS
from backend.accounts.rules import checked_email, checked_name, checked_password
from backend.accounts.schemas import MemberCard, ReadingSettings, UserCard, WorkspaceCard
from backend.accounts.sign_in_events import record_for
from backend.db.tables import Membership, User, Workspace
from backend.db.transactions import RANK, Database, SignedIn
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.kit.ids import new_id
from backend.language import tr_lazy

MAX_AVATAR_BYTES = 48 * 1024


def members(tx: Session) -> list[MemberCard]:
    """The members of this workspace, owners first, then by name."""
    rows = tx.execute(
        select(User.id, User.email, User.name, Membership.role, Membership.created_at, User.avatar_id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tx.info["tenant_id"])  # one's own memberships elsewhere are visible too
        .order_by(func.lower(User.name), User.id)
    )
    return sorted((MemberCard(*row) for row in rows), key=lambda card: -RANK[card.role])


def member(tx: Session, user_id: str) -> MemberCard:
    """Raises NotFound for somebody who is no member of this workspace."""
    card = next((card for card in members(tx) if card.user_id == user_id), None)
    if card is None:
        raise NotFound(tr_lazy("That person does not belong to this workspace any more."))
    return card


@undo.undoable("member.role")
def set_role(tx: Session, user_id: str, role: str) -> None:
    """Changes a member's role, as an owner. Raises Invalid, NotPermitted, NotFound, Conflict when no owner would be left."""
    if role not in RANK:
        raise Invalid(tr_lazy("A role is owner, editor or viewer."))
    require_owner(tx)
    _lock(tx)
    if _role(tx, user_id) == "owner" and role != "owner":
        _require_other_owner(tx, user_id)
    tx.execute(update(Membership).where(*_membership(tx, user_id)).values(role=role))
    events.record(tx, "member.role", "member", user_id, {"role": role})


def remove_member(tx: Session, user_id: str) -> None:
    """Removes a member, as an owner or as that person. What they made stays. Raises NotPermitted, NotFound, Conflict when no
    owner would be left."""
    if user_id != tx.info["user_id"]:
        require_owner(tx)
    _lock(tx)
    if _role(tx, user_id) == "owner":
        _require_other_owner(tx, user_id)
    tx.execute(delete(Membership).where(*_membership(tx, user_id)))
    events.record(tx, "member.removed", "member", user_id, {})


def create_workspace(tx: Session, name: str) -> str:
    """Creates a workspace owned by the acting person; returns its id. `tx` is confined to it afterwards."""
    return sessions.add_workspace(tx, _valid_name(name))


def current_workspace(tx: Session) -> WorkspaceCard:
    """The workspace of the transaction, with the role that its caller has there."""
    name = tx.scalar(select(Workspace.name).where(Workspace.id == tx.info["tenant_id"])) or ""
    return WorkspaceCard(tx.info["tenant_id"], name, tx.info["role"])


def rename_workspace(tx: Session, name: str) -> None:
    """Raises NotPermitted, Invalid."""
    require_owner(tx)
    workspace_id, new_name = str(tx.info["tenant_id"]), _valid_name(name)
    with undo.watch(tx, "workspace.name", workspace_id):
        tx.execute(update(Workspace).where(Workspace.id == workspace_id).values(name=new_name))
        events.record(tx, "workspace.renamed", "workspace", workspace_id, {"name": new_name})


def acting_user(tx: Session) -> UserCard:
    """The person that `tx` acts as."""
    columns = (User.id, User.email, User.name, User.avatar_id, *READING_COLUMNS)
    user_id, email, name, avatar_id, *reading = tx.execute(select(*columns).where(User.id == tx.info["user_id"])).one()
    return UserCard(user_id, email, name, avatar_id, ReadingSettings(*reading))


def note_tour(tx: Session) -> None:
    """The acting person took the tour of the studio, or did not want it: it is not offered again."""
    query = update(User).where(User.id == tx.info["user_id"], User.tour_offered_at.is_(None))
    tx.execute(query.values(tour_offered_at=func.now()))


def rename_user(tx: Session, name: str) -> None:
    """Renames the acting person."""
    tx.execute(update(User).where(User.id == tx.info["user_id"]).values(name=_valid_name(name)))


def set_avatar(tx: Session, picture: bytes) -> None:
    """The picture of the acting person: WebP, at most MAX_AVATAR_BYTES; b"" removes it. Raises Invalid.

    It is not opened here: browsers cut it to a small square before they send it, and show it as nothing but an image.
    """
    if picture and (len(picture) > MAX_AVATAR_BYTES or picture[:4] != b"RIFF" or picture[8:12] != b"WEBP"):
        raise Invalid(tr_lazy("This is not a small WebP picture. Choose the picture again."))
    values = {"avatar": picture or None, "avatar_id": new_id("avt") if picture else ""}
    tx.execute(update(User).where(User.id == tx.info["user_id"]).values(**values))


def avatar(tx: Session, user_id: str) -> bytes:
    """The picture of a member of this workspace, WebP. Raises NotFound."""
    is_member = Membership.user_id == User.id, Membership.tenant_id == tx.info["tenant_id"]
    picture = tx.scalar(select(User.avatar).join(Membership, and_(*is_member)).where(User.id == user_id))
    if picture is None:
        raise NotFound(tr_lazy("There is no picture of that person here."))
    return picture


def change_password(db: Database, caller: SignedIn, *, current: SecretStr, new: SecretStr, address: str = "") -> None:
    """Changes the password and signs all other browsers out. Raises Invalid, also when `current` is wrong (which is counted
    like a failed sign-in), TooMany."""
    with db.transaction(caller) as tx:
        user = tx.scalars(select(User).where(User.id == tx.info["user_id"])).one()
    _valid_password(new, user)
    with throttle.count_attempt(db, email=user.email, address=address, device=caller.token):
        if not passwords.matches(current, user.password_hash):
            raise Invalid(tr_lazy("The current password is not right. Nothing was changed."))
    with db.transaction(caller) as tx:
        set_password(tx, user.id, new)
        sessions.end_all(tx, user.id, but=caller.token)
        record_for(tx, user.id, "password.changed")


def change_email(db: Database, caller: SignedIn, *, current: SecretStr, email: str, address: str = "") -> None:
    """Changes the address with which the acting person signs in. `current`: their password; a wrong one is counted like a
    failed sign-in. Raises Invalid, Conflict (the address has an account), TooMany."""
    try:
        new_email = checked_email(email)
    except ValueError as error:
        raise Invalid(str(error)) from error
    with db.transaction(caller) as tx:
        user = tx.scalars(select(User).where(User.id == tx.info["user_id"])).one()
    with throttle.count_attempt(db, email=user.email, address=address, device=caller.token):
        if not passwords.matches(current, user.password_hash):
            raise Invalid(tr_lazy("The password is not right. Nothing was changed."))
    try:
        with db.transaction(caller) as tx:
            tx.execute(update(User).where(User.id == tx.info["user_id"]).values(email=new_email))
            record_for(tx, user.id, "email.changed")
    except IntegrityError as error:
        raise Conflict(tr_lazy("There is an account with that e-mail address already.")) from error


def set_password(tx: Session, user_id: str, password: SecretStr) -> None:
    user = tx.scalars(select(User).where(User.id == user_id)).one()
    tx.execute(
        update(User).where(User.id == user_id).values(password_hash=passwords.hash_password(_valid_password(password, user)))
    )


def require_owner(tx: Session) -> None:
    """Raises NotPermitted unless the transaction's caller is an owner, whatever role `transaction()` was opened with."""
    if tx.info["role"] != "owner":
        raise NotPermitted(tr_lazy("Only an owner of this workspace can do this. Ask one of them."))


def _valid_password(password: SecretStr, user: User) -> SecretStr:
    try:
        return checked_password(password, about=(user.name, user.email))
    except ValueError as error:
        raise Invalid(str(error)) from error


def _valid_name(name: str) -> str:
    try:
        return checked_name(name)
    except ValueError as error:
        raise Invalid(str(error)) from error


def _lock(tx: Session) -> None:
    """Locks the workspace's row: changes of membership run one after another, so that two owners cannot demote each other at
    once."""
    tx.execute(select(Workspace.id).where(Workspace.id == tx.info["tenant_id"]).with_for_update())


def _membership(tx: Session, user_id: str) -> tuple[ColumnElement[bool], ...]:
    return Membership.tenant_id == tx.info["tenant_id"], Membership.user_id == user_id


def _role(tx: Session, user_id: str) -> str:
    role = tx.scalar(select(Membership.role).where(*_membership(tx, user_id)))
    if role is None:
        raise NotFound(tr_lazy("That person does not belong to this workspace any more."))
    return str(role)


def _require_other_owner(tx: Session, user_id: str) -> None:
    others = select(Membership.user_id).where(
        Membership.tenant_id == tx.info["tenant_id"], Membership.role == "owner", Membership.user_id != user_id
    )
    if tx.scalar(others.limit(1)) is None:
        raise Conflict(tr_lazy("A workspace needs an owner. Make somebody else owner first."))
