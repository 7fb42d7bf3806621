"""What a clip was made with, kept so that it can be made again: plain values that outlive what they name."""

from __future__ import annotations

from pydantic import BaseModel, Field

from backend.generation import LoraRef


class ClipRecipe(BaseModel):
    """`model`: name of the way (a camera move, a motion model), `title` as it was called. `device`: it drew on a card; empty: a
    camera over the still. `format`: a key of FORMATS; `focus` 0..1: which part of a longer side is kept. Sides in px.
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
