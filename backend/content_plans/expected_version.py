"""What a person saw when they acted: an act on a post that somebody changed since is refused, with what is different now."""

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

Shown = Mapping[str, "PlanCard | int"]
"""Plan id -> the plan as it was shown, or its `version` alone. A plan that is not in it is acted on as it is."""
NOT_SAID: Shown = {}
_LABELS = {
    "caption": "Caption", "hashtags": "Hashtags", "title": "Title", "first_comment": "First comment", "format": "Format",
    "privacy": "Who can see it",
}  # fmt: skip
_LONGEST = 90
"""Characters of a text in a sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`field`: its label, led by the channel's name where there are several. `before`, `after`: as text; "" is empty."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field} was {_quoted(self.before)}, is now {_quoted(self.after)}."


class ChangedSince(Conflict):
    """`data`: `version` (of now) and `changed` (labels of what is different, where that is known)."""

    code = "changed_since"


def lock(tx: Session, plan_ids: Iterable[str]) -> dict[str, int]:
    """Keeps others from changing these plans until the transaction ends. Plan id -> version; in one order, so that two who
    lock several do not wait for each other. Posts are locked after their plan, never before it."""
    found = select(ContentPlan.id, ContentPlan.version).where(ContentPlan.id.in_(sorted(set(plan_ids))))
    rows = tx.execute(found.order_by(ContentPlan.id).with_for_update(key_share=True)).all()
    return {plan_id: version for plan_id, version in rows}


def require(tx: Session, plan_id: str, shown: Shown) -> None:
    """Locks the plan. Raises ChangedSince when it is not as it was shown any more; one that is gone is the caller's to find."""
    version = lock(tx, [plan_id]).get(plan_id)
    seen = shown.get(plan_id)
    if seen is None or version is None or version == (seen if isinstance(seen, int) else seen.version):
        return
    if isinstance(seen, int):
        raise ChangedSince(
            f"Somebody else has changed this plan since it was shown (version {seen} then, {version} now). Look at it again, "
            "then repeat.",
            version=version,
        )
    now = queries.get(tx, plan_id)
    found = differences(seen, now)
    what = " ".join(map(str, found[:3])) + (f" And {len(found) - 3} more." if len(found) > 3 else "")
    raise ChangedSince(
        f"“{seen.title}” was changed by somebody else after you opened it. {what}".strip(),
        version=version,
        changed=[one.field for one in found],
    )


def differences(
    before: PlanCard | PlanDraft, after: PlanCard | PlanDraft, names: Mapping[str, str] | None = None
) -> tuple[Difference, ...]:
    """What would be seen of the two, or said of them, where it differs; in the order of the form.

    `names`: channel id -> name, beside those that the cards know.
    """
    known = dict(names or {})
    for one in (before, after):
        known |= {post.channel_id: post.channel_name for post in one.posts} if isinstance(one, PlanCard) else {}
    old, new = (one.draft() if isinstance(one, PlanCard) else one for one in (before, after))
    found = [
        _pair("Topic", old.topic, new.topic),
        _pair("Time", _time(old.wall, old.zone), _time(new.wall, new.zone or old.zone)),
    ]
    there, here = ({one.channel_id: one for one in draft.variants} for draft in (old, new))
    both = dict.fromkeys([*there, *here])
    for channel_id in both:
        name = known.get(channel_id, "another channel")
        if channel_id not in here:
            found.append(Difference(name, "a post there", "no post there"))
        elif channel_id not in there:
            found.append(Difference(name, "no post there", "a post there"))
        else:
            found += _variant(there[channel_id], here[channel_id], f"{name}: " if len(both) > 1 else "")
    found.append(_pair("Notes", old.notes, new.notes))
    return tuple(one for one in found if one)


def _variant(old: VariantDraft, new: VariantDraft, lead: str) -> list[Difference | None]:
    found = [_pair(lead + label, _text(getattr(old, name)), _text(getattr(new, name))) for name, label in _LABELS.items()]
    found.append(_files(old, new, lead))
    if old.alt_texts != new.alt_texts:
        found.append(_pair(f"{lead}Alt texts", "; ".join(old.alt_texts.values()), "; ".join(new.alt_texts.values())))
    if old.options != new.options or old.cover_id != new.cover_id:
        found.append(_pair(f"{lead}Options", _options(old), _options(new)))
    return found


def _files(old: VariantDraft, new: VariantDraft, lead: str) -> Difference | None:
    if old.media != new.media:
        before, after = (f"{len(one.media)} {'file' if len(one.media) == 1 else 'files'}" for one in (old, new))
        if before == after:
            after = "the same in another order" if set(old.media) == set(new.media) else "other files"
        return Difference(f"{lead}Pictures and videos", before, after)
    edited = [asset_id for asset_id in old.media if old.edits.get(asset_id) != new.edits.get(asset_id)]
    if edited:
        return Difference(f"{lead}Pictures and videos", "as they were", "cropped or converted differently")
    return None


def _options(draft: VariantDraft) -> str:
    said = {**draft.options, **({"cover": draft.cover_id} if draft.cover_id else {})}
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(said.items()))


def _pair(field: str, before: str, after: str) -> Difference | None:
    return Difference(field, before, after) if before != after else None


def _time(wall: datetime | None, zone: str) -> str:
    return f"{wall:%a %-d %b %Y, %H:%M} ({zone})" if wall else ""


def _text(value: Any) -> str:
    return " ".join(f"#{one}" for one in value) if isinstance(value, (tuple, list)) else str(value)


def _quoted(text: str) -> str:
    short = " ".join(text.split())
    return f"“{short[: _LONGEST - 1]}…”" if len(short) > _LONGEST else f"“{short}”" if short else "empty"
