"""A chain of columns, from what was learned to what was made. Whoever adds posts adds a column on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Noun = Literal["dataset", "run", "lora", "picture", "clip"]
COLUMNS: tuple[Noun, ...] = ("dataset", "run", "lora", "picture", "clip")
MOST = 12
"""Things shown a column."""
COUNT_TO = 1_000


@dataclass(frozen=True, slots=True)
class Node:
    """`thumbs`: up to three asset ids. `focus`: what was asked about. `gone`: deleted since, kept here as a name."""

    noun: Noun
    id: str
    title: str
    detail: str = ""
    thumbs: tuple[str, ...] = ()
    focus: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`count` of all there are, up to COUNT_TO (then `more`); `nodes` the latest MOST."""

    noun: Noun
    nodes: tuple[Node, ...]
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """`edges`: (id, id) from left to right, between nodes that are shown."""

    focus: Node
    columns: tuple[Column, ...]
    edges: tuple[tuple[str, str], ...]
