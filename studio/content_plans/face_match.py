"""How much a post's pictures look like the influencer, as a badge."""

from __future__ import annotations

from backend.content_plans import FaceMatch


def badge(match: FaceMatch | None) -> str:
    """Markdown; "" for a plan whose pictures were not scored."""
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
