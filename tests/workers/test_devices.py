"""Devices: how they are found, and how one that went down comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from backend import jobs
from backend.bootstrap import bootstrap
from backend.db.tables import Device, Job
from backend.db.transactions import Anonymous, SystemCaller
from backend.engines.ports.events import EngineStatus
from backend.errors import EngineUnavailable
from backend.generation import GenerationPayload
from backend.settings import Settings
from tests.factories.account import Tenant
from workers import devices


def config(**values: Any) -> Settings:
    return Settings.read(env_file=None, **values)


@pytest.mark.parametrize(("device_setting", "name"), [("cpu", "cpu"), ("mps", "mps"), ("cuda:1", "cuda:1")])
def test_a_wish_is_taken_at_its_word(device_setting: str, name: str) -> None:
    both = {"image": "diffusers", "trainer": "peft"}
    assert devices.discover(config(ENGINE_DEVICE=device_setting), "here") == [
        devices.LocalDevice(f"here/{name}", "here", name, 0, both)
    ]


def test_cards_are_those_the_driver_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho '0, 143771'\necho '1, 143771'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    discovered = devices.discover(config(ENGINE_DEVICE="auto"), "here")
    assert [(card.name, card.vram_mb) for card in discovered] == [("cuda:0", 143771), ("cuda:1", 143771)]
    driver.write_text("#!/bin/sh\nexit 9\n")
    assert [card.name for card in devices.discover(config(ENGINE_DEVICE="auto"), "here")] in (["cpu"], ["mps"])


def test_a_server_of_this_machine_shares_its_card_and_one_elsewhere_is_everybodys_device() -> None:
    urls = "http://127.0.0.1:8188,http://gpu2:8188"
    local, other = (devices.discover(config(ENGINE_DEVICE="cpu", COMFYUI_URL=urls), host) for host in ("one", "other"))
    assert local[0] == devices.LocalDevice("one/cpu", "one", "cpu", 0, {"image": "http://127.0.0.1:8188", "trainer": "peft"})
    assert (
        local[1] == other[1] == devices.LocalDevice("comfyui/gpu2:8188", "gpu2", "gpu2:8188", 0, {"image": "http://gpu2:8188"})
    )
    (alone, _) = devices.discover(config(ENGINE_DEVICE="cpu", COMFYUI_URL="http://gpu2:8188"), "one")
    assert alone.engines == {"trainer": "peft"}


@dataclass
class FakeEngine:
    ok: bool = False

    def status(self, device: str) -> EngineStatus:
        assert device == "cpu"
        return EngineStatus("fake", self.ok, "1", "Start it.")


def test_an_engine_that_is_down_is_back_when_it_answers(settings: Settings, workspace: Tenant) -> None:
    image, trainer = FakeEngine(), FakeEngine(ok=True)
    app = bootstrap(settings, role="worker", engines=SimpleNamespace(image=image, trainer=trainer))

    def down() -> dict[str, str]:
        with app.db.transaction(Anonymous()) as tx:
            return dict(tx.scalars(select(Device.down)).one())

    def due() -> bool:
        with app.db.transaction(SystemCaller(workspace.id)) as tx:
            return tx.scalars(select(Job.not_before <= func.clock_timestamp())).one()

    def told() -> str | None:
        with app.db.transaction(SystemCaller(workspace.id)) as tx:
            return tx.scalars(select(Job.error_message)).one()

    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        payload = GenerationPayload(generation_id="gen_1")
        jobs.enqueue(tx, kind="image-generation", payload=payload, title="Put off", request_key="put-off")
        later = func.clock_timestamp() + text("interval '1 hour'")
        tx.execute(update(Job).values(error_code=EngineUnavailable.code, error_message="Gone.", not_before=later))
    cards = devices.discover(config(ENGINE_DEVICE="cpu"), "here")
    devices.register(app, cards)
    devices.probe(app, cards)
    assert (down(), due()) == ({}, False)
    with app.db.transaction(Anonymous()) as tx:
        both = '{"image": "Gone.", "trainer": "Busy."}'
        tx.execute(text(f"UPDATE devices SET down = '{both}', probe_at = clock_timestamp()"))
    devices.probe(app, cards)
    assert down() == {"image": "Start it."}, "what is wrong with it now"
    assert told() == "Start it.", "also where people wait for it"
    image.ok = True
    devices.probe(app, cards)
    assert down() == {"image": "Start it."}, "not before its time"
    with app.db.transaction(Anonymous()) as tx:
        tx.execute(text("UPDATE devices SET probe_at = clock_timestamp()"))
    devices.register(app, cards)
    devices.probe(app, cards)
    assert (down(), due()) == ({}, True), "what waited for it goes on at once"
    app.close()
