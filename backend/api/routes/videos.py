"""Videos over HTTP: the list, one, rating and favourite, delete and undelete. Bytes come from `/media`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StrictBool

from backend import videos
from backend.api.api_model import ApiModel, ApiRequest, Listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.kit.ids import new_id
from backend.videos import NewVideo, VideoCard, VideoFilters

SUBTITLE_TYPE = "application/x-subrip"
router = APIRouter(prefix="/videos", tags=["videos"], dependencies=[needs_scope("videos")])


class VideoResponse(ApiModel):
    """`assetId` null: not made yet. `pictureId` null: it was uploaded. `recipe`: what it was made with."""

    id: str
    job_id: str
    picture_id: str | None
    asset_id: str | None
    influencer_id: str | None
    influencer_name: str | None
    title: str
    format: str
    width: int
    height: int
    seconds: float
    fps: int
    size_bytes: int
    rating: int
    favourite: bool
    state: str
    created_at: datetime
    recipe: dict[str, Any]


class VideoChangeRequest(ApiRequest):
    """Fields that are left out stay as they are."""

    rating: Annotated[int, Field(ge=0, le=5)] | None = None
    favourite: StrictBool | None = None


def video_response(card: VideoCard) -> VideoResponse:
    recipe = card.recipe
    return VideoResponse(
        id=card.id,
        job_id=card.job_id,
        picture_id=card.picture_id,
        asset_id=card.asset_id,
        influencer_id=card.influencer_id,
        influencer_name=card.influencer_name,
        title=recipe.title,
        format=recipe.format,
        width=card.width,
        height=card.height,
        seconds=round(card.seconds, 3),
        fps=card.fps or recipe.fps,
        size_bytes=card.size_bytes,
        rating=card.rating,
        favourite=card.favourite,
        state=card.state,
        created_at=card.created_at,
        recipe=recipe.model_dump(exclude={"title", "format", "width", "height", "fps"}),
    )


@router.get("")
def list_videos(
    app: Studio,
    caller: Caller,
    response: Response,
    influencer: str | None = None,
    picture: str | None = None,
    favourite: bool = False,
    rating: Annotated[int, Query(ge=0, le=5, description="at least")] = 0,
    format: Literal["", "as-is", "9:16", "4:5", "1:1", "16:9"] = "",
    take: Annotated[int, Query(ge=1, le=200)] = 60,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    sort_by: Annotated[Literal["createdAt"], Query(alias="sortBy")] = "createdAt",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "desc",
    cursor: str | None = None,
) -> Listing[VideoResponse]:
    """Finished videos. `cursor` (an earlier answer's `nextCursor`) goes deeper than `skip` without counting rows."""
    filters = VideoFilters(influencer, picture, favourite, rating, format)
    with app.db.transaction(caller) as tx:
        page = videos.page(tx, filters=filters, cursor=cursor, take=take, skip=skip, oldest_first=sort_order == "asc")
    response.headers["x-total-count"] = str(page.total)
    data = [video_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


class NewVideoRequest(ApiRequest, NewVideo):
    """`uploadId`: of a video file that was sent to /uploads with the noun `video` and the id `import`."""

    upload_id: str = Field(max_length=80, examples=["up_0190"])


@router.post("", status_code=201)
def add_video(body: NewVideoRequest, app: Studio, caller: Caller, response: Response) -> VideoResponse:
    """Checks an uploaded video (MP4, MOV, WebM, MKV; up to 10 minutes) in a job; it is listed when that has ended."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = videos.add(tx, NewVideo(**body.model_dump()), request_key=new_id("key"))
    response.headers["location"] = f"/api/videos/{card.id}"
    return video_response(card)


@router.get("/{clip_id}")
def get_video(clip_id: str, app: Studio, caller: Caller) -> VideoResponse:
    with app.db.transaction(caller) as tx:
        return video_response(videos.get(tx, clip_id))


@router.get(
    "/{clip_id}/subtitles",
    response_class=Response,
    responses={200: {"content": {SUBTITLE_TYPE: {"schema": {"type": "string"}}}}},
)
def get_subtitles(clip_id: str, app: Studio, caller: Caller) -> Response:
    """Of a finished video, as SRT; empty without any."""
    with app.db.transaction(caller) as tx:
        return Response(videos.srt_of(videos.get(tx, clip_id)), media_type=SUBTITLE_TYPE)


@router.put("/{clip_id}")
def put_video(clip_id: str, body: VideoChangeRequest, app: Studio, caller: Caller) -> VideoResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        videos.get(tx, clip_id)
        if body.rating is not None:
            videos.rate(tx, [clip_id], body.rating)
        if body.favourite is not None:
            videos.set_favourite(tx, [clip_id], body.favourite)
        return video_response(videos.get(tx, clip_id))


@router.delete("/{clip_id}", status_code=204)
def delete_video(clip_id: str, app: Studio, caller: Caller) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        videos.delete(tx, [clip_id])


@router.post("/{clip_id}/undelete")
def undelete_video(clip_id: str, app: Studio, caller: Caller) -> VideoResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        videos.undelete(tx, [clip_id])
        return video_response(videos.get(tx, clip_id))
