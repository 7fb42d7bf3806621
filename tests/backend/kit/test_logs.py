"""Log lines carry what they are about."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.db.transactions import Anonymous, Database
from backend.kit import logs


def test_lines_are_json_and_say_which_job(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    try:
        logs.configure("INFO", service="worker")
        logs.configure("INFO", service="worker")
        with logs.log_context(job="job_1", tenantId="ws_1"):
            with ThreadPoolExecutor(1) as pool:  # as a request's thread does once it knows who asks
                pool.submit(copy_context().run, logs.add_to_context, userId="usr_1").result()
            structlog.get_logger("test").info("drawing", action="image-generation", duration=3)
        logs.add_to_context(userId="usr_2")
        logging.getLogger("some.library").warning("old %s", "news")
    finally:
        root.handlers = before
        root.setLevel(level)
        structlog.reset_defaults()
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert ours.items() >= {"level": "info", "service": "worker", "tenantId": "ws_1", "userId": "usr_1"}.items()
    assert ours.items() >= {"action": "image-generation", "duration": 3, "message": "drawing", "job": "job_1"}.items()
    assert datetime.fromisoformat(ours["timestamp"]).tzinfo is not None
    assert (theirs["message"], theirs["logger"]) == ("old news", "some.library")
    assert not {"job", "tenantId", "userId"} & set(theirs)


def test_what_a_statement_was_given_is_not_written_down(db: Database) -> None:
    """Hashes of passwords and tokens, people's words: an error of the database ends in a log."""
    with pytest.raises(DBAPIError) as caught, db.transaction(Anonymous()) as tx:
        tx.execute(text("SELECT 1 / 0 WHERE :given <> ''"), {"given": "hunter2"})
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value)
