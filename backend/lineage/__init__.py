"""What something was made from and what was made of it: dataset, training run, LoRA, picture, video."""

from backend.lineage.queries import trace
from backend.lineage.schemas import COLUMNS, MAX_NODES, Lineage, LineageColumn, LineageNode, Noun

__all__ = [
    "COLUMNS",
    "MAX_NODES",
    "Lineage",
    "LineageColumn",
    "LineageNode",
    "Noun",
    "trace",
]
