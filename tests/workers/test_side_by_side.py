"""Workers of two versions on one database, in the middle of an upgrade: what one cannot read waits for the other."""

from __future__ import annotations

from typing import Any

import psycopg
from pydantic import BaseModel
from sqlalchemy import text

from tests.support.databases import DatabaseUrls
from tests.support.handlers import Steps
from tests.support.processes import JobUser, Workers
from tests.support.wait import until


class NewerSteps(BaseModel):
    """As a newer version orders it: today's worker expects a number."""

    n: str = "three"


def attempts_of(job_user: JobUser, job: str) -> list[Any]:
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        return list(tx.execute(text("SELECT outcome FROM attempts WHERE job_id = :job ORDER BY n"), {"job": job}).scalars())


def test_an_order_that_only_a_newer_worker_can_read_is_handed_back(
    workers: Workers, job_user: JobUser, database_urls: DatabaseUrls
) -> None:
    workers.start()
    with psycopg.connect(database_urls.owner.replace("+psycopg", "")) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '9999'")  # a newer version has migrated
    newer = job_user.start("test-steps", NewerSteps())
    until(lambda: attempts_of(job_user, newer) == ["released"], what="that it is handed back")
    card = job_user.get(newer)
    assert (card.state, card.error_code) == ("pending", None)
    assert "waits for a newer worker" in job_user.log(newer)
    assert job_user.ended(job_user.start("test-steps", Steps())).state == "completed"


def test_without_a_newer_worker_it_fails_and_says_why(workers: Workers, job_user: JobUser) -> None:
    workers.start()
    card = job_user.ended(job_user.start("test-steps", NewerSteps()))
    assert (card.state, card.dead_letter) == ("failed", True)
    assert "another version of the studio" in (card.error_message or "")
