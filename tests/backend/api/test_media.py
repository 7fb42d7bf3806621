"""Bytes for browsers: only to members, in the right size, in parts, never as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy.orm import Session

from backend import assets
from backend.app import App
from backend.assets import AssetCard
from backend.kit.ids import new_id
from backend.storage import Storage
from tests.factories.account import Tenant
from tests.support.browsing import browser


@pytest.fixture
def client(app: App, workspace: Tenant) -> Iterator[TestClient]:
    with browser(app, workspace.viewer) as client:
        yield client


@pytest.fixture
def keep(app: App, workspace: Tenant, tmp_path: Path) -> Callable[..., AssetCard]:
    def open_tx() -> AbstractContextManager[Session]:
        return app.db.transaction(workspace.caller, needs="editor")

    def stored(data: bytes = b"", **more: object) -> AssetCard:
        path = tmp_path / "file"
        if data:
            path.write_bytes(data)
        else:
            Image.effect_noise((400, 300), 50).convert("RGB").save(path, "PNG")
        values = {"kind": "image", "content_type": "image/png", "thumbs": not data, "filename": "bella 🎉.png", **more}
        return assets.store(open_tx, app.storage, path=path, key=f"images/{new_id('x')}/0", **values)  # type: ignore[arg-type]

    return stored


def test_thumbnails_and_the_picture_itself(
    app: App, client: TestClient, workspace: Tenant, keep: Callable[..., AssetCard]
) -> None:
    card = keep()
    for asked, kind, stored in (
        (160, "image/webp", 160),
        (200, "image/webp", 320),
        (640, "image/webp", 320),
        (0, "image/png", 0),
    ):
        answer = client.get(f"/media/{workspace.id}/{card.id}", params={"w": asked})
        key = assets.thumb_key(card.key, stored) if stored else card.key
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.content == app.storage.read(key)
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-disposition" not in answer.headers
        tag = {"if-none-match": answer.headers["etag"]}
        assert client.get(f"/media/{workspace.id}/{card.id}", params={"w": asked}, headers=tag).status_code == 304


def test_a_download_has_a_name(client: TestClient, workspace: Tenant, keep: Callable[..., AssetCard]) -> None:
    card = keep()
    answer = client.get(f"/media/{workspace.id}/{card.id}?download=1&w=160")
    assert answer.headers["content-disposition"].startswith('attachment; filename="bella _.png"')
    assert len(answer.content) == card.size_bytes


def test_what_a_browser_could_run_is_only_ever_downloaded(
    client: TestClient, workspace: Tenant, keep: Callable[..., AssetCard]
) -> None:
    card = keep(b"<script>alert(1)</script>", content_type="text/html", filename="x.html")
    answer = client.get(f"/media/{workspace.id}/{card.id}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_parts(client: TestClient, workspace: Tenant, keep: Callable[..., AssetCard]) -> None:
    card = keep(b"0123456789", content_type="video/mp4", kind="video")
    for asked, *expected in (
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("nonsense", 200, b"0123456789", None),
        (f"bytes={'9' * 5000}-", 200, b"0123456789", None),
    ):
        answer = client.get(f"/media/{workspace.id}/{card.id}", headers={"range": asked})
        assert [answer.status_code, answer.content, answer.headers.get("content-range")] == expected, asked


def test_only_members_see_it(
    app: App, client: TestClient, workspace: Tenant, other_workspace: Tenant, keep: Callable[..., AssetCard]
) -> None:
    card = keep()
    with browser(app, other_workspace.owner) as stranger:
        assert stranger.get(f"/media/{other_workspace.id}/{card.id}").status_code == 404
        assert stranger.get(f"/media/{workspace.id}/{card.id}").status_code == 401
    with browser(app, None) as nobody:
        assert nobody.get(f"/media/{workspace.id}/{card.id}").status_code == 401
    assert client.get(f"/media/{workspace.id}/ast_none").status_code == 404
    with app.db.transaction(workspace.caller) as tx:
        assets.delete(tx, [card.id])
    assert client.get(f"/media/{workspace.id}/{card.id}").status_code == 404


def test_presigned_only_with_a_public_endpoint(app: App, workspace: Tenant, keep: Callable[..., AssetCard]) -> None:
    card = keep()
    public = Storage(app.settings.replace(S3_PUBLIC_ENDPOINT="https://media.example.org"))
    with browser(replace(app, make_storage=lambda: public), workspace.viewer) as client:
        answer = client.get(f"/media/{workspace.id}/{card.id}?w=160", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"https://media.example.org/assets/{card.key}.w160.webp?")
    assert "immutable" not in answer.headers["cache-control"]


def test_storage_away_is_said(app: App, workspace: Tenant, keep: Callable[..., AssetCard]) -> None:
    card = keep()
    away = Storage(app.settings.replace(S3_ENDPOINT="http://127.0.0.1:9"))
    with browser(replace(app, make_storage=lambda: away), workspace.viewer) as client:
        answer = client.get(f"/media/{workspace.id}/{card.id}?w=160")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
