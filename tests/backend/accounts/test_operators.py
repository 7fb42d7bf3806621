"""Operators: who made the first workspace, or OPERATOR_EMAILS; and no way to become one that is not theirs to give."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from backend import accounts
from backend.db.transactions import Anonymous, Database
from backend.errors import Conflict, NotPermitted
from backend.settings import Settings
from tests.factories.account import Person, Tenant

PASSWORD = SecretStr("three happy ducks")


def is_operator(db: Database, settings: Settings, person: Person) -> bool:
    with db.transaction(person.caller) as tx:
        try:
            accounts.require_operator(tx, settings)
        except NotPermitted:
            assert not accounts.is_operator(tx, settings, person.id)
            return False
        return accounts.is_operator(tx, settings, person.id)


def test_who_made_the_first_workspace_is_the_operator(
    db: Database, settings: Settings, workspace: Tenant, other_workspace: Tenant
) -> None:
    people = [workspace.owner, workspace.editor, other_workspace.owner]
    assert [is_operator(db, settings, person) for person in people] == [True, False, False]
    with db.transaction(Anonymous()) as tx:
        assert not accounts.is_operator(tx, settings, "")


def test_the_setting_names_operators_instead(db: Database, settings: Settings, workspace: Tenant) -> None:
    operators = settings.replace(OPERATOR_EMAILS=f" {workspace.viewer.email.upper()}, nobody@example.org")
    assert is_operator(db, operators, workspace.viewer)
    assert not is_operator(db, operators, workspace.owner)


def test_nobody_takes_an_operators_address_by_another_ones_invitation(
    db: Database, settings: Settings, workspace: Tenant
) -> None:
    person = accounts.NewPerson(name="Eve", email="Boss@example.org", password=PASSWORD)
    for inviter, can in ((workspace.owner, False), (workspace.editor, True)):
        with db.transaction(workspace.caller) as tx:
            accounts.set_role(tx, workspace.editor.id, "owner")
        with db.transaction(inviter.caller) as tx:
            secret = accounts.invite(tx, role="viewer").secret
        operators = settings.replace(OPERATOR_EMAILS=f"boss@example.org,{workspace.editor.email}")
        with db.transaction(Anonymous()) as tx:
            if can:
                assert accounts.accept_as_new(tx, secret, person, settings=operators)
            else:
                with pytest.raises(Conflict, match="somebody who runs this studio"):
                    accounts.accept_as_new(tx, secret, person, settings=operators)


def test_another_owner_makes_no_reset_link_for_an_operator(db: Database, settings: Settings, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        accounts.set_role(tx, workspace.editor.id, "owner")
    with db.transaction(workspace.editor.caller) as tx:
        with pytest.raises(Conflict, match="runs the studio"):
            accounts.create_reset_link(tx, workspace.owner.id, settings=settings)
        assert accounts.create_reset_link(tx, workspace.viewer.id, settings=settings)
    with db.transaction(workspace.caller) as tx:
        assert accounts.create_reset_link(tx, workspace.editor.id, settings=settings)
