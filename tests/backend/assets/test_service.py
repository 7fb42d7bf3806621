"""Assets on real Postgres and S3: nothing unknown is left behind, nothing in use goes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import assets
from backend.app import App
from backend.assets import AssetCard, NewFile
from backend.db.tables import Asset, AssetUse, Upload
from backend.errors import Conflict, NotFound, Unavailable
from backend.kit.ids import new_id
from backend.storage import Storage
from tests.factories.account import Tenant

OpenTx = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def open_tx(app: App, workspace: Tenant) -> OpenTx:
    return lambda: app.db.transaction(workspace.caller, needs="editor")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "drawn.png"
    Image.effect_noise((400, 500), 60).convert("RGB").save(path)
    return path


def keep(open_tx: OpenTx, app: App, path: Path, **more: object) -> AssetCard:
    with open_tx() as tx:
        key = assets.key_for("image", tenant_id=tx.info["tenant_id"], job_id=new_id("job"), attempt_id="att_1", n=0)
    values = {"kind": "image", "key": key, "content_type": "image/png", **more}
    return assets.store(open_tx, app.storage, path=path, **values)  # type: ignore[arg-type]


def test_a_picture_is_stored_with_its_thumbnails(app: App, open_tx: OpenTx, picture: Path, tmp_path: Path) -> None:
    card = keep(open_tx, app, picture, thumbs=True, filename="🎉.png", meta={"seed": 7}, uses=[("picture", "pic_1")])
    assert (card.state, card.width, card.height, card.thumbs, card.filename) == ("stored", 400, 500, (160, 320), "🎉.png")
    assert card.sha256 == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert card.size_bytes == picture.stat().st_size
    assets.fetch(app.storage, card, tmp_path / "back.png")
    assert (tmp_path / "back.png").read_bytes() == picture.read_bytes()
    (tmp_path / "small.webp").write_bytes(app.storage.read(assets.thumb_key(card.key, 160)))
    with Image.open(tmp_path / "small.webp") as small:
        assert (small.format, small.size) == ("WEBP", (160, 200))
    with open_tx() as tx:
        assert assets.get(tx, card.id) == card
        assert [(use.noun, use.noun_id) for use in assets.uses(tx, card.id)] == [("picture", "pic_1")]


def test_a_key_is_never_overwritten(app: App, open_tx: OpenTx, picture: Path) -> None:
    card = keep(open_tx, app, picture)
    with pytest.raises(Conflict):
        keep(open_tx, app, picture, key=card.key)


def test_a_crash_before_the_bytes_leaves_an_intent_for_the_next_try(app: App, open_tx: OpenTx, picture: Path) -> None:
    away = Storage(app.settings.replace(S3_ENDPOINT="http://127.0.0.1:9"))
    key = f"images/{new_id('x')}/0.png"
    with pytest.raises(Unavailable):
        assets.store(open_tx, away, path=picture, kind="image", key=key, content_type="image/png")
    with open_tx() as tx:
        first = tx.scalars(select(Asset).where(Asset.key == key)).one()
        assert first.state == "intent"
    card = keep(open_tx, app, picture, key=key)
    assert (card.id, card.state) == (first.id, "stored")


def test_batches_keep_their_order(app: App, open_tx: OpenTx, tmp_path: Path) -> None:
    files = []
    for n in range(5):
        path = tmp_path / str(n)
        path.write_bytes(os.urandom(50 + n))
        files.append(NewFile(path, "archive", f"t/{new_id('x')}", "application/zip", uses=[("dataset", "ds_1")]))
    with open_tx() as tx:
        ids = assets.intend(tx, files)
    sent = {asset_id: assets.upload_file(app.storage, file) for asset_id, file in zip(ids, files, strict=True)}
    with open_tx() as tx:
        cards = assets.confirm(tx, sent)
        assert set(assets.get_many(tx, ids)) == set(ids)
    assert [card.size_bytes for card in cards] == [50, 51, 52, 53, 54]
    assert [card.id for card in cards] == ids


def test_what_is_used_is_not_deleted_by_accident(app: App, open_tx: OpenTx, picture: Path) -> None:
    card = keep(open_tx, app, picture)
    with open_tx() as tx:
        for noun, noun_id in (("dataset", "ds_1"), ("dataset", "ds_2"), ("lora", "lora_1"), ("lora", "lora_1")):
            assets.use(tx, card.id, noun, noun_id)
    with (
        pytest.raises(Conflict, match=r"used by 2 datasets, 1 LoRA\. Remove it there first, or delete it anyway\."),
        open_tx() as tx,
    ):
        assets.delete(tx, [card.id])
    with open_tx() as tx:
        assets.unuse(tx, card.id, "dataset", "ds_1")
        assert len(assets.uses(tx, card.id)) == 2
        assert assets.delete(tx, [card.id], force=True) == 1
        assert assets.delete(tx, [card.id]) == 0
        assert assets.get(tx, card.id).state == "deleted"
        assert not assets.uses(tx, card.id)


def test_another_workspace_sees_nothing(app: App, open_tx: OpenTx, picture: Path, other_workspace: Tenant) -> None:
    card = keep(open_tx, app, picture)
    with app.db.transaction(other_workspace.caller) as tx:
        with pytest.raises(NotFound):
            assets.get(tx, card.id)
        assert not assets.get_many(tx, [card.id])
        assert assets.delete(tx, [card.id], force=True) == 0


def age(tx: Session, asset_id: str, days: int, **values: object) -> None:
    then = text(f"clock_timestamp() - interval '{days} days'")
    dates = {"deleted_at": then} if values.get("state") == "deleted" else {}
    tx.execute(update(Asset).where(Asset.id == asset_id).values(created_at=then, **dates, **values))


def test_the_sweep_keeps_what_is_used_and_clears_the_rest(app: App, open_tx: OpenTx, picture: Path) -> None:
    used, unused, fresh, dead, new_dead, lost = (keep(open_tx, app, picture, thumbs=True) for _ in range(6))
    with open_tx() as tx:
        tx.add(AssetUse(asset_id=used.id, noun="picture", noun_id="pic_1"))
        age(tx, used.id, 400)
        age(tx, unused.id, 91)
        age(tx, dead.id, 8, state="deleted")
        age(tx, new_dead.id, 6, state="deleted")
        age(tx, lost.id, 2, state="intent")
    swept = assets.sweep(open_tx, app.storage, settings=app.settings)
    assert (swept.retired, swept.purged) == (1, 2)
    with open_tx() as tx:
        states = {card.id: card.state for card in assets.get_many(tx, [used.id, unused.id, fresh.id, new_dead.id]).values()}
        assert states == {used.id: "stored", unused.id: "deleted", fresh.id: "stored", new_dead.id: "deleted"}
        for gone in (dead, lost):
            with pytest.raises(NotFound):
                assets.get(tx, gone.id)
    for gone in (dead, lost):
        assert not list(app.storage.list(gone.key))
    assert len(list(app.storage.list(used.key))) == 3
    assert assets.sweep(open_tx, app.storage, settings=app.settings).purged == 0


def test_whoever_restores_while_the_bytes_go_is_told_so(
    app: App, open_tx: OpenTx, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = (keep(open_tx, app, picture) for _ in range(2))
    with open_tx() as tx:
        age(tx, gone.id, 8, state="deleted")
        age(tx, kept.id, 6, state="deleted")
    restored: list[set[str]] = []

    def away(_: object) -> None:
        with open_tx() as tx:
            restored.append(assets.restore(tx, [gone.id, kept.id]))
        raise Unavailable("The file storage does not answer right now.")

    with monkeypatch.context() as patched:
        patched.setattr(app.storage, "delete", away)
        with pytest.raises(Unavailable):
            assets.sweep(open_tx, app.storage, settings=app.settings)
    assert restored == [{kept.id}]
    assert assets.sweep(open_tx, app.storage, settings=app.settings).purged == 1
    with open_tx() as tx:
        assert {one.id: one.state for one in assets.get_many(tx, [gone.id, kept.id]).values()} == {kept.id: "stored"}


def test_strays_are_what_no_row_names(app: App, open_tx: OpenTx, workspace: Tenant, picture: Path) -> None:
    def key(name: str) -> str:
        return assets.key_for("lora", tenant_id=workspace.id, lora_id="lora_1", name=name)

    keep(open_tx, app, picture, key=key("kept.png"), thumbs=True)
    gone = keep(open_tx, app, picture, key=key("gone.png"))
    with open_tx() as tx:
        tx.execute(update(Asset).where(Asset.id == gone.id).values(state="purged"))
        row = Upload(id="up_1", noun="lora", noun_id="library", filename="x", client_key="1", size_bytes=1)
        row.key = assets.key_for("upload", tenant_id=workspace.id, upload_id="up_1")
        tx.add(row)
    for one in (row.key, key("stray.bin"), f"images/{new_id('ws')}/job_1/att_1/0.png"):
        app.storage.put_bytes(one, b"x", "application/octet-stream")
    assert set(assets.find_strays(open_tx, app.storage, tenant_id=workspace.id)) == {key("gone.png"), key("stray.bin")}
    assert app.storage.read(key("stray.bin")) == b"x"


def test_the_sweep_clears_what_never_arrived(app: App, open_tx: OpenTx) -> None:
    with open_tx() as tx:
        for n, (state, days) in enumerate((("uploading", 2), ("uploading", 0), ("stored", 8), ("taken", 8), ("refused", 91))):
            row = Upload(id=f"up_{n}", noun="lora", noun_id="library", filename="x", client_key=str(n), key=f"incoming/{n}")
            row.size_bytes, row.state = 1, state
            tx.add(row)
            tx.flush()
            then = text(f"clock_timestamp() - interval '{days} days'")
            tx.execute(update(Upload).where(Upload.id == row.id).values(created_at=then))
    app.storage.put_bytes("incoming/2", b"x", "application/octet-stream")
    assert assets.sweep(open_tx, app.storage, settings=app.settings).uploads == 3
    with open_tx() as tx:
        assert [card.id for card in assets.uploads.listing(tx, "lora", "library")] == ["up_1", "up_3"]
    assert not list(app.storage.list("incoming/2"))


def test_uploads_are_listed_no_further_than_asked(open_tx: OpenTx) -> None:
    with open_tx() as tx:
        for n, (state, reason) in enumerate((("stored", ""), ("refused", "Broken."), ("refused", "Twin."), ("stored", ""))):
            row = Upload(id=f"up_{n}", noun="lora", noun_id="library", filename="x", client_key=str(n), key=f"incoming/{n}")
            row.size_bytes, row.state, row.reason = 1, state, reason
            tx.add(row)

    def ids(**wanted: Any) -> list[str]:
        with open_tx() as tx:
            return [card.id[3:] for card in assets.uploads.listing(tx, "lora", "library", **wanted)]

    assert ids(take=3) == ["0", "1", "2"]
    assert ids(take=1, newest_first=True) == ["3"]
    assert ids(states=("refused",), newest_first=True, except_reason="Twin.") == ["1"]
    with open_tx() as tx:
        assert assets.uploads.count(tx, "lora", "library") == 4
        assert assets.uploads.count(tx, "lora", "library", states=("stored",)) == 2
        assert assets.uploads.count(tx, "lora", "elsewhere") == 0


@pytest.mark.parametrize("was", ["uploading", "refused"])
def test_a_file_sent_again_after_a_week_is_not_swept_as_an_old_one(app: App, open_tx: OpenTx, was: str) -> None:
    announced = {"noun": "lora", "noun_id": "library", "filename": "x", "size": 1, "client_key": "x"}
    with open_tx() as tx:
        first = assets.uploads.announce(tx, settings=app.settings, **announced)  # type: ignore[arg-type]
        week_ago = text("clock_timestamp() - interval '8 days'")
        tx.execute(update(Upload).values(state=was, created_at=week_ago))
    with open_tx() as tx:
        assert assets.uploads.announce(tx, settings=app.settings, **announced).id == first.id  # type: ignore[arg-type]
    assert assets.sweep(open_tx, app.storage, settings=app.settings).uploads == 0
    assets.uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=first.id, chunks=[b"x"])
    assert assets.sweep(open_tx, app.storage, settings=app.settings).uploads == 0
