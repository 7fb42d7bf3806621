"""Two pictures, no labels: which is better? By mouse, finger or arrow keys; votes go straight to the API."""

from __future__ import annotations

from typing import Any

from backend.comparisons import Ballot
from studio.ui.browser_component import ignore, load

_component = load(__file__)


def blind_vote(key: str, *, workspace: str, trial_id: str, ballot: Ballot, ratio: str = "1") -> bool:
    """Starts with `ballot`; every vote brings the next one. `ratio`: CSS width/height. Returns True once, when the user asks
    for the result."""
    pair = ballot.pair
    data: dict[str, Any] = {
        "workspace": workspace,
        "trial": trial_id,
        "ratio": ratio,
        "mine": ballot.mine,
        "votes": ballot.votes,
        "left": ballot.left,
        "undoable": ballot.undoable,
        "pair": pair
        and {
            "leftId": pair.left_id,
            "rightId": pair.right_id,
            "leftAssetId": pair.left_asset_id,
            "rightAssetId": pair.right_asset_id,
            "prompt": pair.prompt,
        },
    }
    return bool(_component(key=key, data=data, on_finished_change=ignore).get("finished"))
