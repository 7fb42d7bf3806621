"""Plans, ticks and jobs in one process: a post from its plan to its platform, step by step, without a worker."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import func, select, update

from backend import channels, content_plans
from backend.app import App
from backend.bootstrap import bootstrap
from backend.channels.tokens import store
from backend.content_plans import AttemptCard, PostCard, PostState, RulesDraft, VariantDraft
from backend.db.tables import Channel, Job, JobState, Post
from backend.db.transactions import SystemCaller
from backend.errors import StudioError
from backend.jobs.rules import outcome_of_error
from backend.kit.ids import new_id
from backend.platforms.oauth_port import Grant
from backend.publishing import claim_due, sweep
from backend.publishing.schemas import AutopostPayload
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer
from tests.factories.posts import local_time_ahead, make_channel
from tests.support.context import make_context, next_attempt
from tests.support.crashing import SimulatedCrash
from workers import main
from workers.context import Context

HANDLERS = main.load_handlers()
DAY_S = 86_400.0
PRIVACY = {"tiktok": "SELF_ONLY", "youtube": "public"}
FILMS = ("reel", "video", "short")


def picture(width: int = 1080, height: int = 1350) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width // 8, height // 8), 60).resize((width, height)).convert("RGB").save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


@dataclass
class PublishingRig:
    app: App
    tenant: Tenant
    servers: dict[str, Any]
    film: bytes
    influencer_id: str = ""
    said: list[str] = field(default_factory=list)
    """How jobs ended, in order: an error's code, or the outcome."""

    @property
    def caller(self) -> SystemCaller:
        return SystemCaller(self.tenant.id, self.tenant.user_id)

    def channel(self, platform: str = "sandbox") -> str:
        """A connected one of the influencer."""
        with self.app.db.transaction(self.caller) as tx:
            if not self.influencer_id:
                self.influencer_id = make_influencer(tx, "Bella", time_zone="UTC").id
                content_plans.save_rules(tx, self.influencer_id, RulesDraft(policy="auto"))
            if platform == "sandbox":
                return channels.add_sandbox(tx, self.influencer_id).id
            server = self.servers[platform]
            token, account = server.account("bella")
            refresh = server.accounts[account].refresh = "" if platform == "instagram" else f"1//{new_id('r')}"
            card = make_channel(tx, self.influencer_id, platform, f"bella.{platform}")
            grant = Grant(token, refresh, DAY_S, 365 * DAY_S, (), account)
            store(tx, tx.get_one(Channel, card.id), grant, settings=self.app.settings, ahead_s=60.0, account_id=account)
        return card.id

    def asset(self, data: bytes = b"") -> str:
        data = data or picture()
        with Image.open(io.BytesIO(data)) as image:
            size = {"width": image.width, "height": image.height}
        with self.app.db.transaction(self.caller) as tx:
            return make_asset(tx, data=data, storage=self.app.storage, **size)

    def clip(self) -> str:
        """An asset: a film."""
        meta = {"duration_s": 3.0, "fps": 30.0, "codec": "h264", "audio": "aac"}
        with self.app.db.transaction(self.caller) as tx:
            more = {"content_type": "video/mp4", "width": 540, "height": 960, "meta": meta}
            return make_asset(tx, kind="video", data=self.film, storage=self.app.storage, **more)

    def scheduled(self, platform: str = "sandbox", format: str = "", *, channel_id: str = "", **values: Any) -> str:
        """A post that is due now, its files prepared. Returns its id."""
        film = format in FILMS
        media = (self.clip(),) if film else tuple(self.asset() for _ in range(2 if format == "carousel" else 1))
        values_of_variant = {
            "caption": "A day at the lake, made with AI",
            "privacy": PRIVACY.get(platform, ""),
            "media": media,
            **values,
        }
        values_of_variant |= {"title": "The lake"} if platform in ("tiktok", "youtube") else {}
        variant = VariantDraft(channel_id=channel_id or self.channel(platform), format=format, **values_of_variant)
        with self.app.db.transaction(self.caller) as tx:
            draft = content_plans.PlanDraft(
                influencer_id=self.influencer_id, topic="Lake", wall=local_time_ahead(), variants=(variant,)
            )
            plan = content_plans.create(tx, draft, request_key=new_id("key"))
            outcome = content_plans.schedule(tx, [plan.id])
            assert outcome.done == [plan.id], outcome
        post_id = plan.posts[0].id
        self.prepare_files()
        self.make_due(post_id)
        return post_id

    def make_due(self, post_id: str, *, ago: timedelta = timedelta(seconds=1)) -> None:
        """Its plan's time too, as if it had been planned for that minute."""
        with self.app.db.transaction(self.caller) as tx:
            tx.execute(update(Post).where(Post.id == post_id).values(due_at=func.clock_timestamp() - ago))

    def prepare_files(self) -> None:
        for job_id in self.pending("media-preparation"):
            kind = HANDLERS["media-preparation"]
            context = self.context(job_id)
            kind.run(context, kind.payload.model_validate(context.claim.payload))
            self.settle(context, JobState.COMPLETED)

    def pending(self, kind: str = "autopost") -> list[str]:
        with self.app.db.transaction(self.caller) as tx:
            waiting = select(Job.id).where(Job.kind == kind, Job.state == JobState.PENDING).order_by(Job.id)
            return list(tx.scalars(waiting))

    def tick(self) -> int:
        with self.app.db.dispatch() as tx:
            due = claim_due(tx)
            sweep.recover_orphans(tx, self.app.settings)
            return due

    def context(self, job_id: str) -> Context:
        return make_context(self.app, self.tenant, "autopost", AutopostPayload(post_id=""), job_id=job_id)

    def run(self, context: Context | None = None) -> Context:
        """One attempt of the job that waits, settled as a worker would."""
        context = context or self.context(self.pending()[0])
        self.settle(context, self.attempt(context))
        return context

    def attempt(self, context: Context) -> JobState:
        """Without its end: what the job becomes is returned."""
        handler = HANDLERS["autopost"]
        try:
            result = handler.run(context, handler.payload.model_validate(context.claim.payload))
            self.said.append(str((result or {}).get("outcome")))
            return JobState.COMPLETED
        except StudioError as error:
            delays = self.app.settings.jobs.retry_delays_s
            self.said.append(f"{error.code}: {error.message}")
            return outcome_of_error(error, retries=0, max_retries=3, delays=delays, submitted=False).state

    def die_at(self, context: Context, name: str) -> None:
        """Its worker is killed there: nothing of the attempt is written any more."""

        def reach(at: str) -> None:
            if at == name:
                raise SimulatedCrash

        context.fault_point = reach  # type: ignore[method-assign]
        try:
            self.attempt(context)
        except SimulatedCrash:
            return
        raise AssertionError(f"never came to {name}: {self.said}")

    def settle(self, context: Context, state: JobState) -> None:
        with self.app.db.transaction(self.caller) as tx:
            tx.execute(update(Job).where(Job.id == context.job_id).values(state=state))

    def drain(self, *, most: int = 30) -> None:
        """Ticks and runs until nothing is due and no job waits; what waits for a later time is due at once."""
        for _ in range(most):
            self.tick()
            self.prepare_files()
            waiting = self.pending()
            if not waiting:
                return
            for job_id in waiting:
                self.run(self.context(job_id))
        raise AssertionError(f"never settled: {self.said}")

    def later(self, post_id: str) -> None:
        """Its next try is due now."""
        with self.app.db.transaction(self.caller) as tx:
            tx.execute(update(Post).where(Post.id == post_id).values(not_before=None))

    def decide(self, post_id: str, *, there: bool) -> None:
        with self.app.db.transaction(self.caller) as tx:
            content_plans.resolve_unknown(tx, post_id, is_published=there)

    def edit(self, post_id: str, **values: Any) -> None:
        with self.app.db.transaction(self.caller) as tx:
            plan = content_plans.get(tx, content_plans.get_post(tx, post_id).plan_id)
            draft = plan.draft()
            variants = tuple(variant.model_copy(update=values) for variant in draft.variants)
            content_plans.save(tx, plan.id, draft.model_copy(update={"variants": variants}), version=plan.version)

    def stop(self) -> None:
        with self.app.db.transaction(self.caller) as tx:
            content_plans.pause_publishing(tx, self.influencer_id)

    def channel_state(self, channel_id: str) -> str:
        with self.app.db.transaction(self.caller) as tx:
            return channels.get(tx, channel_id).state

    def with_settings(self, **values: Any) -> None:
        """From now on."""
        changed = self.app.settings.replace(**values)
        self.app = bootstrap(changed, role="worker", db=self.app.db, redis=self.app.redis)

    def post(self, post_id: str) -> PostCard:
        with self.app.db.transaction(self.caller) as tx:
            return content_plans.get_post(tx, post_id)

    def row(self, post_id: str) -> Post:
        with self.app.db.transaction(self.caller) as tx:
            return tx.get_one(Post, post_id)

    def attempts(self, post_id: str) -> list[AttemptCard]:
        """Oldest first."""
        with self.app.db.transaction(self.caller) as tx:
            return content_plans.list_attempts(tx, post_id)[::-1]

    def feed(self, platform: str = "sandbox") -> list[Any]:
        return list(self.servers[platform].posts)


__all__ = ["Context", "PostState", "PublishingRig", "next_attempt", "picture"]
