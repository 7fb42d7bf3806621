"""The training job with a fake trainer on real Postgres and S3: what a whole run keeps and says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from backend import assets, influencers, jobs, loras, training
from backend.db.tables import Asset
from backend.training import RunCard
from tests.backend.training.runs import status_of, train
from tests.factories.account import Tenant
from tests.factories.making import make_lora
from tests.fakes.engines import FakeTrainer


def test_a_whole_run(studio: Any, workspace: Tenant, run: RunCard, begin: Any, trainer: FakeTrainer) -> None:
    result = train(begin(), run)
    request = trainer.requests[0]
    assert [image.caption for image in request.images] == [f"portrait of bella, number {n}" for n in range(6)]
    assert (request.params.steps, request.resume, trainer.closed) == (20, None, 0)
    with studio.db.transaction(workspace.caller) as tx:
        card = training.get(tx, run.id)
        lora = loras.get(tx, str(card.lora_id))
        file = assets.get(tx, lora.asset_id)
        points = training.points(tx, run.id)
        samples = training.samples(tx, run.id)
        checkpoints = training.checkpoints(tx, run.id)
        influencer = influencers.get(tx, str(run.influencer_id))
        states = tx.scalar(select(func.count()).select_from(Asset).where(Asset.kind == "state", Asset.state == "stored"))
        assert assets.get(tx, samples[0].asset_id).thumbs
    assert result == {"loraId": lora.id, "name": "bella-v1", "steps": 20, **file.names}
    assert (card.loss_first, card.loss_last) == (1.0, 0.25)
    assert [point.step for point in points] == list(range(1, 21))
    assert points[6].loss == pytest.approx(0.93)
    assert [(sample.step, sample.n) for sample in samples] == [(10, 0), (10, 1), (20, 0), (20, 1)]
    assert [(each.step, each.final) for each in checkpoints] == [(5, False), (10, False), (15, False), (20, True)]
    assert (lora.step, lora.trigger_word, lora.base) == (20, "bella", "starter-128")
    assert influencer.default_lora_id == lora.id
    assert states == 0
    assert status_of(studio, workspace, run) == "ready"


def test_the_pictures_arrive_whole(studio: Any, run: RunCard, begin: Any, trainer: FakeTrainer) -> None:
    requests_seen: list[bytes] = []
    trainer._at = lambda point: (
        requests_seen.extend(i.path.read_bytes() for i in trainer.requests[0].images) if point == "step-1" else None
    )
    train(begin(), run)
    assert len(requests_seen) == len(set(requests_seen)) == 6
    assert all(data.startswith(b"\xff\xd8") for data in requests_seen)


def test_another_default_lora_stays(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        own_lora = make_lora(tx, "bella-v1")
        influencers.set_default_lora(tx, str(run.influencer_id), own_lora.id)
    result = train(begin(), run)
    with studio.db.transaction(workspace.caller) as tx:
        assert influencers.get(tx, str(run.influencer_id)).default_lora_id == own_lora.id
        assert loras.get(tx, (result or {})["loraId"]).name == "bella-v2"


def test_the_jobs_log_tells_the_story(studio: Any, workspace: Tenant, run: RunCard, begin: Any) -> None:
    context = begin()
    train(context, run)
    lines = [line for _, line in context.take_report().lines]
    assert lines[0] == "Training bella-v1 on 6 pictures: 20 steps on tiny."
    assert "Loss over fixed draws: 1.0000 before, 0.2500 after." in lines
    assert lines[-1] == "bella-v1 is in the LoRA library."
    assert jobs.JOB_TYPES["lora-training"].max_retries == 1
