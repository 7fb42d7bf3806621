"""Files from outside: the same one once, and every file that leaves says where it comes from."""

from __future__ import annotations

import io
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import gallery, generation
from backend.db.tables import Asset, Job
from backend.gallery import ArchiveDraft, GalleryFilters, imports, pipeline
from backend.gallery.schemas import ArchivePayload
from backend.generation import GenerationPayload
from backend.generation import pipeline as making
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_TYPE, add_mark
from backend.media.images.picture_metadata import with_recipe
from backend.media.images.pictures_child import read_source_type
from tests.backend.gallery.arriving import bring_in, upload_files
from tests.backend.media.images.test_recipe_text import A1111
from tests.factories.account import Tenant
from tests.factories.pictures import photo
from tests.support.browsing import browser
from tests.support.context import make_context

CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.fixture
def tx(worker_app: Any, workspace: Tenant) -> Any:
    def opened() -> AbstractContextManager[Session]:
        return worker_app.db.transaction(workspace.editor.caller, needs="editor")

    return opened


def shown(tx: Any) -> list[str]:
    with tx() as session:
        return gallery.matching_ids(session, filters=GalleryFilters(), most=99)


def test_the_same_file_is_one_picture_unless_asked_otherwise(worker_app: Any, workspace: Tenant, tx: Any) -> None:
    cat, dog = with_recipe(photo(1), "image/jpeg", {"parameters": A1111}, width=256, height=256), photo(2, kind="PNG")
    upload_files(worker_app, tx, {"cat.jpg": cat, "dog.png": dog, "copy of cat.jpg": cat})
    first = bring_in(worker_app, workspace, tx, "1")
    assert (first["imported"], first["already"], first["refused"]) == (2, 1, 0)
    with tx() as session:
        assert generation.latest(session) == []
    [dog_id, cat_id] = shown(tx)
    with tx() as session:
        download = gallery.picture_file(session, cat_id).read(worker_app.storage)
        assert [one.filename for one in gallery.find_duplicates(session)] == ["copy of cat.jpg"]
    assert download != cat  # what it said is gone, the mark is there: it is known all the same
    upload_files(worker_app, tx, {"again.jpg": cat, "from the gallery.jpg": download})
    assert bring_in(worker_app, workspace, tx, "2")["already"] == 2
    assert shown(tx) == [dog_id, cat_id]

    with tx() as session:
        left = gallery.find_duplicates(session)
        assert {(one.filename, one.picture_id) for one in left} == {
            (name, cat_id) for name in ("again.jpg", "from the gallery.jpg", "copy of cat.jpg")
        }
        assert gallery.refused_uploads(session) == []
        gallery.dismiss_duplicates(session, [one.upload_id for one in left[1:]])
    assert bring_in(worker_app, workspace, tx, "3", anyway=[left[0].upload_id])["imported"] == 1
    assert shown(tx)[1:] == [dog_id, cat_id]
    with tx() as session:
        assert gallery.find_duplicates(session) == []
        gallery.delete(session, shown(tx))
    upload_files(worker_app, tx, {"back.jpg": cat})
    assert bring_in(worker_app, workspace, tx, "4")["imported"] == 1


def test_another_workspace_has_its_own(worker_app: Any, workspace: Tenant, other_workspace: Tenant, tx: Any) -> None:
    upload_files(worker_app, tx, {"a.jpg": photo(1)})
    bring_in(worker_app, workspace, tx, "1")

    def theirs() -> AbstractContextManager[Session]:
        return worker_app.db.transaction(other_workspace.editor.caller, needs="editor")

    upload_files(worker_app, theirs, {"a.jpg": photo(1)})
    assert bring_in(worker_app, other_workspace, theirs, "1")["imported"] == 1


def test_two_jobs_at_the_same_files_make_one_picture_of_each(
    worker_app: Any, workspace: Tenant, tx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_files(worker_app, tx, {"a.jpg": photo(1), "b.jpg": photo(1)})
    keep, other = imports._store, []

    def meanwhile(*args: Any) -> Any:
        kept = keep(*args)
        if not other:
            other.append({})
            other[0] = bring_in(worker_app, workspace, tx, "other")
        return kept

    monkeypatch.setattr(imports, "_store", meanwhile)
    mine = bring_in(worker_app, workspace, tx, "mine")
    assert (other[0]["imported"], other[0]["already"], mine["imported"]) == (1, 1, 0)
    assert len(shown(tx)) == 1
    with tx() as session:
        assert sorted(session.scalars(select(Asset.state).where(Asset.kind == "image"))) == ["deleted", "stored"]


def saying(folder: Path, kind: str, said: str) -> bytes:
    """A file that names its source type, has a recipe, or says nothing."""
    data, content_type = photo(len(said) * 7 + len(kind), kind=kind), f"image/{kind.lower()}"
    if said == "recipe":
        return with_recipe(data, content_type, {"parameters": A1111}, width=256, height=256)
    if said:
        (folder / "in").write_bytes(data)
        add_mark(folder / "in", folder / "out", content_type, width=256, height=256, source_type=said)
        return (folder / "out").read_bytes()
    return data


EXPECTED = {
    "": SOURCE_TYPE,
    "recipe": SOURCE_TYPE,
    SOURCE_TYPE: SOURCE_TYPE,
    EDITED_SOURCE_TYPE: EDITED_SOURCE_TYPE,
    CAMERA: "",
}
"""What a file says -> what it says when it leaves, where the person said that the pictures were made by AI."""


def told(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        return read_source_type(opened)


@pytest.mark.parametrize("ai_made", [True, False])
def test_every_file_that_leaves_says_where_it_comes_from(
    worker_app: Any, workspace: Tenant, tx: Any, tmp_path: Path, ai_made: bool
) -> None:
    kinds = ("PNG", "JPEG", "WEBP")
    files = {f"{n}-{kind}.{kind.lower()}": saying(tmp_path, kind, said) for n, said in enumerate(EXPECTED) for kind in kinds}
    upload_files(worker_app, tx, files)
    assert bring_in(worker_app, workspace, tx, "in", ai_made=ai_made)["imported"] == len(files)
    with tx() as session:
        cards = generation.pictures(session, shown(tx))
    expected = list((EXPECTED if ai_made else EXPECTED | {"": ""}).values())
    wanted = {card.id: expected[int(card.origin["filename"][0])] for card in cards}
    for card in cards[::4]:  # a larger copy of some
        with tx() as session:
            models = worker_app.engines.upscaler.models()
            made = generation.start_upscale(session, card.id, scale=2, models=models, request_key=card.id)
        payload = GenerationPayload(generation_id=made.id)
        making.upscale(make_context(worker_app, workspace, "image-upscale", payload, job_id=made.job_id), payload)
        with tx() as session:
            [larger] = generation.pictures_of(session, made.id)
        wanted[larger.id] = wanted[card.id]

    with browser(worker_app, workspace.viewer) as client:
        for picture_id, source_type in wanted.items():
            asset_id = client.get(f"/pictures/{picture_id}", params={"workspace": workspace.id}).json()["assetId"]
            for path in (
                f"/pictures/{picture_id}/file",
                f"/pictures/{picture_id}/file?recipe=true",
                f"/media/{workspace.id}/{asset_id}?download=1",
            ):
                answer = client.get(
                    path, params={"workspace": workspace.id} if "?" not in path else None, headers={"x-workspace": workspace.id}
                )
                assert (answer.status_code, told(answer.content)) == (200, source_type), path

    for with_recipe_ in (False, True):
        with tx() as session:
            draft = ArchiveDraft(picture_ids=tuple(wanted), with_recipe=with_recipe_)
            job = gallery.start_archive(session, draft=draft, request_key=f"zip{with_recipe_}")
            packing = ArchivePayload(**session.get_one(Job, job.id).payload)
        made_zip = pipeline.run_archive(make_context(worker_app, workspace, "picture-archive", packing, job_id=job.id), packing)
        with tx() as session:
            data = worker_app.storage.read(session.get_one(Asset, made_zip["assetId"]).key)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name != "manifest.json"]
            assert {name[5:-4].strip("."): told(archive.read(name)) for name in names} == {
                name[5:-4].strip("."): wanted[name.partition("-")[2].partition(".")[0]] for name in names
            }
            assert len(names) == len(wanted)
