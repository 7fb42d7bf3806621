"""The log of attempts to publish a plan's posts: when, how far it came, what was sent, what the platform answered."""

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
PHASES = {
    "": "not begun",
    "preparing": "got as far as preparing",
    "ready": "got as far as being prepared there",
    "submitting": "got as far as being published",
}


def show_log(page: Page, card: PlanCard) -> None:
    """Draws the log; nothing before the first attempt."""
    with page.transaction() as tx:
        attempts_by_post = [(post, attempts) for post in card.posts if (attempts := content_plans.list_attempts(tx, post.id))]
    if not attempts_by_post:
        return
    n = sum(len(attempts) for _, attempts in attempts_by_post)
    with st.expander(f"{count(n, 'try', 'tries')} to publish it", icon=":material/history:"):
        for post, attempts in attempts_by_post:
            for attempt in attempts:
                st.markdown(
                    f"{OUTCOMES[attempt.outcome]} **{plain(post.channel_name)}**, try {attempt.n}, {_time_text(attempt, card)}"
                )
                for line in _lines(attempt):
                    st.caption(line)


def _time_text(attempt: AttemptCard, card: PlanCard) -> str:
    took = f", took {duration((attempt.ended_at - attempt.created_at).total_seconds())}" if attempt.ended_at else ""
    return plain(clock_time(attempt.created_at, card.zone) + took)


def _lines(attempt: AttemptCard) -> list[str]:
    phase = PHASES.get(attempt.phase, "") if attempt.outcome != "published" else ""
    lines = (
        [plain(". ".join(part for part in (attempt.said.rstrip("."), phase.capitalize()) if part) + ".")]
        if attempt.said or phase
        else []
    )
    if sent := _sent_text(attempt.sent):
        lines.append(f":material/outbox: Sent: {sent}")
    lines += [f":material/label: {plain(str(line))}" for line in attempt.sent.get("said", [])[:10]]
    comment: dict[str, Any] = attempt.sent.get("comment") or {}
    if comment.get("said"):
        lines.append(f":material/comment: First comment: {plain(str(comment['said']))}")
    return lines


def _sent_text(sent: dict[str, Any]) -> str:
    """“2 pictures (1080 × 1350, 312 KB; …) · carousel · marked as AI-made”, as markdown."""
    files: list[dict[str, Any]] = sent.get("files") or []
    if not files and "ai_made" not in sent:
        return ""
    sizes = "; ".join(f"{file.get('width')} × {file.get('height')}, {size(int(file.get('size') or 0))}" for file in files[:4])
    kind = "video" if any(file.get("kind") == "video" for file in files) else "picture"
    parts = [f"{count(len(files), kind)} ({sizes}{'; …' if len(files) > 4 else ''})"] if files else []
    parts += [str(sent["format"])] if sent.get("format") else []
    parts += [f"seen by {str(sent['privacy']).replace('_', ' ').lower()}"] if sent.get("privacy") else []
    parts.append("marked as AI-made" if sent.get("ai_made") else "not marked as AI-made")
    return plain(" · ".join(parts))
