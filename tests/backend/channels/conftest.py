"""The platform servers, and an App whose settings lead to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.settings import Settings
from tests.support.platforms import Servers, healed, leading_to, running

__all__ = ["running"]


@pytest.fixture
def servers(running: Servers) -> Servers:
    return healed(running)


@pytest.fixture
def app(servers: Servers, settings: Settings) -> Iterator[App]:
    made = bootstrap(settings.model_copy(update=leading_to(servers, settings)))
    yield made
    made.close()
