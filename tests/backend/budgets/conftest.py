from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.engines.openrouter.text_engine import OpenAIEngine
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.fakes.engines import FakeImageEngine
from tests.servers.openrouter import ModelServer

Make = Callable[..., App]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def make_app(settings: Settings, server: ModelServer) -> Iterator[Make]:
    """`make_app(DAILY_OPENROUTER_BUDGET=1)`: the studio with a language model that never really pauses."""
    with ExitStack() as apps:

        def make(**more: object) -> App:
            values = {"OPENROUTER_API_KEY": "sk-test", "OPENROUTER_BASE_URL": server.url, **more}
            app_settings = settings.replace(**values)
            app = bootstrap(app_settings, role="studio")
            engine = OpenAIEngine(app_settings, pause=lambda _: None)
            apps.callback(app.close)
            apps.callback(engine.close)
            app.__dict__["engines"] = SimpleNamespace(text=engine, image=FakeImageEngine())
            return app

        yield make


@pytest.fixture
def acting(workspace: Tenant) -> Callable[[App], partial]:
    """`acting(app)()` opens a transaction of the workspace's editor."""
    return lambda app: partial(app.db.transaction, workspace.editor.caller, needs="editor")
