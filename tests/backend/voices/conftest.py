"""A studio whose voices are fakes: one that is free, one that costs money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend import voices
from backend.app import App
from backend.bootstrap import bootstrap
from backend.settings import Settings
from backend.voices.schemas import PreviewPayload
from tests.factories.account import Tenant
from tests.fakes.speech import DeafAligner, FakeSpeech
from tests.support.context import make_context
from workers.context import Context


@pytest.fixture
def free() -> FakeSpeech:
    return FakeSpeech()


@pytest.fixture
def paid() -> FakeSpeech:
    return FakeSpeech("shop", paid=True, times=False)


@pytest.fixture
def studio(settings: Settings, free: FakeSpeech, paid: FakeSpeech) -> Iterator[App]:
    engines = SimpleNamespace(speech={"fake": free, "shop": paid}, aligner=DeafAligner())
    built = bootstrap(settings, engines=engines)
    yield built
    built.close()


@pytest.fixture
def do(studio: App, workspace: Tenant) -> Callable[..., Any]:
    """`do(verb, …)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **keywords)

    return do


@pytest.fixture
def add(studio: App, do: Any) -> Callable[[str], str]:
    """`add(engine)`: Anna of that engine; returns the voice's id."""
    return lambda engine: str(do(voices.add, studio.engines.speech, engine=engine, name="anna").id)


@pytest.fixture
def context(studio: App, workspace: Tenant) -> Callable[[], Context]:
    """A new job each time."""
    return lambda: make_context(studio, workspace, "voice-preview", PreviewPayload(voice_id="", text=""))
