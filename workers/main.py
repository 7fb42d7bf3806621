"""A worker process: `python -m workers.main --queues cpu,net --tick`. SIGTERM or Ctrl-C stops it in order."""

from __future__ import annotations

import argparse
import signal
import tempfile
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import event

from backend.bootstrap import bootstrap
from backend.errors import ShuttingDown, StudioError
from backend.jobs.kinds import QUEUES
from backend.jobs.rules import ended_by
from workers import devices, registry
from workers.desk import Finished
from workers.identity import Identity
from workers.keeper import Keeper
from workers.lease import Lease
from workers.queues import listen, ringing
from workers.runner import Process, conclude, drain
from workers.tick import Tick

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    wishes = _parse(argv)
    app = bootstrap(role="worker")
    _tune_connections(app)
    lease = Lease(app.settings.job_lease_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: lease.stopping.set())
    with tempfile.TemporaryDirectory(prefix="studio-worker-") as folder:
        serve(app, wishes, lease, Path(folder))
    return 0


def serve(app: App, wishes: argparse.Namespace, lease: Lease, workroot: Path) -> None:
    """Works until `lease.stopping` is set, then gives back what is still running."""
    settings, queues = app.settings, tuple(wishes.queues)
    identity = Identity(queues)
    keeper = Keeper(app.db, identity, lease, beat_s=settings.job_beat_s)
    me = Process(app, identity, registry.load(wishes.handlers or ()), lease, keeper, workroot)
    keeper.start()
    cards = devices.found(settings, identity.host) if "gpu" in queues else []
    if cards:
        devices.register(app, cards)
        me.cards = tuple(card.id for card in cards)
    threads = wishes.threads or settings.worker_threads
    heard = partial(drain, me)
    ears = listen(app.redis, queues, threads=threads, poll_ms=settings.worker_poll_ms, heard=heard)
    if wishes.tick:
        tick = Tick(app, ringing(app.redis, queues, threads=threads, heard=heard))
        threading.Thread(target=tick.run, args=[lease.stopping], name="tick", daemon=True).start()
    log.info("worker is up", worker=identity.id, queues=queues, threads=threads, devices=[card.id for card in cards])
    while not lease.stopping.wait(settings.device_probe_s):
        _look_after(app, cards)
    ears.stop(timeout=int(settings.worker_stop_grace_s * 1000))
    _release(me)
    keeper.stop()
    if "engines" in vars(app):
        app.engines.image.unload()
    app.close()
    log.info("worker has stopped", worker=identity.id)


def _tune_connections(app: App) -> None:
    """A frozen process must not keep rows or the queue's lock: Postgres ends its session after two leases.

    Workers say the same few statements again and again by key: planning them once is half of a claim's cost.
    """
    limit_ms = int(max(2 * app.settings.job_lease_s, 5.0) * 1000)

    def told(connection: Any, _record: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {limit_ms}")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.commit()

    event.listen(app.db.engine, "connect", told)
    app.db.engine.dispose()


def _look_after(app: App, cards: list[devices.Card]) -> None:
    if not cards:
        return
    try:
        devices.register(app, cards)
        devices.probe(app, cards)
    except StudioError as error:
        log.warning("devices not looked after", error=error.message)


def _release(me: Process) -> None:
    """What did not stop within the grace goes back to pending, uncounted; its thread can no longer write."""
    for context in me.keeper.watched():
        verdict = ended_by(ShuttingDown("The worker stopped."), retries=0, max_retries=0, delays=(), submitted=False)
        conclude(me, Finished(context, verdict))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.main", description=__doc__)
    parser.add_argument("--queues", type=_queues, default=list(QUEUES), help="gpu, cpu, net; default: all")
    parser.add_argument("--tick", action="store_true", help="also run the clockwork")
    parser.add_argument("--threads", type=int, default=0, help="jobs at once a queue; default: WORKER_THREADS")
    parser.add_argument("--handlers", action="append", metavar="MODULE", help="handlers instead of this release's own")
    return parser.parse_args(argv)


def _queues(value: str) -> list[str]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names or set(names) - set(QUEUES):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(QUEUES)}")
    return names


if __name__ == "__main__":
    raise SystemExit(main())
