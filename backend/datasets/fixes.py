"""What can be done about what the check found: each fix is previewed, applied as one act, and taken back from the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets import checks
from backend.datasets.captions import edit_captions, preview_captions
from backend.datasets.edit_cards import AlikeGroup, FixPreview, Suggestion
from backend.datasets.queries import chosen, matching
from backend.datasets.schemas import CaptionEdit, Code, ImageCard, Stats
from backend.datasets.service import locked, set_included
from backend.db.tables import DatasetImage
from backend.errors import Invalid, NotFound

LEAVE_OUT: dict[Code, str] = {
    "too_small": "Leave out what is far too small",
    "blurred": "Leave out the blurred",
    "dark": "Leave out the dark",
    "bright": "Leave out the too bright",
    "flat": "Leave out those without contrast",
    "clipped": "Leave out the burnt out",
    "several_faces": "Leave out those with several faces",
    "low_resolution": "Leave out those smaller than the training size",
}
KEEP_BEST, ADD_TRIGGER = "keep_best", "add_trigger"
_TRIGGER = CaptionEdit(verb="trigger")


def suggestions(stats: Stats, trigger_word: str) -> list[Suggestion]:
    """What would help, the most pressing first."""
    return list(_suggested(stats, trigger_word))


def preview_fix(tx: Session, dataset_id: str, key: str, *, side: int = 0) -> FixPreview:
    """What it would do now. `side`: px the model trains at. Raises NotFound, Invalid (no such fix)."""
    if key == ADD_TRIGGER:
        included = matching(tx, dataset_id, "included")
        changes = preview_captions(tx, dataset_id, _TRIGGER, image_ids=included) if included else []
        return FixPreview(_TRIGGER.title, captions=changes)
    if key == KEEP_BEST:
        groups = alike_groups(tx, dataset_id, take=5000, side=side)
        spare = [one for group in groups for one in group.images if one.id != group.best_id and one.included]
        kept = [one for group in groups for one in group.images if one.id == group.best_id]
        return FixPreview("Kept the best of each group", out=spare, kept=kept)
    for code, title in LEAVE_OUT.items():
        if code == key:
            judged = checks.gate(tx, dataset_id, side=side)
            mine = DatasetImage.dataset_id == dataset_id, DatasetImage.included, checks.conditions(judged)[code]
            ids = tx.scalars(select(DatasetImage.id).where(*mine)).all()
            return FixPreview(title.replace("Leave", "Left"), out=chosen(tx, dataset_id, ids, side=side))
    raise Invalid("There is no such suggestion. Reload the page.")


def apply_fix(tx: Session, dataset_id: str, key: str, *, image_ids: Sequence[str], side: int = 0, request_key: str = "") -> int:
    """Does it to those of `image_ids` (what the preview showed) that it still concerns. Returns to how many.

    Raises NotFound, Invalid (no such fix, nothing left to do).
    """
    locked(tx, dataset_id)
    if key == ADD_TRIGGER:
        return edit_captions(tx, dataset_id, _TRIGGER, image_ids=image_ids, request_key=request_key).count
    preview = preview_fix(tx, dataset_id, key, side=side)
    ids = [one.id for one in preview.out if one.id in set(image_ids)]
    if not ids:
        raise Invalid("There is nothing left to do: somebody has seen to it already.")
    set_included(tx, ids, False, title=preview.title, request_key=request_key)
    return len(ids)


def alike_groups(tx: Session, dataset_id: str, *, cursor: str = "", take: int = 10, side: int = 0) -> list[AlikeGroup]:
    """Groups with at least two included pictures, in the order they came in. `cursor`: id of the last group seen."""
    row, judged = DatasetImage, checks.gate(tx, dataset_id, side=side)
    crowded = checks.conditions(judged)["near_duplicates"]
    query = select(row.alike).where(row.dataset_id == dataset_id, crowded, row.alike > cursor).distinct()
    names = tx.scalars(query.order_by(row.alike).limit(take)).all()
    members = select(row.id).where(row.dataset_id == dataset_id, row.alike.in_(names))
    groups: dict[str, list[ImageCard]] = {}
    for card in chosen(tx, dataset_id, list(tx.scalars(members)), side=side):
        groups.setdefault(str(card.alike), []).append(card)
    return [AlikeGroup(name, best([one for one in cards if one.included]).id, cards) for name, cards in sorted(groups.items())]


def keep_one(tx: Session, image_id: str, *, request_key: str = "") -> int:
    """Takes this picture of its group in and leaves the others out. Returns how many are left out. Raises NotFound, Invalid."""
    row = tx.get(DatasetImage, image_id)
    if row is None:
        raise NotFound("This picture is no longer in the dataset. Reload the page.")
    locked(tx, row.dataset_id)
    mine = DatasetImage.dataset_id == row.dataset_id, DatasetImage.alike == row.alike, DatasetImage.id != image_id
    others = list(tx.scalars(select(DatasetImage.id).where(*mine, DatasetImage.included)))
    if not row.included:
        set_included(tx, [image_id], True)
    if not others:
        raise Invalid("The others of this group are left out already.")
    set_included(tx, others, False, title=f"Kept {row.filename} of its group", request_key=request_key)
    return len(others)


def best(cards: Sequence[ImageCard]) -> ImageCard:
    """Of look-alikes: the fewest problems, then the most pixels, then the sharpest, then the first to come in."""

    def rank(card: ImageCard) -> tuple[int, int, float, str]:
        wrong = sum(1 for one in card.reasons if one.code not in ("near_duplicates", "unmeasured"))
        return (wrong, -card.short_side, -card.sharpness, card.id)

    return min(cards, key=rank)


def _suggested(stats: Stats, trigger_word: str) -> Iterator[Suggestion]:
    if stats.too_small:
        yield Suggestion("too_small", LEAVE_OUT["too_small"], stats.too_small)
    if stats.near_duplicates:
        yield Suggestion(KEEP_BEST, "Keep the best of each group", stats.near_duplicates)
    for code, title in LEAVE_OUT.items():
        if code != "too_small" and (n := getattr(stats, code)):
            yield Suggestion(code, title, n)
    if trigger_word and (n := stats.without_trigger + stats.uncaptioned):
        yield Suggestion(ADD_TRIGGER, "Put the trigger word in front", n)
