"""Workspaces with members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db.tables import Membership, SessionRow, User, Workspace
from backend.db.transactions import Database, Role, SignedIn, SystemCaller, hash_token
from backend.kit.clock import now
from backend.kit.ids import new_id, new_secret


@dataclass(frozen=True, slots=True)
class Person:
    """A user. `caller`: signed in to the workspace that they were made in."""

    id: str
    email: str
    token: str
    caller: SignedIn


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace with its owner, an editor and a viewer, all signed in. `caller`: the owner."""

    id: str
    name: str
    owner: Person
    editor: Person
    viewer: Person

    @property
    def caller(self) -> SignedIn:
        return self.owner.caller

    @property
    def user_id(self) -> str:
        return self.owner.id

    @property
    def token(self) -> str:
        return self.owner.token


def make_person(db: Database, tenant_id: str, role: Role, *, password_hash: str = "!") -> Person:
    with db.transaction(SystemCaller(tenant_id)) as tx:
        [person] = _make_people(tx, tenant_id, role, password_hash=password_hash)
    return person


def _make_people(tx: Session, tenant_id: str, *roles: Role, password_hash: str = "!") -> list[Person]:
    people = []
    for role in roles:
        user_id, token = new_id("usr"), new_secret()
        email = f"{role}-{user_id[-12:]}@example.org"
        tx.add(User(id=user_id, email=email, name=f"{role.title()} Example", password_hash=password_hash))
        people.append(Person(user_id, email, token, SignedIn(token, tenant_id)))
    tx.flush()
    for role, person in zip(roles, people, strict=True):
        tx.add(Membership(tenant_id=tenant_id, user_id=person.id, role=role))
        until = now() + timedelta(days=7)
        tx.add(SessionRow(id=new_id("ses"), user_id=person.id, token_hash=hash_token(person.token), expires_at=until))
    return people


def make_workspace(db: Database, name: str = "Studio") -> Tenant:
    tenant_id = new_id("ws")
    with db.transaction(SystemCaller(tenant_id)) as tx:
        tx.add(Workspace(id=tenant_id, name=name))
        tx.flush()
        owner, editor, viewer = _make_people(tx, tenant_id, "owner", "editor", "viewer")
    return Tenant(tenant_id, name, owner, editor, viewer)
