"""Cards: which there are, and how one that went down comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.bootstrap import bootstrap
from backend.engines.events import EngineStatus
from backend.kit.db import Nobody
from backend.settings import Settings
from backend.tables import Device
from workers import devices


def config(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(("wish", "name"), [("cpu", "cpu"), ("mps", "mps"), ("cuda:1", "cuda:1")])
def test_a_wish_is_taken_at_its_word(wish: str, name: str) -> None:
    assert devices.found(config(engine_device=wish)) == [(name, 0)]


def test_cards_are_those_the_driver_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho '0, 143771'\necho '1, 143771'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert devices.found(config(engine_device="auto")) == [("cuda:0", 143771), ("cuda:1", 143771)]
    driver.write_text("#!/bin/sh\nexit 9\n")
    assert [name for name, _ in devices.found(config(engine_device="auto"))] in (["cpu"], ["mps"])


@dataclass
class FakeEngine:
    ok: bool = False

    def status(self) -> EngineStatus:
        return EngineStatus("fake", self.ok, "1", "Start it.")


def test_a_card_that_is_down_comes_back_when_its_engines_answer(settings: Settings) -> None:
    image, trainer = FakeEngine(), FakeEngine(ok=True)
    app = bootstrap(settings, role="worker", engines=SimpleNamespace(image=image, trainer=trainer))

    def state() -> tuple[str, str]:
        with app.db.transaction(Nobody()) as tx:
            card = tx.scalars(select(Device)).one()
            return card.state, card.down_reason

    devices.register(app, "here", [("cpu", 0)])
    devices.probe(app, "here")
    assert state() == ("up", "")
    with app.db.transaction(Nobody()) as tx:
        tx.execute(text("UPDATE devices SET state = 'down', down_reason = 'Gone.', probe_at = clock_timestamp()"))
    devices.probe(app, "here")
    assert state() == ("down", "Gone.")
    image.ok = True
    devices.probe(app, "here")
    assert state() == ("down", "Gone."), "not before its time"
    with app.db.transaction(Nobody()) as tx:
        tx.execute(text("UPDATE devices SET probe_at = clock_timestamp()"))
    devices.register(app, "here", [("cpu", 0)])
    devices.probe(app, "here")
    assert state() == ("up", "")
    app.close()
