"""A lineage graph drawn as columns with lines between them; the node that was asked about is highlighted."""

from __future__ import annotations

from typing import Any

from backend.language import tr_lazy, worded
from backend.lineage import Lineage, LineageNode
from studio.ui.browser_component import ignore, load

_component = load(__file__, "lineage")
TITLES = {
    "dataset": tr_lazy("Datasets"),
    "run": tr_lazy("Training runs"),
    "lora": "LoRAs",
    "picture": tr_lazy("Pictures"),
    "clip": tr_lazy("Videos"),
}


def lineage_chart(key: str, *, workspace: str, lineage: Lineage) -> tuple[str, str, bool] | None:
    """Returns (noun, id, whether to open its own page) of a node just chosen, once."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "columns": [
            {
                "title": worded(TITLES[column.noun]),
                "noun": column.noun,
                "count": column.count,
                "more": column.more,
                "nodes": [_node_json(node) for node in column.nodes],
            }
            for column in lineage.columns
        ],
        "edges": [list(edge) for edge in lineage.edges],
    }
    chosen = _component(key=key, data=data, on_chosen_change=ignore).get("chosen")
    return (str(chosen["noun"]), str(chosen["id"]), bool(chosen["page"])) if chosen else None


def _node_json(node: LineageNode) -> dict[str, Any]:
    return {
        "noun": node.noun,
        "id": node.id,
        "title": node.title,
        "detail": worded(node.detail),
        "thumbs": list(node.thumbs),
        "focus": node.focus,
        "gone": node.gone,
    }
