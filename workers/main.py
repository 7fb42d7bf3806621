"""A worker process: `python -m workers.main --queues cpu,net --tick`. SIGTERM or Ctrl-C stops it in order."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import structlog
from sqlalchemy import event

from backend.bootstrap import bootstrap
from backend.errors import ShuttingDown, StudioError
from backend.job_types import KINDS
from backend.jobs import JOB_TYPES, Handler, sweep
from backend.jobs.job_type import QUEUES
from backend.jobs.rules import outcome_of_error
from backend.kit import disk, temp_folders
from backend.language import tr_lazy
from workers import devices
from workers.due_work import DueWork
from workers.heartbeat import Heartbeat
from workers.lease import Identity, Lease
from workers.monitoring import SamplerThread, serve_probes
from workers.notice_feed import NoticeFeedThread, NoticeSenderThread
from workers.runner import FinishedAttempt, Process, drain, write_outcome
from workers.scheduler import Scheduler
from workers.wakeups import notifications, start_listening
from workers.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

    from backend.app import App
    from backend.settings.work import WorkerSettings

log = structlog.get_logger(__name__)


def load_handlers(modules: Sequence[str] = ()) -> dict[str, Handler]:
    """Kind -> handler: those of this release, or of `modules`, each of which has `HANDLERS` (tests)."""
    if not modules:
        return {kind: Handler(JOB_TYPES[kind].payload, JOB_TYPES[kind].pipeline()) for kind in KINDS}
    handlers: dict[str, Handler] = {}
    for name in modules:
        handlers |= importlib.import_module(name).HANDLERS
    unknown = set(handlers) - set(JOB_TYPES)
    assert not unknown, f"kinds that are not registered: {sorted(unknown)}"
    return handlers


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a worker until it is told to stop. Returns the exit code: 1, with a sentence on standard error, when it cannot
    start."""
    options = _parse_arguments(argv)
    try:
        app = bootstrap(role="worker")
    except StudioError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    _tune_connections(app)
    lease = Lease(app.settings.jobs.lease_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: lease.stopping.set())
    with temp_folders.temp_folder() as folder:
        serve(app, options, lease, folder)
    return 0


def serve(app: App, options: argparse.Namespace, lease: Lease, workroot: Path) -> None:
    """Works until `lease.stopping` is set, then releases what is still running."""
    settings, queues = app.settings, tuple(options.queues)
    identity = Identity(queues)
    heartbeat = Heartbeat(app.db, identity, lease, beat_s=settings.jobs.heartbeat_s)
    process = Process(app, identity, load_handlers(options.handlers or ()), lease, heartbeat, workroot)
    heartbeat.start()
    _mark_dead_workers(app, identity)
    temp_folders.sweep()
    local_devices = devices.discover(settings, identity.host) if "gpu" in queues else []
    if local_devices:
        devices.register(app, local_devices)
        process.device_ids = tuple(device.id for device in local_devices)
    threads = options.threads or settings.workers.threads
    on_message = partial(drain, process)
    listener = start_listening(app.redis, queues, threads=threads, poll_ms=settings.workers.poll_ms, on_message=on_message)
    if options.tick:
        due_work = DueWork(app)
        scheduler = Scheduler(app, notifications(app.redis, queues, threads=threads, on_message=on_message), due_work)
        beside = {
            "scheduler": scheduler.run,
            "webhooks": WebhookSender(app, due_work).run,
            "notices": NoticeFeedThread(app, due_work).run,
            "notice-sender": NoticeSenderThread(app, due_work).run,
            "sampler": SamplerThread(app).run,
        }
        for name, target in beside.items():
            threading.Thread(target=target, args=[lease.stopping], name=name, daemon=True).start()
    probes = _serve_probes(settings.workers, queues, lease)
    device_ids = list(process.device_ids)
    log.info("worker is up", worker=identity.id, queues=queues, threads=threads, devices=device_ids)
    while not lease.stopping.wait(settings.workers.device_probe_s):
        _refresh_devices(app, local_devices, identity.id)
        if options.tick:
            _resume_storage_jobs(app)
    listener.stop(timeout=int(settings.workers.stop_grace_s * 1000))
    _release_running(process)
    heartbeat.stop()
    if probes:
        probes.shutdown()
        probes.server_close()
    if "engines" in vars(app):
        app.engines.image.unload()
    app.close()
    log.info("worker has stopped", worker=identity.id)


def _serve_probes(settings: WorkerSettings, queues: tuple[str, ...], lease: Lease) -> ThreadingHTTPServer | None:
    """None: WORKER_HEALTH_PORT is not set, or taken by another worker of this machine; work goes on without."""
    if not settings.health_port:
        return None
    try:
        return serve_probes((settings.health_host, settings.health_port), queues, lease)
    except OSError as error:
        log.warning("nothing answers probes", port=settings.health_port, error=str(error))
        return None


def _tune_connections(app: App) -> None:
    """Sets what workers need on each of their connections.

    `idle_in_transaction_session_timeout`: a frozen process must not keep row locks or the queue's lock, so Postgres ends its
    session after two leases. `plan_cache_mode`: workers repeat a few statements that read by key; not planning them anew halves
    the cost of a claim.
    """
    limit_ms = int(max(2 * app.settings.jobs.lease_s, 5.0) * 1000)

    def configure(connection: Any, _record: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {limit_ms}")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.commit()

    event.listen(app.db.engine, "connect", configure)
    app.db.engine.dispose()


def _mark_dead_workers(app: App, identity: Identity) -> None:
    """After a crash and restart of this machine's worker, its jobs go on at once instead of after a lease."""
    with app.db.dispatch() as tx:
        if gone := sweep.mark_dead_processes(tx, app.settings, host=identity.host, pid_exists=psutil.pid_exists):
            log.info("workers of this machine are gone", workers=gone)


def _refresh_devices(app: App, local_devices: list[devices.LocalDevice], worker_id: str) -> None:
    if not local_devices:
        return
    try:
        devices.register(app, local_devices)
        devices.probe(app, local_devices)
        devices.measure_speed(app, worker_id)
    except StudioError as error:
        log.warning("devices not refreshed", error=error.message)


def _resume_storage_jobs(app: App) -> None:
    """Jobs that wait because nothing could be stored go on as soon as storage and disk work again."""
    try:
        with app.db.dispatch() as tx:
            jobs_wait = sweep.storage_jobs_wait(tx)
        if jobs_wait and app.storage.ready() and not disk.full(app.settings.data_dir):
            with app.db.dispatch() as tx:
                log.info("storage answers again", jobs=sweep.resume_storage_jobs(tx))
    except StudioError as error:
        log.warning("jobs that wait for storage not resumed", error=error.message)


def _release_running(process: Process) -> None:
    """Jobs that did not stop within `workers.stop_grace_s` go back to pending, uncounted; their threads can no longer write."""
    for context in process.heartbeat.watched():
        outcome = outcome_of_error(
            ShuttingDown(tr_lazy("The worker stopped.")), retries=0, max_retries=0, delays=(), submitted=False
        )
        write_outcome(process, FinishedAttempt(context, outcome))


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.main", description=__doc__)
    parser.add_argument("--queues", type=_parse_queues, default=list(QUEUES), help="gpu, cpu, net; default: all")
    parser.add_argument("--tick", action="store_true", help="also run the scheduler")
    parser.add_argument("--threads", type=int, default=0, help="jobs at once per queue; default: WORKER_THREADS")
    parser.add_argument("--handlers", action="append", metavar="MODULE", help="handlers instead of this release's own")
    return parser.parse_args(argv)


def _parse_queues(value: str) -> list[str]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names or set(names) - set(QUEUES):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(QUEUES)}")
    return names


if __name__ == "__main__":
    raise SystemExit(main())
