"""Pictures that an older version measured are measured again."""

from __future__ import annotations

from sqlalchemy import update

from backend import datasets
from backend.app import App
from backend.datasets import DatasetCard, ScanPayload, pipeline
from backend.db.tables import DatasetImage
from tests.backend.datasets.conftest import images_and_refusals, ingest, upload
from tests.factories.account import Tenant
from tests.factories.pictures import photo
from tests.support.context import make_context, next_attempt


def test_what_an_older_version_measured_is_measured_again(app: App, workspace: Tenant, dataset: DatasetCard) -> None:
    upload(app, workspace, dataset.id, {"a.jpg": photo(1), "again.jpg": photo(1, quality=60), "b.jpg": photo(2)})
    ingest(app, workspace, dataset.id)
    before, _ = images_and_refusals(app, workspace, dataset.id)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        outdated = {"measured": 0, "sharpness": 1.0, "brightness": None, "colours": "", "alike": None}
        tx.execute(update(DatasetImage).values(**outdated, near_duplicate_of=None))
        assert datasets.readiness(tx, dataset.id).stats.unmeasured == 3
        job = datasets.scan(tx, dataset.id, request_key="a")
        assert datasets.scan(tx, dataset.id, request_key="b").id == job.id
    payload = ScanPayload(dataset_id=dataset.id)
    ctx = make_context(app, workspace, "dataset-scan", payload, job_id=job.id, subject=("dataset", dataset.id))
    assert pipeline.scan(ctx, payload) == {"measured": 3, "unread": 0}
    after, _ = images_and_refusals(app, workspace, dataset.id)
    assert {name: (image.sharpness, image.brightness, image.alike) for name, image in after.items()} == {
        name: (image.sharpness, image.brightness, image.alike) for name, image in before.items()
    }
    assert after["again.jpg"].near_duplicate_of == after["a.jpg"].id
    assert pipeline.scan(next_attempt(ctx), payload) == {"measured": 0, "unread": 0}
