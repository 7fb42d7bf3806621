"""What `make run` runs: the embedded servers, migrations, studio and workers, until Ctrl-C; then all of them end in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.request import urlopen

from dotenv import dotenv_values

from backend.errors import Conflict, StudioError, Unavailable
from backend.settings import ROOT, Settings
from ops.local_stack import environment, frozen_processes, ports, services, stack
from ops.local_stack import state as states
from ops.local_stack.processes import Processes, rotate_logs
from ops.local_stack.restart import Revival
from ops.local_stack.services import Service

_LOOK_EVERY_S = 0.3


@dataclass
class Wish:
    """Set by Ctrl-C or SIGTERM; a second one ends the processes at once."""

    stop: threading.Event = field(default_factory=threading.Event)
    hurry: Callable[[], None] = lambda: None

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)

    def _heard(self, *_: object) -> None:
        if self.stop.is_set():
            self.hurry()
        self.stop.set()


def main() -> int:
    """The exit code: 0 after an orderly end or when it already runs, 1 with a sentence on standard error."""
    settings = Settings()
    env = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None} | dict(os.environ)
    studio = services.studio(host=settings.host, port=settings.port)
    workers = services.workers(stop_grace_s=settings.worker_stop_grace_s)
    try:
        run(settings, env=env, studio=studio, workers=workers, sandbox=not settings.sandbox_url)
    except Conflict as running:
        print(running.message.replace("The studio already runs", "InfluencerAI Studio is already running"))
    except StudioError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def run(
    settings: Settings, *, env: Mapping[str, str], studio: Service, workers: Sequence[Service], sandbox: bool = False
) -> None:
    """Returns after an orderly end. `sandbox`: with a practice platform.

    Raises Conflict (already running), Unavailable (something would not start, or ended).
    """
    wish = Wish()
    wish.listen()
    state = states.take(settings.data_dir.resolve())
    try:
        _require_port(settings)
    except BaseException:
        state.release()
        raise
    rotate_logs(state.folder / "log")
    keys, logins = environment.kept_keys(state, env), {}

    def migrate(owner_url: str) -> None:
        logins.update(environment.logins(state, owner_url=owner_url, keys=keys, env=env, stop=wish.stop))

    if state.cut_short:
        print("The last run did not end in order (it was killed, or the power went). Its jobs go on.", flush=True)
    with stack.boot(state, env=env, on_database=migrate) as servers:
        urls, others = dict(servers.urls), list(workers)
        if sandbox:
            practice, where = _sandbox(settings, state)
            urls |= where
            others.append(practice)
        processes = Processes(state, environment.of_processes(state, settings, env, urls, keys, logins))
        wish.hurry = processes.hurry
        try:
            _serve(settings, servers, processes, wish, studio, others)
        finally:
            processes.stop()


def _serve(
    settings: Settings, servers: stack.Stack, processes: Processes, wish: Wish, studio: Service, workers: Sequence[Service]
) -> None:
    if wish.stop.is_set():
        return
    revival = Revival(servers, wish.stop)
    try:
        _run(settings, servers, processes, wish, studio, workers, revival)
    finally:
        wish.stop.set()
        revival.close()


def _run(
    settings: Settings,
    servers: stack.Stack,
    processes: Processes,
    wish: Wish,
    studio: Service,
    workers: Sequence[Service],
    revival: Revival,
) -> None:
    page = processes.start(studio)  # alone at first: somebody waits for it
    while not _answers(settings):
        revival.check()
        processes.check()
        if wish.stop.wait(0.1):
            return
    page.answered = True
    url = settings.base_url.replace("//0.0.0.0", "//localhost")
    servers.state.note(url=url)
    print(f"InfluencerAI Studio is running at {url}", flush=True)
    for worker in workers:
        processes.start(worker)
    signs = frozen_processes.signs(processes.running, database_url=processes.env["DATABASE_URL"], lease_s=settings.job_lease_s)
    watching = threading.Thread(
        target=frozen_processes.Watch(processes, signs).run, args=[wish.stop], name="watch", daemon=True
    )
    watching.start()
    while not wish.stop.wait(_LOOK_EVERY_S):
        revival.check()
        processes.check()
    print("Stopping …", file=sys.stderr, flush=True)


def _sandbox(settings: Settings, state: states.State) -> tuple[Service, dict[str, str]]:
    """The practice platform on the port it had last time, and the settings that name it.

    It has no passwords, so it does not follow HOST to the network: only SANDBOX_HOST opens it.
    """
    port = ports.choose(["sandbox"], last=state.run.get("ports", {}))["sandbox"]
    state.note(ports={**state.run.get("ports", {}), "sandbox": port})
    host = settings.sandbox_host
    inside = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    public = settings.sandbox_public_url or f"http://{'localhost' if host in ('0.0.0.0', '::') else inside}:{port}"
    folder = str(state.folder / "sandbox")
    service = services.sandbox(folder=folder, host=host, port=port, public_url=public)
    return service, {"SANDBOX_URL": f"http://{inside}:{port}", "SANDBOX_PUBLIC_URL": public}


def _require_port(settings: Settings) -> None:
    if not ports.is_free(settings.host, settings.port):
        raise Unavailable(
            f"Port {settings.port} on {settings.host} is taken by another program, or the address is not this machine's. "
            f"Choose another port, for example: make run PORT={settings.port + 1}"
        )


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    try:
        with urlopen(f"http://{host}:{settings.port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
