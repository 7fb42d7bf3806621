"""A folder that Postgres's unprivileged user can reach, which pytest's own are not when root runs the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    yield from _folder()


@pytest.fixture(scope="module")
def module_path() -> Iterator[Path]:
    yield from _folder()


def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="studio-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
