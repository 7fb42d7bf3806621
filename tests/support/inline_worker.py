"""What workers do, in this process: pending jobs of one workspace are run with engines that take milliseconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from sqlalchemy import func, select

from backend import jobs
from backend.app import App
from backend.db.tables import Job, JobState
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.engines.local.pillow_upscaler import Resampler
from backend.engines.ports.image import ModelCard
from backend.errors import EngineUnavailable, RateLimited
from backend.jobs import JOB_TYPES, WaitForChildren
from tests.factories.account import Tenant
from tests.fakes.engines import OTHER, FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity
from tests.fakes.motion import FakeMotion
from tests.fakes.speech import DeafAligner, FakeSpeech, FakeTranscriber
from tests.support.context import make_context, next_attempt
from workers.context import Context


class LargePictures(FakeImageEngine):
    """Draws 512 px, which platforms take; the other fake's pictures are smaller."""

    def models(self) -> list[ModelCard]:
        return [OTHER]


def use_fake_engines(app: App) -> None:
    """The offline writer and the built-in upscaler, and fakes that draw, look, train, film and speak."""
    app.__dict__["engines"] = SimpleNamespace(
        image=LargePictures(),
        trainer=FakeTrainer(),
        identity=FakeIdentity(),
        upscaler=Resampler(app.settings),
        text=OfflineWriter(),
        captioners={},
        motion=FakeMotion(),
        speech={"fake": FakeSpeech()},
        aligner=DeafAligner(),
        transcriber=FakeTranscriber(),
    )


def run_pending_jobs(app: App, tenant: Tenant) -> int:
    """Runs what waits, oldest first, until nothing does. Returns how many jobs ended."""
    count = 0
    while job_ids := _pending_ids(app, tenant):
        run_job(app, tenant, job_ids[0])
        count += 1
    return count


def run_job(app: App, tenant: Tenant, job_id: str) -> None:
    """Runs one job and, where it waits for its children, those first."""
    with app.db.transaction(tenant.caller) as tx:
        row = tx.get_one(Job, job_id)
        job_type = JOB_TYPES[row.kind]
        payload = job_type.payload.model_validate(row.payload)
    context: Context = make_context(app, tenant, job_type.kind, payload, job_id=job_id)
    while True:
        try:
            result = job_type.pipeline()(context, payload)
            break
        except WaitForChildren:
            with app.db.transaction(tenant.caller) as tx:
                waiting = [child.id for child in jobs.children(tx, job_id) if child.state == "pending"]
            for child_id in waiting:
                run_job(app, tenant, child_id)
            context = next_attempt(context)
        except (EngineUnavailable, RateLimited):  # it waits for another job: files are prepared for the platform
            time.sleep(0.05)
            for other_id in _pending_ids(app, tenant):
                run_job(app, tenant, other_id)
            context = next_attempt(context)
    with app.db.transaction(tenant.caller) as tx:
        row = tx.get_one(Job, job_id)
        row.state, row.result, row.finished_at = JobState.COMPLETED, result, func.clock_timestamp()


@contextmanager
def working(app: App, tenant: Tenant) -> Iterator[None]:
    """Runs jobs in a thread as they come, with fake engines."""
    use_fake_engines(app)
    stop = threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.wait(0.05):
                run_pending_jobs(app, tenant)
        except BaseException as error:
            errors.append(error)
            raise

    thread = threading.Thread(target=work, name="inline worker")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not errors


def _pending_ids(app: App, tenant: Tenant) -> list[str]:
    with app.db.transaction(tenant.caller) as tx:
        waiting = select(Job.id).where(Job.state == JobState.PENDING, Job.parent_id.is_(None)).order_by(Job.created_at)
        return list(tx.scalars(waiting))
