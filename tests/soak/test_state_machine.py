"""The property test of jobs, for as long as one likes."""

from __future__ import annotations

import os

import pytest

from backend.db.transactions import Database
from backend.settings import Settings
from tests.backend.jobs import test_state_machine as walk
from tests.backend.jobs.conftest import settings_without_clock
from tests.factories.account import Tenant

__all__ = ["settings_without_clock"]


def test_a_long_walk(
    worker_db: Database,
    workspace: Tenant,
    other_workspace: Tenant,
    settings_without_clock: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walk, "EXAMPLES", int(os.environ.get("SOAK_EXAMPLES", "400")))
    walk.test_jobs_make_allowed_moves_and_none_is_lost(worker_db, workspace, other_workspace, settings_without_clock)
