"""What tests that publish with real workers share. `workers` is the name by which a test gets a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.account import Tenant
from tests.support.nursery import Nursery
from tests.support.publishing import House, platforms, quick

__all__ = ["deaths", "house", "servers", "workers"]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with platforms(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def deaths(tmp_path: Path) -> Path:
    """`(deaths / post_id).write_text("handle")`: its worker dies there; `handle:freeze`: it stands still."""
    (tmp_path / "deaths").mkdir()
    return tmp_path / "deaths"


@pytest.fixture
def workers(environment: dict[str, str], servers: dict[str, Any], deaths: Path, tmp_path: Path) -> Iterator[Nursery]:
    with Nursery({**environment, **quick(servers, environment), "DEATHS": str(deaths)}, tmp_path) as made:
        yield made


@pytest.fixture
def house(app: Any, workspace: Tenant, servers: dict[str, Any]) -> House:
    return House(app, workspace, servers)
