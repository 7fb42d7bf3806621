"""Pictures of strangers that want to do harm, and ids of another workspace: the import takes what is good and goes on."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from backend import gallery
from backend.errors import NotFound
from backend.gallery import GalleryFilters, pipeline
from backend.gallery.schemas import ImportPayload
from backend.media.images.picture_metadata import with_texts
from tests.backend.gallery.arriving import upload_files
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.pictures import photo
from tests.support.context import make_context


@pytest.fixture
def tx(worker_app: Any, workspace: Tenant) -> Any:
    def opened() -> AbstractContextManager[Session]:
        return worker_app.db.transaction(workspace.editor.caller, needs="editor")

    return opened


def test_one_hostile_recipe_does_not_stop_the_others(worker_app: Any, workspace: Tenant, tx: Any) -> None:
    said = {"prompt": "bella\x00 \ud800at the beach", "model": "no\x00ne", "loras": [{"name": "\x00x", "weight": 1}]}
    upload_files(
        worker_app, tx, {"a.png": with_texts(photo(1, kind="PNG"), {"influencerai": json.dumps(said)}), "b.jpg": photo(2)}
    )
    payload = ImportPayload()
    result = pipeline.run_import(make_context(worker_app, workspace, "picture-import", payload), payload)
    assert result == {"imported": 2, "refused": 0, "already": 0, "withRecipe": 1}
    with tx() as session:
        found = gallery.page(session, filters=GalleryFilters(text="beach", source="imported")).pictures
    assert [one.prompt for one in found] == ["bella at the beach"]


def test_pictures_are_brought_in_for_ones_own_influencers(worker_app: Any, other_workspace: Tenant, tx: Any) -> None:
    with worker_app.db.transaction(other_workspace.caller, needs="editor") as session:
        theirs = make_influencer(session).id
    upload_files(worker_app, tx, {"a.jpg": photo(1)})
    with tx() as session, pytest.raises(NotFound):
        gallery.start_import(session, influencer_id=theirs, request_key="in")
