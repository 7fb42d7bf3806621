"""The devices this worker may hold: discovers them, writes them to `devices`, probes engines that did not answer, and measures
once how fast this machine is."""

from __future__ import annotations

import platform
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from PIL import Image
from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from backend.db.tables import Device, WorkTime
from backend.db.transactions import Anonymous
from backend.engines.comfyui import server_urls
from backend.engines.registry import image_engine_name, trainer_engine_name
from backend.jobs import Work
from backend.jobs.sweep import replace_wait_reason, resume_engine_jobs
from backend.jobs.timing import MeasuredDuration, record
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

log = structlog.get_logger(__name__)
_GPU_QUERY = ["--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]
BENCHMARK_COST_S = 0.37
"""Seconds that `measure_speed` takes on the machine that all costs were measured on."""
_BENCHMARK_SIDE, _BENCHMARK_TIMES = 1024, 16


@dataclass(frozen=True, slots=True)
class LocalDevice:
    """A GPU, processor or ComfyUI server. `engines`: capability -> name of the engine, or address of the server, that serves
    it. `vram_mb` 0: a processor, or not known."""

    id: str
    host: str
    name: str
    vram_mb: int
    engines: dict[str, str]


def discover(settings: Settings, host: str) -> list[LocalDevice]:
    """This machine's devices (`cuda:0`, `mps`, or `cpu` when there is nothing better), then the ComfyUI servers elsewhere.

    A server elsewhere is the same device for every worker that knows its address. Raises Invalid for a wrong COMFYUI_URL.
    """
    local = _local_devices(settings)
    names = [name for name, _ in local]
    comfyui = image_engine_name(settings) == "comfyui"
    shared, own = (
        (server_urls.servers_by_shared_device(settings, names), server_urls.servers_by_own_device(settings, names))
        if comfyui
        else ({}, {})
    )
    local_devices = [
        LocalDevice(
            f"{host}/{name}",
            host,
            name,
            memory,
            _engines(
                settings,
                server_urls.without_credentials(shared[name])
                if name in shared
                else ""
                if comfyui
                else image_engine_name(settings),
            ),
        )
        for name, memory in local
    ]
    return local_devices + [
        LocalDevice(f"comfyui/{name}", urlsplit(url).hostname or "", name, 0, {"image": server_urls.without_credentials(url)})
        for name, url in own.items()
    ]


def _engines(settings: Settings, image: str) -> dict[str, str]:
    trainer = {"trainer": trainer_engine_name(settings)}
    return {"image": image, **trainer} if image else trainer


def _local_devices(settings: Settings) -> list[tuple[str, int]]:
    """(name, memory in MB)."""
    setting = settings.engines.local.device
    if setting in {"auto", "cuda"} and (cuda_devices := _cuda_devices()):
        return cuda_devices
    if setting == "auto":
        return [("mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu", 0)]
    return [("cuda:0" if setting == "cuda" else setting, 0)]


def _cuda_devices() -> list[tuple[str, int]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        completed = subprocess.run([program, *_GPU_QUERY], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("the graphics driver does not answer", error=str(error))
        return []
    rows = [line.split(",") for line in completed.stdout.splitlines() if "," in line]
    return [(f"cuda:{index.strip()}", int(float(memory))) for index, memory in rows]


def register(app: App, devices: Sequence[LocalDevice]) -> None:
    """Inserts the devices, or renews `seen_at`. Their state and engines that are down stay as they are."""
    with app.db.transaction(Anonymous()) as tx:
        for device in devices:
            row = {"host": device.host, "name": device.name, "vram_mb": device.vram_mb, "engines": device.engines}
            inserted = insert(Device).values(id=device.id, **row)
            tx.execute(inserted.on_conflict_do_update(index_elements=["id"], set_={**row, "seen_at": func.clock_timestamp()}))


def probe(app: App, devices: Sequence[LocalDevice]) -> None:
    """Asks the engines that are down and whose probe is due. Jobs that wait for one that answers again go on at once; where
    it is still down for another reason, they say so."""
    with app.db.transaction(Anonymous()) as tx:
        due = Device.id.in_([device.id for device in devices]), Device.down != {}, Device.probe_at <= func.clock_timestamp()
        waiting = tx.execute(select(Device.id, Device.name, Device.down).where(*due)).all()
    for device_id, name, down in waiting:
        reasons = {capability: _why_unavailable(app, capability, name) for capability in down}
        still_down = {capability: reason or down[capability] for capability, reason in reasons.items() if reason is not None}
        next_probe_at = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, app.settings.workers.device_probe_s)
        # Only the capabilities that were probed: an engine that went down meanwhile stays down.
        new_down = Device.down.op("-")(cast(list(down), ARRAY(Text))).op("||")(cast(still_down, JSONB))
        with app.db.transaction(Anonymous()) as tx:
            tx.execute(update(Device).where(Device.id == device_id).values(down=new_down, probe_at=next_probe_at))
        changed = {down[capability]: reason for capability, reason in still_down.items() if reason != down[capability]}
        if changed or len(still_down) < len(down):
            with app.db.dispatch() as tx:
                for old_reason, reason in changed.items():
                    replace_wait_reason(tx, old_reason, reason)
                if len(still_down) < len(down):
                    resume_engine_jobs(tx)


def _why_unavailable(app: App, capability: str, device: str) -> str | None:
    """Why the engine does not answer; None when it does, or when this release does not know the capability (any more)."""
    match capability:
        case "image":
            status = app.engines.image.status(device)
        case "trainer":
            status = app.engines.trainer.status(device)
        case _:
            return None
    return None if status.ok else status.detail


def measure_speed(app: App, worker_id: str) -> None:
    """About half a second of image resizing, recorded as work time; nothing on an installation that has work times already.

    Raises Unavailable.
    """
    with app.db.transaction(Anonymous()) as tx:
        if tx.scalar(select(WorkTime.id).limit(1)) is not None:
            return
    started, picture = time.monotonic(), Image.radial_gradient("L").convert("RGB")
    for _ in range(_BENCHMARK_TIMES):
        picture.resize((_BENCHMARK_SIDE, _BENCHMARK_SIDE), Image.Resampling.LANCZOS).resize(
            (256, 256), Image.Resampling.LANCZOS
        )
    measured = MeasuredDuration(0.0, time.monotonic() - started)
    with app.db.transaction(Anonymous()) as tx:
        record(tx, Work("benchmark", "", BENCHMARK_COST_S), measured, device_id=None, worker_id=worker_id)
