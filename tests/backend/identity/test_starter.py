"""Nothing faked but the drawing: the real classifier child calibrates a sample character, and the others fall short."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend import identity
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import DatasetImage
from backend.engines.local.starter_model import characters
from backend.engines.registry import build_engines
from backend.identity import CalibrationPayload, pipeline
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_dataset, make_influencer
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.support.context import make_context


@pytest.fixture
def studio(settings: Settings) -> Iterator[App]:
    reader = build_engines(Settings.read()).identity
    built = bootstrap(settings, engines=SimpleNamespace(trainer=FakeTrainer(), image=FakeImageEngine(), identity=reader))
    yield built
    reader.unload()
    built.close()


def test_bella_is_bella_and_the_others_are_not(studio: Any, workspace: Tenant) -> None:
    people = {character.name: sorted(character.folder.glob("*.jpg")) for character in characters()}
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        influencer = make_influencer(tx, "Bella")
        dataset_id = make_dataset(tx, images=0, influencer_id=influencer.id)
        for n, path in enumerate(people["bella"]):
            key = f"datasets/{workspace.id}/{dataset_id}/{n}.jpg"
            asset_id = make_asset(tx, storage=studio.storage, data=path.read_bytes(), key=key)
            row = DatasetImage(id=f"img_{n}", dataset_id=dataset_id, asset_id=asset_id, filename=path.name, sha256=f"{n:064x}")
            row.width = row.height = 512
            row.dhash, row.sharpness = "0" * 16, 900.0
            tx.add(row)
        job = identity.calibrate(tx, influencer.id, engine=studio.engines.identity, request_key="k")
    payload = CalibrationPayload(influencer_id=influencer.id)
    context = make_context(studio, workspace, job.kind, payload, job_id=job.id)
    result = pipeline.calibrate(context, payload)
    assert (result["references"], result["passing"]) == (14, 14)
    with studio.db.transaction(workspace.caller) as tx:
        judge = identity.scoring_context(tx, influencer.id, base="starter-128", engine=studio.engines.identity)
        photos = identity.scoring_context(tx, influencer.id, base="sd15", engine=studio.engines.identity)
    scores_by_name = {
        name: [identity.score_reading(judge, picture) for picture in identity.read_pictures(context, paths)]
        for name, paths in people.items()
    }
    assert all(verdict.passed for verdict in scores_by_name["bella"])
    assert not any(verdict.passed for name in ("marco", "zara") for verdict in scores_by_name[name])
    assert photos.reference is None
    assert "IDENTITY_MODEL" in photos.why
