"""What tests of training runs do and ask again and again."""

from __future__ import annotations

from typing import Any

from backend import datasets, training
from backend.training import RunCard, TrainingPayload, pipeline
from tests.factories.account import Tenant


def train(context: Any, run: RunCard) -> dict[str, Any] | None:
    return pipeline.run(context, TrainingPayload(run_id=run.id))


def steps_of(studio: Any, workspace: Tenant, run: RunCard) -> list[int]:
    with studio.db.transaction(workspace.caller) as tx:
        return [card.step for card in training.checkpoints(tx, run.id)]


def status_of(studio: Any, workspace: Tenant, run: RunCard) -> str:
    with studio.db.transaction(workspace.caller) as tx:
        return datasets.get(tx, run.dataset_id).status
