"""Settings in which only disasters make a worker look dead, not a slow machine."""

from __future__ import annotations

import pytest

from backend.settings import Settings


@pytest.fixture
def settings_without_clock() -> Settings:
    return Settings.read(env_file=None, JOB_LEASE_S=3600.0, MAX_CONCURRENT_JOBS=100, JOB_RETRY_DELAYS_S=(0.0,))
