"""What a picture was drawn with, stored so that it can be drawn again. Names are copied: a recipe stays readable after its
LoRA, style or template was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from backend.engines.ports.image import ImageParams, PartialImageParams


class LoraRef(BaseModel):
    """A LoRA as a recipe keeps it: readable after the library changed."""

    lora_id: str
    name: str
    weight: float


class TemplateRef(BaseModel):
    """The template and its version, and what was filled into it. `extra`: words written beside it."""

    template_id: str
    name: str
    version: int
    values: dict[str, str] = Field(default_factory=dict)
    extra: str = ""


class StyleRef(BaseModel):
    style_id: str
    name: str
    version: int


class Upscaled(BaseModel):
    """Of which picture it is an enlargement. `model`: of the upscaler; `detail`: whether that one draws detail of its own."""

    picture_id: str
    scale: int
    model: str
    detail: bool = False


class PoseRef(BaseModel):
    """The picture whose pose is held, `strength` 0..2. `drawn`: it is a skeleton already."""

    asset_id: str
    strength: float = 0.9
    drawn: bool = False


class WorkflowRef(BaseModel):
    """An imported workflow; its graph never changes."""

    graph_id: str
    name: str


class PictureRecipe(ImageParams):
    """Everything needed to draw the same pictures again. `asked`: the prompt as the person wrote it; `prompt`: as drawn.

    Of a whole request, or, with overrides, of one picture: then wildcards are chosen in `asked` too. `redrawn`: how many of the
    seeds (the last ones) the face check added to replace pictures below its threshold.
    """

    asked: str
    prompt: str
    negative_asked: str
    negative_prompt: str
    with_look: bool
    model: str
    size: str
    seeds: list[int]
    redrawn: int = 0
    loras: list[LoraRef]
    init_asset_id: str | None = None
    ai_mark: bool = True
    mask_asset_id: str | None = None
    template: TemplateRef | None = None
    style: StyleRef | None = None
    finish: str = ""
    upscaled: Upscaled | None = None
    pose: PoseRef | None = None
    workflow: WorkflowRef | None = None

    def with_overrides(self, overrides: ImageOverrides) -> PictureRecipe:
        """The recipe of one picture."""
        changes = {name: getattr(overrides, name) for name in overrides.model_fields_set}
        if changes.get("init_asset_id") == "":
            changes["init_asset_id"] = None
        return self.model_copy(update=changes) if changes else self


class ImageOverrides(PartialImageParams):
    """Fields of one picture that differ from its request's recipe; those not set are as the recipe says. `init_asset_id` "":
    no start image."""

    asked: str | None = None
    prompt: str | None = None
    negative_asked: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    size: str | None = None
    loras: list[LoraRef] | None = None
    init_asset_id: str | None = None

    def plain(self) -> dict[str, Any]:
        """As a JSON object of the fields that are set."""
        return self.model_dump(include=self.model_fields_set)


def differences(base: PictureRecipe, recipes: Sequence[PictureRecipe]) -> list[ImageOverrides]:
    """How each of `recipes` differs from `base`: `base.with_overrides(overrides)` gives that recipe back."""
    return [
        ImageOverrides(
            **{name: value for name in ImageOverrides.model_fields if (value := _own(recipe, name)) != _own(base, name)}
        )
        for recipe in recipes
    ]


def _own(recipe: PictureRecipe, name: str) -> Any:
    value = getattr(recipe, name)
    return "" if name == "init_asset_id" and value is None else value


def batch_by_model(recipes: Sequence[tuple[int, PictureRecipe]], limit: int) -> list[list[int]]:
    """Numbers of pictures that one call of the engine can draw, at most `limit` a call.

    Those of one checkpoint follow each other, and in it those of one set of LoRAs, so that each is loaded once.
    """
    models: dict[str, dict[str, dict[str, list[int]]]] = {}
    for n, recipe in recipes:
        loras = models.setdefault(recipe.model, {}).setdefault(_json(recipe, "loras"), {})
        shared_fields = ("negative_prompt", "init_asset_id", *ImageParams.model_fields)
        loras.setdefault(_json(recipe, *shared_fields), []).append(n)
    rows = [row for loras in models.values() for groups in loras.values() for row in groups.values()]
    return [row[at : at + limit] for row in rows for at in range(0, len(row), limit)]


def _json(recipe: PictureRecipe, *names: str) -> str:
    return recipe.model_dump_json(include=set(names))
