"""A chain drawn as columns with lines between: pictures of each thing, what was asked about in the middle of attention."""

from __future__ import annotations

from typing import Any

from backend.lineage import Lineage, Node
from studio.components.load import ignore, load

_component = load("lineage")
TITLES = {"dataset": "Datasets", "run": "Training runs", "lora": "LoRAs", "picture": "Pictures", "clip": "Videos"}


def lineage_chart(key: str, *, workspace: str, lineage: Lineage) -> tuple[str, str, bool] | None:
    """Returns (noun, id, whether its own page was asked for) of a thing just chosen, once."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "columns": [
            {
                "title": TITLES[one.noun], "noun": one.noun, "count": one.count, "more": one.more,
                "nodes": [_plain(node) for node in one.nodes],
            }
            for one in lineage.columns
        ],
        "edges": [list(edge) for edge in lineage.edges],
    }  # fmt: skip
    chosen = _component(key=key, data=data, on_chosen_change=ignore).get("chosen")
    return (str(chosen["noun"]), str(chosen["id"]), bool(chosen["page"])) if chosen else None


def _plain(node: Node) -> dict[str, Any]:
    return {
        "noun": node.noun, "id": node.id, "title": node.title, "detail": node.detail, "thumbs": list(node.thumbs),
        "focus": node.focus, "gone": node.gone,
    }  # fmt: skip
