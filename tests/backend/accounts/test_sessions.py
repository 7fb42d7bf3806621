"""Founding, signing in, tickets, sessions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from backend import accounts
from backend.db.callers import Origin
from backend.db.tables import SessionRow
from backend.db.transactions import Anonymous, Database, SignedIn, hash_token
from backend.errors import Conflict, Invalid, NotFound, NotPermitted, NotSignedIn
from backend.kit.clock import now
from tests.factories.account import Tenant

PASSWORD = SecretStr("three happy ducks")


def found(db: Database, email: str = "ada@example.org") -> str:
    draft = accounts.SetupDraft(name="Ada", email=email, password=PASSWORD, workspace="First")
    with db.transaction(Anonymous()) as tx:
        return accounts.create_first_workspace(tx, draft)


def exchange(db: Database, ticket: str) -> str:
    with db.transaction(Anonymous()) as tx:
        return accounts.exchange_ticket(tx, ticket, days=7, origin=Origin("page", user_agent="Firefox"))


def arrive(db: Database, token: str) -> accounts.SessionInfo | None:
    with db.transaction(Anonymous()) as tx:
        return accounts.resolve_session(tx, token)


def test_the_first_visitor_becomes_owner_and_is_signed_in(db: Database) -> None:
    with db.transaction(Anonymous()) as tx:
        assert accounts.needs_setup(tx)
    token = exchange(db, found(db, "Ada@Example.org"))
    arrival = arrive(db, token)
    assert arrival is not None
    assert (arrival.user.name, arrival.user.email) == ("Ada", "ada@example.org")
    (workspace,) = arrival.workspaces
    assert (workspace.name, workspace.role) == ("First", "owner")
    with db.transaction(SignedIn(token, workspace.id), needs="owner") as tx:
        assert [member.email for member in accounts.members(tx)] == ["ada@example.org"]
    with db.transaction(Anonymous()) as tx:
        assert not accounts.needs_setup(tx)
    with pytest.raises(Conflict, match="has an owner"):
        found(db, "eve@example.org")


def test_of_founders_at_once_exactly_one_succeeds(db: Database) -> None:
    def attempt(n: int) -> str | None:
        try:
            return found(db, f"founder{n}@example.org")
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        tickets = [ticket for ticket in pool.map(attempt, range(4)) if ticket]
    assert len(tickets) == 1


def test_a_bad_founding_says_everything_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        accounts.SetupDraft(name="", email="nobody", password=SecretStr("short"), workspace="x")
    for words in ("2 to 80", "name@example.org", "at least 10"):
        assert words in refused.value.message


def test_a_ticket_is_good_once_and_for_thirty_seconds(db: Database) -> None:
    ticket = found(db)
    assert arrive(db, ticket) is None, "a ticket is no token"
    exchange(db, ticket)
    with pytest.raises(NotSignedIn, match="once more"):
        exchange(db, ticket)
    late = accounts.sign_in(db, email="ada@example.org", password=PASSWORD)
    with db.transaction(Anonymous()) as tx:
        tx.execute(
            update(SessionRow)
            .where(SessionRow.ticket_hash == hash_token(late))
            .values(ticket_expires_at=now() - timedelta(seconds=1))
        )
    with pytest.raises(NotSignedIn, match="too long"):
        exchange(db, late)


def test_one_ticket_at_two_doors_opens_one(db: Database) -> None:
    ticket = found(db)

    def attempt(_: int) -> bool:
        try:
            exchange(db, ticket)
            return True
        except NotSignedIn:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_wrong_password_and_unknown_address_sound_the_same(db: Database) -> None:
    found(db)
    with pytest.raises(NotSignedIn) as wrong:
        accounts.sign_in(db, email="ada@example.org", password=SecretStr("something else"))
    with pytest.raises(NotSignedIn) as unknown:
        accounts.sign_in(db, email="bob@example.org", password=SecretStr("something else"))
    for odd in ("", "x" * 200, "nul\x00"):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(db, email="ada@example.org\x00", password=SecretStr(odd))
    assert wrong.value.message == unknown.value.message


def test_unknown_addresses_cost_a_hash_too(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.accounts import passwords

    found(db)
    checked: list[str] = []

    class Counting:
        hash = staticmethod(passwords._hasher().hash)

        @staticmethod
        def check_pw(password: str, known: str) -> bool:
            checked.append(known)
            return False

    monkeypatch.setattr(passwords, "_hasher", lambda: Counting)
    for email in ("ada@example.org", "nobody@example.org"):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(db, email=email, password=SecretStr("something else"))
    assert len(checked) == 2


def test_only_hashes_are_stored(db: Database) -> None:
    ticket = found(db)
    token = exchange(db, ticket)
    with db.transaction(Anonymous()) as tx:
        everything = " ".join(
            str(row) for table in ("sessions", "users") for row in tx.execute(text(f"SELECT {table}::text FROM {table}"))
        )
    assert token not in everything
    assert ticket not in everything
    assert PASSWORD.get_secret_value() not in everything


def test_a_revoked_or_expired_session_is_nobody(db: Database, workspace: Tenant) -> None:
    with db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, workspace.editor.token)
    assert arrive(db, workspace.editor.token) is None
    with pytest.raises(NotSignedIn), db.transaction(workspace.editor.caller):
        pass
    with db.transaction(Anonymous()) as tx:
        tx.execute(
            update(SessionRow).where(SessionRow.user_id == workspace.viewer.id).values(expires_at=now() - timedelta(seconds=1))
        )
    assert arrive(db, workspace.viewer.token) is None
    assert arrive(db, "") is None
    assert arrive(db, "made up") is None


def test_browsers_are_listed_and_signed_out_one_by_one_or_all(db: Database) -> None:
    first = exchange(db, found(db))
    second = exchange(
        db, accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", user_agent="Firefox"))
    )
    third = exchange(db, accounts.sign_in(db, email="ada@example.org", password=PASSWORD))
    arrival = arrive(db, first)
    assert arrival is not None
    caller = SignedIn(first, arrival.workspaces[0].id)
    with db.transaction(caller) as tx:
        listed = accounts.sessions(tx, token=first)
        assert [one.current for one in listed] == [True, False, False]
        by_token = {one.id: one for one in listed}
        other = arrive(db, second)
        assert other is not None
        accounts.revoke_session(tx, by_token[other.session_id].id)
    assert arrive(db, second) is None
    with db.transaction(caller) as tx:
        accounts.sign_out_everywhere(tx, but=first)
    assert arrive(db, third) is None
    assert arrive(db, first) is not None


def test_nobody_signs_another_persons_browser_out(db: Database, workspace: Tenant) -> None:
    theirs = arrive(db, workspace.owner.token)
    assert theirs is not None
    with pytest.raises(NotFound), db.transaction(workspace.viewer.caller) as tx:
        accounts.revoke_session(tx, theirs.session_id)
    assert arrive(db, workspace.owner.token) is not None


def test_a_new_password_signs_the_other_browsers_out(db: Database) -> None:
    here = exchange(db, found(db))
    there = exchange(db, accounts.sign_in(db, email="ada@example.org", password=PASSWORD))
    arrival = arrive(db, here)
    assert arrival is not None
    caller = SignedIn(here, arrival.workspaces[0].id)
    new = SecretStr("four hungry geese")
    with pytest.raises(Invalid, match="current password"):
        accounts.change_password(db, caller, current=SecretStr("not mine at all"), new=new)
    with pytest.raises(Invalid, match="at least 10"):
        accounts.change_password(db, caller, current=PASSWORD, new=SecretStr("short"))
    assert arrive(db, there) is not None
    accounts.change_password(db, caller, current=PASSWORD, new=new)
    assert arrive(db, there) is None
    assert arrive(db, here) is not None
    with pytest.raises(NotSignedIn):
        accounts.sign_in(db, email="ada@example.org", password=PASSWORD)
    assert accounts.sign_in(db, email="ada@example.org", password=new)


def test_roles_are_checked_when_the_transaction_opens(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with pytest.raises(NotPermitted, match="viewer"), db.transaction(workspace.viewer.caller, needs="editor"):
        pass
    with pytest.raises(NotSignedIn), db.transaction(SignedIn(workspace.token, other_workspace.id)):
        pass
