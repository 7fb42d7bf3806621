"""Uploads: a file is announced, then streamed to S3 in parts. After a broken connection it can be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from weakref import WeakValueDictionary

import anyio
from anyio import from_thread, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field
from starlette.requests import ClientDisconnect

from backend import assets
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Worded, listing
from backend.api.deps import CallerIn, OwnOrigin, Studio, require_scope
from backend.assets import UploadCard
from backend.db.transactions import Member
from backend.errors import Invalid
from backend.language import tr_lazy

router = APIRouter(prefix="/uploads", tags=["uploads"], dependencies=[OwnOrigin])
UPLOAD_THREADS = anyio.CapacityLimiter(16)
"""Limits uploads that run at once: each holds a thread and a part of 8 MiB. The other threads stay free for pages and media."""
_MAX_PER_USER = 4
_user_limiters: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
"""User id -> limiter of this user's uploads. It is acquired first, so that one user's slow connections cannot take all threads.
Weak: a limiter lives as long as somebody uploads."""
_CHUNK_TIMEOUT_S = 30.0
"""How long to wait for the next bytes. studio/shell/connections.py also requires a minimum rate."""


SCOPE_NOUNS = {
    "dataset": "datasets",
    "dataset-mask": "datasets",
    "lora": "loras",
    "style": "styles",
    "music": "videos",
    "video": "videos",
    "reel-scene": "videos",
    "consent": "influencers",
}
"""What an API key needs for uploads to a noun; for all others: images."""


def _require_scope(caller: Member, noun: str, verb: str) -> None:
    require_scope(caller, f"{SCOPE_NOUNS.get(noun, 'images')}:{verb}")


class UploadRequest(ApiRequest):
    """`noun`, `nounId`: what the file is for; nounId “new”: for a dataset that is made afterwards, with the `s3Key` of the
    answer. `clientKey`: identifies the file on the user's disk (its name, size and time), so that it is not sent twice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"noun": "dataset", "nounId": "new", "filename": "1.jpg", "size": 48123, "clientKey": "1.jpg 48123 1766500000"}
            ]
        }
    )

    noun: str
    noun_id: str = Field(max_length=200)
    filename: str = Field(max_length=4096)
    size: int
    client_key: str = Field(min_length=1, max_length=8192)


class UploadResponse(ApiModel):
    """`state`: uploading, stored, taken or refused (then `reason` says why). `s3Key`: where its bytes are; null until all are
    here. `skip`: they were here already. `putUrl`: where to send them."""

    id: str
    noun: str
    noun_id: str
    filename: str
    size_bytes: int
    state: str
    reason: Worded
    created_at: datetime
    skip: bool
    put_url: str | None = None
    s3_key: str | None = None


@router.post("/{workspace}", status_code=201)
def announce_upload(workspace: str, body: UploadRequest, app: Studio, caller: CallerIn) -> UploadResponse:
    """Announces a file. `skip`: its bytes are here already; otherwise PUT them to `putUrl`."""
    _require_scope(caller, body.noun, "write")
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
    return _upload_response(workspace, card)


@router.put("/{workspace}/{upload}")
async def send_upload(workspace: str, upload: str, request: Request, app: Studio, caller: CallerIn) -> UploadResponse:
    """The file's bytes as the raw body. After a closed connection the upload waits to be sent again."""

    body = request.stream()

    async def next_chunk() -> bytes | None:
        with anyio.fail_after(_CHUNK_TIMEOUT_S):
            return await anext(body, None)

    def chunks() -> Iterator[bytes]:
        while (chunk := from_thread.run(next_chunk)) is not None:
            yield chunk

    def receive() -> UploadCard:
        return assets.uploads.receive(
            lambda: app.db.transaction(caller, needs="editor"),
            app.storage,
            settings=app.settings,
            upload_id=upload,
            chunks=chunks(),
        )

    def authorised_user() -> str:
        with app.db.transaction(caller, needs="editor") as tx:
            _require_scope(caller, assets.uploads.get(tx, upload).noun, "write")
            return str(tx.info["user_id"])

    own_limiter = user_limiter(await to_thread.run_sync(authorised_user))
    try:
        async with own_limiter:
            return _upload_response(workspace, await to_thread.run_sync(receive, limiter=UPLOAD_THREADS))
    except (ClientDisconnect, TimeoutError) as error:
        raise Invalid(tr_lazy("The connection ended before the whole file was here. Try it again.")) from error


@router.get("/{workspace}")
def list_uploads(
    workspace: str,
    app: Studio,
    caller: CallerIn,
    response: Response,
    noun: str,
    noun_id: Annotated[str, Query(alias="nounId")] = "",
    take: Annotated[int, Query(ge=1)] = 1000,
    skip: Skip = 0,
) -> Listing[UploadResponse]:
    """The uploads for one owner (`noun`, `nounId`) in order, with the reason of each that was refused."""
    if not noun_id:
        raise Invalid(tr_lazy("Say what the uploads are for: ?noun=dataset&nounId=…"))
    _require_scope(caller, noun, "read")
    with app.db.transaction(caller) as tx:
        cards = assets.uploads.listing(tx, noun, noun_id, take=min(take, 10_000), skip=skip)
        total = assets.uploads.count(tx, noun, noun_id)
    answers = [_upload_response(workspace, card) for card in cards]
    return listing(response, answers, total=total, take=min(take, 10_000), skip=skip)


@router.get("/{workspace}/{upload}")
def get_upload(workspace: str, upload: str, app: Studio, caller: CallerIn) -> UploadResponse:
    """One upload, with the reason when it was refused."""
    with app.db.transaction(caller) as tx:
        card = assets.uploads.get(tx, upload)
    _require_scope(caller, card.noun, "read")
    return _upload_response(workspace, card)


def user_limiter(user_id: str) -> anyio.CapacityLimiter:
    return _user_limiters.setdefault(user_id, anyio.CapacityLimiter(_MAX_PER_USER))


def _upload_response(workspace: str, card: UploadCard) -> UploadResponse:
    response = UploadResponse.model_validate(card)
    if card.state == "uploading":
        response.put_url = f"/api/uploads/{workspace}/{card.id}"
    else:
        response.s3_key = card.key
    return response
