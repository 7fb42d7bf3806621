"""A request of pictures dies at every moment there is: each picture is there once, drawn once more at most."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from backend import generation, identity
from backend.db.tables import Asset, AssetUse, Generation, Picture, PictureCheck
from backend.generation import GenerationDraft, GenerationPayload, pipeline
from backend.identity import GatePolicy
from backend.kit.ids import new_id
from tests.backend.generation.test_identity_gate import GREEN
from tests.backend.identity.conftest import do, embedder, engine, red, studio
from tests.backend.identity.test_calibration import calibrate
from tests.factories.account import Tenant
from tests.fakes.engines import FakeImageEngine
from tests.support.context import make_context
from tests.support.crashing import crash_at_every_write
from workers.context import Context

__all__ = ["do", "embedder", "engine", "red", "studio"]


def test_pictures_that_fell_short_are_drawn_anew_and_every_one_is_there_once(
    studio: Any, workspace: Tenant, red: str, do: Any, engine: FakeImageEngine
) -> None:
    calibrate(studio, workspace, red, do, key="calibration")
    do(identity.set_policy, red, GatePolicy(gate="regenerate", extra_max=1), engine=studio.engines.identity)

    def begin() -> Context:
        request_draft = GenerationDraft(prompt="portrait", influencer_id=red, n=1, seed=GREEN)
        card = do(generation.start, draft=request_draft, models=engine.models(), request_key=new_id("key"))
        engine.requests.clear()
        payload = GenerationPayload(generation_id=card.id)
        return make_context(studio, workspace, "image-generation", payload, job_id=card.job_id)

    def run(ctx: Context) -> object:
        return pipeline.run(ctx, GenerationPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        with studio.db.transaction(workspace.caller) as tx:
            row = tx.scalars(select(Generation).where(Generation.job_id == ctx.job_id)).one()
            pictures = tx.scalars(select(Picture).where(Picture.generation_id == row.id).order_by(Picture.n)).all()
            assert [(picture.n, picture.seed) for picture in pictures] == list(enumerate(row.recipe["seeds"]))
            assert len(pictures) == 2
            assert sorted(picture.gate for picture in pictures) == ["held", "rejected"]
            drawn = Counter(seed for request in engine.requests for seed in request.seeds)
            assert max(drawn.values()) <= 2
            checks = select(func.count()).select_from(PictureCheck).where(PictureCheck.picture_id.in_([p.id for p in pictures]))
            assert tx.scalar(checks) == 2
            used_assets = select(Asset.id).join(AssetUse, AssetUse.asset_id == Asset.id).where(Asset.job_id == ctx.job_id)
            assert set(tx.scalars(used_assets)) == {picture.asset_id for picture in pictures}, (
                "what a dead attempt left has no use"
            )
            assert {tx.get_one(Asset, picture.asset_id).state for picture in pictures} == {"stored"}

    assert crash_at_every_write(begin, run, check) > 12
