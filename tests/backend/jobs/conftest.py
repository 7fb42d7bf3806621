"""Settings in which only disasters make a worker look dead, not a slow machine."""

from __future__ import annotations

import pytest

from backend.settings import Settings


@pytest.fixture
def settings_without_clock() -> Settings:
    return Settings(_env_file=None, job_lease_s=3600.0, max_concurrent_jobs=100, job_retry_delays_s=(0.0,))
