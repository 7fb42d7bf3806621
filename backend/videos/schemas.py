"""What goes into and comes out of the videos door, and what a video was made with, stored so that it can be made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from backend.generation import LoraPick, LoraRef
from backend.kit.drafts import Draft
from backend.language import tr_lazy
from backend.videos.finish_schemas import FinishRecipe

MAX_PICTURES = 20
"""Pictures animated by one request."""
MAX_SEED = 2**32 - 1
VideoFormat = Literal["as-is", "9:16", "4:5", "1:1", "16:9"]
FORMATS: dict[str, tuple[str, float | None]] = {
    "as-is": (tr_lazy("As the picture"), None),
    "9:16": (tr_lazy("9:16 (reels, shorts)"), 9 / 16),
    "4:5": (tr_lazy("4:5 (feed)"), 4 / 5),
    "1:1": (tr_lazy("1:1 (feed)"), 1.0),
    "16:9": (tr_lazy("16:9 (wide)"), 16 / 9),
}
"""Name -> title, width / height (None: the picture's own)."""
SIDES = (720, 1080)
"""Choices for the shorter side of a video, in px."""


class VideoRecipe(BaseModel):
    """`model`: name of a camera move or motion model, `title`: its title then. `device`: the kind of device it needs; empty: a
    camera move over the still. `format`: a key of FORMATS; `focus` 0..1: which part of a longer side is kept, None: not decided
    yet; `automatic_focus`: its job decides or decided that, by the picture's face. Sides in px.
    `finish`: of a video that was finished from another one. `sound`: of an uploaded one, it has sound of its own.
    """

    model: str
    title: str
    device: str = ""
    format: str = "as-is"
    focus: float | None = 0.5
    automatic_focus: bool = False
    side: int | None = None
    width: int
    height: int
    frames: int
    fps: int
    movement: float
    prompt: str = ""
    negative_prompt: str = ""
    checkpoint: str = ""
    steps: int = 20
    cfg: float = 0.0
    seed: int = 0
    loras: list[LoraRef] = Field(default_factory=list)
    ai_mark: bool = True
    finish: FinishRecipe | None = None
    sound: bool = False

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


class VideoDraft(Draft):
    """How pictures are to move. Empty or None: the model's own recommendation.

    `model`: a name of `app.engines.motion.models()`. `seconds` or `frames`, not both. `movement` 0..1: how far, how much.
    Words, `checkpoint`, `steps`, `cfg`, `loras`, `seed` (-1: a new one): only where the model follows them. `focus` 0..1: of a
    picture longer than the format, 0 keeps its left or top, 1 its right or bottom; None: its face, else its middle. `side`: the
    shorter side in px.
    """

    model: str = ""
    format: VideoFormat = "as-is"
    focus: float | None = Field(None, ge=0, le=1)
    side: Literal[720, 1080] | None = None
    seconds: float | None = Field(None, ge=0.5, le=60)
    frames: int | None = Field(None, ge=2, le=1800)
    fps: int | None = Field(None, ge=1, le=60)
    movement: float = Field(0.5, ge=0, le=1)
    prompt: str = Field("", max_length=2000)
    negative_prompt: str = Field("", max_length=2000)
    checkpoint: str = ""
    steps: int = Field(20, ge=1, le=100)
    cfg: float | None = Field(None, ge=0, le=30)
    seed: int = Field(-1, ge=-1, le=MAX_SEED)
    loras: Annotated[tuple[LoraPick, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _one_length(self) -> VideoDraft:
        if self.seconds and self.frames:
            raise ValueError(tr_lazy("Give the length in seconds or in frames, not both."))
        return self


class VideoOrder(VideoDraft):
    """One picture, by its own id or by that of its file, and how it is to move."""

    picture_id: str = ""
    asset_id: str = ""

    @model_validator(mode="after")
    def _one_picture(self) -> VideoOrder:
        if bool(self.picture_id) == bool(self.asset_id):
            raise ValueError(tr_lazy("Choose the picture to animate: pictureId or assetId."))
        return self


class VideoPayload(BaseModel):
    """Of a `video-generation` job. `model`: the checkpoint it needs, so that jobs of one checkpoint may follow each other."""

    clip_id: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class VideoCard:
    """`asset_id` None: not made yet; `state` is its job's. `picture_asset_id`: what it was made of; None: it was uploaded."""

    id: str
    job_id: str
    picture_id: str | None
    picture_asset_id: str | None
    asset_id: str | None
    influencer_id: str | None
    influencer_name: str | None
    recipe: VideoRecipe
    frames: int
    fps: int
    width: int
    height: int
    size_bytes: int
    rating: int
    favourite: bool
    state: str
    error_message: str | None
    created_at: datetime
    deleted_at: datetime | None

    @property
    def seconds(self) -> float:
        return self.frames / self.fps if self.fps else self.recipe.seconds


@dataclass(frozen=True, slots=True)
class VideoFilters:
    """`picture_id`: clips of one picture. `min_rating` 1-5; 0: all. `format`: a key of FORMATS; empty: all."""

    influencer_id: str | None = None
    picture_id: str | None = None
    favourite: bool = False
    min_rating: int = 0
    format: str = ""


@dataclass(frozen=True, slots=True)
class VideoPage:
    """`total` counts what the filters leave. `next_cursor` None: nothing follows."""

    cards: list[VideoCard]
    next_cursor: str | None
    total: int
