"""Access and refresh tokens: forged, expired, of another kind, used twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from backend import access, accounts
from backend.access import TokenPair, tokens
from backend.accounts import passwords
from backend.app import App
from backend.db.tables import SessionRow, User
from backend.db.transactions import Anonymous, ProgramSession
from backend.errors import NotSignedIn
from backend.kit.clock import now
from tests.factories.account import Person, Tenant, make_person

PASSWORD = SecretStr("correct horse battery")


@pytest.fixture
def person(app: App, workspace: Tenant) -> Person:
    return make_person(app.db, workspace.id, "editor", password_hash=passwords.hash_password(PASSWORD))


def sign_in(app: App, person: Person, workspace: Tenant) -> TokenPair:
    ticket = accounts.sign_in(app.db, email=person.email, password=PASSWORD)
    with app.db.transaction(Anonymous()) as tx:
        session_id = accounts.start_program_session(tx, ticket, lasts_s=app.settings.api.refresh_expires_s)
        return access.issue(app.settings, tx, session_id=session_id, tenant_id=workspace.id)


def refresh(app: App, token: str) -> TokenPair | None:
    with app.db.transaction(Anonymous()) as tx:
        return access.refresh(app.settings, tx, token)


def caller(app: App, pair: TokenPair) -> ProgramSession:
    claims = access.read_access(app.settings, pair.access_token)
    return ProgramSession(claims.session_id, claims.tenant_id)


def test_an_access_token_says_who_and_for_how_long(app: App, person: Person, workspace: Tenant) -> None:
    pair = sign_in(app, person, workspace)
    claims: dict[str, Any] = jwt.decode(pair.access_token, options={"verify_signature": False})
    assert (claims["userId"], claims["tenantId"], claims["role"]) == (person.id, workspace.id, "editor")
    assert claims["exp"] - claims["iat"] == 900 == pair.expires_in_s
    assert pair.refresh_expires_in_s == 7 * 86_400
    with app.db.transaction(caller(app, pair), needs="editor") as tx:
        assert tx.info["user_id"] == person.id


def test_forged_old_and_mixed_up_tokens_are_refused(app: App, person: Person, workspace: Tenant) -> None:
    pair = sign_in(app, person, workspace)
    claims: dict[str, Any] = jwt.decode(pair.access_token, options={"verify_signature": False})
    key = tokens._signing_key(app.settings)
    head, body, signature = pair.access_token.split(".")
    wrong = [
        jwt.encode(claims, "another secret of at least 32 bytes", "HS256"),
        jwt.encode(claims, "", "none"),
        f"{head}.{body}.{signature[:-2]}",
        jwt.encode({**claims, "exp": claims["iat"] - tokens.CLOCK_SKEW_S - 1}, key, "HS256"),
        jwt.encode({name: claim for name, claim in claims.items() if name != "exp"}, key, "HS256"),
        pair.refresh_token,
        "eyJ",
        "\x00",
    ]
    for token in wrong:
        with pytest.raises(NotSignedIn):
            access.read_access(app.settings, token)
        if token != pair.refresh_token:
            with pytest.raises(NotSignedIn):
                refresh(app, token)
    with pytest.raises(NotSignedIn):
        refresh(app, pair.access_token)
    slow_clock = {**claims, "iat": claims["iat"] + 20, "exp": claims["iat"] - 20}
    assert access.read_access(app.settings, jwt.encode(slow_clock, key, "HS256")).user_id == person.id


def test_a_refresh_token_used_twice_ends_the_session(app: App, person: Person, workspace: Tenant) -> None:
    first = sign_in(app, person, workspace)
    second = refresh(app, first.refresh_token)
    assert second is not None
    with app.db.transaction(caller(app, second)):
        pass
    assert refresh(app, first.refresh_token) is None
    for pair in (first, second):
        with pytest.raises(NotSignedIn), app.db.transaction(caller(app, pair)):
            pass
    with pytest.raises(NotSignedIn):
        refresh(app, second.refresh_token)


def test_of_two_refreshes_at_once_one_wins_and_the_session_ends(app: App, person: Person, workspace: Tenant) -> None:
    pair = sign_in(app, person, workspace)

    def attempt(_: int) -> TokenPair | None:
        try:
            return refresh(app, pair.refresh_token)
        except NotSignedIn:
            return None

    with ThreadPoolExecutor(4) as pool:
        renewed = [result for result in pool.map(attempt, range(4)) if result]
    assert len(renewed) == 1
    with pytest.raises(NotSignedIn), app.db.transaction(caller(app, renewed[0])):
        pass


def test_tokens_end_with_the_session_the_membership_and_the_account(app: App, person: Person, workspace: Tenant) -> None:
    signed_out, removed = sign_in(app, person, workspace), sign_in(app, person, workspace)
    with app.db.transaction(Anonymous()) as tx:
        accounts.end_program_session(tx, caller(app, signed_out).session_id)
    with pytest.raises(NotSignedIn), app.db.transaction(caller(app, signed_out)):
        pass
    with pytest.raises(NotSignedIn):
        refresh(app, signed_out.refresh_token)
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        accounts.remove_member(tx, person.id)
    with pytest.raises(NotSignedIn), app.db.transaction(caller(app, removed)):
        pass
    with pytest.raises(NotSignedIn):
        refresh(app, removed.refresh_token)


def test_a_disabled_account_and_an_old_session_refresh_nothing(app: App, person: Person, workspace: Tenant) -> None:
    old, disabled = sign_in(app, person, workspace), sign_in(app, person, workspace)
    with app.db.transaction(Anonymous()) as tx:
        past = now() - timedelta(seconds=1)
        tx.execute(update(SessionRow).where(SessionRow.id == caller(app, old).session_id).values(expires_at=past))
    with pytest.raises(NotSignedIn):
        refresh(app, old.refresh_token)
    with app.db.transaction(Anonymous()) as tx:
        tx.execute(update(User).where(User.id == person.id).values(disabled_at=now()))
    with pytest.raises(NotSignedIn):
        refresh(app, disabled.refresh_token)


def test_without_jwt_secret_a_key_is_made_from_secret_keys(app: App) -> None:
    own, other = (app.settings.replace(JWT_SECRET=secret) for secret in ("", "something"))
    assert len(tokens._signing_key(own)) == 32
    assert tokens._signing_key(own) != tokens._signing_key(other)
    assert tokens._signing_key(own) == tokens._signing_key(own.replace(LOG_LEVEL="DEBUG"))
