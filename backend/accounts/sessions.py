"""Sessions: set up the first workspace, sign in, exchange the ticket for a cookie's token, resolve the token, sign out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from pydantic import SecretStr
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from backend.accounts import passwords, throttle
from backend.accounts.reading_settings import READING_COLUMNS
from backend.accounts.rules import CODE_TTL_S, TICKET_TTL_S
from backend.accounts.schemas import ReadingSettings, SessionCard, SessionInfo, SetupDraft, UserCard, WorkspaceCard
from backend.accounts.sign_in_events import record_for
from backend.db.callers import NOWHERE, Origin
from backend.db.tables import Membership, SessionRow, User, Workspace
from backend.db.transactions import Anonymous, Database, enter_workspace, hash_token
from backend.errors import Conflict, NotFound, NotSignedIn
from backend.kit import metrics
from backend.kit.ids import new_id, new_secret
from backend.language import reader, tr_lazy

SEEN_EVERY_S = 60
_SETUP_LOCK = 7_316_540_212
_WRONG_CREDENTIALS = tr_lazy("Wrong e-mail or password. Check both, or ask an owner for a reset link.")
_now = func.clock_timestamp()


def needs_setup(tx: Session) -> bool:
    """Whether no workspace exists yet: the first visitor then becomes its owner."""
    return not tx.scalar(select(func.workspace_exists()))


def create_first_workspace(tx: Session, draft: SetupDraft) -> str:
    """Creates the owner and the first workspace; returns a sign-in ticket. Raises Conflict when somebody was quicker.

    `tx`: of Anonymous(). Takes an advisory lock, so that exactly one of two calls at once succeeds.
    """
    tx.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _SETUP_LOCK})
    if not needs_setup(tx):
        raise Conflict(tr_lazy("This studio has an owner already. Sign in, or ask the owner for an invitation link."))
    user = add_user(tx, name=draft.name, email=draft.email, password=draft.password)
    add_workspace(tx, draft.workspace)
    return create_ticket(tx, user.id)


def add_user(tx: Session, *, name: str, email: str, password: SecretStr) -> User:
    """Creates an account; `tx` acts as that person afterwards. Raises Conflict when the address has an account."""
    if tx.scalar(select(User.id).where(User.email == email)):
        raise Conflict(
            tr_lazy("There is an account with that e-mail address. Sign in with it first, then open the link again.")
        )
    user = User(id=new_id("usr"), name=name, email=email, password_hash=passwords.hash_password(password))
    user.language = language if (language := reader().language) != "en" else ""  # for e-mails, which know no browser
    tx.add(user)
    tx.flush()
    act_as(tx, user.id)
    return user


def add_workspace(tx: Session, name: str) -> str:
    """Creates a workspace with the acting person as its owner; `tx` is confined to it afterwards. Returns its id."""
    workspace_id = new_id("ws")
    tx.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": workspace_id})
    tx.add(Workspace(id=workspace_id, name=name))
    tx.flush()
    enter_workspace(tx, workspace_id)
    tx.add(Membership(tenant_id=workspace_id, user_id=tx.info["user_id"], role="owner"))
    tx.flush()
    return workspace_id


def act_as(tx: Session, user_id: str) -> None:
    """Sets the acting person of an Anonymous transaction, which then sees that person's own memberships."""
    tx.execute(text("SELECT set_config('app.user', :u, true)"), {"u": user_id})
    tx.info["user_id"] = user_id


def sign_in(
    db: Database,
    *,
    email: str,
    password: SecretStr,
    origin: Origin = NOWHERE,
    recognise: Callable[[str], str] = lambda user_id: "",
) -> str:
    """Checks the password and returns a one-time ticket for `exchange_ticket`; of somebody with a second factor it waits for
    `two_factor.confirm` first (`two_factor.code_needed`).

    A refused one is told in the audit logs of the person's workspaces, with `origin`. `recognise`: user id -> the id of this
    browser if that person has signed in with it before, else "" (`devices.recognise`). Opens its own transactions, so that a
    failed attempt stays counted. Raises NotSignedIn (without telling whether the address or the password was wrong), TooMany.
    """
    normalized = email.replace("\x00", "").strip().lower()
    with db.transaction(Anonymous()) as tx:
        is_user = User.email == normalized, User.disabled_at.is_(None)
        user = tx.execute(select(User.id, User.password_hash).where(*is_user)).first()
    try:
        with throttle.count_attempt(db, email=normalized, address=origin.address, device=recognise(user.id) if user else ""):
            if not passwords.matches(password, user.password_hash if user else None) or user is None:
                raise NotSignedIn(_WRONG_CREDENTIALS)
    except NotSignedIn:
        metrics.sign_in("refused")
        with db.transaction(Anonymous()) as tx:  # for nobody, too: an answer takes as long for an address without an account
            record_for(tx, user.id if user else "", "session.refused", {"reason": "password"}, origin=origin)
        raise
    metrics.sign_in("ok")
    with db.transaction(Anonymous()) as tx:
        return create_ticket(tx, user.id, user_agent=origin.user_agent)


def create_ticket(tx: Session, user_id: str, *, user_agent: str = "") -> str:
    """A sign-in ticket, valid once and for 30 seconds (five minutes to enter the code of a second factor). The browser
    exchanges it for an HTTP-only cookie, so that no script ever sees the session's token."""
    ticket = new_secret()
    code_needed = tx.scalar(select(User.totp_enabled_at).where(User.id == user_id)) is not None
    expires_at = _now + timedelta(seconds=CODE_TTL_S if code_needed else TICKET_TTL_S)
    row = SessionRow(id=new_id("ses"), user_id=user_id, ticket_hash=hash_token(ticket), user_agent=user_agent[:300])
    row.code_needed = code_needed
    row.ticket_expires_at, row.expires_at = expires_at, expires_at  # an SQL expression on Postgres's clock
    tx.add(row)
    tx.flush()
    return ticket


def exchange_ticket(tx: Session, ticket: str, *, days: int, origin: Origin = NOWHERE) -> str:
    """Returns the session's token, for the cookie; the session lasts `days`. The audit log says that it began, with `origin`.
    `tx`: of Anonymous().

    Raises NotSignedIn for a used, expired or unknown ticket.
    """
    token = new_secret()
    values = {"ticket_hash": None, "token_hash": hash_token(token), "expires_at": _now + timedelta(days=days)}
    session = tx.execute(
        update(SessionRow)
        .where(*_of_valid_ticket(ticket))
        .values(**values, last_seen_at=_now, **({"user_agent": origin.user_agent[:300]} if origin.user_agent else {}))
        .returning(SessionRow.user_id)
    ).first()
    if session is None:
        raise NotSignedIn(tr_lazy("That sign-in took too long. Please sign in once more."))
    record_for(tx, session.user_id, "session.started", origin=origin)
    return token


def start_program_session(tx: Session, ticket: str, *, lasts_s: float, origin: Origin = NOWHERE) -> str:
    """Turns a sign-in ticket into a session of a program, as `exchange_ticket` does for a browser; returns the session's id.
    `tx`: of Anonymous(), acts as that person afterwards. Raises NotSignedIn for a used, expired or unknown ticket."""
    session = tx.execute(
        update(SessionRow)
        .where(*_of_valid_ticket(ticket))
        .values(
            kind="program",
            ticket_hash=None,
            expires_at=_now + timedelta(seconds=lasts_s),
            last_seen_at=_now,
            user_agent=origin.user_agent[:300],
        )
        .returning(SessionRow.id, SessionRow.user_id)
    ).first()
    if session is None:
        raise NotSignedIn(tr_lazy("That sign-in took too long. Please sign in once more."))
    act_as(tx, session.user_id)
    record_for(tx, session.user_id, "session.started", origin=origin)
    return str(session.id)


def renew_program_session(
    tx: Session, session_id: str, *, number: int, lasts_s: float
) -> Literal["renewed", "reused", "ended"]:
    """Counts one more renewal of a program's tokens; the session lasts `lasts_s` from now. `tx`: of Anonymous(), acts as that
    person afterwards.

    `number`: of the refresh token. Of two calls at once with the same number one is "renewed"; the other, and any older number,
    is "reused", which ends the session. "ended": it is over already.
    """
    of_program = SessionRow.id == session_id, SessionRow.kind == "program"
    row = tx.execute(select(SessionRow).where(*of_program, *_active()).with_for_update()).scalar()
    if row is None or tx.scalar(select(User.disabled_at).where(User.id == row.user_id)) is not None:
        return "ended"
    if row.refreshes != number:
        tx.execute(update(SessionRow).where(SessionRow.id == session_id).values(revoked_at=_now))
        return "reused"
    values = {"refreshes": number + 1, "expires_at": _now + timedelta(seconds=lasts_s), "last_seen_at": _now}
    tx.execute(update(SessionRow).where(SessionRow.id == session_id).values(**values))
    act_as(tx, row.user_id)
    return "renewed"


def end_program_session(tx: Session, session_id: str) -> None:
    """Ends a program's session, and with it its tokens. Does nothing for one that has ended."""
    tx.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.kind == "program", SessionRow.revoked_at.is_(None))
        .values(revoked_at=_now)
    )


def resolve_session(tx: Session, token: str) -> SessionInfo | None:
    """The person who holds the token and their workspaces; None for an unknown, revoked or expired one. `tx`: of Anonymous(),
    acts as that person afterwards."""
    if not token:
        return None
    row = tx.execute(
        select(
            SessionRow.id,
            User.id,
            User.email,
            User.name,
            User.avatar_id,
            SessionRow.last_seen_at < _now - timedelta(seconds=SEEN_EVERY_S),
            User.tour_offered_at.is_(None),
            *READING_COLUMNS,
        )
        .join(User, User.id == SessionRow.user_id)
        .where(SessionRow.token_hash == hash_token(token), SessionRow.revoked_at.is_(None), SessionRow.expires_at > _now)
        .where(User.disabled_at.is_(None))
    ).first()
    if row is None:
        return None
    session_id, user_id, email, name, avatar_id, seen_at_is_old, is_new, *reading = row
    if seen_at_is_old:
        tx.execute(update(SessionRow).where(SessionRow.id == session_id).values(last_seen_at=_now))
    act_as(tx, user_id)
    return SessionInfo(
        UserCard(user_id, email, name, avatar_id, ReadingSettings(*reading), is_new), session_id, tuple(my_workspaces(tx))
    )


def renew_session(tx: Session, token: str, *, days: int) -> bool:
    """The session of a browser lasts `days` from now. False: it has ended, or there is none of that token. `tx`: of
    Anonymous()."""
    renewed = tx.execute(
        update(SessionRow)
        .where(SessionRow.token_hash == hash_token(token), SessionRow.kind == "browser", *_active())
        .where(SessionRow.user_id.in_(select(User.id).where(User.disabled_at.is_(None))))
        .values(expires_at=_now + timedelta(days=days), last_seen_at=_now)
        .returning(SessionRow.id)
        .execution_options(synchronize_session=False)
    )
    return renewed.first() is not None


def my_workspaces(tx: Session) -> list[WorkspaceCard]:
    """The acting person's workspaces, by name."""
    rows = tx.execute(
        select(Workspace.id, Workspace.name, Membership.role)
        .join(Membership, Membership.tenant_id == Workspace.id)
        .where(Membership.user_id == tx.info["user_id"])
        .order_by(func.lower(Workspace.name), Workspace.id)
    )
    return [WorkspaceCard(*row) for row in rows]


def sign_out(tx: Session, token: str) -> None:
    """Ends the session of that browser, in all its tabs. Does nothing for an unknown token."""
    tx.execute(
        update(SessionRow)
        .where(SessionRow.token_hash == hash_token(token), SessionRow.revoked_at.is_(None))
        .values(revoked_at=_now)
    )


def sessions(tx: Session, *, token: str) -> list[SessionCard]:
    """The acting person's signed-in browsers and programs: that of `token` first, then by when they were last seen."""
    rows = tx.scalars(
        select(SessionRow)
        .where(
            SessionRow.user_id == tx.info["user_id"],
            or_(SessionRow.token_hash.is_not(None), SessionRow.kind == "program"),
            *_active(),
        )
        .order_by(func.coalesce(SessionRow.token_hash == hash_token(token), False).desc(), SessionRow.last_seen_at.desc())
    )
    return [
        SessionCard(
            id=row.id,
            user_agent=row.user_agent,
            signed_in_at=row.created_at,
            last_seen_at=row.last_seen_at,
            current=row.token_hash == hash_token(token),
            is_program=row.kind == "program",
        )
        for row in rows
    ]


def revoke_session(tx: Session, session_id: str) -> None:
    """Ends one of the acting person's own sessions. Raises NotFound."""
    revoked = tx.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.user_id == tx.info["user_id"], SessionRow.revoked_at.is_(None))
        .values(revoked_at=_now)
        .returning(SessionRow.id)
    ).first()
    if revoked is None:
        raise NotFound(tr_lazy("That browser is signed out already."))


def sign_out_everywhere(tx: Session, *, but: str = "") -> None:
    """Ends all sessions of the acting person, and tells the audit log. `but`: the token that stays signed in."""
    end_all(tx, tx.info["user_id"], but=but)
    record_for(tx, tx.info["user_id"], "session.all_ended")


def end_all(tx: Session, user_id: str, *, but: str = "") -> None:
    """Ends all sessions of a person, open tickets too. `but`: the token that stays signed in."""
    others = or_(SessionRow.token_hash.is_(None), SessionRow.token_hash != hash_token(but))
    tx.execute(
        update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), others).values(revoked_at=_now)
    )


def _of_valid_ticket(ticket: str) -> tuple[ColumnElement[bool], ...]:
    is_valid = SessionRow.ticket_expires_at > _now, SessionRow.revoked_at.is_(None), SessionRow.code_needed.is_(False)
    return SessionRow.ticket_hash == hash_token(ticket), *is_valid


def _active() -> tuple[ColumnElement[bool], ...]:
    return SessionRow.revoked_at.is_(None), SessionRow.expires_at > _now
