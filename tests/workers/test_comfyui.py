"""The whole way: a person asks, a real worker draws on a faithful ComfyUI, whatever happens to either of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend import generation
from backend.app import App
from backend.db.tables import Device
from backend.db.transactions import Anonymous
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.generation import GenerationCard, GenerationDraft
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.servers.comfyui import ComfyServer
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

pytestmark = pytest.mark.kill
HANDLERS = "tests.support.comfy_handlers"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path / "comfyui") as running:
        running.folders.put_checkpoint("photo.safetensors")
        running.faults.previews = "latent2rgb"
        yield running


@pytest.fixture
def draw(workers: Workers, server: ComfyServer) -> Callable[..., Any]:
    def start(**env: str) -> Any:
        own_env = {"COMFYUI_URL": server.url, "COMFYUI_MODELS_DIR": str(server.folders.models), "COMFYUI_TIMEOUT": "20000"}
        return workers.start("gpu", handlers=HANDLERS, **own_env, DEVICE_PROBE_S="0.3", **env)

    return start


@pytest.fixture
def ask(app: App, workspace: Tenant, server: ComfyServer) -> Iterator[Callable[..., GenerationCard]]:
    engine = ComfyImageEngine(
        Settings.read(env_file=None, COMFYUI_URL=server.url, COMFYUI_MODELS_DIR=str(server.folders.models))
    )
    request_ids: list[str] = []

    def ask(**values: Any) -> GenerationCard:
        draft = GenerationDraft(**{"prompt": "portrait", "n": 1, "width": 256, "height": 256, "steps": 10, **values})
        request_ids.append("x")
        with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return generation.start(tx, draft=draft, models=engine.models(), request_key=f"k{len(request_ids)}")

    yield ask
    engine.close()


def pictures(app: App, tenant: Tenant, card: GenerationCard) -> int:
    with app.db.transaction(tenant.caller) as tx:
        return len(generation.pictures_of(tx, card.id))


def test_a_killed_worker_costs_no_picture_and_nothing_is_drawn_twice(
    app: App, workspace: Tenant, job_user: JobUser, workers: Workers, server: ComfyServer, ask: Any, draw: Any
) -> None:
    card = ask(n=3)
    server.faults.step_s = 0.05
    victim = draw(FAULT_STEP="image-generation:picture-1:kill")
    assert victim.wait(60) == -signal.SIGKILL
    draw()
    ended = job_user.ended(card.job_id, 60)
    assert (ended.state, ended.attempt_n) == ("completed", 2), workers.logs()
    assert pictures(app, workspace, card) == 3
    assert len(server.ran) == len(set(server.ran)) == 3, "what the dead worker had submitted was found again"
    assert "Found" in job_user.log(card.job_id)


def test_an_orderly_restart_of_the_worker_leaves_the_work_where_it_is(
    app: App, workspace: Tenant, job_user: JobUser, workers: Workers, server: ComfyServer, ask: Any, draw: Any
) -> None:
    card = ask(n=2, steps=20)
    server.faults.step_s = 0.1
    first = draw()
    until(lambda: server.ran, what="the first picture")
    first.terminate()
    assert first.wait(30) == 0
    draw()
    assert job_user.ended(card.job_id, 60).state == "completed", workers.logs()
    assert len(server.ran) == 2


def test_a_cancel_reaches_what_runs_and_what_waits(
    app: App, job_user: JobUser, workers: Workers, server: ComfyServer, ask: Any, draw: Any
) -> None:
    """The second job's prompt waits on the server behind the first one's: its card was given on."""
    server.faults.step_s = 0.1
    first, second = ask(n=1, steps=150), ask(n=1, steps=150)
    draw()
    until(lambda: len(server.core.line.waiting()) == 1, what="the second job's prompt behind the first one's")
    until(lambda: job_user.get(first.job_id).preview, what="a preview on the job card")
    for card in (second, first):
        started_at = time.monotonic()
        job_user.cancel(card.job_id)
        assert job_user.ended(card.job_id, 10).state == "cancelled"
        assert time.monotonic() - started_at < 10
    until(lambda: server.core.line.remaining() == 0, 5, what="an empty queue")
    server.faults.step_s = 0.0
    assert job_user.ended(ask().job_id).state == "completed", workers.logs()


def test_a_server_that_is_away_or_restarts_costs_only_time(
    app: App, job_user: JobUser, workers: Workers, server: ComfyServer, ask: Any, draw: Any
) -> None:
    card = ask(n=2)
    server.stop()
    draw()
    until(lambda: devices_down(app), what="a device that is down")
    assert job_user.get(card.job_id).state == "pending"
    server.faults.step_s = 0.05
    server.start()
    until(lambda: server.ran, what="the first picture")
    server.restart()
    ended = job_user.ended(card.job_id, 60)
    assert ended.state == "completed", workers.logs()
    assert pictures(app, job_user.tenant, card) == 2


def devices_down(app: App) -> list[Any]:
    with app.db.transaction(Anonymous()) as tx:
        return [down for down in tx.scalars(select(Device.down)) if down]


def test_what_cannot_be_drawn_fails_with_a_sentence_and_the_next_job_goes_on(
    app: App, job_user: JobUser, workers: Workers, server: ComfyServer, ask: Any, draw: Any
) -> None:
    server.folders.put_checkpoint("z-late.safetensors")
    torn = server.folders.put_checkpoint("z-torn.safetensors")
    draw()
    messages = {}
    for name, says in (("memory", "ran out of memory"), ("black", "came out black")):
        setattr(server.faults, name, True)
        messages[name] = (job_user.ended(ask().job_id), says)
        setattr(server.faults, name, False)
    server.faults.step_s = 2.0
    late, broken = ask(model="z-late.safetensors", n=2), ask(model="z-torn.safetensors")
    job_user.cancel(broken.job_id)  # first: behind the other's end it would begin
    job_user.cancel(late.job_id)
    assert messages["memory"][0].error_code == "out_of_memory"
    (server.folders.models / "checkpoints" / "z-late.safetensors").unlink()
    torn.write_bytes(b"\xff" * 64)
    server.faults.step_s = 0.0
    for name, card, says in (("late", late, "models/checkpoints"), ("torn", broken, "is broken. Copy the file there again")):
        job_user.ended(card.job_id)
        job_user.retry(card.job_id)
        messages[name] = (job_user.ended(card.job_id), says)
    for name, (ended, says) in messages.items():
        assert (ended.state, ended.attempt_n <= 2) == ("failed", True), (name, workers.logs())
        assert says in (ended.error_message or ""), name
        assert str(server.folders.root) not in (ended.error_message or "")
    assert job_user.ended(ask().job_id).state == "completed"
