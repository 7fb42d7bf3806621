"""The workspace that the command makes: how it is told from all others, its people, and how it goes again.

Its id is always the same, so that nothing else is ever filled or removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from backend import assets
from backend.accounts import passwords
from backend.app import App
from backend.db.callers import Origin
from backend.db.tables import WITHOUT_TENANT, Base, Membership, User, Workspace
from backend.db.transactions import Database, SystemCaller
from backend.errors import Conflict, NotPermitted
from backend.kit.ids import new_id

ROLES = ("owner", "editor", "viewer")
MAX_WORKSPACES = 9
_NAMES = {"owner": "Olivia Owner", "editor": "Emil Editor", "viewer": "Vera Viewer"}


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """`password`: as printed once; only its hash is stored."""

    user_id: str
    email: str
    role: str
    password: str


def workspace_id(n: int) -> str:
    """Of the `n`th workspace, from 1: an id that the studio itself never gives."""
    return f"ws_{'0' * 20}seed{n:02}"


def workspace_name(n: int) -> str:
    return "Sample agency" if n == 1 else f"Sample agency {n}"


def name_until_filled(n: int) -> str:
    """Its name until everything is in it, by which one is told whose command was interrupted."""
    return f"{workspace_name(n)} (unfinished)"


def email(role: str, n: int) -> str:
    return f"{role}{'' if n == 1 else n}@sample-agency.example"


@contextmanager
def acting(app: App, n: int, user_id: str = "") -> Iterator[Session]:
    """A transaction in the `n`th workspace, in the name of one of its people; the audit log says that a command did it."""
    with app.db.transaction(SystemCaller(workspace_id(n), user_id)) as tx:
        tx.info["origin"] = Origin("command")
        yield tx


def is_there(app: App, n: int) -> bool:
    with acting(app, n) as tx:
        return tx.get(Workspace, workspace_id(n)) is not None


def is_unfinished(app: App, n: int) -> bool:
    with acting(app, n) as tx:
        return tx.get_one(Workspace, workspace_id(n)).name == name_until_filled(n)


def finish(app: App, n: int) -> None:
    """Everything is in it."""
    with acting(app, n) as tx:
        tx.get_one(Workspace, workspace_id(n)).name = workspace_name(n)


def add_people(app: App, n: int) -> dict[str, SeedPerson]:
    """Makes the workspace with a person of each role; role -> person. Raises Conflict: an address has an account already."""
    people = {role: SeedPerson(new_id("usr"), email(role, n), role, secrets.token_urlsafe(12)) for role in ROLES}
    users = [
        {
            "id": person.user_id,
            "email": person.email,
            "name": _NAMES[person.role],
            "password_hash": passwords.hash_password(SecretStr(person.password)),
        }
        for person in people.values()
    ]
    try:
        with acting(app, n) as tx:
            tx.execute(insert(Workspace).values(id=workspace_id(n), name=name_until_filled(n)))
            tx.execute(insert(User), users)
            members = [
                {"tenant_id": workspace_id(n), "user_id": person.user_id, "role": person.role} for person in people.values()
            ]
            tx.execute(insert(Membership), members)
    except IntegrityError as error:
        raise Conflict(
            f"{workspace_name(n)} was not made: somebody has one of its addresses ({email('owner', n)} …) already."
        ) from error
    return people


def remove(app: App, owner: Database, n: int) -> dict[str, int]:
    """Removes the workspace with everything in it; table -> rows. `owner`: with the login of migrations, since studio and
    workers may not delete events.

    Raises Conflict (somebody joined it who was not made with it), NotPermitted (another login).
    """
    own_addresses = [email(role, n) for role in ROLES]
    with acting(app, n) as tx:
        guests = select(User.email).join(Membership, Membership.user_id == User.id)
        guests = guests.where(Membership.tenant_id == workspace_id(n), User.email.not_in(own_addresses))
        if found_guests := tx.scalars(guests.order_by(User.email)).all():
            raise Conflict(
                f"{', '.join(found_guests)} joined {workspace_name(n)} and may have work in it. Remove them under Settings › "
                "People first."
            )
    try:
        with owner.transaction(SystemCaller(workspace_id(n))) as tx:
            removed = _delete_rows(tx, n)
            tx.execute(delete(Workspace).where(Workspace.id == workspace_id(n)))
            only_here = User.email.in_(own_addresses) & ~User.id.in_(select(Membership.user_id))
            tx.execute(delete(User).where(only_here))
    except ProgrammingError as error:
        raise NotPermitted(
            "This login may not delete events. Set DATABASE_OWNER_URL to the login that owns the tables."
        ) from error
    for folder in assets.FOLDERS:
        app.storage.delete(app.storage.list(f"{folder}/{workspace_id(n)}/"))
    return removed


def _delete_rows(tx: Session, n: int) -> dict[str, int]:
    """Table by table: one whose rows others still point to waits for its next turn."""
    waiting = [table for name, table in Base.metadata.tables.items() if name not in WITHOUT_TENANT]
    removed: dict[str, int] = {}
    while waiting:
        held_back = []
        for table in waiting:
            try:
                with tx.begin_nested():
                    rows = tx.execute(delete(table).where(table.c.tenant_id == workspace_id(n)))
            except IntegrityError as error:
                held_back.append(table)
                last_error = error
            else:
                removed[table.name] = rows.rowcount  # type: ignore[attr-defined]
        if len(held_back) == len(waiting):
            raise last_error
        waiting = held_back
    return removed


def count_rows(app: App, n: int, tables: Sequence[type[Base]]) -> dict[str, int]:
    """Table -> how many rows of it the workspace has."""
    with acting(app, n) as tx:
        return {table.__tablename__: tx.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
