"""An influencer with a channel on every platform, real files, posts that are due, and what became of each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import ffmpeg
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from backend import channels, content_plans
from backend.app import App
from backend.channels.tokens import store
from backend.content_plans import PlanDraft, PostState, RulesDraft, VariantDraft
from backend.db.tables import FINAL, Channel, ContentPlan, Job, Post
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.media.ffmpeg import binary_path
from backend.platforms.oauth_port import Grant
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer
from tests.factories.pictures import photo
from tests.factories.posts import local_time_ahead, make_channel
from tests.support.platforms import Servers
from tests.support.platforms import platforms as healthy_platforms
from tests.support.wait import until

DAY_S = 86_400.0
ENDED = (PostState.PUBLISHED, PostState.UNKNOWN, PostState.FAILED, PostState.MISSED)
PRIVACY = {"tiktok": "PUBLIC_TO_EVERYONE", "youtube": "public"}


@contextmanager
def platforms(folder: Path) -> Iterator[Servers]:
    """The platform servers, without daily limits, which hundreds of posts of one account would reach."""
    with healthy_platforms(folder) as servers:
        servers["instagram"].faults.quota_total = servers["sandbox"].faults.quota_total = 100_000
        servers["tiktok"].faults.posts_a_day, servers["tiktok"].faults.unlimited = 100_000, True
        servers["youtube"].faults.inserts_a_day = servers["youtube"].faults.uploads_a_day = 100_000
        yield servers


def fast_publishing_environment(servers: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
    """Environment variables with which a worker publishes to these servers within moments."""
    where = {name: value for server in servers.values() for name, value in server.settings().items()}
    return {
        **where,
        "S3_PUBLIC_ENDPOINT": environment["S3_ENDPOINT"],
        "PLATFORM_POLL_S": "0.05",
        "PLATFORM_SETTLE_S": "0.5",
        "PLATFORM_TIMEOUT_S": "20",
        "PLATFORM_CHUNK_SIZE": str(256 * 1024),
        "POST_RETRY_DELAYS_S": ",".join(["0.3"] * 20),
        "QUEUE_CONCURRENCY_PUBLISHING": "20",
        "MAX_CONCURRENT_JOBS": "50",
    }


@dataclass
class PublishingRig:
    """Posts are told apart by their captions, which every platform shows."""

    app: App
    tenant: Tenant
    servers: dict[str, Any]
    captions: dict[str, str] = field(default_factory=dict)
    """Post id -> caption."""

    def __post_init__(self) -> None:
        self.channels: dict[str, str] = {}
        film = make_film(self.app)
        with self.app.db.transaction(self.tenant.caller) as tx:
            self.influencer_id = make_influencer(tx, "Bella", time_zone="UTC").id
            content_plans.save_rules(tx, self.influencer_id, RulesDraft(policy="auto"))
            self.channels = {name: self._channel(tx, name) for name in self.servers}
            options: dict[str, Any] = {"storage": self.app.storage, "width": 1080, "height": 1080}
            self.picture_ids = tuple(make_asset(tx, data=photo(n, size=(1080, 1080)), **options) for n in (1, 2))
            facts = {"duration_s": 3.0, "fps": 25.0, "codec": "h264", "audio": "aac"}
            options |= {"width": 360, "height": 640, "meta": facts, "content_type": "video/mp4"}
            self.film_id = make_asset(tx, kind="video", data=film, **options)

    def _channel(self, tx: Session, platform: str) -> str:
        if platform == "sandbox":
            return channels.add_sandbox(tx, self.influencer_id).id
        row = tx.get_one(Channel, make_channel(tx, self.influencer_id, platform, "bella").id)
        self._sign_in(tx, row)
        kids = False if platform == "youtube" else None
        return channels.save_settings(tx, row.id, privacy=PRIVACY.get(platform, ""), made_for_kids=kids).id

    def _sign_in(self, tx: Session, row: Channel) -> None:
        server = self.servers[row.platform]
        token, account = server.account("bella")
        refresh = "" if row.platform == "instagram" else server.new_token(server.accounts[account], 0)
        server.accounts[account].refresh = refresh
        grant = Grant(token, refresh, DAY_S, 365 * DAY_S, (), account)
        anew: dict[str, Any] = {"account_id": account, "state": "connected", "trouble": ""}
        store(tx, row, grant, settings=self.app.settings, ahead_s=60.0, **anew)

    def connect_again(self) -> int:
        """What a person does about channels that ask for it. How many there were."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            rows = tx.scalars(select(Channel).where(Channel.state == "reconnect")).all()
            for row in rows:
                self._sign_in(tx, row)
        return len(rows)

    def plan(self, platform: str, kind: str, n: int, *, comment: str = "") -> str:
        """Scheduled for tomorrow. `kind`: picture, carousel, video. `comment`: its first. Returns the post's id."""
        media = {"picture": self.picture_ids[:1], "carousel": self.picture_ids, "video": (self.film_id,)}[kind]
        caption = f"{platform} {kind} number {n}."
        fields: dict[str, Any] = {"first_comment": comment, "title": caption if platform in ("youtube", "tiktok") else ""}
        variant = VariantDraft(
            channel_id=self.channels[platform], media=media, caption=caption, privacy=PRIVACY.get(platform, ""), **fields
        )
        draft = PlanDraft(influencer_id=self.influencer_id, topic=caption, wall=local_time_ahead(), variants=(variant,))
        with self.app.db.transaction(self.tenant.caller) as tx:
            plan = content_plans.create(tx, draft, request_key=new_id("key"))
            out = content_plans.schedule(tx, [plan.id])
            assert out.done == [plan.id], out
        self.captions[plan.posts[0].id] = caption
        return plan.posts[0].id

    def files_prepared(self) -> None:
        """By whatever workers there are."""

        def left() -> int:
            with self.app.db.transaction(self.tenant.caller) as tx:
                waiting = select(func.count()).where(Job.kind == "media-preparation", Job.state.not_in(FINAL))
                return tx.scalar(waiting) or 0

        until(lambda: left() == 0, 60, what="preparation of the files")

    def make_due(self, *post_ids: str) -> None:
        """As if they had been planned for a minute ago."""
        wall = (now() - timedelta(minutes=1)).replace(second=0, microsecond=0)
        with self.app.db.transaction(self.tenant.caller) as tx:
            plans = select(Post.plan_id).where(Post.id.in_(post_ids))
            tx.execute(update(ContentPlan).where(ContentPlan.id.in_(plans)).values(wall=wall.replace(tzinfo=None), due_at=wall))
            tx.execute(update(Post).where(Post.id.in_(post_ids)).values(due_at=wall))

    def post(self, post_id: str) -> content_plans.PostCard:
        with self.app.db.transaction(self.tenant.caller) as tx:
            return content_plans.get_post(tx, post_id)

    def left(self) -> list[str]:
        """Posts of which something is still to be done, be it their first comment."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            going = select(Job.subject_id).where(Job.kind == "autopost", Job.state.not_in(FINAL))
            return list(tx.scalars(select(Post.id).where(or_(Post.state.not_in(ENDED), Post.id.in_(going)))))

    def comments(self, post_id: str) -> list[str]:
        """Texts of the comments under the post, on its platform."""
        posts_there = [
            post for server in self.servers.values() for post in server.posts if post.caption == self.captions[post_id]
        ]
        return [text for post in posts_there for _, text in post.comments]

    def comment_story(self, post_id: str) -> str:
        """Why the first comment is missing, by the post's log; "" when that does not say."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            tried = content_plans.list_attempts(tx, post_id)
        return next((str(attempt.sent["comment"].get("said", "")) for attempt in tried if "comment" in attempt.sent), "")

    def times_there(self, post_id: str) -> int:
        """How often followers see it."""
        return self.seen().count(self.captions[post_id])

    def seen(self) -> list[str]:
        return [post.caption for server in self.servers.values() for post in server.posts]

    def story(self, post_id: str) -> str:
        """For a failed test's reader."""
        with self.app.db.transaction(self.tenant.caller) as tx:
            row, tried = tx.get_one(Post, post_id), content_plans.list_attempts(tx, post_id)
            state = f"{row.state} {row.phase} tries={row.tries} {row.error_code}: {row.error}"
        return "\n".join(
            [
                self.captions[post_id],
                state,
                *[f"  {attempt.n} {attempt.outcome} {attempt.phase} {attempt.said}" for attempt in tried],
            ]
        )


def make_film(app: App) -> bytes:
    """Three seconds that every platform takes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "film.mp4"
        picture = ffmpeg.input("testsrc2=size=360x640:rate=25:duration=3", f="lavfi")
        tone = ffmpeg.input("sine=frequency=440:duration=3", f="lavfi")
        output = ffmpeg.output(picture, tone, str(out), pix_fmt="yuv420p", vcodec="libx264", preset="ultrafast")
        output.run(cmd=binary_path(app.settings), quiet=True, overwrite_output=True)
        return out.read_bytes()
