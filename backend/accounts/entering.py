"""From a password to a cookie: found, sign in, exchange the ticket, arrive, sign out."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from backend.accounts import passwords, throttle
from backend.accounts.schemas import Arrival, Founding, SessionCard, UserCard, WorkspaceCard
from backend.errors import Conflict, NotFound, NotSignedIn
from backend.kit import metrics
from backend.kit.db import Database, Nobody, enter, hash_token
from backend.kit.ids import new_id, new_secret
from backend.tables import Membership, SessionRow, User, Workspace

TICKET_S = 30
SEEN_EVERY_S = 60
_FOUNDING_LOCK = 7_316_540_212
_WRONG = "The e-mail address and the password do not fit together. Check both, or ask an owner for a reset link."
_now = func.clock_timestamp()


def is_new(tx: Session) -> bool:
    """No workspace exists yet: the first visitor becomes its owner."""
    return not tx.scalar(select(func.workspace_exists()))


def found(tx: Session, draft: Founding) -> str:
    """Makes the owner and the first workspace; returns a sign-in ticket. Raises Conflict when somebody was quicker.

    `tx`: of Nobody(). Founders queue behind a lock, so exactly one of two at once succeeds.
    """
    tx.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _FOUNDING_LOCK})
    if not is_new(tx):
        raise Conflict("This studio has an owner already. Sign in, or ask the owner for an invitation link.")
    user = add_user(tx, name=draft.name, email=draft.email, password=draft.password)
    add_workspace(tx, draft.workspace)
    return ticket(tx, user.id)


def add_user(tx: Session, *, name: str, email: str, password: SecretStr) -> User:
    """Acts as that person from here on. Raises Conflict when the address has an account."""
    if tx.scalar(select(User.id).where(User.email == email)):
        raise Conflict("There is an account with that e-mail address. Sign in with it first, then open the link again.")
    user = User(id=new_id("usr"), name=name, email=email, password_hash=passwords.hashed(password))
    tx.add(user)
    tx.flush()
    become(tx, user.id)
    return user


def add_workspace(tx: Session, name: str) -> str:
    """A workspace whose owner is the acting person; `tx` is confined to it from here on."""
    workspace_id = new_id("ws")
    tx.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": workspace_id})
    tx.add(Workspace(id=workspace_id, name=name))
    tx.flush()
    enter(tx, workspace_id)
    tx.add(Membership(tenant_id=workspace_id, user_id=tx.info["user_id"], role="owner"))
    tx.flush()
    return workspace_id


def become(tx: Session, user_id: str) -> None:
    """A Nobody transaction learns who it is: from here it sees that person's own memberships."""
    tx.execute(text("SELECT set_config('app.user', :u, true)"), {"u": user_id})
    tx.info["user_id"] = user_id


def sign_in(db: Database, *, email: str, password: SecretStr, address: str = "", user_agent: str = "") -> str:
    """A one-time ticket for `exchange`. Raises NotSignedIn (which of the two was wrong is not told), TooMany.

    Opens its own transactions: a failed try stays counted.
    """
    wanted = email.replace("\x00", "").strip().lower()
    try:
        with throttle.tries(db, email=wanted, address=address):
            with db.transaction(Nobody()) as tx:
                known = tx.execute(
                    select(User.id, User.password_hash).where(User.email == wanted, User.disabled_at.is_(None))
                ).first()
            if not passwords.matches(password, known.password_hash if known else None) or known is None:
                raise NotSignedIn(_WRONG)
    except NotSignedIn:
        metrics.sign_in("refused")
        raise
    metrics.sign_in("ok")
    with db.transaction(Nobody()) as tx:
        return ticket(tx, known.id, user_agent=user_agent)


def ticket(tx: Session, user_id: str, *, user_agent: str = "") -> str:
    """Good once, for 30 s: the browser trades it for the cookie, which no script ever sees."""
    made = new_secret()
    lives = _now + timedelta(seconds=TICKET_S)
    row = SessionRow(id=new_id("ses"), user_id=user_id, ticket_hash=hash_token(made), user_agent=user_agent[:300])
    row.ticket_expires_at, row.expires_at = lives, lives  # Postgres's clock, as SQL
    tx.add(row)
    tx.flush()
    return made


def exchange(tx: Session, ticket: str, *, days: int, user_agent: str = "") -> str:
    """The session's token, for the cookie. Raises NotSignedIn for a used, late or unknown ticket. `tx`: of Nobody()."""
    token = new_secret()
    values = {"ticket_hash": None, "token_hash": hash_token(token), "expires_at": _now + timedelta(days=days)}
    found = tx.execute(
        update(SessionRow)
        .where(
            SessionRow.ticket_hash == hash_token(ticket), SessionRow.ticket_expires_at > _now, SessionRow.revoked_at.is_(None)
        )
        .values(**values, last_seen_at=_now, **({"user_agent": user_agent[:300]} if user_agent else {}))
        .returning(SessionRow.id)
    ).first()
    if found is None:
        raise NotSignedIn("That sign-in took too long. Please sign in once more.")
    return token


def arrive(tx: Session, token: str) -> Arrival | None:
    """Who holds the token and which workspaces are theirs; None: nobody, or revoked, or run out. `tx`: of Nobody()."""
    if not token:
        return None
    row = tx.execute(
        select(SessionRow.id, User.id, User.email, User.name, SessionRow.last_seen_at < _now - timedelta(seconds=SEEN_EVERY_S))
        .join(User, User.id == SessionRow.user_id)
        .where(SessionRow.token_hash == hash_token(token), SessionRow.revoked_at.is_(None), SessionRow.expires_at > _now)
        .where(User.disabled_at.is_(None))
    ).first()
    if row is None:
        return None
    session_id, user_id, email, name, unseen = row
    if unseen:
        tx.execute(update(SessionRow).where(SessionRow.id == session_id).values(last_seen_at=_now))
    become(tx, user_id)
    return Arrival(UserCard(user_id, email, name), session_id, tuple(my_workspaces(tx)))


def my_workspaces(tx: Session) -> list[WorkspaceCard]:
    """Of the acting person, by name."""
    rows = tx.execute(
        select(Workspace.id, Workspace.name, Membership.role)
        .join(Membership, Membership.tenant_id == Workspace.id)
        .where(Membership.user_id == tx.info["user_id"])
        .order_by(func.lower(Workspace.name), Workspace.id)
    )
    return [WorkspaceCard(*row) for row in rows]


def sign_out(tx: Session, token: str) -> None:
    """Every tab of that browser. Harmless when nobody holds the token."""
    tx.execute(
        update(SessionRow)
        .where(SessionRow.token_hash == hash_token(token), SessionRow.revoked_at.is_(None))
        .values(revoked_at=_now)
    )


def sessions(tx: Session, *, token: str) -> list[SessionCard]:
    """The acting person's signed-in browsers, this one first, then the latest seen."""
    rows = tx.scalars(
        select(SessionRow)
        .where(SessionRow.user_id == tx.info["user_id"], SessionRow.token_hash.is_not(None), *_living())
        .order_by((SessionRow.token_hash == hash_token(token)).desc(), SessionRow.last_seen_at.desc())
    )
    return [SessionCard(r.id, r.user_agent, r.created_at, r.last_seen_at, r.token_hash == hash_token(token)) for r in rows]


def revoke_session(tx: Session, session_id: str) -> None:
    """One of the acting person's own. Raises NotFound."""
    done = tx.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.user_id == tx.info["user_id"], SessionRow.revoked_at.is_(None))
        .values(revoked_at=_now)
        .returning(SessionRow.id)
    ).first()
    if done is None:
        raise NotFound("That browser is signed out already.")


def sign_out_everywhere(tx: Session, *, user_id: str = "", but: str = "") -> None:
    """All sessions of a person (the acting one by default), open tickets too. `but`: the token that stays signed in."""
    others = or_(SessionRow.token_hash.is_(None), SessionRow.token_hash != hash_token(but))
    tx.execute(
        update(SessionRow)
        .where(SessionRow.user_id == (user_id or tx.info["user_id"]), SessionRow.revoked_at.is_(None), others)
        .values(revoked_at=_now)
    )


def _living() -> tuple[ColumnElement[bool], ...]:
    return SessionRow.revoked_at.is_(None), SessionRow.expires_at > _now
