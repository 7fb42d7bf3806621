"""The project's own processes, as `make run` and docker-compose.yml start them (a test keeps the two the same)."""

from __future__ import annotations

from dataclasses import dataclass

_WORKERS = ("WORKER_DATABASE_URL",)
_OAUTH = ("INSTAGRAM_APP_SECRET", "TIKTOK_CLIENT_SECRET", "YOUTUBE_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Service:
    """`args` follow `python`. One that ends is started again.

    `must_answer`: the stack ends with it unless it has answered before. `withheld`: settings that it is started without;
    `foreign`: it gets none of ours. `health`: what answers 200 while it lives.
    """

    name: str
    args: tuple[str, ...]
    must_answer: bool = False
    stop_grace_s: float = 5.0
    withheld: tuple[str, ...] = ()
    foreign: bool = False
    health: str = ""


def migrate() -> tuple[str, ...]:
    return ("-m", "backend.db.migrations")


def studio(*, host: str, port: int) -> Service:
    inside = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return Service(
        "studio",
        ("-m", "studio.shell.serve", "--host", host, "--port", str(port)),
        must_answer=True,
        withheld=_WORKERS,
        health=f"http://{inside}:{port}/_stcore/health",
    )


def sandbox(*, folder: str, host: str, port: int, public_url: str) -> Service:
    """The practice platform, a program of its own: it knows no secret of ours."""
    where = ("--folder", folder, "--host", host, "--port", str(port), "--public-url", public_url)
    inside = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return Service("sandbox", ("-m", "ops.sandbox_platform", *where), foreign=True, health=f"http://{inside}:{port}/health")


def workers(*, stop_grace_s: float) -> tuple[Service, Service]:
    """One light worker that also keeps the clock, one for the devices."""
    cpu, gpu = ("-m", "workers.main", "--queues", "cpu,net", "--tick"), ("-m", "workers.main", "--queues", "gpu")
    return (
        Service("worker-cpu", cpu, stop_grace_s=stop_grace_s, withheld=("DATABASE_URL",)),
        Service("worker-gpu", gpu, stop_grace_s=stop_grace_s, withheld=("DATABASE_URL", *_OAUTH)),
    )
