"""Counting tries: in rows, before they are made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from backend import accounts
from backend.accounts import devices
from backend.db.callers import Origin
from backend.db.tables import Throttle, User
from backend.db.transactions import Anonymous, Database
from backend.errors import NotSignedIn, TooMany
from backend.settings import Settings

PASSWORD = SecretStr("three happy ducks")
WRONG = SecretStr("three wrong ducks")


@pytest.fixture(autouse=True)
def ada(db: Database) -> None:
    with db.transaction(Anonymous()) as tx:
        accounts.create_first_workspace(
            tx, accounts.SetupDraft(name="Ada", email="ada@example.org", password=PASSWORD, workspace="First")
        )


def fail(db: Database, times: int, *, email: str = "ada@example.org", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(db, email=email, password=WRONG, origin=Origin("page", address))


def later(db: Database, seconds: float) -> None:
    """As if so much time had passed."""
    with db.transaction(Anonymous()) as tx:
        past = timedelta(seconds=seconds)
        tx.execute(
            update(Throttle).values(
                window_started_at=Throttle.window_started_at - past, blocked_until=Throttle.blocked_until - past
            )
        )


def test_five_wrong_tries_then_a_wait_that_says_how_long(db: Database) -> None:
    fail(db, 5)
    with pytest.raises(TooMany, match=r"Wait \d+ seconds") as refused:
        accounts.sign_in(db, email="ADA@example.org ", password=PASSWORD, origin=Origin("page", "10.0.0.2"))
    assert 25 <= refused.value.retry_after <= 30
    later(db, 31)
    assert accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", "10.0.0.1"))
    fail(db, 4)
    assert accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", "10.0.0.1"))


def test_a_restart_forgets_nothing(db: Database, database_urls: object) -> None:
    fail(db, 5)
    again = Database(database_urls.app)  # type: ignore[attr-defined]
    try:
        with pytest.raises(TooMany):
            accounts.sign_in(again, email="ada@example.org", password=PASSWORD)
    finally:
        again.close()


def test_waits_get_longer_and_the_window_ends(db: Database) -> None:
    fail(db, 5)
    later(db, 31)
    fail(db, 1)
    with pytest.raises(TooMany) as refused:
        accounts.sign_in(db, email="ada@example.org", password=PASSWORD)
    assert refused.value.retry_after > 50
    later(db, 1000)
    fail(db, 4)
    assert accounts.sign_in(db, email="ada@example.org", password=PASSWORD)


def test_one_address_trying_many_people_is_slowed_down_too(db: Database) -> None:
    for n in range(40):
        fail(db, 1, email=f"person{n}@example.org", address="10.9.9.9")
    with pytest.raises(TooMany):
        accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", "10.9.9.9"))
    assert accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", "10.0.0.7"))


def test_an_address_nobody_has_is_throttled_alike(db: Database) -> None:
    fail(db, 5, email="nobody@example.org")
    with pytest.raises(TooMany):
        accounts.sign_in(db, email="nobody@example.org", password=WRONG)


def test_many_tries_at_once_get_no_more_than_their_share(db: Database) -> None:
    def attempt(_: int) -> str:
        try:
            accounts.sign_in(db, email="ada@example.org", password=WRONG, origin=Origin("page", "10.0.0.3"))
        except TooMany:
            return "throttled"
        except NotSignedIn:
            return "tried"
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count("tried") <= 5
    assert outcomes.count("in") == 0


def test_success_and_age_clean_up(db: Database) -> None:
    fail(db, 3)
    later(db, 10_000)
    accounts.sign_in(db, email="ada@example.org", password=PASSWORD, origin=Origin("page", "10.0.0.4"))
    with db.transaction(Anonymous()) as tx:
        assert (tx.scalar(select(func.count()).select_from(Throttle)) or 0) <= 1


def test_nobody_locks_a_known_browser_out_and_it_is_counted_by_itself(db: Database, settings: Settings) -> None:
    with db.transaction(Anonymous()) as tx:
        ada, bob = tx.scalar(select(User.id)) or "", "usr_bob"
    cookie = devices.remember(settings, ada)

    def from_her_browser(password: SecretStr, shown: str = cookie) -> str:
        return accounts.sign_in(
            db, email="ada@example.org", password=password, origin=Origin("page", "10.0.0.1"),
            recognise=lambda user_id: devices.recognise(settings, shown, user_id),
        )  # fmt: skip

    fail(db, 5)
    for strange in ("", "made up", cookie[:-2], devices.remember(settings, bob)):
        with pytest.raises(TooMany):
            from_her_browser(PASSWORD, strange)
    for n in range(31):  # the address is blocked too
        fail(db, 1, email=f"person{n}@example.org")
    assert from_her_browser(PASSWORD)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            from_her_browser(WRONG)
    with pytest.raises(TooMany):
        from_her_browser(PASSWORD)
