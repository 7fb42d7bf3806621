"""Where the face in a picture is: looked for once, kept with the file. Crops keep it in sight."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from backend.assets.job_outputs import smallest_key
from backend.assets.queries import get_many
from backend.assets.schemas import AssetCard
from backend.assets.service import add_meta
from backend.db.transactions import Caller, SystemCaller
from backend.errors import NotFound, ProcessKilled
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.media.images import faces
from backend.media.images.faces import Point
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App

FACE_META = "face"
"""In an asset's `meta`: [x, y], the middle of the largest face as shares of width and height; [] for none; absent: nobody has
looked."""
_MOST_S = 60.0
_REQUESTS = threading.BoundedSemaphore(2)
"""How many requests look at the same time: each has a child process of 70 MB."""
log = structlog.get_logger(__name__)


def face_of(card: AssetCard) -> Point | None:
    """None: it has none, or nobody has looked."""
    point = card.meta.get(FACE_META)
    return (point[0], point[1]) if point else None


def face_meta(settings: Settings, box: Sequence[float] | None) -> dict[str, list[float]]:
    """The `meta` of an uploaded picture, of whose largest face what measured it found the box [x, y, width, height]. {} without
    one: the detector, which finds more, looks when a crop wants it."""
    if box is None or not settings.engines.identity.face_focus:
        return {}
    return {FACE_META: [round(box[0] + box[2] / 2, 3), round(box[1] + box[3] / 2, 3)]}


def searches_faces(app: App) -> bool:
    """False where it is switched off, or there is no detector for this kind of machine."""
    return app.settings.engines.identity.face_focus and faces.can_find()


def find_faces(ctx: JobContext, paths: Mapping[str, Path]) -> dict[str, Point | None]:
    """Looks at pictures of a job, by asset id, and keeps what is found with them; also after the job has ended. {} where
    nothing can be looked at, or the program that looks ended: that is said in the log and is no error of the job."""
    if not paths or not searches_faces(ctx.app):
        return {}
    points = _look(paths, ctx.check)
    if not points:
        ctx.log(
            tr_lazy("The program that looks for faces ended. Crops keep the middle of the pictures this time."), level="warning"
        )
        return {}
    # not fenced: it is a fact about the file, whoever looked
    with ctx.app.db.transaction(SystemCaller(ctx.tenant_id, ctx.user_id)) as tx:
        _keep(tx, points)
    return points


def look_for_faces(app: App, caller: Caller, asset_ids: Sequence[str]) -> None:
    """Looks at those pictures that nobody has looked at, for a request of an editor that is about to crop them. Nothing happens
    where faces cannot be looked for. Raises Unavailable, and what authorising `caller` raises."""
    if not asset_ids or not searches_faces(app):
        return
    with app.db.transaction(caller, needs="editor") as tx:
        cards = get_many(tx, asset_ids)
    unseen = [card for card in cards.values() if card.kind == "image" and FACE_META not in card.meta]
    if not unseen:
        return
    with _REQUESTS, tempfile.TemporaryDirectory(prefix="faces-") as folder:
        paths = {card.id: path for card in unseen if (path := _fetched(app, card, Path(folder)))}
        points = _look(paths, lambda: None) if paths else {}
    if points:
        with app.db.transaction(caller, needs="editor") as tx:
            _keep(tx, points)


def _fetched(app: App, card: AssetCard, folder: Path) -> Path | None:
    """None: the file is gone."""
    path = folder / card.id
    try:
        app.storage.get_file(smallest_key(card, faces.SIDE), path)
    except NotFound:
        return None
    return path


def _look(paths: Mapping[str, Path], check: Callable[[], None]) -> dict[str, Point | None]:
    """{} when the program that looks was ended, or took too long."""
    try:
        points = _result(faces.find(list(paths.values())), check)
    except ProcessKilled:
        points = None
    if points is None:
        log.warning("no faces looked for", pictures=len(paths))
        return {}
    return dict(zip(paths, points, strict=True))


def _result(steps: Generator[None, None, list[Point | None] | None], check: Callable[[], None]) -> list[Point | None] | None:
    ends_at = time.monotonic() + _MOST_S
    try:
        while time.monotonic() < ends_at:
            try:
                next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            check()
        return None
    finally:
        steps.close()


def _keep(tx: Session, points: Mapping[str, Point | None]) -> None:
    for asset_id, point in points.items():
        add_meta(tx, asset_id, {FACE_META: list(point or ())})
