"""Nobody with a second factor gets in without a code, and no code gets anybody in twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from backend import accounts
from backend.accounts import two_factor
from backend.db.tables import User
from backend.db.transactions import Anonymous, Database, SignedIn
from backend.errors import Conflict, Invalid, NotSignedIn, TooMany
from backend.settings import Settings

EMAIL = "ada@example.org"


@pytest.fixture
def caller(db: Database, password: SecretStr) -> SignedIn:
    draft = accounts.SetupDraft(name="Ada", email=EMAIL, password=password, workspace="First")
    with db.transaction(Anonymous()) as tx:
        ticket = accounts.create_first_workspace(tx, draft)
    token = exchange(db, ticket)
    with db.transaction(Anonymous()) as tx:
        session_info = accounts.resolve_session(tx, token)
    assert session_info is not None
    return SignedIn(token, session_info.workspaces[0].id)


def exchange(db: Database, ticket: str) -> str:
    with db.transaction(Anonymous()) as tx:
        return accounts.exchange_ticket(tx, ticket, days=7)


def turn_on(db: Database, caller: SignedIn, settings: Settings) -> tuple[pyotp.TOTP, list[str]]:
    """Turned on with a code of the step before, so that the test can use today's."""
    with db.transaction(caller) as tx:
        totp = pyotp.TOTP(two_factor.begin(tx, settings).secret)
    with db.transaction(caller) as tx:
        return totp, two_factor.enable(tx, settings, totp.at(time.time() - 30))


def test_a_ticket_waits_for_the_code_which_works_once(
    db: Database, caller: SignedIn, settings: Settings, password: SecretStr
) -> None:
    totp, codes = turn_on(db, caller, settings)
    ticket = accounts.sign_in(db, email=EMAIL, password=password)
    with db.transaction(Anonymous()) as tx:
        assert two_factor.code_needed(tx, ticket)
    with pytest.raises(NotSignedIn):
        exchange(db, ticket)
    with db.transaction(Anonymous()) as tx, pytest.raises(NotSignedIn):
        accounts.start_program_session(tx, ticket, lasts_s=60)
    with pytest.raises(NotSignedIn, match="not right"):
        two_factor.confirm(db, settings, ticket, "000000")
    code = totp.now()
    two_factor.confirm(db, settings, ticket, f"{code[:3]} {code[3:]}")
    assert exchange(db, ticket)
    again = accounts.sign_in(db, email=EMAIL, password=password)
    with pytest.raises(NotSignedIn, match="not right"):
        two_factor.confirm(db, settings, again, code)
    two_factor.confirm(db, settings, again, codes[0].upper().replace("-", " "))
    assert exchange(db, again)
    with db.transaction(caller) as tx:
        assert two_factor.state(tx) == two_factor.TwoFactorState(True, len(codes) - 1)
    third = accounts.sign_in(db, email=EMAIL, password=password)
    with pytest.raises(NotSignedIn, match="not right"):
        two_factor.confirm(db, settings, third, codes[0])


def test_of_two_uses_of_a_code_at_once_one_counts(
    db: Database, caller: SignedIn, settings: Settings, password: SecretStr
) -> None:
    _totp, codes = turn_on(db, caller, settings)
    tickets = [accounts.sign_in(db, email=EMAIL, password=password) for _ in range(4)]

    def confirmed(ticket: str) -> bool:
        try:
            two_factor.confirm(db, settings, ticket, codes[0])
        except NotSignedIn:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(confirmed, tickets)) == 1


def test_wrong_codes_are_throttled_and_a_waiting_ticket_ends(
    db: Database, caller: SignedIn, settings: Settings, password: SecretStr
) -> None:
    totp, _codes = turn_on(db, caller, settings)
    ticket = accounts.sign_in(db, email=EMAIL, password=password)
    errors = []
    while not errors or (type(errors[-1]) is NotSignedIn and len(errors) < 20):
        with pytest.raises((NotSignedIn, TooMany)) as raised:
            two_factor.confirm(db, settings, ticket, "123")
        errors.append(raised.value)
    assert type(errors[-1]) is TooMany
    assert len(errors) <= 6
    late = accounts.sign_in(db, email=EMAIL, password=password)
    with db.transaction(Anonymous()) as tx:
        tx.execute(text("UPDATE sessions SET ticket_expires_at = clock_timestamp() - interval '1 second'"))
    with pytest.raises(NotSignedIn, match="too long"):
        two_factor.confirm(db, settings, late, totp.now())


def test_a_reset_link_asks_for_the_code_too_and_the_server_can_turn_it_off(
    db: Database, caller: SignedIn, settings: Settings
) -> None:
    turn_on(db, caller, settings)
    for turned_off in (False, True):
        with db.transaction(Anonymous()) as tx:
            secret = accounts.create_reset_link_on_server(tx, EMAIL, turn_off_two_factor=turned_off)
        with db.transaction(Anonymous()) as tx:
            ticket = accounts.reset(tx, secret, SecretStr("four happy geese"))
        with db.transaction(Anonymous()) as tx:
            assert two_factor.code_needed(tx, ticket) is not turned_off


def test_turning_on_and_off(db: Database, caller: SignedIn, settings: Settings, password: SecretStr) -> None:
    with db.transaction(caller) as tx, pytest.raises(Conflict, match="Start over"):
        two_factor.enable(tx, settings, "123456")
    with db.transaction(caller) as tx:
        setup = two_factor.begin(tx, settings)
    assert setup.secret in setup.uri
    assert setup.secret not in repr(setup)
    with db.transaction(caller) as tx, pytest.raises(Invalid):
        two_factor.enable(tx, settings, "000000")
    with db.transaction(caller) as tx:
        codes = two_factor.enable(tx, settings, pyotp.TOTP(setup.secret).now())
    with db.transaction(caller) as tx, pytest.raises(Conflict, match="on already"):
        two_factor.begin(tx, settings)
    with pytest.raises(Invalid, match="password"):
        two_factor.turn_off(db, caller, password=SecretStr("not it at all"))
    assert not set(codes) & set(two_factor.new_recovery_codes(db, caller, password=password))
    two_factor.turn_off(db, caller, password=password)
    with db.transaction(caller) as tx:
        assert two_factor.state(tx) == two_factor.TwoFactorState(False, 0)
        assert tx.scalars(select(User.totp_secret)).one() is None
    assert exchange(db, accounts.sign_in(db, email=EMAIL, password=password))


def test_a_person_changes_the_address_that_they_sign_in_with(db: Database, caller: SignedIn, password: SecretStr) -> None:
    for wrong, email in ((password, "no address"), (SecretStr("not it at all"), "ada@example.com")):
        with pytest.raises(Invalid):
            accounts.change_email(db, caller, current=wrong, email=email)
    accounts.change_email(db, caller, current=password, email=" Ada@Example.com ")
    assert accounts.sign_in(db, email="ada@example.com", password=password)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(db, email=EMAIL, password=password)
