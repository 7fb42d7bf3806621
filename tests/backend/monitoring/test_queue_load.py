"""What KEDA asks Postgres: how much a queue has to do, over all workspaces. Its login learns that and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from backend import jobs
from backend.db.migrations.monitoring import SCALER
from backend.db.migrations.rights import grant_all
from backend.db.transactions import SystemCaller
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.databases import DatabaseUrls, make_login
from tests.support.handlers import Steps

QUEUE = jobs.JOB_TYPES["test-steps"].queue


def test_the_scaler_learns_the_load_of_a_queue_and_nothing_else(
    worker_app: Any, workspace: Tenant, other_workspace: Tenant, database_urls: DatabaseUrls, template: DatabaseUrls
) -> None:
    make_context(worker_app, workspace, "test-steps", Steps())
    for tenant in (workspace, other_workspace):
        with worker_app.db.transaction(SystemCaller(tenant.id)) as tx:
            jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="Waits", request_key="waits")
            later = jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="Later", request_key="later").id
            tx.execute(text("UPDATE jobs SET not_before = clock_timestamp() + interval '1 hour' WHERE id = :id"), {"id": later})
            tx.execute(
                text("UPDATE jobs SET created_at = created_at - interval '90 s', not_before = not_before - interval '90 s'")
            )
    login = make_login(template.owner, SCALER, "")
    with create_engine(database_urls.owner, poolclass=NullPool).begin() as connection:
        grant_all(connection)
    url = make_url(login).set(database=make_url(database_urls.owner).database)
    with create_engine(url, poolclass=NullPool).connect() as scaler:
        waiting, running, oldest_s = scaler.execute(text("SELECT * FROM queue_load(:queue)"), {"queue": QUEUE}).one()
        assert (waiting, running) == (2, 1)
        assert 89 < oldest_s < 150
        assert scaler.execute(text("SELECT * FROM queue_load('none')")).one() == (0, 0, 0.0)
    for statement in ("SELECT * FROM jobs", "SELECT installation_figures(0, 0, 0, false)"):
        with create_engine(url, poolclass=NullPool).connect() as scaler, pytest.raises(ProgrammingError, match="denied"):
            scaler.execute(text(statement))
