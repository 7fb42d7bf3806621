"""Captioning that dies at every moment: each picture gets its caption, and the ledger never says less than was billed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from backend import datasets
from backend.app import App
from backend.bootstrap import bootstrap
from backend.datasets import CaptionPayload, pipeline
from backend.db.tables import LlmCall
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.backend.budgets.conftest import server
from tests.backend.datasets.captioning import context, start_job
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.servers.openrouter import ModelServer
from tests.support.crashing import crash_at_every_write
from workers.context import Context

__all__ = ["server"]
AT_ONCE, PICTURES = 4, 6


@pytest.fixture
def paying(settings: Settings, server: ModelServer) -> Iterator[App]:
    changed = settings.replace(OPENROUTER_API_KEY="sk-test", OPENROUTER_BASE_URL=server.url, CAPTION_AT_ONCE=AT_ONCE)
    app = bootstrap(changed, role="studio")
    yield app
    app.engines.text.close()  # type: ignore[attr-defined]
    app.close()


def test_a_picture_is_paid_twice_only_while_it_is_being_looked_at(
    paying: App, app: App, workspace: Tenant, server: ModelServer
) -> None:
    def begin() -> Context:
        paying.cache.flushdb()  # the pictures of each dataset look alike: what was said of the last one's counts for nothing
        with app.db.transaction(workspace.caller) as tx:
            dataset_id = make_dataset(tx, images=PICTURES, storage=app.storage, name=new_id("set"))
        return context(paying, workspace, start_job(paying, workspace, dataset_id, replace="all"))

    def run(ctx: Context) -> object:
        return pipeline.caption(ctx, CaptionPayload(**ctx.claim.payload))

    def check(ctx: Context) -> None:
        with app.db.transaction(workspace.caller) as tx:
            images = datasets.images(tx, ctx.claim.payload["dataset_id"]).images
            asked = tx.scalars(select(LlmCall.state).where(LlmCall.job_id == ctx.job_id)).all()
            spent = tx.scalar(select(func.sum(LlmCall.usd)))
        assert len(images) == PICTURES
        assert all(image.caption for image in images)
        assert len([state for state in asked if state != "cached"]) <= PICTURES + AT_ONCE
        assert spent is not None
        assert server.total <= spent

    assert crash_at_every_write(begin, run, check) > PICTURES
