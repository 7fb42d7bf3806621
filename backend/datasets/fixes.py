"""Fixes for the problems that the checks found: each is previewed, applied as one edit, and can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.datasets import checks
from backend.datasets.captions import edit_captions, preview_captions
from backend.datasets.edit_cards import FixPreview, FixSuggestion, NearDuplicateGroup
from backend.datasets.queries import get_images, matching_ids
from backend.datasets.schemas import CaptionEdit, ImageCard, ProblemCode, Stats
from backend.datasets.service import lock_dataset, set_included
from backend.db.tables import DatasetImage
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy

LEAVE_OUT: dict[ProblemCode, tuple[str, str]] = {
    "too_small": (tr_lazy("Leave out what is far too small"), tr_lazy("Left out what was far too small")),
    "blurred": (tr_lazy("Leave out blurred pictures"), tr_lazy("Left out blurred pictures")),
    "dark": (tr_lazy("Leave out dark pictures"), tr_lazy("Left out dark pictures")),
    "bright": (tr_lazy("Leave out pictures that are too bright"), tr_lazy("Left out pictures that are too bright")),
    "flat": (tr_lazy("Leave out pictures without contrast"), tr_lazy("Left out pictures without contrast")),
    "clipped": (tr_lazy("Leave out overexposed pictures"), tr_lazy("Left out overexposed pictures")),
    "several_faces": (tr_lazy("Leave out pictures with several faces"), tr_lazy("Left out pictures with several faces")),
    "low_resolution": (
        tr_lazy("Leave out pictures smaller than the training size"),
        tr_lazy("Left out pictures smaller than the training size"),
    ),
}
"""Problem -> (the fix as it is offered, the edit it leaves in the list of changes)."""
KEEP_BEST, ADD_TRIGGER = "keep_best", "add_trigger"
_TRIGGER = CaptionEdit(verb="trigger")


def suggestions(stats: Stats, trigger_word: str) -> list[FixSuggestion]:
    """The fixes that apply, the most urgent first."""
    return list(_iter_suggestions(stats, trigger_word))


def preview_fix(tx: Session, dataset_id: str, key: str, *, side: int = 0) -> FixPreview:
    """What the fix would change now. `side`: px the model trains at. Raises NotFound, Invalid (no such fix)."""
    if key == ADD_TRIGGER:
        included = matching_ids(tx, dataset_id, "included")
        changes = preview_captions(tx, dataset_id, _TRIGGER, image_ids=included) if included else []
        return FixPreview(_TRIGGER.title, captions=changes)
    if key == KEEP_BEST:
        groups = near_duplicate_groups(tx, dataset_id, take=5000, side=side)
        extras = [card for group in groups for card in group.images if card.id != group.best_id and card.included]
        best_images = [card for group in groups for card in group.images if card.id == group.best_id]
        return FixPreview(tr_lazy("Kept the best of each group"), out=extras, kept=best_images)
    for code, (_, edit_title) in LEAVE_OUT.items():
        if code == key:
            limits = checks.check_limits(tx, dataset_id, side=side)
            conditions = DatasetImage.dataset_id == dataset_id, DatasetImage.included, checks.problem_conditions(limits)[code]
            ids = tx.scalars(select(DatasetImage.id).where(*conditions)).all()
            return FixPreview(edit_title, out=get_images(tx, dataset_id, ids, side=side))
    raise Invalid(tr_lazy("There is no such suggestion. Reload the page."))


def apply_fix(tx: Session, dataset_id: str, key: str, *, image_ids: Sequence[str], side: int = 0, request_key: str = "") -> int:
    """Applies the fix to those of `image_ids` (what the preview showed) that still have the problem. Returns how many.

    Raises NotFound, Invalid (no such fix, nothing left to do).
    """
    lock_dataset(tx, dataset_id)
    if key == ADD_TRIGGER:
        return edit_captions(tx, dataset_id, _TRIGGER, image_ids=image_ids, request_key=request_key).count
    preview = preview_fix(tx, dataset_id, key, side=side)
    ids = [card.id for card in preview.out if card.id in set(image_ids)]
    if not ids:
        raise Invalid(tr_lazy("There is nothing left to do: somebody has done it already."))
    set_included(tx, ids, False, title=preview.title, request_key=request_key)
    return len(ids)


def near_duplicate_groups(
    tx: Session, dataset_id: str, *, cursor: str = "", take: int = 10, side: int = 0
) -> list[NearDuplicateGroup]:
    """Groups with at least two included pictures, oldest first. `cursor`: id of the last group of the previous page."""
    row, limits = DatasetImage, checks.check_limits(tx, dataset_id, side=side)
    in_crowded_group = checks.problem_conditions(limits)["near_duplicates"]
    query = select(row.alike).where(row.dataset_id == dataset_id, in_crowded_group, row.alike > cursor).distinct()
    group_ids = tx.scalars(query.order_by(row.alike).limit(take)).all()
    members = select(row.id).where(row.dataset_id == dataset_id, row.alike.in_(group_ids))
    groups: dict[str, list[ImageCard]] = {}
    for card in get_images(tx, dataset_id, list(tx.scalars(members)), side=side):
        groups.setdefault(str(card.alike), []).append(card)
    return [
        NearDuplicateGroup(group_id, best_of_group([card for card in cards if card.included]).id, cards)
        for group_id, cards in sorted(groups.items())
    ]


def count_near_duplicate_groups(tx: Session, dataset_id: str) -> int:
    """How many groups `near_duplicate_groups` has in all. Raises NotFound."""
    in_crowded_group = checks.problem_conditions(checks.check_limits(tx, dataset_id))["near_duplicates"]
    query = select(func.count(DatasetImage.alike.distinct())).where(DatasetImage.dataset_id == dataset_id, in_crowded_group)
    return tx.scalar(query) or 0


def keep_only(tx: Session, image_id: str, *, request_key: str = "") -> int:
    """Includes this picture of a near-duplicate group and excludes the others. Returns how many. Raises NotFound, Invalid."""
    row = tx.get(DatasetImage, image_id)
    if row is None:
        raise NotFound(tr_lazy("This picture is no longer in the dataset. Reload the page."))
    lock_dataset(tx, row.dataset_id)
    conditions = DatasetImage.dataset_id == row.dataset_id, DatasetImage.alike == row.alike, DatasetImage.id != image_id
    others = list(tx.scalars(select(DatasetImage.id).where(*conditions, DatasetImage.included)))
    if not row.included:
        set_included(tx, [image_id], True)
    if not others:
        raise Invalid(tr_lazy("The others of this group are left out already."))
    set_included(tx, others, False, title=tr_lazy("Kept {name} of its group", name=row.filename), request_key=request_key)
    return len(others)


def best_of_group(cards: Sequence[ImageCard]) -> ImageCard:
    """Of near-duplicates: fewest problems, then largest short side, then sharpest, then first added."""

    def rank(card: ImageCard) -> tuple[int, int, float, str]:
        problems = sum(1 for reason in card.reasons if reason.code not in ("near_duplicates", "unmeasured"))
        return (problems, -card.short_side, -card.sharpness, card.id)

    return min(cards, key=rank)


def _iter_suggestions(stats: Stats, trigger_word: str) -> Iterator[FixSuggestion]:
    if stats.too_small:
        yield FixSuggestion("too_small", LEAVE_OUT["too_small"][0], stats.too_small)
    if stats.near_duplicates:
        yield FixSuggestion(KEEP_BEST, tr_lazy("Keep the best of each group"), stats.near_duplicates)
    for code, (title, _) in LEAVE_OUT.items():
        if code != "too_small" and (n := getattr(stats, code)):
            yield FixSuggestion(code, title, n)
    if trigger_word and (n := stats.without_trigger + stats.uncaptioned):
        yield FixSuggestion(ADD_TRIGGER, tr_lazy("Put the trigger word in front"), n)
