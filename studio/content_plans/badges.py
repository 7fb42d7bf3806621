"""The badge of a post's state, as markdown."""

from __future__ import annotations

from backend.content_plans import STATE_LABELS, PostState
from backend.language import worded

_COLOURS = {
    PostState.DRAFT: "gray",
    PostState.IN_REVIEW: "orange",
    PostState.APPROVED: "blue",
    PostState.SCHEDULED: "blue",
    PostState.PUBLISHING: "violet",
    PostState.PUBLISHED: "green",
    PostState.FAILED: "red",
    PostState.MISSED: "red",
    PostState.UNKNOWN: "red",
    PostState.ON_HOLD: "gray",
}


def state_badge(state: PostState) -> str:
    return f":{_COLOURS[state]}-badge[{worded(STATE_LABELS[state])}]"
