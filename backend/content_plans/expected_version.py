"""Optimistic locking of plans: an action on a plan that somebody changed since it was shown is refused with the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.content_plans import queries
from backend.content_plans.schemas import PlanCard, PlanDraft, VariantDraft
from backend.db.tables import ContentPlan
from backend.errors import Conflict
from backend.language import tr_lazy

ExpectedPlans = Mapping[str, "PlanCard | int"]
"""Plan id -> the plan as it was shown, or only its `version`. Plans that are not in it are not checked."""
ANY_VERSION: ExpectedPlans = {}
_LABELS = {
    "caption": "Caption",
    "hashtags": "Hashtags",
    "title": "Title",
    "first_comment": "First comment",
    "format": "Format",
    "privacy": "Who can see it",
}
_MAX_QUOTE = 90
"""Characters of a text in a sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`field`: its label, after the channel's name where there are several. `before`, `after`: as text, may be empty."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field} was {_quoted(self.before)}, is now {_quoted(self.after)}."


class ChangedSince(Conflict):
    """The plan was changed since it was shown. `data`: `version` (the current one), `changed` (labels of differing fields)."""

    code = "changed_since"


def lock_plans(tx: Session, plan_ids: Iterable[str]) -> dict[str, int]:
    """Locks these plans until the transaction ends. Returns plan id -> version.

    Rows are locked in id order, so that two transactions that lock several plans cannot deadlock. Posts are always locked
    after their plan.
    """
    query = select(ContentPlan.id, ContentPlan.version).where(ContentPlan.id.in_(sorted(set(plan_ids))))
    rows = tx.execute(query.order_by(ContentPlan.id).with_for_update(key_share=True)).all()
    return {plan_id: version for plan_id, version in rows}


def require_unchanged(tx: Session, plan_id: str, expected: ExpectedPlans) -> None:
    """Locks the plan; raises ChangedSince when it is not the expected version. A missing plan is left to the caller."""
    version = lock_plans(tx, [plan_id]).get(plan_id)
    expected_plan = expected.get(plan_id)
    if (
        expected_plan is None
        or version is None
        or version == (expected_plan if isinstance(expected_plan, int) else expected_plan.version)
    ):
        return
    if isinstance(expected_plan, int):
        raise ChangedSince(
            tr_lazy(
                "Somebody else has changed this plan since it was shown (version {seen} then, {version} "
                "now). Look at it again, then repeat.",
                seen=expected_plan,
                version=version,
            ),
            version=version,
        )
    current = queries.get(tx, plan_id)
    changes = differences(expected_plan, current)
    summary = " ".join(map(str, changes[:3])) + (f" And {len(changes) - 3} more." if len(changes) > 3 else "")
    raise ChangedSince(
        f"“{expected_plan.title}” was changed by somebody else after you opened it. {summary}".strip(),
        version=version,
        changed=[change.field for change in changes],
    )


def differences(
    before: PlanCard | PlanDraft, after: PlanCard | PlanDraft, names: Mapping[str, str] | None = None
) -> tuple[Difference, ...]:
    """Fields that differ between two plans, in the order of the form.

    `names`: channel id -> name, for channels whose names the cards do not have.
    """
    channel_names = dict(names or {})
    for plan in (before, after):
        channel_names |= {post.channel_id: post.channel_name for post in plan.posts} if isinstance(plan, PlanCard) else {}
    old, new = (plan.draft() if isinstance(plan, PlanCard) else plan for plan in (before, after))
    fields = [
        _difference("Topic", old.topic, new.topic),
        _difference("Time", _time_text(old.wall, old.zone), _time_text(new.wall, new.zone or old.zone)),
    ]
    old_variants, new_variants = ({variant.channel_id: variant for variant in draft.variants} for draft in (old, new))
    channel_ids = dict.fromkeys([*old_variants, *new_variants])
    for channel_id in channel_ids:
        name = channel_names.get(channel_id, "another channel")
        if channel_id not in new_variants:
            fields.append(Difference(name, "a post there", "no post there"))
        elif channel_id not in old_variants:
            fields.append(Difference(name, "no post there", "a post there"))
        else:
            fields += _variant_differences(
                old_variants[channel_id], new_variants[channel_id], f"{name}: " if len(channel_ids) > 1 else ""
            )
    fields.append(_difference("Notes", old.notes, new.notes))
    return tuple(difference for difference in fields if difference)


def _variant_differences(old: VariantDraft, new: VariantDraft, prefix: str) -> list[Difference | None]:
    fields = [
        _difference(prefix + label, _value_text(getattr(old, name)), _value_text(getattr(new, name)))
        for name, label in _LABELS.items()
    ]
    fields.append(_file_difference(old, new, prefix))
    if old.alt_texts != new.alt_texts:
        fields.append(_difference(f"{prefix}Alt texts", "; ".join(old.alt_texts.values()), "; ".join(new.alt_texts.values())))
    if old.options != new.options or old.cover_id != new.cover_id:
        fields.append(_difference(f"{prefix}Options", _options_text(old), _options_text(new)))
    return fields


def _file_difference(old: VariantDraft, new: VariantDraft, prefix: str) -> Difference | None:
    if old.media != new.media:
        before, after = (f"{len(draft.media)} {'file' if len(draft.media) == 1 else 'files'}" for draft in (old, new))
        if before == after:
            after = "the same in another order" if set(old.media) == set(new.media) else "other files"
        return Difference(f"{prefix}Pictures and videos", before, after)
    edited = [asset_id for asset_id in old.media if old.edits.get(asset_id) != new.edits.get(asset_id)]
    if edited:
        return Difference(f"{prefix}Pictures and videos", "as they were", "cropped or converted differently")
    return None


def _options_text(draft: VariantDraft) -> str:
    options = {**draft.options, **({"cover": draft.cover_id} if draft.cover_id else {})}
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(options.items()))


def _difference(field: str, before: str, after: str) -> Difference | None:
    return Difference(field, before, after) if before != after else None


def _time_text(local_time: datetime | None, zone: str) -> str:
    return f"{local_time:%a %-d %b %Y, %H:%M} ({zone})" if local_time else ""


def _value_text(value: Any) -> str:
    return " ".join(f"#{tag}" for tag in value) if isinstance(value, (tuple, list)) else str(value)


def _quoted(text: str) -> str:
    short = " ".join(text.split())
    return f"“{short[: _MAX_QUOTE - 1]}…”" if len(short) > _MAX_QUOTE else f"“{short}”" if short else "empty"
