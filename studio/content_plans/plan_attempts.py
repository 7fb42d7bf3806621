"""The log of tries to publish a plan's posts: when, how far, what was sent, what the platform said."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import content_plans
from backend.content_plans import AttemptCard, PlanCard
from studio.shell.frame import Page
from studio.ui.format import clock_time, count, duration, plain, size

OUTCOMES = {
    "running": ":violet-badge[Running]",
    "published": ":green-badge[Published]",
    "failed": ":red-badge[Failed]",
    "unknown": ":red-badge[Unknown]",
    "released": ":orange-badge[Tried again later]",
    "held": ":gray-badge[Held]",
    "missed": ":red-badge[Missed]",
}
FAR = {
    "": "not begun",
    "preparing": "got as far as preparing",
    "ready": "got as far as being prepared there",
    "submitting": "got as far as being published",
}


def log(page: Page, card: PlanCard) -> None:
    """Nothing while nothing was tried."""
    with page.transaction() as tx:
        tried = [(post, found) for post in card.posts if (found := content_plans.list_attempts(tx, post.id))]
    if not tried:
        return
    n = sum(len(found) for _, found in tried)
    with st.expander(f"{count(n, 'try', 'tries')} to publish it", icon=":material/history:"):
        for post, found in tried:
            for attempt in found:
                st.markdown(
                    f"{OUTCOMES[attempt.outcome]} **{plain(post.channel_name)}**, try {attempt.n}, {_when(attempt, card)}"
                )
                for line in _lines(attempt):
                    st.caption(line)


def _when(attempt: AttemptCard, card: PlanCard) -> str:
    took = f", took {duration((attempt.ended_at - attempt.created_at).total_seconds())}" if attempt.ended_at else ""
    return plain(clock_time(attempt.created_at, card.zone) + took)


def _lines(attempt: AttemptCard) -> list[str]:
    far = FAR.get(attempt.phase, "") if attempt.outcome != "published" else ""
    found = (
        [plain(". ".join(part for part in (attempt.said.rstrip("."), far.capitalize()) if part) + ".")]
        if attempt.said or far
        else []
    )
    if sent := _sent(attempt.sent):
        found.append(f":material/outbox: Sent: {sent}")
    found += [f":material/label: {plain(str(line))}" for line in attempt.sent.get("said", [])[:10]]
    comment: dict[str, Any] = attempt.sent.get("comment") or {}
    if comment.get("said"):
        found.append(f":material/comment: First comment: {plain(str(comment['said']))}")
    return found


def _sent(sent: dict[str, Any]) -> str:
    """“2 pictures (1080 × 1350, 312 KB; …) · carousel · marked as AI-made”, as markdown."""
    files: list[dict[str, Any]] = sent.get("files") or []
    if not files and "ai_made" not in sent:
        return ""
    what = "; ".join(f"{one.get('width')} × {one.get('height')}, {size(int(one.get('size') or 0))}" for one in files[:4])
    kind = "video" if any(one.get("kind") == "video" for one in files) else "picture"
    parts = [f"{count(len(files), kind)} ({what}{'; …' if len(files) > 4 else ''})"] if files else []
    parts += [str(sent["format"])] if sent.get("format") else []
    parts += [f"seen by {str(sent['privacy']).replace('_', ' ').lower()}"] if sent.get("privacy") else []
    parts.append("marked as AI-made" if sent.get("ai_made") else "not marked as AI-made")
    return plain(" · ".join(parts))
