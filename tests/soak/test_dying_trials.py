"""A comparison of checkpoints, and its labelled grid, die at every moment there is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from backend import comparisons
from backend.comparisons import ComparisonDraft, ComparisonPayload, pipeline
from backend.db.tables import Asset, AssetUse, TrialCell
from backend.kit.ids import new_id
from tests.backend.comparisons.conftest import engine, reader, run_id, studio
from tests.factories.account import Tenant
from tests.fakes.engines import FakeImageEngine
from tests.support.context import make_context
from tests.support.crashing import crash_at_every_write
from workers.context import Context

__all__ = ["engine", "reader", "run_id", "studio"]


def test_cells_and_the_grid_are_there_once(studio: Any, workspace: Tenant, run_id: str, engine: FakeImageEngine) -> None:
    prompts = ("bella, at the beach",)

    def begin() -> Context:
        draft = ComparisonDraft(run_id=run_id, steps=(50,), strengths=(1.0,), prompts=prompts, seeds=1, control=True)
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            card = comparisons.start(tx, draft=draft, models=engine.models(), request_key=new_id("key"))
        return make_context(studio, workspace, "lora-trial", ComparisonPayload(trial_id=card.id), job_id=card.job_id)

    def run(ctx: Context) -> object:
        return pipeline.run(ctx, ComparisonPayload.model_validate(ctx.claim.payload))

    def used(ctx: Context) -> tuple[list[TrialCell], set[str], str | None]:
        trial_id = ctx.claim.payload["trial_id"]
        with studio.db.transaction(workspace.caller) as tx:
            cells = tx.scalars(select(TrialCell).where(TrialCell.trial_id == trial_id).order_by(TrialCell.n)).all()
            used_assets = select(AssetUse.asset_id).where(AssetUse.noun == "trial", AssetUse.noun_id == trial_id)
            assert {tx.get_one(Asset, element).state for element in tx.scalars(used_assets)} == {"stored"}
            return list(cells), set(tx.scalars(used_assets)), comparisons.get(tx, trial_id).grid_asset_id

    def check(ctx: Context) -> None:
        cells, used_assets, _ = used(ctx)
        assert [cell.n for cell in cells] == [0, 1]
        assert used_assets == {cell.asset_id for cell in cells}

    assert crash_at_every_write(begin, run, check) > 10
    drawn = begin()
    run(drawn)
    payload = ComparisonPayload.model_validate(drawn.claim.payload)

    def begin_grid() -> Context:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            job = comparisons.start_grid_export(tx, payload.trial_id, request_key=new_id("key"))
        return make_context(studio, workspace, "trial-grid", payload, job_id=job.id)

    def check_grid(ctx: Context) -> None:
        cells, used_assets, grid = used(ctx)
        assert used_assets == {cell.asset_id for cell in cells} | {grid}

    assert crash_at_every_write(begin_grid, lambda ctx: pipeline.run_grid(ctx, payload), check_grid) > 3
