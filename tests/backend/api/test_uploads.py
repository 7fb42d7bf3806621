"""Uploads over HTTP: announced, streamed, resumed, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from backend import access, assets
from backend.access import ApiKeyDraft
from backend.app import App
from backend.assets import UploadCard
from backend.errors import Conflict
from backend.storage import Storage
from tests.backend.api.test_access import program
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.factories.pictures import photo
from tests.support.browsing import browser, put_from, put_raw


@pytest.fixture
def dataset_id(app: App, workspace: Tenant) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return make_dataset(tx, images=1)


@pytest.fixture
def client(app: App, workspace: Tenant) -> Iterator[TestClient]:
    with browser(app, workspace.editor) as client:
        yield client


def announce(client: TestClient, workspace: Tenant, dataset_id: str, size: int = 10, **more: Any) -> Any:
    body = {"noun": "dataset", "nounId": dataset_id, "filename": "a.jpg", "size": size, "clientKey": "a.jpg|10|1", **more}
    return client.post(f"/uploads/{workspace.id}", json=body)


def stored(app: App, workspace: Tenant, upload_id: str) -> UploadCard:
    with app.db.transaction(workspace.caller) as tx:
        return assets.uploads.get(tx, upload_id)


def receiver(app: App, workspace: Tenant, upload_id: str) -> Callable[[Iterable[bytes]], UploadCard]:
    return lambda chunks: assets.uploads.receive(
        lambda: app.db.transaction(workspace.caller, needs="editor"),
        app.storage,
        settings=app.settings,
        upload_id=upload_id,
        chunks=chunks,
    )


def dropped() -> Iterator[bytes]:
    yield b"0" * 5
    raise ClientDisconnect


def test_a_file_goes_to_storage_as_it_is(app: App, client: TestClient, workspace: Tenant, dataset_id: str) -> None:
    data = os.urandom(9_000_000)
    begun = announce(client, workspace, dataset_id, len(data))
    assert begun.status_code == 201
    assert begun.json()["putUrl"] == f"/api/uploads/{workspace.id}/{begun.json()['id']}"
    sent = client.put(f"/uploads/{workspace.id}/{begun.json()['id']}", content=data)
    assert (sent.status_code, sent.json()["state"], sent.json()["putUrl"]) == (200, "stored", None)
    card = stored(app, workspace, begun.json()["id"])
    assert hashlib.sha256(app.storage.read(card.key)).digest() == hashlib.sha256(data).digest()
    listed = client.get(f"/uploads/{workspace.id}", params={"noun": "dataset", "nounId": dataset_id}).json()["data"]
    assert [(upload["filename"], upload["state"]) for upload in listed] == [("a.jpg", "stored")]


def test_a_file_chosen_again_is_skipped_until_it_is_gone(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    first = announce(client, workspace, dataset_id).json()
    assert announce(client, workspace, dataset_id).json()["id"] == first["id"]
    client.put(f"/uploads/{workspace.id}/{first['id']}", content=b"x" * 10)
    again = announce(client, workspace, dataset_id).json()
    assert (again["id"], again["skip"], again["putUrl"]) == (first["id"], True, None)
    assert client.put(f"/uploads/{workspace.id}/{first['id']}", content=b"x" * 10).status_code == 409
    with app.db.transaction(workspace.caller) as tx:
        assets.uploads.accept(tx, [first["id"]])
    assert announce(client, workspace, dataset_id).json()["skip"] is False, "its picture was removed since"


def test_a_closed_browser_leaves_the_file_to_be_sent_again(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    data = os.urandom(12_000_000)
    upload_id = announce(client, workspace, dataset_id, len(data)).json()["id"]
    path = f"/uploads/{workspace.id}/{upload_id}"
    half = [{"type": "http.request", "body": data[:11_000_000], "more_body": True}, {"type": "http.disconnect"}]
    answered = anyio.run(put_raw, app, workspace.editor, path, half)
    assert answered[0]["status"] == 400
    card = stored(app, workspace, upload_id)
    assert card.state == "uploading"
    assert not list(app.storage.list(card.key))
    assert client.put(path, content=data).json()["state"] == "stored"


def test_the_same_file_sent_twice_at_once_is_kept_once(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    upload_id = announce(client, workspace, dataset_id).json()["id"]
    receive = receiver(app, workspace, upload_id)

    def slower() -> Iterator[bytes]:
        yield b"1" * 5
        with pytest.raises(ClientDisconnect):
            receive(dropped())
        assert stored(app, workspace, upload_id).state == "uploading"
        assert receive([b"2" * 10]).state == "stored"
        yield b"1" * 5

    with pytest.raises(Conflict, match="sent a second time"):
        receive(slower())
    card = stored(app, workspace, upload_id)
    assert (card.state, app.storage.read(card.key)) == ("stored", b"2" * 10)
    assert list(app.storage.list(f"incoming/{workspace.id}/")) == [card.key]


def test_a_second_try_that_breaks_off_leaves_the_file_to_be_sent_again(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    upload_id = announce(client, workspace, dataset_id).json()["id"]
    receive = receiver(app, workspace, upload_id)

    def first() -> Iterator[bytes]:
        with pytest.raises(ClientDisconnect):
            receive(dropped())
        yield b"1" * 10

    with pytest.raises(Conflict):
        receive(first())
    assert stored(app, workspace, upload_id).state == "uploading"
    assert not list(app.storage.list(f"incoming/{workspace.id}/"))
    assert client.put(f"/uploads/{workspace.id}/{upload_id}", content=b"3" * 10).json()["state"] == "stored"
    assert app.storage.read(stored(app, workspace, upload_id).key) == b"3" * 10


def test_another_length_than_announced(app: App, client: TestClient, workspace: Tenant, dataset_id: str) -> None:
    upload_id = announce(client, workspace, dataset_id).json()["id"]
    for sent, problem in ((b"x" * 9, "incomplete"), (b"x" * 11, "larger than was announced")):
        answer = client.put(f"/uploads/{workspace.id}/{upload_id}", content=sent)
        assert answer.status_code == 400
        assert problem in answer.json()["message"]
        assert stored(app, workspace, upload_id).state == "uploading"


def test_what_is_refused_before_a_byte_is_sent(client: TestClient, workspace: Tenant, dataset_id: str) -> None:
    for change, problem in (
        ({"size": 0}, "is empty"),
        ({"size": 101 * 2**20}, "the limit is 100 MB"),
        ({"filename": "a.zip", "size": 5000 * 2**20}, "the limit is 4,096 MB"),
        ({"noun": "house"}, "Files can be uploaded for"),
    ):
        answer = announce(client, workspace, dataset_id, **change)
        assert answer.status_code == 400
        assert problem in answer.json()["message"]


def test_any_name_is_kept_for_people_and_never_used_as_a_path(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    for name in ("🎉" * 300 + ".jpg", "../../../etc/passwd", "a\x00b.jpg", "x" * 300 + ".jpg", "  "):
        answer = announce(client, workspace, dataset_id, filename=name, clientKey=name)
        assert answer.status_code == 201
        card = stored(app, workspace, answer.json()["id"])
        assert card.key == f"incoming/{workspace.id}/{card.id}"
        assert card.filename
        assert card.filename in name.replace("\x00", "") or card.filename == "file"


def test_viewers_strangers_and_other_sites_cannot_send(
    app: App, client: TestClient, workspace: Tenant, other_workspace: Tenant, dataset_id: str
) -> None:
    upload_id = announce(client, workspace, dataset_id).json()["id"]
    path = f"/uploads/{workspace.id}/{upload_id}"
    with browser(app, workspace.viewer) as viewer:
        assert announce(viewer, workspace, dataset_id).status_code == 403
        assert viewer.put(path, content=b"x" * 10).status_code == 403
        assert viewer.get(f"/uploads/{workspace.id}", params={"noun": "dataset", "nounId": dataset_id}).status_code == 200
    with browser(app, other_workspace.owner) as stranger:
        assert announce(stranger, other_workspace, dataset_id).status_code == 404
        assert stranger.put(f"/uploads/{other_workspace.id}/{upload_id}", content=b"x" * 10).status_code == 404
        assert stranger.put(path, content=b"x" * 10).status_code == 401
    with browser(app, None) as nobody:
        assert nobody.put(path, content=b"x" * 10).status_code == 401
    assert client.put(path, content=b"x" * 10, headers={"origin": "https://evil.example"}).status_code == 403
    assert stored(app, workspace, upload_id).state == "uploading"


def test_storage_away_is_said_and_the_file_can_be_sent_again(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    path = f"/uploads/{workspace.id}/{announce(client, workspace, dataset_id).json()['id']}"
    away = Storage(app.settings.replace(S3_ENDPOINT="http://127.0.0.1:9"))
    with browser(replace(app, make_storage=lambda: away), workspace.editor) as other:
        answer = other.put(path, content=b"x" * 10)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "try again" in answer.json()["message"]
    assert client.put(path, content=b"x" * 10).json()["state"] == "stored"


def test_a_full_dataset_takes_no_more(app: App, workspace: Tenant, dataset_id: str) -> None:
    settings = app.settings.replace(MAX_DATASET_IMAGES=1)
    with app.db.transaction(workspace.caller) as tx, pytest.raises(Exception, match="This dataset is full: it has 1 pictures"):
        assets.uploads.announce(tx, settings=settings, noun="dataset", noun_id=dataset_id, filename="b", size=1, client_key="b")


def test_the_slow_files_of_one_person_leave_places_for_others(
    app: App, client: TestClient, workspace: Tenant, dataset_id: str
) -> None:
    ids = [announce(client, workspace, dataset_id, clientKey=f"slow-{n}").json()["id"] for n in range(6)]
    *slow, quick = [f"/uploads/{workspace.id}/{upload_id}" for upload_id in ids]

    async def all_at_once() -> list[dict[str, Any]]:
        over, four, begun = anyio.Event(), anyio.Event(), set[str]()

        async def send_slowly(path: str) -> None:
            async def receive() -> dict[str, Any]:
                begun.add(path)
                if len(begun) == 4:
                    four.set()
                await over.wait()
                return {"type": "http.disconnect"}

            await put_from(app, workspace.editor, path, receive)

        async with anyio.create_task_group() as tasks:
            for path in slow:
                tasks.start_soon(send_slowly, path)
            await four.wait()
            body = [{"type": "http.request", "body": b"x" * 10, "more_body": False}]
            answered = await put_raw(app, workspace.owner, quick, body)
            assert len(begun) == 4, "the fifth waits, its bytes unread"
            over.set()
        assert len(begun) == 5
        return answered

    answered = anyio.run(all_at_once)
    assert answered[0]["status"] == 200


def test_a_picture_to_draw_from_comes_in_one_request(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        secret = access.create(tx, ApiKeyDraft(name="n8n", scopes=("images:write",))).secret
    data = photo(1, size=(400, 300))
    with program(app, secret) as key:
        sent = {"files": {"file": ("me.jpg", data, "image/jpeg")}, "headers": {"idempotency-key": "me"}}
        answer, again = key.post("/assets", **sent), key.post("/assets", **sent)
        assert answer.status_code == 201, answer.text
        asset = answer.json()
        assert again.json() == asset
        assert answer.headers["location"] == f"/api/assets/{asset['id']}"
        assert (asset["type"], asset["metadata"]["filename"], asset["metadata"]["width"]) == ("image", "me.jpg", 400)
        drawn = {"type": "image-generation", "payload": {"prompt": "at the beach", "initAssetId": asset["id"], "strength": 0.5}}
        assert key.post("/jobs", json=drawn).status_code == 201

        announced = announce(key, workspace, "api", len(data), noun="generation").json()
        assert key.post("/assets", json={"uploadId": announced["id"]}).status_code == 409
        key.put(announced["putUrl"].removeprefix("/api"), content=data)
        assert key.post("/assets", json={"uploadId": announced["id"]}).status_code == 201

        no_picture = key.post("/assets", files={"file": ("logo.svg", b"<svg/>" * 10, "image/svg+xml")})
        assert (no_picture.status_code, "SVG" in no_picture.json()["message"]) == (400, True)
        form = {"content-type": "multipart/form-data; boundary=x"}
        too_large = key.post("/assets", content=data, headers={**form, "content-length": str(1 << 40)})
        assert (too_large.status_code, "Send at most" in too_large.json()["message"]) == (400, True)
        for wrong in (
            {"files": {"file": b""}},
            {"files": [("file", b"a"), ("file", b"b")]},
            {"files": {"file": ("a.jpg", data)}, "data": {"more": "1"}},
            {"content": data, "headers": form},
            {"content": data, "headers": {"content-type": "image/jpeg"}},
            {"json": {"uploadId": "x", "more": 1}},
        ):
            assert key.post("/assets", **wrong).status_code == 400, wrong  # type: ignore[arg-type]
