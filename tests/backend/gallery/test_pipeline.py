"""A board as a ZIP, and pictures of other programs in the gallery: through the real storage, also after a crash."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import assets, gallery, generation
from backend.assets import uploads
from backend.db.tables import Asset, Picture
from backend.errors import Invalid, NotFound
from backend.gallery import ArchiveDraft, BoardDraft, BulkActionDraft, GalleryFilters, imports, pipeline
from backend.gallery.schemas import ArchivePayload, ImportPayload
from backend.kit.clock import now
from backend.media.images.ai_mark import SOURCE_TYPE
from backend.media.images.picture_metadata import with_texts
from backend.media.images.pictures_child import read_source_type, recipe_texts
from tests.backend.gallery.arriving import bring_in, upload_files
from tests.backend.media.images.test_recipe_text import A1111
from tests.factories.account import Tenant
from tests.factories.making import make_lora, make_pictures
from tests.factories.pictures import photo
from tests.support.context import make_context, next_attempt


@pytest.fixture
def tx(worker_app: Any, workspace: Tenant) -> Any:
    def opened() -> AbstractContextManager[Session]:
        return worker_app.db.transaction(workspace.editor.caller, needs="editor")

    return opened


@pytest.fixture
def shelf(tx: Any, worker_app: Any) -> dict[str, Any]:
    """A board of three pictures with bytes, and one without."""
    with tx() as session:
        ids = make_pictures(session, 4, prompt="bella, “très” chic", lora_id=make_lora(session).id, rating=4)
        board_id = gallery.create_board(session, draft=BoardDraft(name="Summer set", notes="n")).id
        draft = BulkActionDraft(kind="board-add", picture_ids=tuple(ids[::-1]), board_id=board_id)
        gallery.act(session, draft=draft, request_key="x")
        session.execute(update(Asset).where(Asset.kind == "image").values(content_type="image/png"))
        keys = {one: assets.get(session, generation.picture(session, one).asset_id).key for one in ids}
    data = {one: photo(n, kind="PNG") for n, one in enumerate(ids[:3])}
    for one, content in data.items():
        worker_app.storage.put_bytes(keys[one], content, "image/png")
    return {"board": board_id, "ids": ids, "data": data}


def unpacked(app: Any, tx: Any, asset_id: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    with tx() as session:
        card = assets.get(session, asset_id)
    data = app.storage.read(card.key)
    assert (card.kind, card.sha256, card.size_bytes) == ("archive", hashlib.sha256(data).hexdigest(), len(data))
    assert card.filename == "Summer_set.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files.pop("manifest.json"))


@pytest.mark.parametrize("with_recipe", [False, True])
def test_a_board_is_packed_in_its_order_with_a_manifest(
    worker_app: Any, workspace: Tenant, tx: Any, shelf: dict[str, Any], with_recipe: bool
) -> None:
    with tx() as session:
        draft = ArchiveDraft(board_id=shelf["board"], with_recipe=with_recipe)
        job = gallery.start_archive(session, draft=draft, request_key="zip")
        assert gallery.start_archive(session, draft=draft, request_key="zip").id == job.id
    payload = ArchivePayload(filename="Summer_set", board_id=shelf["board"], with_recipe=with_recipe)
    first = make_context(worker_app, workspace, "picture-archive", payload, job_id=job.id)
    result = pipeline.run_archive(first, payload)
    assert (result["pictures"], result["leftOut"]) == (3, 1)
    files, manifest = unpacked(worker_app, tx, result["assetId"])
    assert [one["id"] for one in manifest["pictures"]] == shelf["ids"][2::-1]
    assert (manifest["board"]["name"], manifest["pictures"][0]["prompt"]) == ("Summer set", "bella, “très” chic")
    for said in manifest["pictures"]:
        data = files[said["file"]]
        assert said["sha256"] == hashlib.sha256(data).hexdigest()
        assert (data == shelf["data"][said["id"]]) is not with_recipe
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            assert set(recipe_texts(opened)) == ({"parameters", "influencerai"} if with_recipe else set())
    assert pipeline.run_archive(next_attempt(first), payload) == result


def test_archives_go_after_a_week_and_nothing_to_pack_is_said(
    worker_app: Any, workspace: Tenant, tx: Any, shelf: dict[str, Any]
) -> None:
    payload = ArchivePayload(filename="few", picture_ids=shelf["ids"][:1])
    result = pipeline.run_archive(make_context(worker_app, workspace, "picture-archive", payload), payload)
    with tx() as session:
        session.execute(update(Asset).where(Asset.kind != "lora").values(created_at=now() - timedelta(days=8)))
        empty = gallery.create_board(session, draft=BoardDraft(name="Empty")).id
        with pytest.raises(Invalid, match="no pictures to pack"):
            gallery.start_archive(session, draft=ArchiveDraft(board_id=empty), request_key="e")
    assert assets.sweep(tx, worker_app.storage, settings=worker_app.settings).retired == 1
    with tx() as session:
        assert assets.get(session, result["assetId"]).state == "deleted"


def test_pictures_of_other_programs_become_ours(worker_app: Any, workspace: Tenant, tx: Any) -> None:
    with tx() as session:
        lora = make_lora(session)
        board_id = gallery.create_board(session, draft=BoardDraft(name="Found")).id
        with pytest.raises(Invalid, match="nothing to import"):
            gallery.start_import(session, request_key="none")
    a1111 = with_texts(photo(1, kind="PNG"), {"parameters": A1111})
    upload_files(worker_app, tx, {"one.png": a1111, "two.jpg": photo(2), "three.png": b"no picture at all"})
    with tx() as session:
        job = gallery.start_import(session, board_id=board_id, request_key="in")
    payload = ImportPayload(board_id=board_id)
    result = pipeline.run_import(make_context(worker_app, workspace, "picture-import", payload, job_id=job.id), payload)
    assert result == {"imported": 2, "refused": 1, "already": 0, "withRecipe": 1}

    with tx() as session:
        ids = gallery.matching_ids(session, filters=GalleryFilters(board_id=board_id, order="board"), most=9)
        found, bare = generation.pictures(session, ids)
        file = gallery.picture_file(session, found.id)
        assert gallery.matching_ids(session, filters=GalleryFilters(text="lora:bella-v1 seed:3127478453"), most=9) == [found.id]
        assert [one.reason[:31] for one in gallery.refused_uploads(session)] == ["This is not a picture that the "]
        remixed = generation.remix(session, found.id, new_seed=False)
    assert (found.source, found.seed, found.recipe.steps, found.recipe.cfg) == ("imported", 3127478453, 28, 6.5)
    assert [(ref.lora_id, ref.name) for ref in found.recipe.loras] == [(lora.id, "bella-v1"), ("", "Film Grain")]
    assert "Not in the library: LoRA Film Grain." in found.origin["notes"]
    assert [pick.lora_id for pick in remixed.loras] == [lora.id]
    assert (bare.prompt, bare.seed) == ("", -1)
    assert "does not say how it was made" in bare.origin["notes"][0]
    with Image.open(io.BytesIO(file.read(worker_app.storage))) as opened:
        opened.load()
        assert (recipe_texts(opened), read_source_type(opened)) == ({}, SOURCE_TYPE)


def test_named_uploads_come_in_alone_and_the_result_says_what_each_became(worker_app: Any, workspace: Tenant, tx: Any) -> None:
    """As from a post's picker: what somebody else is importing meanwhile stays as it is, and a known file is its picture."""
    upload_files(worker_app, tx, {"known.jpg": photo(1)})
    bring_in(worker_app, workspace, tx, "first")
    others, again, fresh, broken = upload_files(
        worker_app, tx, {"other.jpg": photo(2), "again.jpg": photo(1), "fresh.jpg": photo(3), "broken.png": b"no picture"}
    )
    result = bring_in(worker_app, workspace, tx, "named", upload_ids=[again, fresh, broken])
    assert (result["imported"], result["already"], result["refused"]) == (1, 1, 1)
    with tx() as session:
        known, made = (
            session.query(Picture).filter(Picture.origin["filename"].astext == name).one()
            for name in ("known.jpg", "fresh.jpg")
        )
        assert [(file["uploadId"], file["pictureId"], file["assetId"]) for file in result["assets"]] == [
            (again, known.id, known.asset_id),
            (fresh, made.id, made.asset_id),
        ]
        assert [upload.id for upload in uploads.listing(session, gallery.NOUN, gallery.INBOX, states=("stored",))] == [others]
        assert gallery.find_duplicates(session) == []
        with pytest.raises(NotFound):
            gallery.start_import(session, upload_ids=["up_gone"], request_key="gone")


def test_a_worker_that_dies_between_two_pictures_takes_none_twice(
    worker_app: Any, workspace: Tenant, tx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_files(worker_app, tx, {f"{n}.jpg": photo(n) for n in range(3)})
    payload = ImportPayload()
    first = make_context(worker_app, workspace, "picture-import", payload)
    taken, take = [], uploads.accept

    def dies(session: Session, ids: list[str]) -> None:
        taken.extend(ids)
        if len(taken) == 2:
            raise KeyboardInterrupt
        take(session, ids)

    monkeypatch.setattr(uploads, "accept", dies)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run_import(first, payload)
    monkeypatch.setattr(uploads, "accept", take)
    assert pipeline.run_import(next_attempt(first), payload)["imported"] == 2
    with tx() as session:
        assert gallery.count(session, filters=GalleryFilters(source="imported")).n == 3
        assert session.query(Picture).count() == 3
        assert {one.state for one in uploads.listing(session, gallery.NOUN, gallery.INBOX)} == {"taken"}


def test_two_jobs_at_the_same_files_take_each_once(
    worker_app: Any, workspace: Tenant, tx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_files(worker_app, tx, {"1.jpg": photo(1), "2.jpg": photo(2), "3.png": b"no picture at all"})
    payload = ImportPayload()
    first, second = (make_context(worker_app, workspace, "picture-import", payload) for _ in range(2))
    keep, told = imports._store, []

    def meanwhile(ctx: Any, *more: Any) -> Any:
        looked = keep(ctx, *more)
        if ctx is first and not told:
            told.append(pipeline.run_import(second, payload))
        return looked

    monkeypatch.setattr(imports, "_store", meanwhile)
    assert pipeline.run_import(first, payload) == {"imported": 0, "refused": 0, "already": 0, "withRecipe": 0}
    assert told == [{"imported": 2, "refused": 1, "already": 0, "withRecipe": 0}]
    with tx() as session:
        assert session.query(Picture).count() == 2
        assert session.query(Asset).filter(Asset.state == "stored").count() == 2
