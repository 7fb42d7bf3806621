"""Logs are cut off at midnight while their process goes on writing, and kept for some days."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.kit import clock
from ops.local_stack import log_files
from ops.local_stack.log_files import LogFiles


def test_a_log_is_cut_off_at_midnight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now().astimezone()
    files = LogFiles(tmp_path, days=7)
    with (tmp_path / "studio.log").open("ab", buffering=0) as process:
        process.write(b"today\n")
        files.tidy()
        assert (tmp_path / "studio.log").read_text() == "today\n"
        for later in (1, 2):
            monkeypatch.setattr(clock, "now", lambda later=later: datetime.now(UTC) + timedelta(days=later))
            files.tidy()
            process.write(b"the day after\n")
    assert (tmp_path / "studio.log").read_text() == "the day after\n"
    (older,) = tmp_path.glob("studio.log.*")
    assert older.name == f"studio.log.{now.date()}"
    assert older.read_text() == "today\nthe day after\n", "both were written today by the file's own clock"


def test_a_large_log_is_cut_off_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_LARGE_BYTES", 5)
    monkeypatch.setattr(log_files, "_LOOK_EVERY_S", 0.0)
    files, log = LogFiles(tmp_path, days=7), tmp_path / "worker-cpu.log"
    for text in ("first\n", "again\n"):
        log.write_text(text)
        files.tidy()
        assert log.read_bytes() == b""
    (older,) = tmp_path.glob("worker-cpu.log.*")
    assert older.read_text() == "first\nagain\n"
    old = tmp_path / "worker-cpu.log.2020-01-01"
    old.write_text("x")
    os.utime(old, (0, 0))
    LogFiles(tmp_path, days=7).tidy()
    assert not old.exists()
