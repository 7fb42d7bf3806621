"""What `make run` runs: the embedded servers, migrations, studio and workers, until Ctrl-C; then all of them end in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.request import urlopen

from dotenv import dotenv_values

from backend.errors import Conflict, StudioError, Unavailable
from backend.settings import ROOT, Settings
from ops.local_stack import environment, fork_server, frozen_processes, ports, services, stack
from ops.local_stack import state as states
from ops.local_stack.log_files import LogFiles
from ops.local_stack.processes import Processes
from ops.local_stack.restart import ServerRestarts
from ops.local_stack.services import Service

RESTART_SIGNAL = signal.SIGUSR2
"""From `make upgrade`: end in order, then begin again in this process with the code and packages that are there then."""
_CHECK_EVERY_S = 1.0


@dataclass
class Shutdown:
    """Set by Ctrl-C or SIGTERM. A second signal calls `kill_now`. RESTART_SIGNAL sets `restart` too."""

    stop: threading.Event = field(default_factory=threading.Event)
    restart: bool = False
    kill_now: Callable[[], None] = lambda: None

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(RESTART_SIGNAL, self._on_restart)

    def _on_restart(self, *_: object) -> None:
        self.restart = True
        self.stop.set()

    def _on_signal(self, *_: object) -> None:
        if self.stop.is_set():
            self.kill_now()
        self.stop.set()


def main() -> int:
    """The exit code: 0 after an orderly end or when it already runs, 1 with a sentence on standard error."""
    env = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None} | dict(os.environ)
    try:
        settings = Settings.read()
        studio = services.studio_service(host=settings.web.host, port=settings.web.port)
        workers = services.worker_services(stop_grace_s=settings.workers.stop_grace_s)
        practice = {"sandbox": not settings.sandbox.url, "mail_catcher": not settings.notices.sends_email}
        if run(settings, env=env, studio=studio, workers=workers, **practice):
            sys.stdout.flush()
            os.execv(sys.executable, [sys.executable, "-m", "ops.local_stack"])
    except Conflict as conflict:
        print(conflict.message.replace("The studio already runs", "InfluencerAI Studio is already running"))
    except StudioError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def run(
    settings: Settings,
    *,
    env: Mapping[str, str],
    studio: Service,
    workers: Sequence[Service],
    sandbox: bool = False,
    mail_catcher: bool = False,
) -> bool:
    """Returns after an orderly end: whether it is to begin again. `sandbox`: with a practice platform; `mail_catcher`: with a
    mail server that sends nothing.

    Raises Conflict (already running), Unavailable (something would not start, or ended).
    """
    shutdown = Shutdown()
    shutdown.listen()
    state = states.lock_folder(settings.data_dir.resolve())
    try:
        _require_port(settings)
    except BaseException:
        state.release()
        raise
    LogFiles(state.folder / "log", settings.retention.log_days).tidy()
    keys, logins = environment.stored_keys(state, env), {}

    def migrate(owner_url: str) -> None:
        logins.update(environment.migrate_logins(state, owner_url=owner_url, keys=keys, env=env, stop=shutdown.stop))

    if state.cut_short:
        print("The last run did not end in order (it was killed, or the power went). Its jobs go on.", flush=True)
    with _fork_server(state, [studio, *workers]) as forks, stack.boot(state, env=env, on_database=migrate) as servers:
        urls, others = dict(servers.urls), list(workers)
        if sandbox:
            sandbox_service, sandbox_urls = _prepare_sandbox(settings, state)
            urls |= sandbox_urls
            others.append(sandbox_service)
        if mail_catcher:
            mail_service, mail_urls = _prepare_mail_catcher(state)
            urls |= mail_urls
            others.append(mail_service)
        if settings.backup.target:
            is_embedded = "postgres" in servers.servers
            others.append(services.backup_service(owner_url="" if is_embedded else servers.urls["DATABASE_OWNER_URL"]))
        processes = Processes(state, environment.process_environment(state, settings, env, urls, keys, logins), forks)
        shutdown.kill_now = processes.kill_all
        try:
            _serve(settings, servers, processes, shutdown, studio, others)
        finally:
            processes.stop(last=studio.name if shutdown.restart else "")
    return shutdown.restart


@contextmanager
def _fork_server(state: states.State, processes: Sequence[Service]) -> Iterator[fork_server.ForkServer | None]:
    """It imports while Postgres starts. None where forks are not to be had, or nobody wants one."""
    if not fork_server.AVAILABLE or not any(service.forked for service in processes):
        yield None
        return
    server = fork_server.ForkServer(state.folder / "log" / "fork-server.log")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _serve(
    settings: Settings,
    servers: stack.Stack,
    processes: Processes,
    shutdown: Shutdown,
    studio: Service,
    workers: Sequence[Service],
) -> None:
    if shutdown.stop.is_set():
        return
    restarts = ServerRestarts(servers, shutdown.stop)
    try:
        _run(settings, servers, processes, shutdown, studio, workers, restarts)
    finally:
        shutdown.stop.set()
        restarts.close()


def _run(
    settings: Settings,
    servers: stack.Stack,
    processes: Processes,
    shutdown: Shutdown,
    studio: Service,
    workers: Sequence[Service],
    restarts: ServerRestarts,
) -> None:
    page = processes.start(studio)  # alone at first, because a user waits for it
    while not _answers(settings):
        restarts.check()
        processes.check()
        if shutdown.stop.wait(0.1):
            return
    page.answered = True
    url = settings.web.base_url.replace("//0.0.0.0", "//localhost")
    servers.state.note(url=url, can_restart=os.getpid(), started=time.time(), commit=_commit())
    print(f"InfluencerAI Studio is running at {url}", flush=True)
    for worker in workers:
        processes.start(worker)
    signs = frozen_processes.life_signs(
        processes.running, database_url=processes.env["DATABASE_URL"], lease_s=settings.jobs.lease_s
    )
    watching = threading.Thread(
        target=frozen_processes.FrozenProcessWatch(processes, signs).run, args=[shutdown.stop], name="watch", daemon=True
    )
    watching.start()
    log_files, orphans = LogFiles(servers.state.folder / "log", settings.retention.log_days), fork_server.OrphanReaper()
    while not shutdown.stop.wait(_CHECK_EVERY_S):
        restarts.check()
        processes.check()
        if processes.fork_server:
            orphans.check()
        log_files.tidy()
    print("Stopping …", file=sys.stderr, flush=True)


def _commit() -> str:
    """Of the code that was started, for `make upgrade` to go back to; "" where there is no git."""
    try:
        answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip()


def _prepare_sandbox(settings: Settings, state: states.State) -> tuple[Service, dict[str, str]]:
    """The practice platform on the port it had last time, and the settings that name it.

    It has no passwords, so it does not follow HOST to the network: only SANDBOX_HOST opens it.
    """
    port = ports.choose(["sandbox"], last=state.run.get("ports", {}))["sandbox"]
    state.note(ports={**state.run.get("ports", {}), "sandbox": port})
    host = settings.sandbox.host
    local_host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    public = settings.sandbox.public_url or f"http://{'localhost' if host in ('0.0.0.0', '::') else local_host}:{port}"
    folder = str(state.folder / "sandbox")
    service = services.sandbox_service(folder=folder, host=host, port=port, public_url=public)
    return service, {"SANDBOX_URL": f"http://{local_host}:{port}", "SANDBOX_PUBLIC_URL": public}


def _prepare_mail_catcher(state: states.State) -> tuple[Service, dict[str, str]]:
    """The mail catcher on the port it had last time, for this machine alone, and the settings that name it."""
    port = ports.choose(["mail"], last=state.run.get("ports", {}))["mail"]
    state.note(ports={**state.run.get("ports", {}), "mail": port})
    folder = str(state.folder / "mail")
    service = services.mail_service(folder=folder, port=port)
    return service, {"SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_CATCHER_FOLDER": folder}


def _require_port(settings: Settings) -> None:
    host, port = settings.web.host, settings.web.port
    if not ports.is_free(host, port):
        raise Unavailable(
            f"Port {port} on {host} is taken by another program, or the address is not this machine's. "
            f"Choose another port, for example: make run PORT={port + 1}"
        )


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    try:
        with urlopen(f"http://{host}:{settings.web.port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
