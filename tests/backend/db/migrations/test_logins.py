"""Somebody else's Postgres: a plain owner is enough, and what is missing is told with the line to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from backend import accounts
from backend.db.migrations import check_confined, migrate
from backend.db.migrations.logins import check_server
from backend.db.transactions import Anonymous, Database, SignedIn
from backend.errors import Invalid, Unavailable
from backend.settings import ROOT, Settings
from tests.support.databases import APP_PASSWORD, WORKER_PASSWORD, DatabaseUrls, copy_of, fresh_database, make_login
from tests.support.handlers import Steps
from tests.support.processes import JobUser, Workers

PASSWORD = SecretStr("three happy ducks")
_numbers = count(1)


@pytest.fixture
def database_urls(plain_template: DatabaseUrls) -> Iterator[DatabaseUrls]:
    with copy_of(plain_template) as urls:
        yield urls


@pytest.fixture
def plain_owner(template: DatabaseUrls) -> str:
    """The URL of an empty database whose owner may make neither logins nor anything else."""
    login = make_login(template.owner, f"plain{next(_numbers)}", "CREATEDB")
    return fresh_database(login, f"empty{next(_numbers)}")


def test_a_studio_of_a_plain_owner_is_entered_by_its_owner_alone(db: Database) -> None:
    with db.transaction(Anonymous()) as tx:
        assert accounts.needs_setup(tx)
        draft = accounts.SetupDraft(name="Ada", email="ada@example.org", password=PASSWORD, workspace="First")
        ticket = accounts.create_first_workspace(tx, draft)
    with db.transaction(Anonymous()) as tx:
        assert not accounts.needs_setup(tx), "a second browser is offered the first owner's form"
        token = accounts.exchange_ticket(tx, ticket, days=7)
    with db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, token)
        assert arrival is not None
        [workspace] = arrival.workspaces
    ada = SignedIn(token, workspace.id)
    with db.transaction(ada, needs="owner") as tx:
        link = accounts.invite(tx, email="eve@example.org", role="viewer").secret
    with db.transaction(Anonymous()) as tx:
        eve = accounts.accept_as_new(
            tx,
            link,
            accounts.NewPerson(name="Eve", email="eve@example.org", password=PASSWORD),
            settings=Settings.model_validate({}),
        )
    with db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, accounts.exchange_ticket(tx, eve, days=7))
        assert arrival is not None
        assert [(card.name, card.role) for card in arrival.workspaces] == [("First", "viewer")]


def test_its_orders_are_worked_on(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    job = job_user.start("test-steps", Steps(n=2))
    assert job_user.ended(job).state == "completed"


def test_a_database_that_was_migrated_without_the_owners_policy_gets_it_before_rows_are_changed(
    database_urls: DatabaseUrls,
) -> None:
    """As version 0.5.1 left it. Migrations change rows of all workspaces, so it comes before them."""
    engine = create_engine(database_urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        for table in connection.scalars(text("SELECT polrelid::regclass FROM pg_policy WHERE polname = 'owner'")).all():
            connection.execute(text(f"DROP POLICY owner ON {table}"))
        connection.execute(text("SELECT set_config('app.tenant', 'ws_old', true)"))
        connection.execute(text("INSERT INTO workspaces (id, name) VALUES ('ws_old', 'Old')"))
    with engine.connect() as connection:
        assert not connection.scalar(text("SELECT workspace_exists()"))
    for _ in range(2):
        migrate(database_urls.owner, app_password=APP_PASSWORD, worker_password=WORKER_PASSWORD)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT workspace_exists()"))


def test_an_older_server_is_refused_with_a_sentence() -> None:
    old = cast("Connection", SimpleNamespace(scalar=lambda _: "150018"))
    with pytest.raises(Invalid, match=r"This is Postgres 15; the studio needs 16 or newer\..*DATABASE_URL"):
        check_server(old)


def test_logins_that_somebody_else_made_must_be_given(plain_owner: str) -> None:
    with pytest.raises(
        Invalid, match=r"login studio_app that .* STUDIO_APP_PASSWORD .* DATABASE_URL to postgresql://studio_app:"
    ):
        migrate(plain_owner)
    with pytest.raises(Invalid, match=r"login studio_worker that .* Set STUDIO_WORKER_PASSWORD"):
        migrate(plain_owner, app_password=APP_PASSWORD, worker_password="wrong")
    logins = migrate(plain_owner, app_password=APP_PASSWORD, worker_password=WORKER_PASSWORD)
    with create_engine(logins.worker_url, poolclass=NullPool).connect() as connection:
        check_confined(connection)


def test_missing_logins_are_told_with_the_lines_to_run(plain_owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.db.migrations.logins.APP", "studio_app_missing")
    with pytest.raises(Invalid) as refused:
        migrate(plain_owner)
    lines = [line.strip() for line in refused.value.message.splitlines()]
    assert lines[1:3] == [
        "CREATE ROLE studio_app_missing LOGIN PASSWORD '…';",
        "GRANT studio_dispatch TO studio_worker WITH INHERIT FALSE, SET TRUE;",
    ]


def test_who_may_not_make_tables_is_told_what_is_missing(plain_owner: str, template: DatabaseUrls) -> None:
    stranger = make_url(make_login(template.owner, f"stranger{next(_numbers)}", ""))
    other = stranger.set(database=make_url(plain_owner).database).render_as_string(hide_password=False)
    with pytest.raises(Invalid, match=f"ALTER DATABASE .* OWNER TO {stranger.username};"):
        migrate(other)
    with pytest.raises(Invalid, match=r"Set DATABASE_OWNER_URL .* both DATABASE_URL .* and WORKER_DATABASE_URL"):
        migrate(template.app)


def test_a_login_without_rights_is_told_so(database_urls: DatabaseUrls, template: DatabaseUrls) -> None:
    stranger = make_url(make_login(template.owner, f"stranger{next(_numbers)}", ""))
    engine = create_engine(stranger.set(database=make_url(database_urls.owner).database), poolclass=NullPool)
    told = f"may not read the studio's tables.*GRANT studio_app TO {stranger.username}"
    with engine.connect() as connection, pytest.raises(Invalid, match=told):
        check_confined(connection)


@pytest.mark.parametrize("url", ["postgresql://a:b@127.0.0.1:9/studio", "studio", ""])
def test_by_hand_every_refusal_is_one_sentence(url: str) -> None:
    env = {**os.environ, "DATABASE_OWNER_URL": url, "DATABASE_URL": ""}
    done = subprocess.run([sys.executable, "-m", "backend.db.migrations"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["refused"] == done.stderr.strip()


def test_a_wrong_password_is_no_traceback(template: DatabaseUrls) -> None:
    with pytest.raises(Unavailable, match=r"does not let the owner's login in.*password authentication failed"):
        migrate(make_url(template.owner).set(password="wrong").render_as_string(hide_password=False))
