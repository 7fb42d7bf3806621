"""What is ordered of a studio that is being killed, of every kind, and what must have become of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import func, select

from backend import automations, voices, webhooks
from backend.app import App
from backend.automations import AutomationDraft
from backend.db.tables import Asset, AutomationRun, Device, EventRow, Job, Picture, Post, WebhookEndpoint, WebhookMessage
from backend.engines.local.starter_model import characters
from backend.errors import StudioError
from backend.events import stream
from backend.kit.clock import now
from backend.webhooks import EndpointDraft
from ops.sandbox_platform.store import SandboxStore
from tests.factories.account import Tenant, make_workspace
from tests.factories.making import make_dataset
from tests.servers.webhook_receiver import WebhookReceiver
from tests.support.chaos import FINAL_WORDS, Person, Studio, persist
from tests.support.publishing import ENDED, PublishingRig
from tests.workers.test_training import add_picture

WORK = {
    "image-generation": 70, "content-generation": 20, "content-plan": 10, "content-ideas": 8, "image-upscale": 8,
    "video-generation": 8, "voice-preview": 8, "automation": 8, "reel": 6, "lora-training": 5,
}  # fmt: skip
FROM_PICTURES = ("image-upscale", "video-generation")
QUICK = {
    "ENGINE_DEVICE": "cpu", "ENGINE_THREADS": "1", "OMP_NUM_THREADS": "1", "PLATFORM_POLL_S": "1", "PLATFORM_SETTLE_S": "20",
    "POST_RETRY_DELAYS_S": "5,15,30,60,60,60,60,60,60,60", "QUEUE_CONCURRENCY_PUBLISHING": "8", "MAX_CONCURRENT_JOBS": "50",
    "WEBHOOK_ALLOWED_HOSTS": "127.0.0.0/8", "WEBHOOK_RETRY_DELAYS_S": ",".join(["2"] * 30), "BACKUP_EVERY_HOURS": "0.25",
}  # fmt: skip
_STEPS = ({"kind": "plan-posts", "clocks": ["15:00"]}, {"kind": "notify"})


class Campaign:
    """`receiver`: where the workspace's webhook goes; None: it has none."""

    def __init__(self, ours: Studio, app: App, receiver: WebhookReceiver | None = None) -> None:
        self.studio, self.app, self.receiver = ours, app, receiver
        self.tenant: Tenant = make_workspace(app.db)
        self.person = Person(ours, self.tenant)
        self.publishing_rig = PublishingRig(app, self.tenant, {"sandbox": None})
        # As a person does on the practice platform's page: an account may publish 50 times a day there, as on Instagram
        switches, form = f"{app.settings.sandbox.url}/switches", {"act": "set", "quota_total": "10000"}
        answer = httpx.post(switches, data=form, headers={"Origin": str(app.settings.sandbox.url)})
        assert answer.status_code == 303, answer.text
        with app.db.transaction(self.tenant.caller, needs="owner") as tx:
            self.dataset_id = make_dataset(tx, images=0)
            for path in sorted(characters()[0].folder.glob("*.jpg"))[:8]:
                add_picture(tx, app, self.dataset_id, path)
            self.voice_id = voices.default_voice(tx, app.engines.speech, "en").id
            draft = AutomationDraft(name="Extra post", trigger={"kind": "hand"}, steps=_STEPS)
            self.automation_id = automations.create(tx, draft).id
            if receiver is not None:
                settings = app.settings.replace(WEBHOOK_ALLOWED_HOSTS=QUICK["WEBHOOK_ALLOWED_HOSTS"])
                self.webhook_id = webhooks.create_endpoint(settings, tx, EndpointDraft(name="all", url=receiver.url)).card.id
        self.datasets = 0

    def order(self, kind: str, n: int) -> None:
        """Over the API, until it is acknowledged."""
        if kind == "reel":
            body = {"run_id": f"run-{n}", "script": f"Number {n}. Good morning.", "prompts": ["a street at night"]}
            body["influencer_id"] = self.publishing_rig.influencer_id
            self.person.order_at("/api/orchestrate/start", body, kind, lambda answer: answer["job_id"])
        elif kind == "automation":
            body = {"influencerId": self.publishing_rig.influencer_id}
            path = f"/api/automations/{self.automation_id}/run"
            self.person.order_at(path, body, kind, lambda answer: answer["data"][0]["jobId"])
        else:
            self.person.order(kind, self.payload(kind, n))

    def payload(self, kind: str, n: int) -> dict[str, Any]:
        influencer = {"influencerId": self.publishing_rig.influencer_id}
        match kind:
            case "image-generation":
                return {"prompt": f"portrait number {n}", "n": 1 + n % 2, "steps": 6}
            case "content-generation":
                return {**influencer, "contentType": "instagram-post", "topic": f"a morning, number {n}"}
            case "content-plan":
                first = (now() + timedelta(days=2 + n)).date().isoformat()
                channels = [self.publishing_rig.channels["sandbox"]]
                return {**influencer, "first": first, "days": 1, "clocks": ["18:30"], "channelIds": channels, "pictures": 1}
            case "content-ideas":
                return {**influencer, "days": 3}
            case "image-upscale":
                return {"pictureId": persist(self._newest_picture)[0], "scale": 2}
            case "video-generation":
                asset_id = persist(self._newest_picture)[1]
                return {"assetId": asset_id, "model": "push-in", "format": "9:16", "seconds": 2, "movement": 0.5}
            case "voice-preview":
                return {"voiceId": self.voice_id, "text": f"Hello, this is number {n}.", "speed": 1.0}
        params = {"steps": 24, "saveEvery": 6, "sampleEvery": 0, "batch": 1, "priorWeight": 0}
        return {"datasetId": self.dataset_id, "name": f"lora-{n}", "params": params}

    def can_order(self, kind: str) -> bool:
        """Whether there is what it is made from: some are made from a picture of the gallery."""
        return kind not in FROM_PICTURES or persist(self._newest_picture) != ("", "")

    def _newest_picture(self) -> tuple[str, str]:
        """(id, id of its asset); both "" while there is none."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            newest = select(Picture.id, Picture.asset_id).order_by(Picture.id.desc()).limit(1)
            row = tx.execute(newest).one_or_none()
        return (row[0], row[1]) if row else ("", "")

    def left(self) -> str:
        """What is still to be done, in words; "" when that is nothing."""
        try:
            with self.app.db.transaction(self.tenant.caller) as tx:
                open_jobs = Counter(tx.scalars(select(Job.kind).where(Job.state.not_in(FINAL_WORDS), Job.kind != "upkeep")))
                ours = Post.id.in_(self.publishing_rig.captions), Post.state.not_in(ENDED)
                posts = Counter(tx.scalars(select(Post.state).where(*ours)))
                messages = self._messages_left(tx) if self.receiver is not None else 0
        except StudioError as error:
            return error.message
        left = [*open_jobs.items(), *posts.items(), *([("messages", messages)] if messages else [])]
        return ", ".join(f"{n} {what}" for what, n in left)

    def _messages_left(self, tx: Any) -> int:
        pending = tx.scalar(select(func.count()).select_from(WebhookMessage).where(WebhookMessage.state == "pending")) or 0
        position = tx.scalar(select(WebhookEndpoint.position).where(WebhookEndpoint.id == self.webhook_id)) or 0
        return int(pending) + max(0, int(stream.last_position(tx)) - int(position))

    def figures(self) -> dict[str, Any]:
        """Read while the studio runs and nothing is left to do."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            jobs = {job.id: job for job in tx.scalars(select(Job))}
            assets = tx.execute(select(Asset.key, Asset.size_bytes).where(Asset.state == "stored")).all()
            states = Counter(tx.scalars(select(Post.state).where(Post.id.in_(self.publishing_rig.captions))))
            completions = Counter(tx.scalars(select(EventRow.noun_id).where(EventRow.kind == "job.completed")))
            drawn = Counter((asked, n) for asked, n in tx.execute(select(Picture.generation_id, Picture.n)))
            held = tx.scalars(select(Device.id).where(Device.held_by.is_not(None))).all()
            runs = tx.scalar(select(func.count()).select_from(AutomationRun)) or 0
        ordered = [jobs[job_id] for job_id in self.person.orders if job_id in jobs]
        failed = [job for job in ordered if job.state != "completed"]
        return {
            "orders": len(self.person.orders),
            "ordered": dict(Counter(self.person.orders.values())),
            "orders_lost": len(self.person.orders) - len(ordered),
            "orders_stuck": sum(job.state not in FINAL_WORDS for job in ordered),
            "orders_completed": sum(job.state == "completed" for job in ordered),
            "failed": [f"{job.kind}: {job.error_code}: {job.error_message}" for job in failed],
            "failed_by_another_rule": sum(not _by_the_rule(job, jobs) for job in failed),
            "completed_twice": sum(times > 1 for times in completions.values()),
            "pictures_twice": sum(times > 1 for times in drawn.values()),
            "runs_twice": runs - list(self.person.orders.values()).count("automation"),
            "cards_held": len(held),
            "objects": len(assets),
            "objects_wrong": sum(not self._whole(key, size) for key, size in assets),
            "posts": len(self.publishing_rig.captions),
            "post_states": {str(state): n for state, n in states.items()},
        }

    def _whole(self, key: str, size: int) -> bool:
        try:
            return self.app.storage.stat(key).size == size
        except StudioError:
            return False

    def published(self) -> dict[str, int]:
        """By the platform's own journal."""
        store = SandboxStore(self.studio.var / "sandbox")
        store.close()
        seen = Counter(post.caption for post in store.posts)
        wanted = list(self.publishing_rig.captions.values())
        return {
            "posts_once": sum(seen[caption] == 1 for caption in wanted),
            "posts_twice": sum(seen[caption] > 1 for caption in wanted),
            "posts_missing": sum(seen[caption] == 0 for caption in wanted),
        }

    def delivered(self) -> dict[str, int]:
        """By what the receiver took: the messages that were made; those that no request brought, or with two bodies; events
        with two messages. A request that was sent again has its id and its body."""
        assert self.receiver is not None
        with self.app.db.transaction(self.tenant.caller) as tx:
            rows = tx.execute(select(WebhookMessage.id, WebhookMessage.event_position)).all()
        bodies: dict[str, set[bytes]] = {}
        for request in self.receiver.taken:
            bodies.setdefault(request.message_id, set()).add(request.body)
        positions = Counter(position for _, position in rows if position is not None)
        return {
            "messages": len(rows),
            "webhooks_lost": sum(message_id not in bodies for message_id, _ in rows),
            "webhooks_altered": sum(len(versions) > 1 for versions in bodies.values()),
            "events_twice": sum(times > 1 for times in positions.values()),
        }


def _by_the_rule(job: Job, jobs: dict[str, Job]) -> bool:
    """Killed three times within an hour without a finished step, itself or a part of it; the page says so."""
    says_so = "was killed 3 times within an hour, without a finished step" in (job.error_message or "")
    return says_so and (job.error_code in ("worker_lost", "process_killed") or (job.error_code or "").startswith("child_"))
