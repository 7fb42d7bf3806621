"""The platform servers, and an App whose settings lead to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.settings import Settings
from tests.support.platforms import Servers, reset_servers, running, settings_for

__all__ = ["running"]


@pytest.fixture
def servers(running: Servers) -> Servers:
    return reset_servers(running)


@pytest.fixture
def app(servers: Servers, settings: Settings) -> Iterator[App]:
    made = bootstrap(settings.replace(**settings_for(servers)))
    yield made
    made.close()
