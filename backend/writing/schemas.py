"""What is written, as it is asked for and shown."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Suggestion(BaseModel):
    """An idea for a post. `caption`: in their language; `picture`: an image prompt in English without their name."""

    caption: str = Field(min_length=1, max_length=2000)
    picture: str = Field(min_length=1, max_length=2000)
