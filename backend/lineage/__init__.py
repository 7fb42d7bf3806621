"""Where something comes from and what became of it: dataset, training run, LoRA, picture, video."""

from backend.lineage.queries import trace
from backend.lineage.schemas import COLUMNS, MOST, Column, Lineage, Node, Noun

__all__ = ["COLUMNS", "MOST", "Column", "Lineage", "Node", "Noun", "trace"]
