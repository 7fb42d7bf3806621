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
from backend.engines.comfyui import workflow as comfy_workflow
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.generation import GenerationDraft
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.bench.servers import Studio, studio

ROOT = Path(__file__).parents[2]
MODEL, SIDE, STEPS = "photo.safetensors", 512, 10


@dataclass(frozen=True)
class Rig:
    here: Studio
    urls: Sequence[str]
    engine: ComfyImageEngine


@contextmanager
def rig(n: int, *, prompt_s: float) -> Iterator[Rig]:
    """`n` servers whose prompts take `prompt_s`, and a real worker that has drawn on each once."""
    with ExitStack() as stack:
        here = stack.enter_context(studio(LOG_LEVEL="WARNING"))
        found = [stack.enter_context(_server(here.folder / f"comfyui-{at}", prompt_s)) for at in range(n)]
        models = ",".join(str(here.folder / f"comfyui-{at}" / "models") for at in range(n))
        env = {"COMFYUI_URL": ",".join(found), "COMFYUI_MODELS_DIR": models, "ENGINE_DEVICE": "cpu"}
        env |= {"QUEUE_CONCURRENCY_CONTENT": str(4 * n), "MAX_CONCURRENT_JOBS": str(4 * n)}
        engine = ComfyImageEngine(Settings(_env_file=None, comfyui_url=env["COMFYUI_URL"], comfyui_models_dir=models))
        stack.callback(engine.close)
        stack.enter_context(_worker(here, env, threads=3 * n + 1))
        made = Rig(here, found, engine)
        done(made, ask(made, 2 * n))
        yield made


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
def _worker(here: Studio, env: dict[str, str], threads: int) -> Iterator[None]:
    argv = [sys.executable, "-m", "workers.main", "--queues", "gpu", "--tick", "--threads", str(threads)]
    with (here.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--handlers", "tests.support.comfy_handlers"],
            env={**os.environ, **here.environment, **env},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def ask(made: Rig, n: int) -> str:
    """`n` requests for one picture each, in one transaction. Returns what their request keys begin with."""
    batch, models = new_id("batch"), made.engine.models()
    with made.here.app.db.transaction(SystemCaller(made.here.tenant.id)) as tx:
        for at in range(n):
            draft = GenerationDraft(prompt=f"a harbour {batch}", n=1, width=SIDE, height=SIDE, steps=STEPS, seed=at)
            generation.start(tx, draft=draft, models=models, request_key=f"{batch}/{at}")
    return batch


def done(made: Rig, batch: str) -> float:
    """Waits for all of a batch. Returns the seconds from its first claim to its last row, by Postgres's clock."""
    left = "SELECT count(*) FILTER (WHERE state NOT IN ('completed', 'failed')), count(*) FILTER (WHERE state = 'failed') "
    span = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM jobs WHERE request_key LIKE :batch"
    like = {"batch": f"{batch}/%"}
    while True:
        with made.here.app.db.transaction(SystemCaller(made.here.tenant.id)) as tx:
            open_, failed = tx.execute(text(f"{left} FROM jobs WHERE request_key LIKE :batch"), like).one()
            assert not failed, (made.here.folder / "worker.log").read_text()
            if not open_:
                return float(tx.scalar(text(span), like) or 0)
        time.sleep(0.2)  # rarely: looking costs Postgres time that it should have for the jobs


def bare(url: str, n: int) -> float:
    """Seconds of the plainest client: send, listen until it has ended, read the history, fetch the file; one by one."""
    workflow, name = comfy_workflow.load_builtin("txt2img_sd15"), uuid.uuid4().hex
    values: dict[str, Any] = {"checkpoint": MODEL, "width": SIDE, "height": SIDE, "steps": STEPS, "prompt": name}
    with httpx.Client(base_url=url) as client, connect(f"ws{url[4:]}/ws?clientId={name}", compression=None) as socket:
        began = time.perf_counter()
        for at in range(n):
            prompt_id = str(uuid.uuid4())
            graph = workflow.bind(values | {"seed": at}, prefix=f"bare/{prompt_id}")
            body = {"prompt": graph, "client_id": name, "prompt_id": prompt_id}
            client.post("/prompt", json=body).raise_for_status()
            while not _ended(socket.recv(), prompt_id):
                pass
            [file] = client.get(f"/history/{prompt_id}").json()[prompt_id]["outputs"]["result"]["images"]
            assert client.get("/view", params=file).raise_for_status().content
        return time.perf_counter() - began


def _ended(raw: str | bytes, prompt_id: str) -> bool:
    if isinstance(raw, bytes):
        return False
    said = json.loads(raw)
    data = said["data"]
    return said["type"] == "executing" and data.get("node") is None and data.get("prompt_id") == prompt_id
