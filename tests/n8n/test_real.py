"""Every export of workflows/n8n in a real n8n, against a running studio and the practice platform: `make test-n8n`.

For each version of N8N_VERSIONS (default: the oldest that is promised, and the newest). Takes minutes.
"""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from backend import access, content_plans, influencers, loras
from backend.access import ApiKeyDraft
from backend.app import App
from backend.content_plans import PlanCard, VariantDraft
from backend.db.tables import ContentPlan, Generation, Job, Picture
from backend.engines.local.starter_model import characters
from backend.influencers import InfluencerDraft
from backend.kit.ids import new_secret
from backend.webhooks.signatures import signed_headers
from ops.local_stack import Stack
from tests.e2e.conftest import free_port, studio
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import Planner, make_planner
from tests.n8n.exports import read_exports, with_settings
from tests.n8n.installation import LATEST, install
from tests.n8n.mail_sink import MailSink
from tests.n8n.server import N8n
from tests.servers.sandbox import SandboxServer
from tests.support.databases import fresh_database, make_login
from tests.support.processes import Workers
from tests.support.wait import until

VERSIONS = os.environ.get("N8N_VERSIONS", f"2.8.4 {LATEST}").split()
SCOPES = (
    "influencers:read",
    "datasets:write",
    "loras:write",
    "images:write",
    "videos:write",
    "texts:write",
    "posts:publish",
    "channels:read",
    "jobs:write",
    "workspace:read",
)
"""As docs/n8n.md says."""
CALLER = {"X-N8N-Key": new_secret()}
HOOK_SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
STUDIO_SECRET = "whsec_" + base64.b64encode(HOOK_SECRET.encode()).decode()
JOB_FAILED = "Studio: a job failed"
DAILY, CONTENT, LORA = "studioDaily00001", "studioContent001", "studioLora000001"
STEPS = 12
ZONES = (
    "Pacific/Honolulu",
    "America/Phoenix",
    "America/Bogota",
    "America/Sao_Paulo",
    "Africa/Lagos",
    "Asia/Dubai",
    "Asia/Bangkok",
    "Asia/Tokyo",
    "Pacific/Auckland",
)


@dataclass
class Rig:
    """A studio with workers, the practice platform, a mail server, and an n8n that has taken in all exports."""

    app: App
    tenant: Tenant
    n8n: N8n
    sandbox: SandboxServer
    mail: MailSink
    zone: str = field(default_factory=lambda: early_zone())

    def local_time(self, **ahead: float) -> datetime:
        """What the clock shows in `zone`, so much later."""
        return (datetime.now(ZoneInfo(self.zone)) + timedelta(**ahead)).replace(second=0, microsecond=0, tzinfo=None)

    def plan(self, plan_id: str) -> PlanCard:
        with self.app.db.transaction(self.tenant.caller) as tx:
            return content_plans.get(tx, plan_id)

    def count(self, table: Any) -> int:
        with self.app.db.transaction(self.tenant.caller) as tx:
            return int(tx.scalar(select(func.count()).select_from(table)) or 0)

    def letters(self) -> list[EmailMessage]:
        """E-mails in the order they came, without those about single jobs: these come whenever the studio tells n8n."""
        return [message for message in self.mail.messages if message["subject"] != JOB_FAILED]

    def subjects(self) -> list[str]:
        return [str(message["subject"]) for message in self.letters()]

    def captions(self) -> list[str]:
        return [post.caption for post in self.sandbox.posts]


def early_zone() -> str:
    """A zone in which it is early morning, so that today has room on both sides."""
    return next(zone for zone in ZONES if 2 <= datetime.now(ZoneInfo(zone)).hour <= 7)


def face(side: int = 1080) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (180, 120, 90)).save(out, "JPEG")
    return out.getvalue()


def zipped_pictures() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(path for path in characters()[0].folder.rglob("*") if path.suffix in (".png", ".webp", ".jpg"))[:10]:
            archive.write(path, path.name)
    return out.getvalue()


@pytest.fixture(params=VERSIONS)
def rig(
    request: pytest.FixtureRequest,
    app: App,
    workspace: Tenant,
    stack: Stack,
    environment: dict[str, str],
    workers: Workers,
    tmp_path: Path,
) -> Iterator[Rig]:
    installation = install(request.param)
    names = f"n8n_{installation.version.replace('.', '_')}"
    owner = make_login(stack.urls["DATABASE_OWNER_URL"], names, "CREATEDB")
    database_url = fresh_database(owner, names)
    with (
        SandboxServer(tmp_path / "sandbox") as sandbox,
        MailSink() as mail,
        studio({**environment, **sandbox.settings()}, tmp_path) as url,
    ):
        n8n = N8n(installation, database_url=database_url, folder=tmp_path / "n8n", port=free_port(), broker_port=free_port())
        told = {"N8N_WEBHOOK_URL": n8n.url, "WEBHOOK_SECRET": STUDIO_SECRET}
        workers.start("cpu,net", handlers="", **sandbox.settings(), **told, PLATFORM_POLL_S="0.2")
        workers.start("gpu", handlers="", tick=False, threads=1)
        with app.db.transaction(workspace.caller) as tx:
            key = access.create(tx, ApiKeyDraft(name="n8n", scopes=SCOPES)).secret
        values = {"studioUrl": url, "pollSeconds": 1, "newPostTimes": "={{ ['12:00'] }}", "videoSeconds": 1}
        workflows = [with_settings(export, values) for export in read_exports().values()]
        n8n.take_in(credentials(key, mail.port), workflows, [workflow["id"] for workflow in workflows])
        n8n.start()
        try:
            yield Rig(app, workspace, n8n, sandbox, mail)
        finally:
            n8n.stop()


def credentials(key: str, mail_port: int) -> list[dict[str, Any]]:
    [caller] = CALLER.items()
    mail_server = {"host": "127.0.0.1", "port": mail_port, "secure": False, "disableStartTls": True, "user": "", "password": ""}
    values = [
        ("studioApiKey0001", "Studio API key", "httpHeaderAuth", {"name": "Authorization", "value": f"Bearer {key}"}),
        (
            "studioCallers001",
            "Callers of the studio's workflows",
            "httpHeaderAuth",
            {"name": caller[0], "value": caller[1]},
        ),
        ("studioSmtp000001", "Mail server", "smtp", mail_server),
        ("studioHookSecret", "Studio webhook secret", "crypto", {"hmacSecret": HOOK_SECRET}),
    ]
    return [{"id": id, "name": name, "type": kind, "data": data} for id, name, kind, data in values]


def test_the_exports_do_in_the_studio_what_they_say(rig: Rig) -> None:
    """One n8n for all: starting one costs half a minute."""
    daily_content(rig)
    content_pipeline(rig)
    lora_pipeline(rig)
    job_webhooks(rig)
    a_workflow_that_fails(rig)
    a_copy_of_all(rig)


def daily_content(rig: Rig) -> None:
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        bella, marco = make_planner(tx, "Bella", zone=rig.zone), make_planner(tx, "Marco", policy="all", zone=rig.zone)
        zara = make_planner(tx, "Zara", zone=rig.zone)
        empty = bella.plan(
            tx, wall=rig.local_time(hours=-1), variants=(VariantDraft(channel_id=bella.channel.id),), topic="Trams"
        )
        later = planned(rig, tx, bella, "", rig.local_time(hours=3))
        by_hand = planned(rig, tx, bella, "Somebody is still writing this", rig.local_time(hours=4))
        soon = planned(rig, tx, bella, "By the studio itself", rig.local_time(minutes=2))
        content_plans.schedule(tx, [soon.id])
        unapproved = planned(rig, tx, marco, "", rig.local_time(hours=-1))

    run_daily(rig)
    assert rig.subjects() == ["Daily content: 1 posts published successfully"]
    text = rig.letters()[0].get_content()
    assert "1 posts published successfully, 2 scheduled now" in text
    assert "1 wait for an approval, 0 failed" in text
    made = rig.plan(empty.id)
    assert made.state == "published"
    assert made.posts[0].caption
    assert made.posts[0].url
    [its_post] = [post for post in rig.sandbox.posts if post.id == made.posts[0].remote_id]
    assert its_post.format == "reel"  # its picture was animated
    assert [rig.plan(plan.id).state for plan in (later, unapproved, by_hand)] == ["scheduled", "in_review", "draft"]
    assert rig.plan(later.id).posts[0].caption
    assert rig.plan(later.id).posts[0].media == later.posts[0].media  # only what was missing is made
    [new] = plans_of(rig, zara)
    assert new.state == "scheduled"
    assert new.wall is not None
    assert f"{new.wall:%H:%M}" == "12:00"

    until(lambda: rig.plan(soon.id).state == "published", 180, what="the studio's own publishing")
    captions, jobs, plans = sorted(rig.captions()), rig.count(Job), rig.count(ContentPlan)
    assert len(captions) == 2
    run_daily(rig)
    assert (sorted(rig.captions()), rig.count(ContentPlan)) == (captions, plans)
    assert rig.count(Job) == jobs
    daily_content_that_fails(rig, bella)


def daily_content_that_fails(rig: Rig, bella: Planner) -> None:
    """The platform refuses the only post: somebody is told, and finds it in review."""
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        refused = planned(rig, tx, bella, "", rig.local_time(hours=-1))
    rig.sandbox.faults.times["refuse_file"] = 1
    before = rig.captions()
    run_daily(rig)
    assert rig.subjects()[-1] == "Daily content: 1 of 1 failed"
    assert "refuses" in rig.letters()[-1].get_content()
    assert rig.plan(refused.id).state == "in_review"
    assert rig.captions() == before


def run_daily(rig: Rig) -> None:
    assert rig.n8n.run(DAILY, "studio/daily-content", headers=CALLER) == "success", rig.n8n.errors()


def planned(rig: Rig, tx: Any, planner: Planner, caption: str, wall: datetime) -> PlanCard:
    """A plan with a picture; without a caption where that is empty."""
    asset = make_asset(tx, data=face(), storage=rig.app.storage, width=1080, height=1080)
    return planner.plan(tx, wall=wall, variants=(planner.variant(caption=caption, media=(asset,)),), topic=caption or "Trams")


def plans_of(rig: Rig, planner: Planner) -> list[PlanCard]:
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        return content_plans.page(tx, content_plans.PlanFilters(influencer_id=planner.influencer.id)).cards


def content_pipeline(rig: Rig) -> None:
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        ada = make_planner(tx, "Ada", zone=rig.zone)
    before = len(rig.captions())
    order = {"influencerId": ada.influencer.id, "topic": "old trams"}
    assert rig.n8n.run(CONTENT, "studio/content-pipeline", headers=CALLER, json=order) == "success", rig.n8n.errors()
    [plan] = plans_of(rig, ada)
    assert plan.state == "published"
    assert len(rig.captions()) == before + 1
    assert rig.subjects()[-1] == "Content pipeline: published"


def lora_pipeline(rig: Rig) -> None:
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        iris = influencers.create(tx, InfluencerDraft(name="Iris"))
    order = {
        "name": "iris-v1",
        "influencerId": iris.id,
        "triggerWord": "iris",
        "rights": "made_up",
        "captioner": "template",
        "steps": str(STEPS),
    }
    files = {"pictures": ("iris.zip", zipped_pictures(), "application/zip")}
    status = rig.n8n.run(LORA, "studio/lora-pipeline", seconds=540, headers=CALLER, data=order, files=files)
    assert status == "success", rig.n8n.errors()
    with rig.app.db.transaction(rig.tenant.caller) as tx:
        [lora] = loras.page(tx, influencer_id=iris.id).cards
        pictures = tx.scalar(
            select(func.count()).select_from(Picture).join(Generation).where(Generation.influencer_id == iris.id)
        )
    assert lora.name == "iris-v1"
    assert pictures == 4
    assert rig.subjects()[-1] == "LoRA iris-v1 is trained"


def job_webhooks(rig: Rig) -> None:
    """The studio has told n8n of the post that was refused; what somebody else says in its name is not believed."""
    until(lambda: "refuses" in failed_jobs(rig), 60, what="the alert of the studio's own webhook")
    body = '{"event":"job_failed","timestamp":1795480454.5,"data":{"job_id":"job_1","error":"Perché?"}}'
    url = f"{rig.n8n.url}/webhook/job-failed"
    headers = signed_headers([STUDIO_SECRET], "whm_1", body, datetime.now(UTC))
    assert httpx.post(url, content=body.encode(), headers=headers, timeout=60).status_code == 204
    until(lambda: "Perché?" in failed_jobs(rig), 60, what="the alert")
    altered = httpx.post(url, content=body.replace("job_1", "job_2").encode(), headers=headers, timeout=60)
    old = signed_headers([STUDIO_SECRET], "whm_1", body, datetime.now(UTC) - timedelta(minutes=6))
    assert [altered.status_code, httpx.post(url, content=body.encode(), headers=old, timeout=60).status_code] == [401, 401]


def failed_jobs(rig: Rig) -> str:
    return "\n".join(message.get_content() for message in rig.mail.messages if message["subject"] == JOB_FAILED)


def a_workflow_that_fails(rig: Rig) -> None:
    order = {"influencerId": "inf_nobody", "topic": "old trams"}
    assert rig.n8n.run(CONTENT, "studio/content-pipeline", headers=CALLER, json=order) == "error"
    until(lambda: "“Studio: content pipeline” failed" in rig.subjects()[-1], 60, what="the notice")


def a_copy_of_all(rig: Rig) -> None:
    copies = rig.n8n.copies()
    for export in read_exports().values():
        assert {node["name"] for node in copies[export["id"]]["nodes"]} == {node["name"] for node in export["nodes"]}
    text = json.dumps(copies)
    assert HOOK_SECRET not in text
    assert CALLER["X-N8N-Key"] not in text
