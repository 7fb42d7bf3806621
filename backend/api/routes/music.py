"""Music over HTTP: the list, one with where it is heard, from an upload, changes, delete and undelete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field

from backend import music
from backend.api.api_model import ApiModel, ApiRequest, Listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.music import NewTrack, TrackCard, TrackDraft

router = APIRouter(prefix="/music", tags=["music"], dependencies=[needs_scope("videos")])


class TrackUseResponse(ApiModel):
    """`noun`: video or reel."""

    noun: str
    id: str
    title: str


class TrackResponse(ApiModel):
    """`bundled`: it came along, and cannot be changed. `assetId` null: bundled, or not checked yet (`state` is its job's).
    `peaks`: its waveform, 0..100. `lufs`: its loudness. `uses`: of a single track, where it is heard."""

    id: str
    title: str
    licence: str
    source: str
    credit: str
    seconds: float
    lufs: float
    peaks: list[int]
    bundled: bool
    asset_id: str | None
    job_id: str | None
    state: str
    error_message: str
    created_at: datetime | None
    uses: list[TrackUseResponse] = Field(default_factory=list)


class TrackRequest(ApiRequest, TrackDraft):
    """`licence` and `source` must be given; licences without commercial use or changes are refused."""

    title: str = Field("", max_length=120, examples=["Sunrise"])
    licence: str = Field("", max_length=120, examples=["CC-BY-4.0"])
    source: str = Field("", max_length=500, examples=["https://example.org/sunrise"])
    credit: str = Field("", max_length=300, examples=["“Sunrise” by Ada, CC BY 4.0"])


class NewTrackRequest(TrackRequest):
    """`uploadId`: of a sound file that was sent to /uploads with the noun `music` and the id `import`."""

    upload_id: str = Field(max_length=80, examples=["up_0190"])


@router.get("")
def list_music(
    app: Studio,
    caller: Caller,
    response: Response,
    take: Annotated[int, Query(ge=1, le=200)] = 60,
    cursor: str | None = None,
) -> Listing[TrackResponse]:
    """The workspace's own tracks, newest first; the first page ends with those that came along."""
    with app.db.transaction(caller) as tx:
        page = music.page(tx, take=take, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [track_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=0, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def add_track(body: NewTrackRequest, app: Studio, caller: Caller, response: Response) -> TrackResponse:
    """Checks an uploaded sound file (MP3, WAV, M4A, Ogg, FLAC) in a job; it can be used when that has ended."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = music.add(tx, NewTrack(**body.model_dump()), request_key=new_id("key"))
    response.headers["location"] = f"/api/music/{card.id}"
    return track_response(card)


@router.get("/{track_id}")
def get_track(track_id: str, app: Studio, caller: Caller) -> TrackResponse:
    with app.db.transaction(caller) as tx:
        answer = track_response(music.get(tx, track_id))
        answer.uses = [TrackUseResponse.model_validate(use) for use in music.uses(tx, [track_id]).get(track_id, [])]
    return answer


@router.put("/{track_id}")
def save_track(track_id: str, body: TrackRequest, app: Studio, caller: Caller) -> TrackResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return track_response(music.save(tx, track_id, TrackDraft(**body.model_dump())))


@router.delete("/{track_id}", status_code=204)
def delete_track(track_id: str, app: Studio, caller: Caller) -> None:
    """Into the trash. Finished videos keep it."""
    with app.db.transaction(caller, needs="editor") as tx:
        music.delete(tx, track_id)


@router.post("/{track_id}/undelete")
def undelete_track(track_id: str, app: Studio, caller: Caller) -> TrackResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        music.undelete(tx, [track_id])
        return track_response(music.get(tx, track_id))


@router.get(
    "/{track_id}/sound",
    response_class=FileResponse,
    responses={200: {"content": {"audio/ogg": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_bundled_sound(track_id: str, app: Studio, caller: Caller) -> FileResponse:
    """The sound of a piece that came along. Own tracks have an `assetId` for /assets."""
    with app.db.transaction(caller) as tx:
        card = music.get(tx, track_id)
    if card.path is None:
        raise NotFound(tr_lazy("This track is a file of the workspace: ask /api/assets for its assetId."))
    return FileResponse(card.path, media_type="audio/ogg", headers={"cache-control": "private, max-age=86400"})


def track_response(card: TrackCard) -> TrackResponse:
    names = set(TrackResponse.model_fields) - {"uses", "peaks"}
    return TrackResponse(**{name: getattr(card, name) for name in names}, peaks=list(card.peaks))
