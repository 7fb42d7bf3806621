from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from backend import bulk_planning, content_plans, jobs
from backend.app import App
from backend.bulk_planning import SeriesOrder, pipeline
from backend.bulk_planning.schemas import PicturePayload, SeriesPayload
from backend.db.tables import Job, Picture
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.generation import GenerationPayload
from backend.generation import pipeline as drawing
from backend.influencers import Persona
from backend.jobs import WaitForChildren
from backend.kit.clock import now
from tests.backend.budgets.conftest import Make, make_app, server
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_channel
from tests.fakes.engines import FakeImageEngine
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context, next_attempt
from workers.context import Context

__all__ = ["Make", "make_app", "server"]
ZONE = "Europe/Berlin"


def first_day() -> date:
    return now().date() + timedelta(days=3)


@dataclass(frozen=True)
class SeriesRig:
    """A workspace with Bella, who posts to Instagram and TikTok, and what a worker does for her series."""

    app: App
    workspace: Tenant
    influencer_id: str
    instagram: str
    tiktok: str
    scores: list[float] = field(default_factory=list)
    """Face matches of the next pictures, against a threshold of 0.83; pictures after those are not scored."""

    def order(self, **values: Any) -> SeriesOrder:
        defaults = {"influencer_id": self.influencer_id, "first": first_day(), "days": 3, "clocks": ("18:00",)}
        return SeriesOrder(**{**defaults, "channel_ids": (self.instagram, self.tiktok), **values})

    def begin(self, order: SeriesOrder, key: str = "k") -> Context:
        with self.app.db.transaction(self.workspace.editor.caller, needs="editor") as tx:
            job = bulk_planning.start_series(tx, order=order, request_key=key)
        return make_context(self.app, self.workspace, bulk_planning.SERIES_KIND, SeriesPayload(order=order), job_id=job.id)

    def run(self, context: Context) -> dict[str, Any] | None:
        """None: it waits for its pictures."""
        try:
            return pipeline.run_series(context, SeriesPayload.model_validate(context.claim.payload))
        except WaitForChildren:
            return None

    def draw(self, job_id: str, most: int = 99) -> int:
        """What the other workers do meanwhile: pictures drawn and brought in."""
        with self.app.db.transaction(self.workspace.caller) as tx:
            waiting = [job for job in jobs.children(tx, job_id) if job.state == "pending"][:most]
        for child in waiting:
            self.picture(child.id)
        return len(waiting)

    def picture(self, job_id: str) -> dict[str, Any]:
        with self.app.db.transaction(self.workspace.caller) as tx:
            payload = PicturePayload.model_validate(tx.get_one(Job, job_id).payload)
        context = make_context(self.app, self.workspace, bulk_planning.PICTURE_KIND, payload, job_id=job_id)
        while True:
            try:
                done = pipeline.run_picture(context, payload)
                break
            except WaitForChildren:
                self.drawn(job_id)
                context = next_attempt(context)
        self._completed(job_id, done)
        return done

    def drawn(self, job_id: str) -> None:
        with self.app.db.transaction(self.workspace.caller) as tx:
            child = next(job for job in jobs.children(tx, job_id) if job.state != "completed")
        payload = GenerationPayload(generation_id=child.subject_id)
        drawing.run(make_context(self.app, self.workspace, "image-generation", payload, job_id=child.id), payload)
        with self.app.db.transaction(self.workspace.caller) as tx:
            pictures = tx.scalars(select(Picture).where(Picture.generation_id == child.subject_id).order_by(Picture.n)).all()
            for picture, score in zip(pictures, self.scores[: len(pictures)], strict=False):
                picture.identity_score, picture.identity_line = score, 0.83
        del self.scores[: len(pictures)]
        self._completed(child.id)

    def _completed(self, job_id: str, result: dict[str, Any] | None = None) -> None:
        with self.app.db.transaction(self.workspace.caller) as tx:
            row = tx.get_one(Job, job_id)
            row.state, row.result = "completed", result

    def plans(self, job_id: str) -> list[content_plans.PlanCard]:
        with self.app.db.transaction(self.workspace.caller) as tx:
            return content_plans.plans_in_series(tx, f"{job_id}:")


def make_rig(app: App, workspace: Tenant, text: Any) -> SeriesRig:
    app.__dict__["engines"] = SimpleNamespace(image=FakeImageEngine(), identity=FakeIdentity(), text=text)
    with app.db.transaction(workspace.caller) as tx:
        persona = Persona(bio="Vlogger from Lisbon.", tone="warm", topics=("old trams", "street food"))
        bella = make_influencer(tx, time_zone=ZONE, persona=persona)
        instagram, tiktok = make_channel(tx, bella.id).id, make_channel(tx, bella.id, "tiktok", "bella").id
    return SeriesRig(app, workspace, bella.id, instagram, tiktok)


@pytest.fixture
def rig(app: App, workspace: Tenant) -> SeriesRig:
    """No model: words are put together."""
    return make_rig(app, workspace, OfflineWriter())


@pytest.fixture
def paid_rig(make_app: Make, workspace: Tenant) -> Callable[..., SeriesRig]:
    def make(**settings: Any) -> SeriesRig:
        built = make_app(**settings)
        return make_rig(built, workspace, built.engines.text)

    return make
