"""A studio that draws on faithful ComfyUI servers, each a process of its own, and the barest client beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from websockets.sync.client import connect

from backend import generation
from backend.db.transactions import SystemCaller
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.generation import GenerationDraft
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.bench.servers import Studio, studio

ROOT = Path(__file__).parents[2]
MODEL, SIDE, STEPS = "photo.safetensors", 512, 10


@dataclass(frozen=True)
class Rig:
    running_studio: Studio
    urls: Sequence[str]
    engine: ComfyImageEngine


@contextmanager
def rig(n: int, *, prompt_s: float, workers: int = 1) -> Iterator[Rig]:
    """`n` servers whose prompts take `prompt_s` seconds, and real workers that have drawn on each twice (warm-up).

    Each of the `workers` processes knows its share of the servers, as a node knows its cards.
    """
    with ExitStack() as stack:
        running_studio = stack.enter_context(studio(LOG_LEVEL="WARNING"))
        servers = [stack.enter_context(_server(running_studio.folder / f"comfyui-{at}", prompt_s)) for at in range(n)]
        models = [str(running_studio.folder / f"comfyui-{at}" / "models") for at in range(n)]
        known = Settings.read(env_file=None, COMFYUI_URL=",".join(servers), COMFYUI_MODELS_DIR=",".join(models))
        engine = ComfyImageEngine(known)
        stack.callback(engine.close)
        limits = {"QUEUE_CONCURRENCY_CONTENT": str(4 * n), "MAX_CONCURRENT_JOBS": str(4 * n), "ENGINE_DEVICE": "cpu"}
        for at in range(workers):
            urls, folders = servers[at::workers], models[at::workers]
            env = {"COMFYUI_URL": ",".join(urls), "COMFYUI_MODELS_DIR": ",".join(folders), **limits}
            stack.enter_context(_worker(running_studio, env, threads=3 * len(urls) + 1))
        new_rig = Rig(running_studio, servers, engine)
        wait_for_batch(new_rig, ask_pictures(new_rig, 2 * n))
        yield new_rig


@contextmanager
def _server(folder: Path, prompt_s: float) -> Iterator[str]:
    argv = [sys.executable, "-m", "tests.servers.comfyui", "--root", str(folder), "--checkpoint", MODEL]
    process = subprocess.Popen([*argv, "--prompt-s", str(prompt_s)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def _worker(running_studio: Studio, env: dict[str, str], threads: int) -> Iterator[None]:
    argv = [sys.executable, "-m", "workers.main", "--queues", "gpu", "--tick", "--threads", str(threads)]
    with (running_studio.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--handlers", "tests.support.comfy_handlers"],
            env={**os.environ, **running_studio.environment, **env},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def ask_pictures(test_rig: Rig, n: int) -> str:
    """`n` requests for one picture each, in one transaction. Returns what their request keys begin with."""
    batch, models = new_id("batch"), test_rig.engine.models()
    with test_rig.running_studio.app.db.transaction(SystemCaller(test_rig.running_studio.tenant.id)) as tx:
        for at in range(n):
            draft = GenerationDraft(prompt=f"a harbour {batch}", n=1, width=SIDE, height=SIDE, steps=STEPS, seed=at)
            generation.start(tx, draft=draft, models=models, request_key=f"{batch}/{at}")
    return batch


def ask_at(test_rig: Rig, moments: Sequence[tuple[float, int]]) -> str:
    """Requests one after another: (seconds from now, pictures). Returns what their request keys begin with."""
    batch, models, began = new_id("batch"), test_rig.engine.models(), time.monotonic()
    for at, (moment, pictures) in enumerate(moments):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        draft = GenerationDraft(prompt=f"a harbour {batch} {at}", n=pictures, width=SIDE, height=SIDE, steps=STEPS)
        with test_rig.running_studio.app.db.transaction(SystemCaller(test_rig.running_studio.tenant.id)) as tx:
            generation.start(tx, draft=draft, models=models, request_key=f"{batch}/{at}")
    return batch


def wait_for_batch(test_rig: Rig, batch: str) -> float:
    """Waits for all jobs of a batch. Returns the seconds from the first claim to the last row, by Postgres's clock."""
    query = "SELECT count(*) FILTER (WHERE state NOT IN ('completed', 'failed')), count(*) FILTER (WHERE state = 'failed') "
    span = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM jobs WHERE request_key LIKE :batch"
    like = {"batch": f"{batch}/%"}
    while True:
        with test_rig.running_studio.app.db.transaction(SystemCaller(test_rig.running_studio.tenant.id)) as tx:
            open_, failed = tx.execute(text(f"{query} FROM jobs WHERE request_key LIKE :batch"), like).one()
            assert not failed, (test_rig.running_studio.folder / "worker.log").read_text()
            if not open_:
                return float(tx.scalar(text(span), like) or 0)
        time.sleep(0.2)  # rarely: looking costs Postgres time that it should have for the jobs


def bare_client(url: str, n: int) -> float:
    """Seconds of the plainest client: send, listen until it has ended, read the history, fetch the file; one by one."""
    workflow, name = comfy_workflow.load_builtin("txt2img_sd15"), uuid.uuid4().hex
    values: dict[str, Any] = {"checkpoint": MODEL, "width": SIDE, "height": SIDE, "steps": STEPS, "prompt": name}
    with httpx.Client(base_url=url) as client, connect(f"ws{url[4:]}/ws?clientId={name}", compression=None) as socket:
        started_at = time.perf_counter()
        for at in range(n):
            prompt_id = str(uuid.uuid4())
            graph = comfy_workflow.bind(workflow, values | {"seed": at}, prefix=f"bare/{prompt_id}")
            body = {"prompt": graph, "client_id": name, "prompt_id": prompt_id}
            client.post("/prompt", json=body).raise_for_status()
            while not _ended(socket.recv(), prompt_id):
                pass
            [file] = client.get(f"/history/{prompt_id}").json()[prompt_id]["outputs"]["result"]["images"]
            assert client.get("/view", params=file).raise_for_status().content
        return time.perf_counter() - started_at


def _ended(raw: str | bytes, prompt_id: str) -> bool:
    if isinstance(raw, bytes):
        return False
    message = json.loads(raw)
    data = message["data"]
    return message["type"] == "executing" and data.get("node") is None and data.get("prompt_id") == prompt_id
