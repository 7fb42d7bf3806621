"""The project's own processes, as `make run` and docker-compose.yml start them (a test keeps the two the same)."""

from __future__ import annotations

from dataclasses import dataclass

from backend.platforms.registry import PLATFORMS

_WORKER_SETTINGS = ("WORKER_DATABASE_URL",)
_PAGE_SETTINGS = ("DATABASE_URL", "JWT_SECRET")
_SENDER_SETTINGS = ("SMTP_URL", "WEBHOOK_SECRET")
"""Of notices and webhooks, which go out from the process with the scheduler."""
_PLATFORM_SECRETS = tuple(name for platform in PLATFORMS.values() for name in platform.secret_settings)


@dataclass(frozen=True, slots=True)
class Service:
    """A process that is restarted when it ends. `args` follow `python`.

    `must_answer`: if it ends before it has answered, the stack ends too. `withheld`: settings that it does not get; `foreign`:
    it gets none of ours. `health`: URL that answers 200 while it lives. `values`: settings that it gets instead of the
    common ones. `forked`: it shares its imports with others and is forked from the fork server where there is one; `args` are
    then `-m MODULE …`.
    """

    name: str
    args: tuple[str, ...]
    must_answer: bool = False
    stop_grace_s: float = 5.0
    withheld: tuple[str, ...] = ()
    foreign: bool = False
    health: str = ""
    values: tuple[tuple[str, str], ...] = ()
    forked: bool = False


def migrate_args() -> tuple[str, ...]:
    return ("-m", "backend.db.migrations")


def studio_service(*, host: str, port: int) -> Service:
    local_host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return Service(
        "studio",
        ("-m", "studio.shell.serve", "--host", host, "--port", str(port)),
        must_answer=True,
        withheld=_WORKER_SETTINGS,
        health=f"http://{local_host}:{port}/_stcore/health",
        forked=True,
    )


def sandbox_service(*, folder: str, host: str, port: int, public_url: str) -> Service:
    """The practice platform, a separate program that gets none of our secrets."""
    options = ("--folder", folder, "--host", host, "--port", str(port), "--public-url", public_url)
    local_host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return Service(
        "sandbox", ("-m", "ops.sandbox_platform", *options), foreign=True, health=f"http://{local_host}:{port}/health"
    )


def mail_service(*, folder: str, port: int) -> Service:
    """The mail catcher, where no mail server is set; a separate program that gets none of our secrets."""
    return Service("mail", ("-m", "ops.mail_catcher", "--folder", folder, "--port", str(port)), foreign=True)


def backup_service(*, owner_url: str) -> Service:
    """Keeps the backups where BACKUP_TARGET is set. It sees all of the database, and nobody reaches it.

    `owner_url`: of an external Postgres; "" for the embedded one, whose superuser it finds in the data folder.
    """
    login = (("DATABASE_OWNER_URL", owner_url), ("DATABASE_URL", ""), ("WORKER_DATABASE_URL", ""))
    return Service("backup", ("-m", "ops.backup", "serve"), values=login)


def worker_services(*, stop_grace_s: float) -> tuple[Service, Service]:
    """A light worker (cpu, net) that also runs the scheduler, and one for the devices (gpu)."""
    cpu, gpu = ("-m", "workers.main", "--queues", "cpu,net", "--tick"), ("-m", "workers.main", "--queues", "gpu")
    withheld_from_gpu = (*_PAGE_SETTINGS, *_SENDER_SETTINGS, *_PLATFORM_SECRETS)
    return (
        Service("worker-cpu", cpu, stop_grace_s=stop_grace_s, withheld=_PAGE_SETTINGS, forked=True),
        Service("worker-gpu", gpu, stop_grace_s=stop_grace_s, withheld=withheld_from_gpu, forked=True),
    )
