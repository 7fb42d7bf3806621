"""The image parameters: what goes unchanged from the form through drafts and recipes to the engine, and back by remix.

Whatever carries them inherits them here, so a new one is written down once (CONTRIBUTING.md, "Add an image parameter").
Every one has a default that means "as before it existed": recipes stored earlier lack it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from backend.kit.drafts import Draft


class SecondPass(BaseModel):
    """What was drawn is enlarged `scale` times and drawn again; `strength` 0..1: how much of it anew."""

    scale: float
    strength: float = 0.5


class SecondPassPick(Draft):
    scale: float = Field(1.5, gt=1, le=2)
    strength: float = Field(0.5, gt=0, le=1)


class ImageParams(BaseModel):
    """As an engine draws with them; which values it can draw is checked there. Recipes store them under these names.

    `width`, `height`: px. `strength` 0..1: how far from the start picture, 1 = ignore it. `feather`: px over which a mask
    fades in.
    """

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    steps: int
    cfg: float
    sampler: str
    strength: float = 0.6
    feather: int = 0
    second_pass: SecondPass | None = None

    def params(self) -> dict[str, Any]:
        """The parameters alone, by name, as everything that carries them takes them."""
        return self.model_dump(include=set(ImageParams.model_fields))


class ImageParamsDraft(Draft):
    """As a person asks for them, within these limits. None or "": as the model recommends."""

    width: int | None = Field(None, ge=64, le=4096)
    height: int | None = Field(None, ge=64, le=4096)
    steps: int | None = Field(None, ge=1, le=150)
    cfg: float | None = Field(None, ge=0, le=30)
    sampler: str = ""
    strength: float = Field(0.6, gt=0, le=1)
    feather: int = Field(8, ge=0, le=64)
    second_pass: SecondPassPick | None = None

    def params(self) -> dict[str, Any]:
        """The parameters alone, by name, as everything that carries them takes them."""
        return self.model_dump(include=set(ImageParams.model_fields))


if TYPE_CHECKING:

    class PartialImageParams(BaseModel):
        """Those parameters of one picture that differ from its request's: each may be missing."""

else:
    PartialImageParams = create_model(
        "PartialImageParams", **{name: (field.annotation | None, None) for name, field in ImageParams.model_fields.items()}
    )
