"""Content type and format of a series' posts on each platform. Pure."""

from __future__ import annotations

from backend.bulk_planning.schemas import PictureFormat
from backend.platforms.port import Format
from backend.platforms.registry import PLATFORMS


def content_type(platform: str, form: PictureFormat) -> str:
    """The content type of `backend.writing` for posts of this format on this platform: its own, else Instagram's."""
    own_format = choose_format(platform, form)
    own = [kind.key for kind in PLATFORMS[platform].content_types if own_format in kind.formats]
    return own[0] if own else next(kind.key for kind in PLATFORMS["instagram"].content_types if form in kind.formats)


def choose_format(platform: str, form: PictureFormat) -> Format:
    """The requested format where the platform has it (a reel as Short or video), else a picture, else the first format."""
    formats = PLATFORMS[platform].formats
    preferred: tuple[Format, ...] = ("reel", "short", "video") if form == "reel" else (form, "picture")
    return next((format for format in preferred if format in formats), next(iter(formats)))


def takes_files(platform: str, form: PictureFormat) -> bool:
    """Whether posts of this format can show what is made for them: a video for a reel, else pictures."""
    limits = PLATFORMS[platform].formats[choose_format(platform, form)]
    return (limits.video if form == "reel" else limits.picture) is not None
