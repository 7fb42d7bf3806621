"""Checks of dataset pictures: each one as an SQL condition and as a sentence with the measured value and the limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import ColumnElement, case, false, func, select
from sqlalchemy.orm import Session

from backend.datasets import rules
from backend.datasets.schemas import Framing, ImageCard, ProblemCode, Reason, Thresholds
from backend.db.tables import Dataset, DatasetImage
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.media.images.pictures import MEASURES_VERSION

CODES: tuple[ProblemCode, ...] = get_args(ProblemCode)
FRAMINGS: tuple[Framing, ...] = get_args(Framing)
BLOCKERS: frozenset[ProblemCode] = frozenset({"too_small"})
MAX_ENLARGEMENT = 4
"""Factor. A picture that would be enlarged more than this only teaches blur."""


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """The limits for the pictures of one dataset. `side`: px the model trains at; 0: not known."""

    dataset_id: str
    trigger_word: str
    thresholds: Thresholds
    min_sharpness: float
    side: int = 0

    @property
    def min_side(self) -> int:
        return -(-self.side // MAX_ENLARGEMENT)


def check_limits(tx: Session, dataset_id: str, *, side: int = 0) -> CheckLimits:
    """Raises NotFound."""
    median = func.percentile_cont(0.5).within_group(DatasetImage.sharpness)
    measured_here = DatasetImage.dataset_id == Dataset.id, DatasetImage.measured > 0
    median_sharpness = select(median).where(*measured_here).correlate(Dataset).scalar_subquery()
    is_dataset = Dataset.id == dataset_id, Dataset.deleted_at.is_(None)
    row = tx.execute(select(Dataset.trigger_word, Dataset.settings, median_sharpness).where(*is_dataset)).first()
    if row is None:
        raise NotFound(tr_lazy("This dataset does not exist here. It may have been deleted; open the list of datasets."))
    trigger_word, settings, median_value = row
    thresholds = Thresholds(**settings)
    min_sharpness = rules.blur_threshold(median_value) if thresholds.sharpness is None else thresholds.sharpness
    return CheckLimits(dataset_id, trigger_word, thresholds, min_sharpness, side)


def problem_conditions(limits: CheckLimits) -> dict[ProblemCode, ColumnElement[bool]]:
    """Problem code -> SQL condition, true for a picture that has the problem, included or not. Never NULL."""
    row, thresholds, side_px = DatasetImage, limits.thresholds, short_side_column()
    is_measured = row.measured > 0
    return {
        "too_small": side_px < limits.min_side,
        "low_resolution": (side_px < limits.side) & (side_px >= limits.min_side),
        "blurred": is_measured & (row.sharpness < limits.min_sharpness),
        "dark": is_measured & (func.coalesce(row.brightness, 128) < thresholds.dark),
        "bright": is_measured & (func.coalesce(row.brightness, 128) > thresholds.bright),
        "flat": is_measured & (func.coalesce(row.contrast, 64) < thresholds.contrast),
        "clipped": is_measured & (func.coalesce(row.clipped, 0) > thresholds.clipped),
        "near_duplicates": row.alike.is_not(None) & row.included & _has_near_duplicate(limits.dataset_id),
        "several_faces": func.coalesce(row.faces, 0) > thresholds.max_faces,
        "uncaptioned": row.caption == "",
        "without_trigger": (row.caption != "") & ~caption_has_word(limits.trigger_word) if limits.trigger_word else false(),
        "unmeasured": row.measured < MEASURES_VERSION,
    }


def framing_column(limits: CheckLimits) -> ColumnElement[str]:
    """SQL: face, bust or body by the height of the largest face within the crop; unknown: no face was found."""
    height = DatasetImage.face_height * DatasetImage.height / func.coalesce(DatasetImage.crop_h, DatasetImage.height)
    thresholds = limits.thresholds
    return case(
        (DatasetImage.face_height.is_(None), "unknown"),
        (height >= thresholds.face_from, "face"),
        (height >= thresholds.bust_from, "bust"),
        else_="body",
    )


def short_side_column() -> ColumnElement[int]:
    """SQL: short side of the crop (or of the whole picture), px."""
    row = DatasetImage
    return func.least(func.coalesce(row.crop_w, row.width), func.coalesce(row.crop_h, row.height))


def caption_has_word(trigger_word: str) -> ColumnElement[bool]:
    """`rules.has_word` as an SQL condition."""
    edge = "[^[:alnum:]_]"
    match: ColumnElement[bool] = DatasetImage.caption.regexp_match(f"(^|{edge}){re.escape(trigger_word)}($|{edge})", "i")
    return match


def problem_reasons(card: ImageCard, limits: CheckLimits, codes: list[ProblemCode]) -> tuple[Reason, ...]:
    """The sentences for the problems that `problem_conditions` matched."""
    return tuple(Reason(code, _SENTENCES[code](card, limits), code in BLOCKERS) for code in codes)


def _without_trigger(card: ImageCard, limits: CheckLimits) -> str:
    if limits.trigger_word:
        return tr_lazy("trigger word {word} not in the caption", word=limits.trigger_word)
    return tr_lazy("trigger word (none yet) not in the caption")


_SENTENCES: dict[ProblemCode, Callable[[ImageCard, CheckLimits], str]] = {
    "too_small": lambda card, limits: tr_lazy(
        "short side {side} px, at least {least}", side=card.short_side, least=limits.min_side
    ),
    "low_resolution": lambda card, limits: tr_lazy(
        "short side {side} px, trained at {trained}", side=card.short_side, trained=limits.side
    ),
    "blurred": lambda card, limits: tr_lazy(
        "sharpness {sharpness:.0f}, at least {least:.0f}", sharpness=card.sharpness, least=limits.min_sharpness
    ),
    "dark": lambda card, limits: tr_lazy(
        "brightness {brightness:.0f} of 255, at least {least:.0f}",
        brightness=card.brightness or 0,
        least=limits.thresholds.dark,
    ),
    "bright": lambda card, limits: tr_lazy(
        "brightness {brightness:.0f} of 255, at most {most:.0f}",
        brightness=card.brightness or 0,
        most=limits.thresholds.bright,
    ),
    "flat": lambda card, limits: tr_lazy(
        "contrast {contrast:.0f}, at least {least:.0f}", contrast=card.contrast or 0, least=limits.thresholds.contrast
    ),
    "clipped": lambda card, limits: tr_lazy(
        "{share:.0%} pure black or white, at most {most:.0%}", share=card.clipped or 0, most=limits.thresholds.clipped
    ),
    "near_duplicates": lambda card, limits: tr_lazy(
        "differs from another in {bits} of 64 bits, at least {least}",
        bits=card.near_duplicate_distance or 0,
        least=limits.thresholds.near_bits + 1,
    ),
    "several_faces": lambda card, limits: tr_lazy(
        "{n} faces, at most {most}", n=card.faces or 0, most=limits.thresholds.max_faces
    ),
    "uncaptioned": lambda card, limits: tr_lazy("no caption"),
    "without_trigger": _without_trigger,
    "unmeasured": lambda card, limits: tr_lazy("not measured yet"),
}


def _has_near_duplicate(dataset_id: str) -> ColumnElement[bool]:
    """Its group has at least two included pictures."""
    other = DatasetImage.__table__.alias("other")
    groups = select(other.c.alike).where(other.c.dataset_id == dataset_id, other.c.included, other.c.alike.is_not(None))
    return DatasetImage.alike.in_(groups.group_by(other.c.alike).having(func.count() > 1))
