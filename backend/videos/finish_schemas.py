"""How a video is finished: the platform's size, music, its own sound and subtitles."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from backend.kit.drafts import Draft
from backend.media.ffmpeg.subtitles import Position
from backend.music import UsedTrack

FinishPreset = Literal["as-is", "instagram-reel", "instagram-post", "tiktok", "youtube-short", "youtube-standard"]


class FinishDraft(Draft):
    """`preset`: the size and safe areas of a platform; `as-is` keeps the video's. `focus` 0..1: which part of a longer side is
    kept. `music`: id of a track, empty: none; `music_db`: louder or quieter than tracks are brought to.

    `subtitles`: SRT, or text that is spread over the video. `karaoke`: words are filled one after another.
    """

    preset: FinishPreset = "instagram-reel"
    focus: float = Field(0.5, ge=0, le=1)
    keep_sound: bool = True
    music: str = Field("", max_length=64)
    music_db: float = Field(-6.0, ge=-40, le=6)
    subtitles: str = Field("", max_length=20_000)
    karaoke: bool = True
    position: Position = "bottom"


class VideoFinishOrder(FinishDraft):
    """One video, and how it is finished."""

    video_id: str


class FinishRecipe(BaseModel):
    """What a finished video was made of: the video `video_id` with its file, the draft, and the track with what allows its
    use."""

    video_id: str
    asset_id: str
    draft: FinishDraft
    track: UsedTrack | None = None


class FinishPayload(BaseModel):
    """Of a `video-finishing` job."""

    clip_id: str
