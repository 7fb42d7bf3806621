"""A video of one's own: what is said of it when it is uploaded."""

from __future__ import annotations

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft

UPLOAD_NOUN, INBOX = "video", "import"
"""Noun and noun id of its uploads (/api/uploads)."""
IMPORT_KIND = "video-import"
MAX_SECONDS = 600.0
UPLOADED = "upload"
"""Instead of a model's name in the recipe of an uploaded video."""


class NewVideo(Draft):
    """`upload_id`: of a video file that was sent to /api/uploads with the noun `video` and the id `import`. `title` "": as its
    file is called. `ai_made`: it is marked so; a file that says so itself is marked anyway."""

    upload_id: str = Field(max_length=80)
    title: str = Field("", max_length=120)
    influencer_id: str | None = Field(None, max_length=80)
    ai_made: bool = False


class VideoImportPayload(BaseModel):
    """Of a `video-import` job."""

    clip_id: str
    upload_id: str
