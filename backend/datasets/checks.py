"""What may be wrong with a picture: each check once, as a condition for Postgres and as a sentence with its figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import ColumnElement, case, false, func, select
from sqlalchemy.orm import Session

from backend.datasets import rules
from backend.datasets.schemas import Code, Framing, ImageCard, Reason, Thresholds
from backend.db.tables import Dataset, DatasetImage
from backend.errors import NotFound
from backend.media.images.pictures import MEASURES

CODES: tuple[Code, ...] = get_args(Code)
FRAMINGS: tuple[Framing, ...] = get_args(Framing)
BLOCKERS: frozenset[Code] = frozenset({"too_small"})
ENLARGED_AT_MOST = 4
"""A picture that would have to be enlarged more than this teaches blur and nothing else."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the pictures of one dataset are judged by. `line`: least sharpness. `side`: px the model trains at; 0: not known."""

    dataset_id: str
    trigger_word: str
    thresholds: Thresholds
    line: float
    side: int = 0

    @property
    def least_side(self) -> int:
        return -(-self.side // ENLARGED_AT_MOST)


def gate(tx: Session, dataset_id: str, *, side: int = 0) -> Gate:
    """Raises NotFound."""
    median = func.percentile_cont(0.5).within_group(DatasetImage.sharpness)
    mine = DatasetImage.dataset_id == Dataset.id, DatasetImage.measured > 0
    middle = select(median).where(*mine).correlate(Dataset).scalar_subquery()
    here = Dataset.id == dataset_id, Dataset.deleted_at.is_(None)
    row = tx.execute(select(Dataset.trigger_word, Dataset.settings, middle).where(*here)).first()
    if row is None:
        raise NotFound("This dataset does not exist here. It may have been deleted; open the list of datasets.")
    word, settings, found = row
    thresholds = Thresholds(**settings)
    line = rules.blur_line(found) if thresholds.sharpness is None else thresholds.sharpness
    return Gate(dataset_id, word, thresholds, line, side)


def conditions(gate: Gate) -> dict[Code, ColumnElement[bool]]:
    """Code -> true for a picture that has the problem, included or not. Never NULL."""
    row, limits, short = DatasetImage, gate.thresholds, short_side()
    known = row.measured > 0
    return {
        "too_small": short < gate.least_side,
        "low_resolution": (short < gate.side) & (short >= gate.least_side),
        "blurred": known & (row.sharpness < gate.line),
        "dark": known & (func.coalesce(row.brightness, 128) < limits.dark),
        "bright": known & (func.coalesce(row.brightness, 128) > limits.bright),
        "flat": known & (func.coalesce(row.contrast, 64) < limits.contrast),
        "clipped": known & (func.coalesce(row.clipped, 0) > limits.clipped),
        "near_duplicates": row.alike.is_not(None) & row.included & _has_twin(gate.dataset_id),
        "several_faces": func.coalesce(row.faces, 0) > limits.max_faces,
        "uncaptioned": row.caption == "",
        "without_trigger": (row.caption != "") & ~has_word(gate.trigger_word) if gate.trigger_word else false(),
        "unmeasured": row.measured < MEASURES,
    }


def framing(gate: Gate) -> ColumnElement[str]:
    """face, bust or body by the height of the largest face in what is trained on; unknown: no face was found."""
    height = DatasetImage.face_height * DatasetImage.height / func.coalesce(DatasetImage.crop_h, DatasetImage.height)
    limits = gate.thresholds
    return case(
        (DatasetImage.face_height.is_(None), "unknown"),
        (height >= limits.face_from, "face"),
        (height >= limits.bust_from, "bust"),
        else_="body",
    )


def short_side() -> ColumnElement[int]:
    """Of what is trained on, px."""
    row = DatasetImage
    return func.least(func.coalesce(row.crop_w, row.width), func.coalesce(row.crop_h, row.height))


def has_word(word: str) -> ColumnElement[bool]:
    """As `rules.has_word`, for Postgres."""
    edge = "[^[:alnum:]_]"
    found: ColumnElement[bool] = DatasetImage.caption.regexp_match(f"(^|{edge}){re.escape(word)}($|{edge})", "i")
    return found


def reasons(card: ImageCard, gate: Gate, codes: list[Code]) -> tuple[Reason, ...]:
    """The sentences for what `conditions` found."""
    said = dict(_sentences(card, gate))
    return tuple(Reason(code, said[code], code in BLOCKERS) for code in codes)


def _sentences(card: ImageCard, gate: Gate) -> Iterator[tuple[Code, str]]:
    limits = gate.thresholds
    yield "too_small", f"short side {card.short_side} px, at least {gate.least_side}"
    yield "low_resolution", f"short side {card.short_side} px, trained at {gate.side}"
    yield "blurred", f"sharpness {card.sharpness:.0f}, at least {gate.line:.0f}"
    yield "dark", f"brightness {card.brightness or 0:.0f} of 255, at least {limits.dark:.0f}"
    yield "bright", f"brightness {card.brightness or 0:.0f} of 255, at most {limits.bright:.0f}"
    yield "flat", f"contrast {card.contrast or 0:.0f}, at least {limits.contrast:.0f}"
    yield "clipped", f"{card.clipped or 0:.0%} pure black or white, at most {limits.clipped:.0%}"
    bits, least = card.near_duplicate_distance or 0, limits.near_bits + 1
    yield "near_duplicates", f"differs from another in {bits} of 64 bits, at least {least}"
    yield "several_faces", f"{card.faces or 0} faces, at most {limits.max_faces}"
    yield "uncaptioned", "no caption"
    yield "without_trigger", f"trigger word {gate.trigger_word or '(none yet)'} not in the caption"
    yield "unmeasured", "not measured yet"


def _has_twin(dataset_id: str) -> ColumnElement[bool]:
    """Its group has at least two included pictures."""
    other = DatasetImage.__table__.alias("other")
    groups = select(other.c.alike).where(other.c.dataset_id == dataset_id, other.c.included, other.c.alike.is_not(None))
    return DatasetImage.alike.in_(groups.group_by(other.c.alike).having(func.count() > 1))
