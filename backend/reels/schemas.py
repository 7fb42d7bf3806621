"""What goes into and comes out of the reels door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.media.ffmpeg.camera_moves import MOVES
from backend.media.fonts import TEXT_FONT, SubtitleFont
from backend.music import UsedTrack
from backend.writing import ScriptOrder

MovementName = str
STILL = "still"
MOVEMENTS = {STILL: tr_lazy("Still"), **{move.name: move.title for move in MOVES}}
"""Name -> title of what the camera does in a scene."""
Transition = Literal["cut", "fade", "slide", "zoom", "black"]
TRANSITIONS: dict[str, str] = {
    "cut": tr_lazy("Cut"),
    "fade": tr_lazy("Fade"),
    "slide": tr_lazy("Slide"),
    "zoom": tr_lazy("Zoom"),
    "black": tr_lazy("Through black"),
}
SceneSound = Literal["quiet", "full", "mute"]
SCENE_SOUNDS: dict[str, str] = {"quiet": tr_lazy("Quiet"), "full": tr_lazy("As it is"), "mute": tr_lazy("Muted")}
"""What is heard of a video's own sound in a scene -> title."""
MIN_SECONDS, MAX_SECONDS = 0.5, 60.0
_Share = Annotated[float, Field(ge=0, le=1)]
Focus = Annotated[list[_Share], Field(min_length=2, max_length=2)]
"""A place in a picture: shares of its width and height."""
NOUN = "reel"
RENDER_KIND, PREVIEW_KIND, SCRIPT_KIND = "reel-render", "reel-preview", "reel-script"
RECORDING_KIND = "reel-recording"
SCENE_NOUN = "reel-scene"
"""Noun of a scene in jobs and uploads (/api/uploads), there with the scene's id."""
RECORDED = "recorded"
"""`origin` in the meta of a recording."""


class ReelStyle(Draft):
    """How a reel looks and sounds besides its scenes. `karaoke`: the word that is spoken is filled with `highlight`. `brand`:
    it has the influencer's brand kit, whose font and colours go before these."""

    subtitles: bool = True
    karaoke: bool = True
    position: Literal["bottom", "middle", "top"] = "bottom"
    font: SubtitleFont = TEXT_FONT
    size: int = Field(64, ge=24, le=140)
    color: str = Field("#ffffff", pattern="^#[0-9a-fA-F]{6}$")
    highlight: str = Field("#ffd54a", pattern="^#[0-9a-fA-F]{6}$")
    upper_case: bool = False
    brand: bool = True


class ReelDraft(Draft):
    """A reel before its scenes. `format`: a key of FORMATS. `voice_id` None: nothing is spoken, the words are only shown.

    `music_track_id`: a track of the workspace or one that came along, None: no music; `music_db`: louder or quieter than tracks
    are brought to.
    """

    title: str = Field("", max_length=120)
    influencer_id: str | None = None
    script: str = ""
    caption: str = Field("", max_length=2200)
    format: str = "instagram-reel"
    voice_id: str | None = None
    speed: float = Field(1.0, ge=0.5, le=2)
    style: ReelStyle = Field(default_factory=ReelStyle)
    music_track_id: str | None = Field(None, max_length=80)
    music_db: float = Field(-6.0, ge=-40, le=6)


class ReelVariantDraft(Draft):
    """The words of the first and the last scene of a variant; "": as in its reel."""

    hook: str = Field("", max_length=600)
    ending: str = Field("", max_length=600)

    @model_validator(mode="after")
    def _differs(self) -> ReelVariantDraft:
        if not (self.hook or self.ending):
            raise ValueError(tr_lazy("Write another hook or another ending; without one it is the reel itself."))
        return self


class SceneDraft(Draft):
    """A scene. `asset_id`: its picture or video; None: it is drawn from `prompt` or `words`. `seconds` None: as its words take.

    A video is cut, or stands still on its last frame, to the scene's length; `sound`: what is heard of its own sound. `focus`:
    what is kept where the picture has another shape than the reel, as shares of its width and height; None: the face in it,
    where one is found, else its middle. `recording_asset_id`: what a person said for it, heard instead of the reel's voice.
    """

    words: str = Field("", max_length=600)
    prompt: str = Field("", max_length=2000)
    asset_id: str | None = None
    movement: MovementName = "push-in"
    strength: float = Field(0.5, ge=0, le=1)
    seconds: Annotated[float, Field(ge=MIN_SECONDS, le=MAX_SECONDS)] | None = None
    transition: Transition = "cut"
    sound: SceneSound = "quiet"
    focus: Focus | None = None
    recording_asset_id: str | None = Field(None, max_length=80)


class PlacedScene(SceneDraft):
    """A scene at its place in the whole list. `id`: the scene of the reel that it is; "", or of one that is gone: a new one."""

    id: str = Field("", max_length=80)


@dataclass(frozen=True, slots=True)
class RenderedScene:
    """What a render made of a scene: the words it had, its length, and how loud its voice is over that length (0 to 100)."""

    words: str
    seconds: float
    waveform: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SceneCard:
    """`position` counts from 0. `seconds` None: as long as its words take."""

    id: str
    position: int
    words: str
    prompt: str
    asset_id: str | None
    movement: str
    strength: float
    seconds: float | None
    transition: Transition
    sound: SceneSound = "quiet"
    focus: Focus | None = None
    recording_asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReelCard:
    """`state` of its latest render's job: "" before the first one. `asset_id`: its latest finished video, made at
    `rendered_revision`. `files`: name -> asset id of what was made with it (voiceover, srt, ass). `variant_of`: the reel whose
    scenes it has, with its own `hook` and `ending` where these are not "". `track`: its music as it was
    when a render began, for that render only."""

    id: str
    title: str
    influencer_id: str | None
    influencer_name: str | None
    script: str
    caption: str
    format: str
    voice_id: str | None
    speed: float
    style: ReelStyle
    music_track_id: str | None
    music_db: float
    run_id: str | None
    job_id: str | None
    state: str
    error_message: str | None
    asset_id: str | None
    files: Mapping[str, Any]
    revision: int
    rendered_revision: int | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    scenes: tuple[SceneCard, ...] = field(default=())
    variant_of: str | None = None
    hook: str = ""
    ending: str = ""
    track: UsedTrack | None = None


@dataclass(frozen=True, slots=True)
class ReelPage:
    """Newest first, without scenes. `next_cursor` None: nothing older."""

    cards: list[ReelCard]
    next_cursor: str | None
    total: int


class RenderPayload(BaseModel):
    """Of a `reel-render` job."""

    reel_id: str


class ReelOrder(Draft):
    """Which reel is to be rendered."""

    reel_id: str = Field(max_length=80)


class TopicOrder(ScriptOrder):
    """A reel whose script is written: what it is about, how long it lasts, and its format."""

    format: str = "instagram-reel"

    def script_order(self) -> ScriptOrder:
        return ScriptOrder(**self.model_dump(include=set(ScriptOrder.model_fields)))


class SceneRecordingPayload(BaseModel):
    """Of a `reel-recording` job: the upload that becomes a scene's recording."""

    reel_id: str
    scene_id: str
    upload_id: str


class ScenePreviewPayload(BaseModel):
    """Of a `reel-preview` job: one scene, small."""

    reel_id: str
    scene_id: str
