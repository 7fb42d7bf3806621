"""What goes into and comes out of the generation door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from backend.engines.ports.image import DEFAULT_LORA_WEIGHT, ImageParams, ImageParamsDraft
from backend.generation.recipe import LoraRef, PictureRecipe, StyleRef, TemplateRef
from backend.kit.drafts import Draft
from backend.language import tr_lazy

Weight = Annotated[float, Field(ge=-2, le=2)]
MAX_SEED = 2**32 - 1
MAX_PICTURES = 16
"""Pictures of one prompt."""
MAX_PICTURES_IN_BATCH = 200
"""Pictures of a list or a grid."""


class LoraPick(Draft):
    lora_id: str
    weight: Weight = DEFAULT_LORA_WEIGHT


class TemplatePick(Draft):
    """A version of a template and the values of its blanks, by name (case does not matter)."""

    template_id: str
    version: int
    values: dict[str, Annotated[str, Field(max_length=500)]] = Field(default_factory=dict)

    @field_validator("values")
    @classmethod
    def _any_case(cls, values: dict[str, str]) -> dict[str, str]:
        return {name.lower(): value for name, value in values.items()}


class PosePick(Draft):
    """A picture whose pose is held. `drawn`: it shows a skeleton, not a person."""

    asset_id: str
    strength: float = Field(0.9, gt=0, le=2)
    drawn: bool = False


class PromptDraft(Draft):
    """What a picture shows, and with what it is drawn."""

    prompt: str = Field("", max_length=2000)
    negative_prompt: str = Field("", max_length=2000)
    influencer_id: str | None = None
    with_look: bool = True
    loras: Annotated[tuple[LoraPick, ...], Field(max_length=8)] = ()
    model: str = ""
    size: str = "square"


class GenerationDraft(ImageParamsDraft, PromptDraft):  # fields are in the order PromptDraft, ImageParamsDraft, its own
    """One request for 1-16 pictures. Empty or None: the model's own recommendation (or the influencer's).

    `prompt` may hold `<lora:name:0.8>`, wildcards and choices; with a `template` it follows the template's words.
    `size`: a key of SIZES; `width` and `height` win over it. `seed` -1: a new one.
    `with_look`: lead with the influencer's trigger word and look, and draw with their default LoRA when no LoRA is chosen.
    `init_asset_id`: draw from this picture; `strength` 0..1, 1 = ignore it. `mask_asset_id`: change only what is white in it,
    fading in over `feather` px. `style_id`: a style's words are added. `pose`, `second_pass`, `workflow_id` (an imported
    workflow that was approved): only where the model's `features` have them.
    """

    seed: int = Field(-1, ge=-1, le=MAX_SEED)
    n: int = Field(4, ge=1, le=MAX_PICTURES)
    init_asset_id: str | None = None
    mask_asset_id: str | None = None
    template: TemplatePick | None = None
    style_id: str | None = None
    finish: Literal["", "casual", "studio"] = ""
    pose: PosePick | None = None
    workflow_id: str | None = None

    @model_validator(mode="after")
    def _both_sides(self) -> GenerationDraft:
        if (self.width is None) != (self.height is None):
            raise ValueError(tr_lazy("Give both width and height, or neither."))
        if self.mask_asset_id and not self.init_asset_id:
            raise ValueError(tr_lazy("A mask needs the picture it lies on. Choose the picture to change first."))
        return self


class GenerationPayload(BaseModel):
    """Of an `image-generation` job. `model`: the checkpoint it needs, so that jobs of one checkpoint may follow each other."""

    generation_id: str
    model: str = ""


class Assembled(ImageParams):
    """One picture as it will be drawn, for the preview; `notes` say what was added and changed.

    `varies`: other pictures of the request have other prompts. `asked`: the person's prompt with wildcards chosen.
    """

    prompt: str
    negative_prompt: str
    loras: tuple[LoraRef, ...]
    model: str
    notes: tuple[str, ...] = ()
    varies: bool = False
    asked: str = ""
    template: TemplateRef | None = None
    style: StyleRef | None = None


@dataclass(frozen=True, slots=True)
class GridAxis:
    title: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Two or three axes (x, y, z; x alone is a row): picture n stands at n % x, n // x % y, n // (x * y)."""

    axes: tuple[GridAxis, ...]


@dataclass(frozen=True, slots=True)
class GenerationCard:
    """A request. `state` is its job's; `done` of `n` pictures are drawn. `form`: pictures, list, grid or upscale."""

    id: str
    job_id: str
    influencer_id: str | None
    recipe: PictureRecipe
    n: int
    done: int
    state: str
    error_message: str | None
    created_at: datetime
    form: str = "pictures"
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture of a request while the rest is drawn. `n`: its number; `key`: of its file in the storage."""

    n: int
    id: str
    asset_id: str
    key: str
    gate: str


@dataclass(frozen=True, slots=True)
class PictureCard:
    """A picture of the gallery. `recipe` and `seed` are its own (`recipe.seeds` are those of its whole request)."""

    id: str
    generation_id: str
    n: int
    asset_id: str
    influencer_id: str | None
    influencer_name: str | None
    seed: int
    prompt: str
    rating: int
    width: int
    height: int
    recipe: PictureRecipe
    created_at: datetime
    deleted_at: datetime | None
    favourite: bool = False
    source: str = "made"
    origin: Mapping[str, Any] = field(default_factory=dict)
    dhash: str | None = None
    identity_score: float | None = None
    identity_line: float | None = None
    gate: str = "open"


@dataclass(frozen=True, slots=True)
class Size:
    """A social format in px as platforms want it; a model draws its shape (`backend.engines.ports.image.fit_size`)."""

    name: str
    title: str
    width: int
    height: int
