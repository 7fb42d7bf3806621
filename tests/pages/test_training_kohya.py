"""The form of a training when kohya trains: its checkpoints are offered, and how a run is made to fit its card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import Device
from backend.db.transactions import Anonymous, Database
from backend.engines.registry import build_engines
from backend.settings import Settings
from tests.backend.engines.kohya import kohya_rig
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.pages.conftest import Open, words


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> Iterator[App]:
    engines = replace(build_engines(settings), trainer=kohya_rig.make(tmp_path / "kohya").trainer)
    built = bootstrap(settings, role="studio", engines=engines)
    yield built
    built.close()


def test_the_form_says_how_kohya_makes_it_fit(open_page: Open, db: Database, workspace: Tenant) -> None:
    fill_workspace(db, workspace)
    with db.transaction(Anonymous()) as tx:
        tx.add(Device(id="h/cuda:0", host="h", name="cuda:0", vram_mb=12_288, engines={"trainer": "kohya"}))
    at = open_page("models/training")
    assert not at.exception
    model = next(
        element
        for element in at.selectbox
        if {"sd15/base", "sdxl/base"} <= {option.split(" ·")[0] for option in element.options}
    )
    page_text = words(at)
    assert "kohya trains for a GPU with 12 GB: gradient checkpointing." in page_text
    assert "cuda:0 has 12.0 GB" in page_text
    model.set_value("sdxl/base.safetensors").run()
    assert "8-bit optimizer, text encoders cached" in words(at)
    assert not at.warning
