"""Drawing from a picture of one's own: checked in a child, kept with its thumbnails, refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from backend import assets, generation
from backend.assets import AssetCard, uploads
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from tests.factories.account import Tenant
from tests.factories.pictures import photo


def upload(
    app: Any, tenant: Tenant, data: bytes, *, filename: str = "me.jpg", noun: str = "generation", sent: bool = True
) -> str:
    def opened() -> Any:
        return app.db.transaction(tenant.caller, needs="editor")

    with opened() as tx:
        card = uploads.announce(
            tx, settings=app.settings, noun=noun, noun_id="create", filename=filename, size=len(data), client_key=filename
        )
    if sent:
        uploads.receive(opened, app.storage, settings=app.settings, upload_id=card.id, chunks=[data])
    return card.id


def take(app: Any, tenant: Tenant, upload_id: str) -> AssetCard:
    return generation.take_upload(
        lambda: app.db.transaction(tenant.caller, needs="editor"), app.storage, settings=app.settings, upload_id=upload_id
    )


def test_a_picture_is_kept_with_thumbnails_and_can_be_brought_again(app: Any, workspace: Tenant) -> None:
    data = photo(1, size=(400, 300))
    card = take(app, workspace, upload(app, workspace, data))
    assert (card.width, card.height, card.content_type, card.thumbs) == (400, 300, "image/jpeg", (160, 320))
    assert b"".join(app.storage.open(card.key))
    second = take(app, workspace, upload(app, workspace, data))
    assert second.id != card.id
    with app.db.transaction(workspace.caller) as tx:
        assert {row.state for row in uploads.listing(tx, "generation", "create")} == {"taken"}
        assert assets.get(tx, card.id).state == "stored"


def test_what_is_no_picture_keeps_its_reason(app: Any, workspace: Tenant) -> None:
    upload_id = upload(app, workspace, b"<svg/>" * 10, filename="logo.svg")
    with pytest.raises(Invalid, match="SVG"):
        take(app, workspace, upload_id)
    with app.db.transaction(workspace.caller) as tx:
        assert "SVG" in uploads.get(tx, upload_id).reason


def test_only_ones_own_finished_starting_pictures(app: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    valid_upload = upload(app, workspace, photo(2))
    with pytest.raises(NotFound):
        take(app, other_workspace, valid_upload)
    with pytest.raises(Conflict, match="still uploading"):
        take(app, workspace, upload(app, workspace, photo(3), filename="b.jpg", sent=False))
    with pytest.raises(NotFound, match="not a start image"):
        take(app, workspace, upload(app, workspace, photo(4), noun="lora"))
    with pytest.raises(NotPermitted):
        generation.take_upload(
            lambda: app.db.transaction(workspace.viewer.caller, needs="editor"),
            app.storage,
            settings=app.settings,
            upload_id=valid_upload,
        )
