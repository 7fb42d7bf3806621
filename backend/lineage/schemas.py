"""A chain of columns from datasets on the left to videos on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Noun = Literal["dataset", "run", "lora", "picture", "clip"]
COLUMNS: tuple[Noun, ...] = ("dataset", "run", "lora", "picture", "clip")
MAX_NODES = 12
"""Most nodes shown in a column."""
COUNT_TO = 1_000


@dataclass(frozen=True, slots=True)
class LineageNode:
    """`thumbs`: up to three asset ids. `focus`: the thing that the lineage is about. `gone`: deleted; shown by its name."""

    noun: Noun
    id: str
    title: str
    detail: str = ""
    thumbs: tuple[str, ...] = ()
    focus: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class LineageColumn:
    """`count`: how many there are, up to COUNT_TO (`more`: there are more); `nodes`: the newest MAX_NODES."""

    noun: Noun
    nodes: tuple[LineageNode, ...]
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """`edges`: (id, id) from left to right, between nodes that are shown."""

    focus: LineageNode
    columns: tuple[LineageColumn, ...]
    edges: tuple[tuple[str, str], ...]
