"""Files on their way in: announced, then streamed straight to S3; a connection that breaks leaves the file to be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from weakref import WeakValueDictionary

import anyio
from anyio import from_thread, to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.requests import ClientDisconnect

from backend import assets
from backend.api.api_model import Words
from backend.api.deps import CallerIn, OwnOrigin, Studio
from backend.assets import UploadCard
from backend.errors import Invalid

router = APIRouter(prefix="/uploads", tags=["uploads"], dependencies=[OwnOrigin])
_AT_ONCE = anyio.CapacityLimiter(16)
"""Each holds a thread and a part of 8 MiB; the other threads stay free for pages and pictures."""
_OF_ONE_PERSON = 4
_people: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
"""Nobody's slow connection takes all the places: each person waits for their own first."""
_PATIENCE_S = 30.0
"""For the next bytes; studio/shell/connections.py asks for a least rate beside it."""


class Announced(Words):
    """`clientKey`: the same for the same file of the same person's disk (name, size, time)."""

    noun: str
    noun_id: str = Field(max_length=200)
    filename: str = Field(max_length=4096)
    size: int
    client_key: str = Field(min_length=1, max_length=8192)


class UploadWords(Words):
    id: str
    noun: str
    noun_id: str
    filename: str
    size_bytes: int
    state: str
    reason: str
    created_at: datetime
    skip: bool
    put_url: str | None = None


@router.post("/{workspace}", status_code=201)
def begin(workspace: str, body: Announced, app: Studio, caller: CallerIn) -> UploadWords:
    """Announces a file. `skip`: its bytes are here already; otherwise PUT them to `putUrl`."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = assets.uploads.announce(
            tx,
            settings=app.settings,
            noun=body.noun,
            noun_id=body.noun_id,
            filename=body.filename,
            size=body.size,
            client_key=body.client_key,
        )
    return _words(workspace, card)


@router.put("/{workspace}/{upload}")
async def send(workspace: str, upload: str, request: Request, app: Studio, caller: CallerIn) -> UploadWords:
    """The file's bytes as the raw body. Memory stays flat; a closed connection leaves the upload waiting for its bytes."""

    body = request.stream()

    async def more() -> bytes | None:
        with anyio.fail_after(_PATIENCE_S):
            return await anext(body, None)

    def chunks() -> Iterator[bytes]:
        while (chunk := from_thread.run(more)) is not None:
            yield chunk

    def receive() -> UploadCard:
        return assets.uploads.receive(
            lambda: app.db.transaction(caller, needs="editor"),
            app.storage,
            settings=app.settings,
            upload_id=upload,
            chunks=chunks(),
        )

    def person() -> str:
        with app.db.transaction(caller, needs="editor") as tx:
            return str(tx.info["user_id"])

    own_places = _places(await to_thread.run_sync(person))
    try:
        async with own_places:
            return _words(workspace, await to_thread.run_sync(receive, limiter=_AT_ONCE))
    except (ClientDisconnect, TimeoutError) as error:
        raise Invalid("The connection ended before the whole file was here. Try it again.") from error


@router.get("/{workspace}")
def listing(
    workspace: str,
    app: Studio,
    caller: CallerIn,
    noun: str,
    noun_id: Annotated[str, Query(alias="nounId")] = "",
    take: Annotated[int, Query(ge=1)] = 1000,
) -> dict[str, list[UploadWords]]:
    """What was sent for one thing, in order, with the reasons of what was refused."""
    if not noun_id:
        raise Invalid("Say what the uploads are for: ?noun=dataset&nounId=…")
    with app.db.transaction(caller) as tx:
        cards = assets.uploads.listing(tx, noun, noun_id, take=min(take, 10_000))
    return {"data": [_words(workspace, card) for card in cards]}


def _places(person: str) -> anyio.CapacityLimiter:
    return _people.setdefault(person, anyio.CapacityLimiter(_OF_ONE_PERSON))


def _words(workspace: str, card: UploadCard) -> UploadWords:
    words = UploadWords.model_validate(card)
    if card.state == "uploading":
        words.put_url = f"/api/uploads/{workspace}/{card.id}"
    return words
