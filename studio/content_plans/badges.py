"""Badges of posts, as markdown: their state, and the face match of their pictures."""

from __future__ import annotations

from backend.content_plans import STATE_LABELS, FaceMatch, PostState

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
    return f":{_COLOURS[state]}-badge[{STATE_LABELS[state]}]"


def face_match_badge(match: FaceMatch | None) -> str:
    """ "" for a plan whose pictures were not scored."""
    if match is None:
        return ""
    score = f"Face match {percent(match.score)}"
    if match.score >= match.threshold:
        return f":green-badge[{score}]"
    if match.accepted:
        return f":gray-badge[{score}, accepted]"
    return f":orange-badge[:material/face: {score}, needs {percent(match.threshold)}]"


def percent(value: float) -> str:
    return f"{int(value * 100 + 1e-9)} %"
