"""Starts the servers that the environment does not name, side by side, and gives their URLs. Everything above sees only
URLs."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from backend.errors import Unavailable
from ops.local_stack import binaries, ports, postgres, seaweed, valkey
from ops.local_stack import state as states
from ops.local_stack.server import KilledAtStart, PortTaken, Server

S3_NAMES = ("S3_ENDPOINT", "S3_KEY", "S3_SECRET", "S3_REGION", "S3_BUCKET")
_STORAGE_BUDGET_S = 60.0


@dataclass
class Stack:
    """`urls`: DATABASE_OWNER_URL, REDIS_URL and the S3_* names, as environment variables.

    `servers`: those started here, by name (postgres, valkey, seaweed). `storage_ready` is set once a file could be written
    and read back; after a restart that may take longer than the rest.
    """

    state: states.State
    urls: dict[str, str] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    storage_ready: threading.Event = field(default_factory=threading.Event)
    _clean_ups: list[Callable[[], None]] = field(default_factory=list)
    _writable: Callable[[], bool] = field(default=lambda: True)  # an external storage is not probed

    @property
    def pids(self) -> dict[str, int]:
        return {name: server.proc.pid for name, server in self.servers.items() if server.proc is not None}

    def wait_storage(self, timeout: float = _STORAGE_BUDGET_S) -> bool:
        return self.storage_ready.wait(timeout)

    def stop(self) -> None:
        """Ends all servers and unlocks the folder. Harmless a second time."""
        if self.state.lock.closed:
            return
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.stop, self.servers.values()))
        for clean_up in reversed(self._clean_ups):
            clean_up()
        self.state.release()

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def start(
    data_dir: Path,
    *,
    env: Mapping[str, str] = os.environ,
    durable: bool = True,
    on_storage_ready: Callable[[], None] | None = None,
) -> Stack:
    """Returns when Postgres and Valkey answer and S3 refuses unsigned requests, after about 1.5 s; S3 may not take files yet.

    A variable that is set (DATABASE_URL or DATABASE_OWNER_URL, REDIS_URL, S3_ENDPOINT) replaces that server. `durable` False:
    for temporary data, much faster. Raises Conflict (`url`) when the folder is in use, Unavailable with a log's end.
    """
    return boot(states.lock_folder(data_dir.resolve()), env=env, durable=durable, on_storage_ready=on_storage_ready)


def boot(
    state: states.State,
    *,
    env: Mapping[str, str],
    durable: bool = True,
    on_storage_ready: Callable[[], None] | None = None,
    on_database: Callable[[str], None] = lambda url: None,
) -> Stack:
    """As `start`, in a folder that the caller has locked already. `on_database(owner_url)` runs while other servers still
    start."""
    stack = Stack(state)

    def database() -> None:
        _start_postgres(stack, env, durable)
        _run_on_database(stack, on_database)

    try:
        with ThreadPoolExecutor() as pool:
            others = [pool.submit(part, stack, env, durable) for part in (_start_valkey, _start_seaweed)]
            starts = [pool.submit(database), *others]
        for start_future in starts:
            start_future.result()
    except BaseException:
        stack.stop()
        raise
    _watch_storage(stack, on_storage_ready)
    return stack


def _start_postgres(stack: Stack, env: Mapping[str, str], durable: bool) -> None:
    if external_url := env.get("DATABASE_OWNER_URL") or env.get("DATABASE_URL"):
        stack.urls["DATABASE_OWNER_URL"] = external_url
        return
    passwords = stack.state.secret("POSTGRES_PASSWORD"), stack.state.secret("STUDIO_OWNER_PASSWORD")
    home = postgres.find_location(stack.state, env, durable=durable)
    if home.ephemeral_dir:
        stack._clean_ups.append(lambda: shutil.rmtree(home.ephemeral_dir or "", ignore_errors=True))
    postgres.prepare(home, password=passwords[0])

    more_settings = postgres.archiving(home) if env.get("BACKUP_TARGET") else ()

    def make(port: Mapping[str, int]) -> Server:
        return postgres.server(
            home,
            port=port["postgres"],
            log=_log(stack, "postgres"),
            durable=durable,
            passwords=passwords,
            more_settings=more_settings,
        )

    port = _start_server(stack, "postgres", ["postgres"], make)["postgres"]
    stack.urls["DATABASE_OWNER_URL"] = postgres.url(port, passwords[1])
    stack.state.note(postgres={"program": str(home.program), "data": str(home.data)})


def _run_on_database(stack: Stack, work: Callable[[str], None]) -> None:
    """Runs `work` with the owner's URL; restarts the server and tries again when it was killed meanwhile."""
    for tries_left in (2, 1, 0):
        try:
            work(stack.urls["DATABASE_OWNER_URL"])
            return
        except Unavailable:
            server = stack.servers.get("postgres")
            if not tries_left or server is None or not server.dead:
                raise
            server.stop()
            server.start()
            assert server.proc is not None
            stack.state.note_child("postgres", server.proc.pid, sig=server.stop_sig)


def _start_valkey(stack: Stack, env: Mapping[str, str], durable: bool) -> None:
    if external_url := env.get("REDIS_URL"):
        stack.urls["REDIS_URL"] = external_url
        return
    program, password, folder = binaries.valkey(env), stack.state.secret("VALKEY_PASSWORD"), stack.state.folder / "valkey"

    def make(port: Mapping[str, int]) -> Server:
        return valkey.server(
            program, folder=folder, port=port["valkey"], password=password, log=_log(stack, "valkey"), durable=durable
        )

    stack.urls["REDIS_URL"] = valkey.url(_start_server(stack, "valkey", ["valkey"], make)["valkey"], password)


def _start_seaweed(stack: Stack, env: Mapping[str, str], durable: bool) -> None:
    if env.get("S3_ENDPOINT"):
        stack.urls |= {name: env[name] for name in S3_NAMES if env.get(name)}
        return
    access = seaweed.access(env, stack.state.secret("S3_SECRET"))
    program, folder = binaries.weed(env), stack.state.folder / "s3"

    def make(port: Mapping[str, int]) -> Server:
        return seaweed.server(program, folder=folder, ports=port, access=access, log=_log(stack, "seaweed"), durable=durable)

    chosen = _start_server(stack, "seaweed", seaweed.PORTS, make)
    stack._clean_ups.append(lambda: seaweed.remove_sockets(chosen))
    stack.urls |= seaweed.variables(chosen["s3.port"], access)
    stack._writable = lambda: seaweed.writable(chosen["s3.port"], access)


def _start_server(
    stack: Stack, name: str, ports_of: Iterable[str], make: Callable[[Mapping[str, int]], Server]
) -> dict[str, int]:
    """Starts a server on the last run's ports; on others when one is taken; again when the server is killed meanwhile."""
    names, last = list(ports_of), dict(stack.state.run.get("ports", {}))
    for tries_left in (2, 1, 0):
        chosen = ports.choose(names, last=last)
        server = make(chosen)
        try:
            server.start()
        except (PortTaken, KilledAtStart) as error:
            if not tries_left:
                raise
            last = {} if isinstance(error, PortTaken) else last
            continue
        stack.servers[name] = server
        assert server.proc is not None
        stack.state.note_child(name, server.proc.pid, sig=server.stop_sig, ports=chosen)
        break
    return chosen


def _log(stack: Stack, name: str) -> Path:
    return stack.state.folder / "log" / f"{name}.log"


def _watch_storage(stack: Stack, on_ready: Callable[[], None] | None) -> None:
    def watch() -> None:
        until = time.monotonic() + _STORAGE_BUDGET_S
        while not stack.state.lock.closed and time.monotonic() < until:
            if stack._writable():
                stack.storage_ready.set()
                if on_ready:
                    on_ready()
                return
            time.sleep(0.1)

    threading.Thread(target=watch, name="storage-probe", daemon=True).start()
