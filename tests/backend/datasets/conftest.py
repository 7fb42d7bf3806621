"""A dataset, uploads into it, and the ingest that looks at them, in this process."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from backend import assets, datasets
from backend.app import App
from backend.datasets import DatasetCard, IngestPayload, pipeline
from tests.factories.account import Tenant
from tests.support.context import make_context
from workers.context import Context


@pytest.fixture
def dataset(app: App, workspace: Tenant) -> DatasetCard:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        return datasets.create(tx, name="Bella", trigger_word="bella")


def upload(app: App, tenant: Tenant, dataset_id: str, files: Mapping[str, bytes]) -> list[str]:
    ids = []
    for name, data in files.items():
        with app.db.transaction(tenant.caller, needs="editor") as tx:
            announcement = {"noun": "dataset", "noun_id": dataset_id, "filename": name, "size": len(data), "client_key": name}
            card = assets.uploads.announce(tx, settings=app.settings, **announcement)

        def open_tx() -> object:
            return app.db.transaction(tenant.caller, needs="editor")

        assets.uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=card.id, chunks=[data])  # type: ignore[arg-type]
        ids.append(card.id)
    return ids


def context(app: App, tenant: Tenant, dataset_id: str, **options: str) -> Context:
    payload = IngestPayload(dataset_id=dataset_id, **options)
    return make_context(app, tenant, "dataset-ingest", payload, subject=("dataset", dataset_id))


def ingest(app: App, tenant: Tenant, dataset_id: str, **options: str) -> dict[str, object]:
    return pipeline.run(context(app, tenant, dataset_id, **options), IngestPayload(dataset_id=dataset_id, **options))


def images_and_refusals(app: App, tenant: Tenant, dataset_id: str) -> tuple[dict[str, datasets.ImageCard], dict[str, str]]:
    with app.db.transaction(tenant.caller) as tx:
        images = datasets.images(tx, dataset_id, take=500).images
        refused = datasets.refused_files(tx, dataset_id)
    return {image.filename: image for image in images}, {image.filename: image.reason for image in refused}
