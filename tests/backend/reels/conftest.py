"""A studio that makes small reels: fakes that draw and speak, the real ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.media.ffmpeg.film_order import FORMATS
from backend.media.images import faces
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset
from tests.fakes.identity import FakeIdentity
from tests.fakes.speech import DeafAligner, FakeSpeech
from tests.support.inline_worker import LargePictures

SIZE = (108, 192)
"""Of its reels, in px: frames cost time."""


@pytest.fixture
def speech() -> FakeSpeech:
    return FakeSpeech()


@pytest.fixture
def studio(settings: Settings, speech: FakeSpeech, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setitem(FORMATS, "instagram-reel", replace(FORMATS["instagram-reel"], width=SIZE[0], height=SIZE[1]))
    monkeypatch.setattr(faces, "can_find", lambda: False)  # what the fake draws has none
    engines = SimpleNamespace(
        image=LargePictures(), identity=FakeIdentity(), text=OfflineWriter(), speech={"fake": speech}, aligner=DeafAligner()
    )
    urls = {
        "FACE_FOCUS": "true",
        "VIDEO_COMPLETED_N8N_WEBHOOK_URL": "https://n8n.example/done",
        "DATA_SHARED_BASE": str(tmp_path / "shared"),
    }
    built = bootstrap(settings.replace(**urls), engines=engines)
    yield built
    built.close()


@pytest.fixture
def still(studio: App, workspace: Tenant) -> str:
    """The asset id of a picture: for scenes that need not be drawn."""
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        return make_asset(tx, storage=studio.storage, data=jpeg())
