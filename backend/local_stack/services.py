"""The project's own processes, as `make run` and docker-compose.yml start them (a test keeps the two the same)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """`args` follow `python`. One that is not `restart`ed takes the whole stack down when it ends."""

    name: str
    args: tuple[str, ...]
    restart: bool = True
    stop_grace_s: float = 5.0


def migrate() -> tuple[str, ...]:
    return ("-m", "backend.migrations")


def studio(*, host: str, port: int) -> Service:
    where = ("--server.port", str(port), "--server.address", host)
    quiet = ("--server.headless", "true", "--browser.gatherUsageStats", "false")
    return Service("studio", ("-m", "streamlit", "run", "studio/server.py", *where, *quiet), restart=False)


def sandbox(*, folder: str, host: str, port: int, public_url: str) -> Service:
    """The practice platform, a program of its own."""
    where = ("--folder", folder, "--host", host, "--port", str(port), "--public-url", public_url)
    return Service("sandbox", ("-m", "backend.sandbox_platform", *where))


def workers(*, stop_grace_s: float) -> tuple[Service, Service]:
    """One light worker that also keeps the clock, one for the devices."""
    return (
        Service("worker-cpu", ("-m", "workers.main", "--queues", "cpu,net", "--tick"), stop_grace_s=stop_grace_s),
        Service("worker-gpu", ("-m", "workers.main", "--queues", "gpu"), stop_grace_s=stop_grace_s),
    )
