"""The throw-away studio of the drill: its processes, its data, and what it is compared by."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from PIL import Image
from pydantic import SecretStr
from sqlalchemy.orm import Session

from backend import accounts, assets, channels, content_plans, influencers, jobs, publishing
from backend.app import App
from backend.bootstrap import bootstrap
from backend.content_plans import PlanDraft, PostState, RulesDraft, VariantDraft
from backend.db.transactions import Anonymous, SignedIn
from backend.errors import Unavailable
from backend.influencers import InfluencerDraft
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.settings import Settings
from ops.backup.source import Connection
from ops.local_stack import environment, ports, services, stack
from ops.local_stack import state as states
from ops.local_stack.processes import Processes

PASSWORD = SecretStr("a drill is no emergency 42")
EMAIL = "drill@example.org"
T = TypeVar("T")
_REPLACED = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "WORKER_DATABASE_URL",
    "REDIS_URL",
    "STUDIO_DATA",
    "DATA_SHARED_BASE",
    "SECRET_KEYS",
    "SMTP_URL",
)
_WAIT_S = 90.0


@dataclass(frozen=True, slots=True)
class DrillPost:
    """A post of the drill; its caption finds it on the practice platform."""

    id: str
    plan_id: str
    caption: str


@dataclass
class DrillStudio:
    """A studio of the drill, up without its workers. `settings` and `env` name its servers."""

    folder: Path
    servers: stack.Stack
    settings: Settings
    env: dict[str, str]
    app: App

    @contextmanager
    def workers(self) -> Iterator[None]:
        """The worker of queues cpu and net, with the scheduler."""
        processes = Processes(self.servers.state, self.env)
        processes.start(services.worker_services(stop_grace_s=5.0)[0])
        try:
            yield
        finally:
            processes.stop()

    def sign_in(self) -> SignedIn:
        """With e-mail and password, as a person. Raises Unavailable when that does not work."""
        return self._exchange(accounts.sign_in(self.app.db, email=EMAIL, password=PASSWORD))

    def env_of_backup(self) -> dict[str, str]:
        """As the process that keeps the backups has it: without the confined logins of the database."""
        return {**self.env, "DATABASE_URL": "", "DATABASE_OWNER_URL": "", "WORKER_DATABASE_URL": ""}

    def set_up(self) -> SignedIn:
        """The first workspace of an empty studio."""
        draft = accounts.SetupDraft(name="Drill", email=EMAIL, password=PASSWORD, workspace="Drill")
        with self.app.db.transaction(Anonymous()) as tx:
            ticket = accounts.create_first_workspace(tx, draft)
        return self._exchange(ticket)

    def do(self, caller: SignedIn, verb: Callable[..., T], *args: Any, **values: Any) -> T:
        with self.app.db.transaction(caller, needs="owner") as tx:
            return verb(tx, *args, **values)

    def wait_for_post(self, caller: SignedIn, post_id: str) -> PostState:
        """Until it is not scheduled or being sent any more."""
        under_way = (PostState.PUBLISHING, PostState.SCHEDULED)
        return self._wait(lambda: (state := self.state_of(caller, post_id)) not in under_way and state, f"post {post_id}")

    def state_of(self, caller: SignedIn, post_id: str) -> PostState:
        return PostState(self.do(caller, content_plans.get_post, post_id).state)

    def wait_for_job(self, caller: SignedIn, job_id: str) -> str:
        return self._wait(lambda: (job := self.do(caller, jobs.get, job_id)).ended and job.state, f"job {job_id}")

    def _wait(self, ended: Callable[[], T | bool], what: str) -> T:
        until = time.monotonic() + _WAIT_S
        while not (outcome := ended()):
            if time.monotonic() > until:
                raise Unavailable(f"The drill waited {_WAIT_S:.0f} s for {what} in vain. Logs: {self.folder / 'log'}")
            time.sleep(0.1)
        return outcome  # type: ignore[return-value]

    def _exchange(self, ticket: str) -> SignedIn:
        with self.app.db.transaction(Anonymous()) as tx:
            token = accounts.exchange_ticket(tx, ticket, days=1)
        with self.app.db.transaction(Anonymous()) as tx:
            session = accounts.resolve_session(tx, token)
        if session is None:
            raise Unavailable("The drill could not sign in to its own studio.")
        return SignedIn(token, session.workspaces[0].id)


@contextmanager
def drill_studio(folder: Path, *, target: Path, sandbox_url: str) -> Iterator[DrillStudio]:
    """Starts its servers, brings the database up to date and stops all at the end."""
    own_env = {name: value for name, value in os.environ.items() if name not in _REPLACED}
    user_env = {name: value for name, value in own_env.items() if not name.startswith(("S3_", "BACKUP_", "STUDIO_"))}
    user_env |= {"BACKUP_TARGET": str(target), "SANDBOX_URL": sandbox_url, "ENGINE_DEVICE": "cpu", "UPKEEP_EVERY_S": "86400"}
    user_env |= {"FACE_FOCUS": "false", "PLATFORM_POLL_S": "0.2", "PLATFORM_SETTLE_S": "0.5", "SMTP_URL": ""}
    with stack.start(folder, env=user_env, durable=False) as servers:
        (folder / "log").mkdir(exist_ok=True)
        keys = environment.stored_keys(servers.state, user_env)
        owner_url = servers.urls["DATABASE_OWNER_URL"]
        logins = environment.migrate_logins(servers.state, owner_url=owner_url, keys=keys, env=user_env, stop=threading.Event())
        values = {**user_env, **servers.urls, **keys, **logins, "STUDIO_DATA": str(folder)}
        settings = Settings.model_validate(values)
        env = environment.process_environment(servers.state, settings, user_env, servers.urls, keys, logins)
        if not servers.wait_storage():
            raise Unavailable("The drill's storage did not start within a minute. Look at the disk's free space.")
        app = bootstrap(settings, role="studio")
        try:
            yield DrillStudio(folder, servers, settings, env, app)
        finally:
            app.close()


@contextmanager
def practice_platform(folder: Path) -> Iterator[str]:
    """A practice platform that the disaster does not touch; yields its address."""
    port = ports.choose(["sandbox"], last={})["sandbox"]
    url = f"http://127.0.0.1:{port}"
    holder = states.lock_folder(folder)
    (folder / "log").mkdir(exist_ok=True)
    processes = Processes(holder, dict(os.environ))
    service = services.sandbox_service(folder=str(folder / "feed"), host="127.0.0.1", port=port, public_url=url)
    processes.start(service)
    try:
        _await_url(f"{url}/health")
        yield url
    finally:
        processes.stop()
        holder.release()


def times_posted(url: str, caption: str) -> int:
    """How often the caption is on the platform's feed."""
    with urlopen(url, timeout=10) as answer:
        return str(answer.read().decode()).count(caption)


def make_posts(studio: DrillStudio, caller: SignedIn, captions: list[str]) -> list[DrillPost]:
    """An influencer with a channel and a picture, and a scheduled post for tomorrow with each caption."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "picture.jpg"
        Image.effect_noise((1080, 1080), 40).convert("RGB").save(path, quality=90)
        name = f"pictures/{caller.tenant_id}/{new_id('drill')}.jpg"
        picture = assets.store(
            lambda: studio.app.db.transaction(caller, needs="editor"),
            studio.app.storage,
            path=path,
            kind="image",
            key=name,
            content_type="image/jpeg",
            width=1080,
            height=1080,
            thumbs=True,
        )

    def plan(tx: Session) -> list[DrillPost]:
        influencer = influencers.create(tx, InfluencerDraft(name="Bella"))
        channel = channels.add_sandbox(tx, influencer.id)
        content_plans.save_rules(tx, influencer.id, RulesDraft(policy="auto", gap_minutes=0))
        posts = []
        for n, caption in enumerate(captions):
            variant = VariantDraft(channel_id=channel.id, caption=caption, media=(picture.id,))
            wall = (now() + timedelta(days=1, hours=n)).replace(tzinfo=None)
            draft = PlanDraft(influencer_id=influencer.id, topic=caption, wall=wall, zone="UTC", variants=(variant,))
            card = content_plans.create(tx, draft, request_key=new_id("key"))
            content_plans.schedule(tx, [card.id])
            posts.append(DrillPost(card.posts[0].id, card.id, caption))
        return posts

    return studio.do(caller, plan)


def send_now(studio: DrillStudio, caller: SignedIn, post: DrillPost) -> str:
    """Returns the job's id."""
    return studio.do(caller, publishing.send_now, post_id=post.id, request_key=new_id("key"))[0].id


def count_rows(connection: Connection) -> dict[str, dict[str, int]]:
    """Table -> workspace -> rows, without what a restore itself adds (the stop switch, and the event of it)."""
    tables = connection.execute(
        b"""SELECT DISTINCT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_name)
            WHERE columns.table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE' ORDER BY 1"""
    ).fetchall()
    skipped = {"events": " WHERE NOT data ? 'restoredTo'", "posting_rules": " WHERE scope <> 'workspace'"}
    counts: dict[str, dict[str, int]] = {}
    for (table,) in tables:
        query = f"SELECT tenant_id, count(*) FROM {table}{skipped.get(table, '')} GROUP BY 1"
        counts[table] = dict(connection.execute(query.encode()).fetchall())
    return {table: of_workspaces for table, of_workspaces in counts.items() if of_workspaces}


def _await_url(url: str) -> None:
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            with urlopen(url, timeout=2):
                return
        except OSError as error:
            if time.monotonic() > until:
                raise Unavailable("The drill's practice platform did not start.") from error
            time.sleep(0.1)
