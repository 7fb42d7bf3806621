"""An engine that is away or empty: pages go on, and say why something cannot be done meanwhile."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from backend.db.transactions import Database
from backend.engines.ports.events import EngineStatus
from studio.shell import resources
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words

AWAY = EngineStatus("ComfyUI", False, "", "It does not answer. Start it, or correct COMFYUI_URL.")


class Empty:
    """As an engine is whose server was never seen."""

    def models(self) -> list[Any]:
        return []

    def status(self, device: str = "") -> EngineStatus:
        return AWAY


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.mark.parametrize(
    ("file", "which", "says"),
    [
        ("create/pictures", "", "Pictures can be created as soon as ComfyUI offers a model."),
        ("models/training", "", "LoRAs can be trained as soon as ComfyUI offers a model."),
        ("models/datasets", "dataset_id", "13 of 14 pictures in use"),
        ("models/comparisons", "run_id", "Versions can be compared as soon as"),
        ("library/gallery", "picture_ids", "Prompt and settings"),
        ("create/prompts", "", "New template"),
    ],
)
def test_pages_without_a_model(
    open_page: Open, rows: Rows, app: Any, monkeypatch: pytest.MonkeyPatch, file: str, which: str, says: str
) -> None:
    engines = replace(app.engines, image=Empty(), trainer=Empty())
    stand_in = SimpleNamespace(settings=app.settings, db=app.db, redis=app.redis, storage=app.storage, engines=engines)
    monkeypatch.setattr(resources, "app", lambda: stand_in)
    row_id = rows.picture_ids[0] if which == "picture_ids" else getattr(rows, which, "")
    query = {"run" if file == "models/comparisons" else "id": row_id} if which else {}
    at = open_page(file, **query)
    assert not at.exception
    assert not at.error
    assert says in words(at)
