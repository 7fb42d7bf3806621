"""What a video was made with, stored so that it can be made again. Names are copied: a recipe stays readable after its LoRA or
model was deleted."""

from __future__ import annotations

from pydantic import BaseModel, Field

from backend.generation import LoraRef


class VideoRecipe(BaseModel):
    """`model`: name of a camera move or motion model, `title`: its title then. `device`: the kind of device it needs; empty: a
    camera move over the still. `format`: a key of FORMATS; `focus` 0..1: which part of a longer side is kept. Sides in px.
    """

    model: str
    title: str
    device: str = ""
    format: str = "as-is"
    focus: float = 0.5
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

    @property
    def seconds(self) -> float:
        return self.frames / self.fps
