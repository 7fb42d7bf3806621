"""Checks every server and engine the studio depends on. The checks do not raise: a failure is a Check that is not ok."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend import assets, jobs
from backend.app import App
from backend.db.tables import Device
from backend.db.transactions import Anonymous
from backend.engines.comfyui import server_urls
from backend.engines.registry import image_engine_name, motion_engine_name
from backend.errors import Invalid, StudioError
from backend.kit import disk
from backend.language import joined, tr_lazy

log = structlog.get_logger(__name__)
_LOW_DISK = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """`detail`: a sentence; when not `ok` it says what to do."""

    name: str
    ok: bool
    version: str
    detail: str


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """`state`: free, busy, down (none of its engines answers), partly down, disabled. `reason`: what does not answer, why."""

    id: str
    state: str
    vram_mb: int
    engines: dict[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class WorkspaceFigures:
    """`jobs`: state -> how many. `size_bytes`: of the files in storage."""

    jobs: dict[str, int]
    files: int
    size_bytes: int


def check(app: App, *, engines: bool = True) -> list[Check]:
    """Checks database, Redis, storage, workers and disk at the same time, and with `engines` (which may be slow) the engines
    too."""
    parts: list[tuple[str, Callable[[App], Check]]] = [
        (tr_lazy("Database"), _database),
        (tr_lazy("Redis"), _redis),
        (tr_lazy("Storage"), _storage),
        (tr_lazy("Workers"), _workers),
        (tr_lazy("Disk"), _disk),
    ]
    if engines:
        servers = [(name, partial(_image_engine, name=name, device=device)) for name, device in _image_servers(app)]
        parts += [
            *servers,
            (tr_lazy("Trainer"), _trainer),
            (tr_lazy("Video"), _motion),
            (tr_lazy("Face match"), _identity),
            (tr_lazy("Text model"), _words),
        ]
        parts.append((tr_lazy("Captioning"), _captions))
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(lambda part: _run_check(part[0], part[1], app), parts))


def part_states(checks: Sequence[Check]) -> dict[str, bool]:
    """Part -> whether it works, without naming servers, for members of a workspace. Of several image servers one is enough."""
    states: dict[str, bool] = {}
    for check in checks:
        name = tr_lazy("Image engine") if check.name.startswith("ComfyUI ") else check.name
        states[name] = states.get(name, False) or check.ok
    return states


def workspace_figures(tx: Session) -> WorkspaceFigures:
    """What the workspace of `tx` has under way and in storage."""
    files, size_bytes = assets.stored(tx)
    return WorkspaceFigures(jobs.counts(tx), files, size_bytes)


def workers(app: App) -> list[jobs.WorkerCard]:
    """Workers seen in the last hour, live ones first. Raises Unavailable."""
    with app.db.transaction(Anonymous()) as tx:
        return jobs.workers(tx, lease_s=app.settings.jobs.lease_s)


def devices(app: App) -> list[DeviceCard]:
    """Devices that workers offered in the last hour. Raises Unavailable."""
    with app.db.transaction(Anonymous()) as tx:
        rows = tx.scalars(
            select(Device).where(Device.seen_at > func.clock_timestamp() - text("interval '1 hour'")).order_by(Device.id)
        )
        return [_device(row) for row in rows]


def _device(row: Device) -> DeviceCard:
    down = {capability: why for capability, why in row.down.items() if capability in row.engines}
    state = "disabled" if row.state == "disabled" else "busy" if row.held_by else "free"
    if down and state == "free":
        state = "down" if len(down) == len(row.engines) else "partly down"
    reason = joined(*(joined(capability, why, separator=": ") for capability, why in down.items()), separator="  ")
    return DeviceCard(row.id, state, row.vram_mb, dict(row.engines), reason)


def _run_check(name: str, run: Callable[[App], Check], app: App) -> Check:
    try:
        return run(app)
    except StudioError as error:
        return Check(name, False, "", error.message)
    except Exception as error:
        log.warning("health check failed", part=name, error=str(error))
        return Check(name, False, "", tr_lazy("It does not answer ({error}). Its log says more.", error=type(error).__name__))


def _database(app: App) -> Check:
    with app.db.transaction(Anonymous()) as tx:
        version = str(tx.scalar(text("SHOW server_version")))
    return Check(tr_lazy("Database"), True, f"Postgres {version.split()[0]}", tr_lazy("Answers."))


def _redis(app: App) -> Check:
    info = app.redis.info()
    name, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    if info.get("aof_last_write_status", "ok") != "ok" or info.get("rdb_last_bgsave_status", "ok") != "ok":
        return Check(tr_lazy("Redis"), False, f"{name} {version}", joined(tr_lazy("It cannot write."), disk.FULL))
    return Check(tr_lazy("Redis"), True, f"{name} {version}", tr_lazy("Answers."))


def _storage(app: App) -> Check:
    ok = app.storage.ready()
    detail = (
        tr_lazy("A file can be written and read.")
        if ok
        else tr_lazy("Storage is starting or away. Pictures appear once it answers.")
    )
    if not ok and disk.full(app.settings.data_dir):
        detail = disk.FULL
    return Check(tr_lazy("Storage"), ok, app.storage.server, detail)


def _workers(app: App) -> Check:
    alive = [worker for worker in workers(app) if worker.alive]
    served_queues = {queue for worker in alive for queue in worker.queues}
    missing = [queue for queue in ("cpu", "gpu") if queue not in served_queues]
    if missing:
        queues = ", ".join(missing)
        return Check(
            tr_lazy("Workers"),
            False,
            "",
            tr_lazy(
                "No worker takes jobs of these queues: {queues}. Start one: python -m workers.main --queues {queue}",
                queues=queues,
                queue=missing[0],
            ),
        )
    versions = sorted({worker.version for worker in alive})
    return Check(tr_lazy("Workers"), True, ", ".join(versions), tr_lazy("{n} running.", n=len(alive)))


def _disk(app: App) -> Check:
    free, total = disk.free(app.settings.data_dir)
    usage = tr_lazy("{free:.1f} of {total:.0f} GB free.", free=free / 1024**3, total=total / 1024**3)
    if disk.full(app.settings.data_dir):
        return Check(tr_lazy("Disk"), False, "", joined(disk.FULL, usage))
    return Check(
        tr_lazy("Disk"),
        free > _LOW_DISK,
        "",
        usage if free > _LOW_DISK else joined(usage, tr_lazy("Make room before you train or upload.")),
    )


def disk_room(app: App) -> tuple[bool, int]:
    """(whether something can be written, free bytes) of the disk that holds the studio's data."""
    return not disk.full(app.settings.data_dir), disk.free(app.settings.data_dir)[0]


def _image_servers(app: App) -> list[tuple[str, str]]:
    """(name for people, device) of each image server: ComfyUI servers are checked one by one, because they fail one by one."""
    try:
        names = (
            [server_urls.name(url) for url in server_urls.urls(app.settings)]
            if image_engine_name(app.settings) == "comfyui"
            else []
        )
    except Invalid:  # a wrong COMFYUI_URL; the engine's own status says so
        names = []
    return [(f"ComfyUI {name}", name) for name in names] or [(tr_lazy("Image engine"), "")]


def _image_engine(app: App, name: str, device: str) -> Check:
    status = app.engines.image.status(device)
    return Check(name, status.ok, f"{status.name} {status.version}".strip(), joined(status.detail, _runs_on(status.device)))


def _runs_on(devices: str) -> str:
    """A sentence about the devices of an engine on this machine; "" of those whose server names its own."""
    sentences = {
        "auto": tr_lazy("Runs on the fastest device of this machine."),
        "cpu": tr_lazy("Runs on the processor."),
        "cuda": tr_lazy("Runs on a GPU."),
        "mps": tr_lazy("Runs on a GPU."),
    }
    names = dict.fromkeys(device.strip().partition(":")[0] for device in devices.split(","))
    return joined(*dict.fromkeys(sentences[name] for name in names if name in sentences))


def _trainer(app: App) -> Check:
    status = app.engines.trainer.status()
    return Check(
        tr_lazy("Trainer"),
        status.ok,
        f"{status.name} {status.version}".strip(),
        joined(status.detail, _runs_on(status.device)),
    )


def _motion(app: App) -> Check:
    """A ComfyUI without a motion model is ok: camera moves need none."""
    status = app.engines.motion.status()
    ok = status.ok or (bool(app.engines.motion.models()) and motion_engine_name(app.settings) == "comfyui")
    return Check(tr_lazy("Video"), ok, f"{status.name} {status.version}".strip(), status.detail)


def _identity(app: App) -> Check:
    """Without an embedder in the settings nothing is missing; one that is set and cannot be used is a failure."""
    status = app.engines.identity.status()
    return Check(tr_lazy("Face match"), status.ok or app.settings.engines.identity.model is None, status.version, status.detail)


def _captions(app: App) -> Check:
    """The first captioner there is: it captions datasets by default."""
    status = next(iter(app.engines.captioners.values())).status()
    return Check(tr_lazy("Captioning"), status.ok, status.version, status.detail)


def _words(app: App) -> Check:
    """The text engine: a language model, or the offline writer."""
    status = app.engines.text.status()
    return Check(tr_lazy("Text model"), status.ok, status.version, status.detail)
