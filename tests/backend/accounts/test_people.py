"""Members, roles, workspaces, invitations and resets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from backend import accounts
from backend.db.tables import Invitation, PasswordReset
from backend.db.transactions import Anonymous, Database, SignedIn
from backend.errors import Conflict, Invalid, NotFound, NotPermitted, NotSignedIn, StudioError
from backend.kit.clock import now
from backend.settings import Settings
from tests.factories.account import Person, Tenant, make_person

PASSWORD = SecretStr("three happy ducks")


def attempt(act: Callable[[], object]) -> bool:
    try:
        act()
        return True
    except StudioError:
        return False


def both(*acts: Callable[[], object]) -> list[bool]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(attempt, acts))


def roles(db: Database, tenant: Tenant) -> dict[str, str]:
    with db.transaction(tenant.caller) as tx:
        return {member.user_id: member.role for member in accounts.members(tx)}


def set_role(db: Database, caller: SignedIn, person: Person, role: str) -> None:
    with db.transaction(caller, needs="owner") as tx:
        accounts.set_role(tx, person.id, role)


def invite(db: Database, tenant: Tenant, role: str = "editor", email: str = "") -> str:
    with db.transaction(tenant.caller, needs="owner") as tx:
        return accounts.invite(tx, role=role, email=email).secret


def join(db: Database, secret: str, email: str) -> str:
    person = accounts.NewPerson(name="New Person", email=email, password=PASSWORD)
    with db.transaction(Anonymous()) as tx:
        return accounts.accept_as_new(tx, secret, person, settings=Settings.model_validate({}))


def join_as(db: Database, secret: str, person: Person) -> str:
    with db.transaction(Anonymous(person.id)) as tx:
        return accounts.accept(tx, secret)


def test_members_are_only_those_of_this_workspace(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    join_as(db, invite(db, other_workspace), workspace.owner)
    assert set(roles(db, workspace)) == {workspace.owner.id, workspace.editor.id, workspace.viewer.id}
    with db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, workspace.owner.token)
    assert arrival is not None
    assert {(one.id, one.role) for one in arrival.workspaces} == {(workspace.id, "owner"), (other_workspace.id, "editor")}


def test_the_last_owner_stays(db: Database, workspace: Tenant) -> None:
    with pytest.raises(Conflict, match="needs an owner"):
        set_role(db, workspace.caller, workspace.owner, "viewer")
    with pytest.raises(Conflict, match="needs an owner"), db.transaction(workspace.caller) as tx:
        accounts.remove_member(tx, workspace.owner.id)
    set_role(db, workspace.caller, workspace.editor, "owner")
    set_role(db, workspace.caller, workspace.owner, "viewer")
    assert roles(db, workspace)[workspace.editor.id] == "owner"


def test_two_owners_cannot_demote_each_other_at_once(db: Database, workspace: Tenant) -> None:
    set_role(db, workspace.caller, workspace.editor, "owner")
    outcome = both(
        lambda: set_role(db, workspace.caller, workspace.editor, "viewer"),
        lambda: set_role(db, workspace.editor.caller, workspace.owner, "viewer"),
    )
    assert "owner" in roles(db, workspace).values()
    assert any(outcome)


def test_only_owners_rule_and_everybody_may_leave(db: Database, workspace: Tenant) -> None:
    with pytest.raises(NotPermitted):
        set_role(db, workspace.editor.caller, workspace.editor, "owner")
    forbidden: list[Callable[..., object]] = [
        lambda tx: accounts.set_role(tx, workspace.viewer.id, "owner"),
        lambda tx: accounts.remove_member(tx, workspace.viewer.id),
        lambda tx: accounts.rename_workspace(tx, "Mine now"),
        lambda tx: accounts.invite(tx, role="owner"),
        lambda tx: accounts.create_reset_link(tx, workspace.owner.id, settings=Settings.model_validate({})),
    ]
    for act in forbidden:
        with pytest.raises(NotPermitted), db.transaction(workspace.editor.caller) as tx:
            act(tx)
    with db.transaction(workspace.viewer.caller) as tx:
        accounts.remove_member(tx, workspace.viewer.id)
    with pytest.raises(NotSignedIn), db.transaction(workspace.viewer.caller):
        pass
    with pytest.raises(NotFound):
        set_role(db, workspace.caller, workspace.viewer, "editor")
    with pytest.raises(Invalid):
        set_role(db, workspace.caller, workspace.editor, "emperor")


def test_names_and_further_workspaces(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="owner") as tx:
        accounts.rename_workspace(tx, "Renamed")
        accounts.rename_user(tx, "Ada Lovelace")
    with db.transaction(workspace.viewer.caller) as tx:
        made = accounts.create_workspace(tx, "A second one")
    with db.transaction(Anonymous()) as tx:
        owner, viewer = (
            accounts.resolve_session(tx, workspace.owner.token),
            accounts.resolve_session(tx, workspace.viewer.token),
        )
    assert owner is not None
    assert viewer is not None
    assert owner.user.name == "Ada Lovelace"
    assert [one.name for one in owner.workspaces] == ["Renamed"]
    assert [(one.name, one.role) for one in viewer.workspaces] == [("A second one", "owner"), ("Renamed", "viewer")]
    with db.transaction(SignedIn(workspace.viewer.token, made), needs="owner") as tx:
        assert len(accounts.members(tx)) == 1
    with pytest.raises(Invalid, match="2 to 80"), db.transaction(workspace.caller) as tx:
        accounts.create_workspace(tx, "x" * 300)


def test_an_invitation_says_what_it_offers_and_works_once(db: Database, workspace: Tenant) -> None:
    secret = invite(db, workspace, "viewer")
    with db.transaction(Anonymous()) as tx:
        offer = accounts.preview(tx, secret)
    assert (offer.workspace.name, offer.workspace.role, offer.email) == (workspace.name, "viewer", "")
    ticket = join(db, secret, "new@example.org")
    with db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, ticket, days=7)
    with db.transaction(SignedIn(token, workspace.id)) as tx:
        assert tx.info["role"] == "viewer"
    with pytest.raises(NotFound, match="used up"):
        join(db, secret, "second@example.org")
    with pytest.raises(NotFound), db.transaction(Anonymous()) as tx:
        accounts.preview(tx, secret)


def test_an_invitation_used_twice_at_once_lets_one_in(db: Database, workspace: Tenant) -> None:
    secret = invite(db, workspace)
    outcome = both(*[lambda n=n: join(db, secret, f"new{n}@example.org") for n in range(4)])
    assert outcome.count(True) == 1
    assert len(roles(db, workspace)) == 4


def test_an_invitation_for_somebody_is_for_nobody_else(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    secret = invite(db, workspace, email="Guest@Example.org")
    with pytest.raises(Conflict, match=r"guest@example\.org"):
        join_as(db, secret, other_workspace.editor)
    with pytest.raises(Conflict, match=r"guest@example\.org"):
        join(db, secret, "somebody@example.org")
    join(db, secret, "guest@example.org")
    with pytest.raises(Conflict, match="belongs to this workspace"):
        invite(db, workspace, email=workspace.editor.email)
    with pytest.raises(Invalid, match="looks like"):
        invite(db, workspace, email="not an address")


def test_old_and_withdrawn_invitations_are_stale(db: Database, workspace: Tenant) -> None:
    withdrawn, late = invite(db, workspace), invite(db, workspace)
    with db.transaction(workspace.caller, needs="owner") as tx:
        newest, oldest = accounts.invitations(tx)
        accounts.withdraw(tx, oldest.id)
        tx.execute(update(Invitation).where(Invitation.id == newest.id).values(expires_at=now() - timedelta(seconds=1)))
    for secret in (withdrawn, late, "made up"):
        with pytest.raises(NotFound):
            join(db, secret, "guest@example.org")
    with pytest.raises(NotFound), db.transaction(workspace.caller, needs="owner") as tx:
        accounts.withdraw(tx, oldest.id)


def test_joining_again_never_lowers_a_role(db: Database, workspace: Tenant) -> None:
    join_as(db, invite(db, workspace, "viewer"), workspace.editor)
    join_as(db, invite(db, workspace, "editor"), workspace.viewer)
    found = roles(db, workspace)
    assert (found[workspace.editor.id], found[workspace.viewer.id]) == ("editor", "editor")


def test_an_account_is_not_made_twice(db: Database, workspace: Tenant) -> None:
    with pytest.raises(Conflict, match="Sign in with it first"):
        join(db, invite(db, workspace), workspace.viewer.email)


def reset_link(db: Database, tenant: Tenant, person: Person) -> str:
    with db.transaction(tenant.caller, needs="owner") as tx:
        return accounts.create_reset_link(tx, person.id, settings=Settings.model_validate({}))


def use_reset(db: Database, secret: str, password: SecretStr = PASSWORD) -> str:
    with db.transaction(Anonymous()) as tx:
        return accounts.reset(tx, secret, password)


def test_a_reset_works_once_and_signs_out_everywhere(db: Database, workspace: Tenant) -> None:
    older, secret = reset_link(db, workspace, workspace.editor), reset_link(db, workspace, workspace.editor)
    with db.transaction(Anonymous()) as tx:
        assert accounts.reset_email(tx, secret) == workspace.editor.email
    with pytest.raises(Invalid, match="at least 10"):
        use_reset(db, secret, SecretStr("short"))
    assert both(lambda: use_reset(db, secret), lambda: use_reset(db, secret)).count(True) == 1
    for stale in (older, secret):
        with pytest.raises(NotFound, match="used up"):
            use_reset(db, stale)
    with pytest.raises(NotSignedIn), db.transaction(workspace.editor.caller):
        pass
    assert accounts.sign_in(db, email=workspace.editor.email, password=PASSWORD)


def test_a_reset_link_gets_old(db: Database, workspace: Tenant) -> None:
    secret = reset_link(db, workspace, workspace.editor)
    with db.transaction(Anonymous()) as tx:
        tx.execute(update(PasswordReset).values(expires_at=now() - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        use_reset(db, secret)


def test_a_shared_member_is_no_bridge_into_another_workspace(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    join_as(db, invite(db, other_workspace, "owner"), workspace.editor)
    with pytest.raises(Conflict, match="do not own"):
        reset_link(db, workspace, workspace.editor)
    with pytest.raises(NotFound):
        reset_link(db, workspace, make_person(db, other_workspace.id, "viewer"))
    assert reset_link(db, workspace, workspace.viewer)
