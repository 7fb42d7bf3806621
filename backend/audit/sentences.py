"""What the audit log says beside what a person's own history says. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from backend.content_plans import STATE_LABELS
from backend.db.tables import PostState
from backend.history import SENTENCES, Change, Sentence
from backend.language import tr_lazy, tr_lazy_plural


def _post_state(change: Change) -> str:
    before, after = str(change.data.get("from", "")), _state(change.kind.partition(".")[2])
    if not before:  # a channel was added to it
        return tr_lazy("State of a post: {after}.", after=after)
    return tr_lazy("State of a post: {before} → {after}.", before=_state(before), after=after)


def _state(name: str) -> str:
    return next((STATE_LABELS[state] for state in PostState if state.value == name), name)


def _refused(change: Change) -> str:
    if change.data.get("reason") == "code":
        return tr_lazy("Sign-in as {name} refused: wrong two-factor code.", name=change.name)
    return tr_lazy("Sign-in as {name} refused: wrong password.", name=change.name)


_MORE: Mapping[str, Sentence] = {
    "audit.read": lambda change: tr_lazy("Audit log read by an operator of the installation."),
    "audit.exported": lambda change: tr_lazy_plural(
        "Audit log exported: {n:,} entry.", "Audit log exported: {n:,} entries.", int(change.data.get("n", 0))
    ),
    "backup.requested": lambda change: tr_lazy("Backup asked for."),
    "member.joined": lambda change: tr_lazy("{name} joined the workspace.", name=change.name),
    "session.started": lambda change: tr_lazy("{name} signed in.", name=change.name),
    "session.refused": _refused,
    "session.all_ended": lambda change: tr_lazy("{name} signed out everywhere else.", name=change.name),
    "password.changed": lambda change: tr_lazy("{name} changed their password.", name=change.name),
    "password.reset": lambda change: tr_lazy("Password of {name} reset with a link.", name=change.name),
    "email.changed": lambda change: tr_lazy("{name} changed their e-mail address.", name=change.name),
    "two_factor.on": lambda change: tr_lazy("{name} turned on two-factor sign-in.", name=change.name),
    "two_factor.off": lambda change: tr_lazy("{name} turned off two-factor sign-in.", name=change.name),
    "plan.moved": lambda change: tr_lazy("Post “{name}” moved.", name=change.name),
    "plan.shifted": lambda change: tr_lazy("Posts moved to other days."),
    "plan.discarded": lambda change: tr_lazy("Post “{name}” thrown away.", name=change.name),
    "post.removed": lambda change: tr_lazy("Channel taken out of a post."),
    "style.source_dropped": lambda change: tr_lazy("Source of the writing style “{name}” removed.", name=change.name),
    "video.added": lambda change: tr_lazy("Video added."),
    "job.reordered": lambda change: tr_lazy("“{name}” moved in the queue.", name=change.name),
    "webhook.tested": lambda change: tr_lazy("Webhook “{name}” tested.", name=change.name),
    "webhook.recovered": lambda change: tr_lazy("Missed messages of the webhook “{name}” sent again.", name=change.name),
    "webhook.replayed": lambda change: tr_lazy("Message of a webhook sent again."),
    **{f"post.{state.value}": _post_state for state in PostState},
}
AUDITED: Mapping[str, Sentence] = {**SENTENCES, **_MORE}
"""Kind of an event or act -> what is said of it. What is not here is no act of anybody: progress of jobs, the studio's own."""
