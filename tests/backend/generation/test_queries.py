"""What every downloaded picture says of its origin: made by a model, or somebody's picture changed by one; handed on."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from backend import assets, generation, identity
from backend.db.tables import Picture
from backend.db.transactions import SystemCaller
from backend.generation import GenerationDraft, GenerationPayload, identity_gate, pipeline, queries
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_TYPE
from tests.backend.identity.conftest import do, embedder, engine, studio
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_lora, make_pictures
from tests.support.context import make_context

__all__ = ["do", "embedder", "engine", "studio"]


@pytest.fixture
def drawn(studio: Any, workspace: Tenant, do: Any) -> Any:
    """Draws one picture from a draft and returns (picture, its asset, what its file says)."""

    def drawn(key: str, **values: Any) -> Any:
        draft = GenerationDraft(**{"prompt": "portrait", "n": 1, "seed": 1, **values})
        card = do(generation.start, draft=draft, models=studio.engines.image.models(), request_key=key)
        payload = GenerationPayload(generation_id=card.id)
        pipeline.run(make_context(studio, workspace, "image-generation", payload, job_id=card.job_id), payload)
        [picture] = do(generation.pictures_of, card.id)
        asset = do(assets.get, picture.asset_id)
        with Image.open(io.BytesIO(studio.storage.read(asset.key))) as image:
            metadata = image.info["xmp"].decode()
        return picture, asset, metadata

    return drawn


def test_drawn_from_nothing_from_a_drawing_and_from_an_upload(studio: Any, workspace: Tenant, drawn: Any, do: Any) -> None:
    upload = do(make_asset, storage=studio.storage, data=jpeg(), key=f"images/{workspace.id}/uploaded/start.jpg")
    first, own, metadata = drawn("new")
    assert f'"{SOURCE_TYPE}"' in metadata
    _, redrawn, metadata = drawn("again", init_asset_id=own.id)
    assert f'"{SOURCE_TYPE}"' in metadata
    changed, edited, metadata = drawn("photo", init_asset_id=upload)
    assert f'"{EDITED_SOURCE_TYPE}"' in metadata
    _, third, metadata = drawn("third", init_asset_id=edited.id)
    assert f'"{EDITED_SOURCE_TYPE}"' in metadata
    assert [entry.meta[queries.SOURCE_META] for entry in (own, redrawn, edited, third)] == [
        SOURCE_TYPE,
        SOURCE_TYPE,
        EDITED_SOURCE_TYPE,
        EDITED_SOURCE_TYPE,
    ]
    assert do(queries.inherited_source_type, changed.id) == EDITED_SOURCE_TYPE
    assert do(queries.inherited_source_type, first.id) == SOURCE_TYPE


def test_a_start_picture_that_is_ignored_does_not_count(studio: Any, workspace: Tenant, drawn: Any, do: Any) -> None:
    upload = do(make_asset, storage=studio.storage, data=jpeg(), key=f"images/{workspace.id}/uploaded/start.jpg")
    _, _, metadata = drawn("ignored", init_asset_id=upload, strength=1.0)
    assert f'"{SOURCE_TYPE}"' in metadata


def test_what_is_frozen_about_a_picture_goes_on_to_its_enlargement(studio: Any, workspace: Tenant, drawn: Any, do: Any) -> None:
    lora = do(make_lora, storage=studio.storage, step=90)
    picture, _, _ = drawn("lora", prompt="portrait <lora:bella-v1:0.5>")
    with studio.db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        [unrelated] = make_pictures(tx, 1)
        identity_gate.inherit(tx, tx.get_one(Picture, unrelated), picture.id)
    [frozen] = do(identity.provenance, unrelated).loras
    assert (frozen.lora_id, frozen.weight, frozen.step) == (lora.id, 0.5, 90)
