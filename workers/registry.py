"""Which pipeline does which kind of work, in this release."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from backend.jobs import KINDS, Handler
from workers import (
    boards,
    datasets,
    generation,
    likeness,
    planning,
    posts,
    renditions,
    styles,
    training,
    trials,
    upkeep,
    video,
    writing,
)

RELEASE: dict[str, Handler] = {
    **datasets.KINDS,
    **training.KINDS,
    **generation.KINDS,
    **likeness.KINDS,
    **trials.KINDS,
    **boards.KINDS,
    **writing.KINDS,
    **planning.KINDS,
    **styles.KINDS,
    **upkeep.KINDS,
    **video.KINDS,
    **posts.KINDS,
    **renditions.KINDS,
}


def load(modules: Sequence[str] = ()) -> dict[str, Handler]:
    """Kind -> handler: this release's, or those of `modules`, each of which has `KINDS` (tests)."""
    handlers = dict(RELEASE) if not modules else {}
    for name in modules:
        handlers |= importlib.import_module(name).KINDS
    unknown = set(handlers) - set(KINDS)
    assert not unknown, f"kinds without a spec: {sorted(unknown)}"
    return handlers
