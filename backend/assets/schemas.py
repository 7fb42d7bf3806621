"""Values of assets and uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.media.images import pictures

THUMB_WIDTHS = pictures.THUMB_WIDTHS
"""Pixels; a picture gets those that are narrower than itself, a tiny one its own width."""


@dataclass(frozen=True, slots=True)
class AssetCard:
    """`thumbs`: widths of the WebP thumbnails beside it. `state`: intent, stored, deleted (bytes still there) or purged."""

    id: str
    kind: str
    key: str
    content_type: str
    filename: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    thumbs: tuple[int, ...]
    state: str
    created_at: datetime
    meta: Mapping[str, Any] = field(default_factory=dict)
    job_id: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """What the result of a job says of it."""
        return {"assetId": self.id, "s3Key": self.key}


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Newest first. `next_cursor` None: nothing older."""

    cards: list[AssetCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ThumbFile:
    """A WebP thumbnail on disk, `width` px wide."""

    width: int
    path: Path


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file on disk that is to become an asset. `kind`: image, video, audio, lora, state, archive, clip (of a reel), text."""

    path: Path
    kind: str
    key: str
    content_type: str
    filename: str = ""
    width: int | None = None
    height: int | None = None
    thumbs: Sequence[ThumbFile] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    uses: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """What uses an asset: a noun (`dataset`, `lora`, `picture` …) and its id."""

    noun: str
    noun_id: str


@dataclass(frozen=True, slots=True)
class UploadCard:
    """`state`: uploading, stored, taken or refused (then `reason` is a sentence). `skip`: these bytes are here already."""

    id: str
    noun: str
    noun_id: str
    filename: str
    size_bytes: int
    key: str
    state: str
    reason: str
    created_at: datetime
    skip: bool = False
