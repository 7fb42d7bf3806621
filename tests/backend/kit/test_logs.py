"""Log lines carry what they are about."""

from __future__ import annotations

import json
import logging

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
        logs.configure("INFO")
        logs.configure("INFO")
        with logs.log_context(job="job_1", tenant="ws_1"):
            structlog.get_logger("test").info("drawing", n=3)
        logging.getLogger("some.library").warning("old %s", "news")
    finally:
        root.handlers = before
        root.setLevel(level)
        structlog.reset_defaults()
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["job"], ours["tenant"], ours["n"], ours["level"]) == ("drawing", "job_1", "ws_1", 3, "info")
    assert (theirs["event"], theirs["logger"]) == ("old news", "some.library")
    assert "job" not in theirs


def test_what_a_statement_was_given_is_not_written_down(db: Database) -> None:
    """Hashes of passwords and tokens, people's words: an error of the database ends in a log."""
    with pytest.raises(DBAPIError) as caught, db.transaction(Anonymous()) as tx:
        tx.execute(text("SELECT 1 / 0 WHERE :given <> ''"), {"given": "hunter2"})
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value)
