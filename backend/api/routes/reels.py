"""Reels over HTTP: the list, one with its scenes, from a script, changes, the order of scenes, preview and render."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from backend import reels
from backend.api.api_model import ApiModel, ApiRequest, Listing, Worded
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.routes.jobs import JobResponse, job_response
from backend.kit.ids import new_id
from backend.reels import PlacedScene, ReelCard, ReelDraft, ReelVariantDraft, SceneDraft

router = APIRouter(prefix="/reels", tags=["reels"], dependencies=[needs_scope("videos")])


class SceneResponse(ApiModel):
    """`assetId` null: its picture is drawn with the next render. `seconds` null: as long as its words take. `focus` null:
    a crop keeps the face in the picture where one is found, else its middle; else [x, y], shares of its width and height.
    `recordingAssetId`: what a person said for it, heard instead of the reel's voice."""

    id: str
    words: str
    prompt: str
    asset_id: str | None
    movement: str
    strength: float
    seconds: float | None
    transition: str
    sound: str
    focus: list[float] | None
    recording_asset_id: str | None


class ReelResponse(ApiModel):
    """`assetId`: its latest finished video; `files`: what was made with it, name -> asset id. `state`: of its latest render."""

    id: str
    title: str
    influencer_id: str | None
    influencer_name: str | None
    script: str
    caption: str
    format: str
    voice_id: str | None
    speed: float
    style: dict[str, Any]
    music_track_id: str | None
    music_db: float
    run_id: str | None
    job_id: str | None
    state: str
    error_message: Worded | None
    asset_id: str | None
    files: dict[str, Any]
    revision: int
    rendered_revision: int | None
    created_at: datetime
    updated_at: datetime
    scenes: list[SceneResponse]


class VariantResponse(ReelResponse):
    """`hook`, `ending`: its own words of the first and the last scene; "": as in the reel `variantOf`."""

    variant_of: str
    hook: str
    ending: str


class VariantRequest(ApiRequest, ReelVariantDraft):
    """At least one of them."""

    hook: str = Field("", examples=["Nobody told me this before my first run."])


class ReelRequest(ApiRequest, ReelDraft):
    """`voiceId` null: nothing is spoken. `format`: instagram-reel, instagram-post, tiktok, youtube-short, youtube-standard."""

    script: str = Field("", examples=["Three things I do before every run. First: water."])


class SceneRequest(ApiRequest, SceneDraft):
    """`seconds` null: as long as its words take."""


class NewSceneRequest(SceneRequest):
    """`after`: the scene that it follows; "": at the end."""

    after: str = ""


class SceneOrderRequest(ApiRequest):
    """Every scene of the reel once."""

    scene_ids: list[str] = Field(max_length=200, examples=[["scn_0190", "scn_0191"]])


class PlacedSceneRequest(ApiRequest, PlacedScene):
    """`id`: of the scene that it is; "": a new one."""


class ScenesRequest(ApiRequest):
    """All scenes in their order. `revision`: of the reel as it was read; refused when it was changed since."""

    scenes: list[PlacedSceneRequest] = Field(min_length=1, max_length=200)
    revision: int | None = None


class TextRequest(ApiRequest):
    """`textId`: of a text with a caption (/drafts)."""

    text_id: str = Field(max_length=80, examples=["txt_0190"])


class RecordingRequest(ApiRequest):
    """`uploadId`: of a sound file that was uploaded for the scene (/api/uploads, noun `reel-scene`, its id)."""

    upload_id: str = Field(max_length=80, examples=["up_0190"])


class ScriptRequest(ApiRequest):
    script: str = Field(examples=["Hello there. How are you?"])


def reel_response(card: ReelCard) -> ReelResponse:
    values = {name: getattr(card, name) for name in ReelResponse.model_fields if name not in ("style", "scenes")}
    scenes = [SceneResponse.model_validate(scene) for scene in card.scenes]
    return ReelResponse(**values, style=card.style.model_dump(), scenes=scenes)


def _variant_response(card: ReelCard) -> VariantResponse:
    own = {"variant_of": card.variant_of or "", "hook": card.hook, "ending": card.ending}
    return VariantResponse(**reel_response(card).model_dump(by_alias=False), **own)


@router.get("")
def list_reels(
    app: Studio,
    caller: Caller,
    response: Response,
    influencer: str | None = None,
    take: Annotated[int, Query(ge=1, le=200)] = 30,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: str | None = None,
) -> Listing[ReelResponse]:
    """Newest first; `scenes` are left out: ask for one reel to have them."""
    with app.db.transaction(caller) as tx:
        page = reels.page(tx, influencer_id=influencer, take=take, skip=skip, cursor=cursor)
    response.headers["x-total-count"] = str(page.total)
    data = [reel_response(card) for card in page.cards]
    return Listing(data=data, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create_reel(body: ReelRequest, app: Studio, caller: Caller, response: Response) -> ReelResponse:
    """Splits the script into scenes; nothing is rendered yet. Without `voiceId` the influencer's voice speaks, or where
    none speaks their language, its words are only shown (`voiceId` null)."""
    with app.db.transaction(caller, needs="editor") as tx:
        card, _ = reels.create_spoken_or_shown(app, tx, ReelDraft(**body.model_dump(exclude_unset=True)))
    response.headers["location"] = f"/api/reels/{card.id}"
    return reel_response(card)


@router.post("/from-text", status_code=201)
def create_reel_from_text(body: TextRequest, app: Studio, caller: Caller, response: Response) -> ReelResponse:
    """A reel that says the hook and the caption of a text; its picture is the first scene's."""
    with app.db.transaction(caller, needs="editor") as tx:
        card, _ = reels.create_from_text(app, tx, body.text_id)
    response.headers["location"] = f"/api/reels/{card.id}"
    return reel_response(card)


@router.get("/{reel_id}")
def get_reel(reel_id: str, app: Studio, caller: Caller) -> ReelResponse:
    with app.db.transaction(caller) as tx:
        return reel_response(reels.get(tx, reel_id))


@router.put("/{reel_id}")
def save_reel(reel_id: str, body: ReelRequest, app: Studio, caller: Caller) -> ReelResponse:
    """Everything but the scenes."""
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.save(tx, reel_id, ReelDraft(**body.model_dump())))


@router.delete("/{reel_id}", status_code=204)
def delete_reel(reel_id: str, app: Studio, caller: Caller) -> None:
    with app.db.transaction(caller, needs="editor") as tx:
        reels.delete(tx, reel_id)


@router.post("/{reel_id}/undelete")
def undelete_reel(reel_id: str, app: Studio, caller: Caller) -> ReelResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.undelete(tx, reel_id))


@router.post("/{reel_id}/split")
def split_reel(reel_id: str, body: ScriptRequest, app: Studio, caller: Caller) -> ReelResponse:
    """Replaces the scenes by those of this script; scenes whose words are the same keep their picture."""
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.split_again(tx, reel_id, body.script))


@router.post("/{reel_id}/scenes", status_code=201)
def add_reel_scene(reel_id: str, body: NewSceneRequest, app: Studio, caller: Caller) -> ReelResponse:
    draft = SceneDraft(**body.model_dump(exclude={"after"}))
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.add_scene(tx, reel_id, draft, after=body.after))


@router.put("/{reel_id}/scenes")
def set_reel_scenes(reel_id: str, body: ScenesRequest, app: Studio, caller: Caller) -> ReelResponse:
    """Replaces all scenes. Those that keep their `id` are the same scenes; what is left out is gone."""
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.set_scenes(tx, reel_id, body.scenes, revision=body.revision))


@router.put("/{reel_id}/scenes/order")
def order_reel_scenes(reel_id: str, body: SceneOrderRequest, app: Studio, caller: Caller) -> ReelResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.order_scenes(tx, reel_id, body.scene_ids))


@router.put("/{reel_id}/scenes/{scene_id}")
def save_reel_scene(reel_id: str, scene_id: str, body: SceneRequest, app: Studio, caller: Caller) -> ReelResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.save_scene(tx, reel_id, scene_id, SceneDraft(**body.model_dump())))


@router.delete("/{reel_id}/scenes/{scene_id}")
def remove_reel_scene(reel_id: str, scene_id: str, app: Studio, caller: Caller) -> ReelResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.remove_scene(tx, reel_id, scene_id))


@router.post("/{reel_id}/scenes/{scene_id}/preview", status_code=201)
def preview_reel_scene(reel_id: str, scene_id: str, app: Studio, caller: Caller) -> JobResponse:
    """Renders one scene small. The job's result has the `assetId` of its video."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(reels.preview_scene(tx, reel_id, scene_id, request_key=new_id("key")))


@router.post("/{reel_id}/scenes/{scene_id}/recording", status_code=201)
def record_reel_scene(reel_id: str, scene_id: str, body: RecordingRequest, app: Studio, caller: Caller) -> JobResponse:
    """Takes an uploaded recording of a person for the scene. When the job has checked it, it is heard instead of the voice."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(reels.record_scene(tx, reel_id, scene_id, body.upload_id, request_key=new_id("key")))


@router.delete("/{reel_id}/scenes/{scene_id}/recording")
def remove_reel_scene_recording(reel_id: str, scene_id: str, app: Studio, caller: Caller) -> ReelResponse:
    """The reel's voice speaks the words again."""
    with app.db.transaction(caller, needs="editor") as tx:
        return reel_response(reels.set_recording(tx, reel_id, scene_id, None))


@router.get("/{reel_id}/variants")
def list_reel_variants(reel_id: str, app: Studio, caller: Caller) -> list[VariantResponse]:
    """Oldest first. A variant is rendered, read, deleted and made a post of as any reel, by its own id."""
    with app.db.transaction(caller) as tx:
        reels.get(tx, reel_id)
        return [_variant_response(card) for card in reels.variants_of(tx, reel_id)]


@router.post("/{reel_id}/variants", status_code=201)
def add_reel_variant(reel_id: str, body: VariantRequest, app: Studio, caller: Caller) -> VariantResponse:
    """The same reel with another hook or ending."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _variant_response(reels.add_variant(tx, reel_id, body))


@router.put("/{reel_id}/variants/{variant_id}")
def save_reel_variant(reel_id: str, variant_id: str, body: VariantRequest, app: Studio, caller: Caller) -> VariantResponse:
    with app.db.transaction(caller, needs="editor") as tx:
        return _variant_response(reels.save_variant(tx, reel_id, variant_id, body))


@router.post("/{reel_id}/render-all", status_code=201)
def render_reel_and_variants(reel_id: str, app: Studio, caller: Caller) -> list[JobResponse]:
    """Renders the reel and its variants, those that have no current video."""
    with app.db.transaction(caller, needs="editor") as tx:
        return [job_response(job) for job in reels.render_all(tx, reel_id, request_key=new_id("key"))]


@router.post("/{reel_id}/render", status_code=201)
def render_reel(reel_id: str, app: Studio, caller: Caller) -> JobResponse:
    """Renders it as it is now; while a render waits or runs, that one is answered. Only what changed is rendered anew."""
    with app.db.transaction(caller, needs="editor") as tx:
        return job_response(reels.render(tx, reel_id, request_key=new_id("key")))
