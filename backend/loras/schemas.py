"""What comes out of the LoRA library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoraCard:
    """`name` is its name in `<lora:name:0.8>`; `base` the family of base models it fits (starter-128, sd15, sdxl).

    `source`: trained (then `run_id` and `step` name the version) or uploaded. `weight`: its default strength. `key`: of the
    file in the storage; `size_bytes` and `sha256` are the file's.
    """

    id: str
    name: str
    trigger_word: str
    base: str
    dim: int
    alpha: float
    weight: float
    source: str
    asset_id: str
    key: str
    size_bytes: int
    sha256: str
    influencer_id: str | None
    run_id: str | None
    step: int | None
    notes: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LoraPage:
    cards: list[LoraCard]
    next_cursor: str | None
    total: int
