"""A studio whose identity engine reads colours, and an influencer with a dataset of nearly one colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import DatasetImage
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_dataset, make_influencer
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity


@pytest.fixture
def embedder() -> FakeIdentity:
    return FakeIdentity()


@pytest.fixture
def engine() -> FakeImageEngine:
    return FakeImageEngine()


@pytest.fixture
def studio(settings: Settings, embedder: FakeIdentity, engine: FakeImageEngine) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=FakeTrainer(), image=engine, identity=embedder))
    yield built
    built.close()


@pytest.fixture
def red(studio: App, workspace: Tenant) -> str:
    """The id of an influencer whose dataset holds eight reddish pictures and one that is not included."""
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx, "Red Rosa")
        dataset_id = make_dataset(tx, images=0, influencer_id=influencer.id, name="rosa")
        for n in range(9):
            colour = (220, 20 + n, 10) if n < 8 else (10, 200, 10)
            key = f"datasets/{workspace.id}/{dataset_id}/{n}.jpg"
            asset_id = make_asset(tx, storage=studio.storage, data=jpeg(colour), key=key)
            row = DatasetImage(id=f"img_{dataset_id}_{n}", dataset_id=dataset_id, asset_id=asset_id, filename=f"{n}.jpg")
            row.sha256, row.width, row.height, row.dhash, row.sharpness = f"{n:064x}", 96, 96, "0" * 16, 500.0
            row.included = n < 8
            tx.add(row)
    return influencer.id


@pytest.fixture
def do(studio: App, workspace: Tenant) -> Callable[..., Any]:
    """One verb in its own transaction, by an editor."""

    def do(verb: Callable[..., Any], *args: Any, **values: Any) -> Any:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **values)

    return do
