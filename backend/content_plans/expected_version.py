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
from backend.content_plans.times import time_text_with_year
from backend.db.tables import ContentPlan
from backend.errors import Conflict
from backend.language import Message, joined, tr_lazy, tr_lazy_plural

ExpectedPlans = Mapping[str, "PlanCard | int"]
"""Plan id -> the plan as it was shown, or only its `version`. Plans that are not in it are not checked."""
ANY_VERSION: ExpectedPlans = {}
_LABELS = {
    "caption": tr_lazy("Caption"),
    "hashtags": tr_lazy("Hashtags"),
    "title": tr_lazy("Title"),
    "first_comment": tr_lazy("First comment"),
    "format": tr_lazy("Format"),
    "privacy": tr_lazy("Who can see it"),
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
        return self.sentence

    @property
    def sentence(self) -> Message:
        before, after = _quoted(self.before), _quoted(self.after)
        return tr_lazy("{field} was {before}, is now {after}.", field=self.field, before=before, after=after)


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
                "Somebody else has changed this post since you opened it (version {seen} then, {version} now). Load it "
                "again, then repeat.",
                seen=expected_plan,
                version=version,
            ),
            version=version,
        )
    current = queries.get(tx, plan_id)
    changes = differences(expected_plan, current)
    raise ChangedSince(
        joined(
            tr_lazy("“{title}” was changed by somebody else after you opened it.", title=expected_plan.title),
            *(change.sentence for change in changes[:3]),
            tr_lazy("And {n} more.", n=len(changes) - 3) if len(changes) > 3 else "",
        ),
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
        _difference(tr_lazy("Topic"), old.topic, new.topic),
        _difference(tr_lazy("Time"), _time_text(old.wall, old.zone), _time_text(new.wall, new.zone or old.zone)),
    ]
    old_variants, new_variants = ({variant.channel_id: variant for variant in draft.variants} for draft in (old, new))
    channel_ids = dict.fromkeys([*old_variants, *new_variants])
    for channel_id in channel_ids:
        name = channel_names.get(channel_id, tr_lazy("another channel"))
        if channel_id not in new_variants:
            fields.append(Difference(name, tr_lazy("a post there"), tr_lazy("no post there")))
        elif channel_id not in old_variants:
            fields.append(Difference(name, tr_lazy("no post there"), tr_lazy("a post there")))
        else:
            fields += _variant_differences(
                old_variants[channel_id], new_variants[channel_id], name if len(channel_ids) > 1 else ""
            )
    fields.append(_difference(tr_lazy("Notes"), old.notes, new.notes))
    return tuple(difference for difference in fields if difference)


def _variant_differences(old: VariantDraft, new: VariantDraft, channel: str) -> list[Difference | None]:
    fields = [
        _difference(_field_of(channel, label), _value_text(getattr(old, name)), _value_text(getattr(new, name)))
        for name, label in _LABELS.items()
    ]
    fields.append(_file_difference(old, new, channel))
    if old.alt_texts != new.alt_texts:
        fields.append(
            _difference(
                _field_of(channel, tr_lazy("Alt texts")), "; ".join(old.alt_texts.values()), "; ".join(new.alt_texts.values())
            )
        )
    if old.options != new.options or old.cover_id != new.cover_id:
        fields.append(_difference(_field_of(channel, tr_lazy("Options")), _options_text(old), _options_text(new)))
    return fields


def _file_difference(old: VariantDraft, new: VariantDraft, channel: str) -> Difference | None:
    field = _field_of(channel, tr_lazy("Pictures and videos"))
    if old.media != new.media:
        before, after = (tr_lazy_plural("{n} file", "{n} files", len(draft.media)) for draft in (old, new))
        if before == after:
            is_reordered = set(old.media) == set(new.media)
            after = tr_lazy("the same in another order") if is_reordered else tr_lazy("other files")
        return Difference(field, before, after)
    edited = [asset_id for asset_id in old.media if old.edits.get(asset_id) != new.edits.get(asset_id)]
    if edited:
        return Difference(field, tr_lazy("as they were"), tr_lazy("cropped or converted differently"))
    return None


def _field_of(channel: str, field: str) -> str:
    return tr_lazy("{channel}: {field}", channel=channel, field=field) if channel else field


def _options_text(draft: VariantDraft) -> str:
    options = {**draft.options, **({"cover": draft.cover_id} if draft.cover_id else {})}
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(options.items()))


def _difference(field: str, before: str, after: str) -> Difference | None:
    return Difference(field, before, after) if before != after else None


def _time_text(local_time: datetime | None, zone: str) -> str:
    return tr_lazy("{time} ({zone})", time=time_text_with_year(local_time), zone=zone) if local_time else ""


def _value_text(value: Any) -> str:
    return " ".join(f"#{tag}" for tag in value) if isinstance(value, (tuple, list)) else str(value)


def _quoted(text: str) -> str:
    if isinstance(text, Message):  # words of ours are short
        return tr_lazy("“{text}”", text=text)
    short = " ".join(text.split())
    return f"“{short[: _MAX_QUOTE - 1]}…”" if len(short) > _MAX_QUOTE else f"“{short}”" if short else tr_lazy("empty")
