"""Posts that every platform takes, to be changed by a test."""

from __future__ import annotations

from pathlib import Path

from backend.platforms.port import Media, PostRequest

PRIVACY = {"tiktok": "SELF_ONLY"}


def picture(**other: object) -> Media:
    values = {"kind": "picture", "mime": "image/jpeg", "width": 1080, "height": 1350, "size": 400_000, "sha256": "a" * 64}
    return Media(**{**values, **other})  # type: ignore[arg-type]


def film(**other: object) -> Media:
    values = {
        "kind": "video",
        "mime": "video/mp4",
        "width": 1080,
        "height": 1920,
        "size": 9_000_000,
        "sha256": "b" * 64,
        "duration_s": 12.0,
        "fps": 30.0,
        "codec": "h264",
        "audio": "aac",
    }
    return Media(**{**values, **other})  # type: ignore[arg-type]


def post_of(platform: str, format: str, **other: object) -> PostRequest:
    """Without a problem. `other` wins."""
    default_media: tuple[Media, ...] = (film(),) if format in ("reel", "video", "short") else (picture(),)
    if platform == "youtube" and format == "video":
        default_media = (film(width=1920, height=1080, duration_s=300.0),)
    values = {
        "format": format,
        "media": default_media * 3 if format == "carousel" else default_media,
        "caption": "" if format == "story" else "A day at the lake, made with AI #lake #sun",
        "title": "The lake" if platform in ("youtube", "tiktok") else "",
        "privacy": PRIVACY.get(platform, ""),
    }
    return PostRequest(**{**values, **other})  # type: ignore[arg-type]


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
