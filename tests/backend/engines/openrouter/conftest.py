from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from backend.engines.openrouter.text_engine import OpenAIEngine
from backend.settings import Settings
from tests.servers.openrouter import ModelServer

Make = Callable[..., OpenAIEngine]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """Seconds the engine would have waited, a second or less each."""
    return []


@pytest.fixture
def make(server: ModelServer, pauses: list[float]) -> Iterator[Make]:
    """`make(TEXT_PRICES="…")`: an engine on the model server that does not really wait."""

    with ExitStack() as engines:

        def made(**more: object) -> OpenAIEngine:
            values = {"OPENROUTER_API_KEY": "sk-or-v1-test", "OPENROUTER_BASE_URL": server.url, **more}
            engine = OpenAIEngine(Settings.read(env_file=None, **values), pause=pauses.append)
            engines.callback(engine.close)
            return engine

        yield made
