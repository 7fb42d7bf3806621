"""Captions by a machine: what it would come to, started as a job, listed, and taken back as one act."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from backend import budgets, jobs
from backend.datasets import caption_rules
from backend.datasets.caption_cards import PREVIEWED, CaptionOrder, CaptionPayload, CaptionPlan
from backend.datasets.caption_rules import CaptionRules
from backend.datasets.caption_runs import active_run
from backend.datasets.captions import write
from backend.datasets.queries import get
from backend.datasets.service import locked
from backend.db.tables import CaptionResult, CaptionRun, DatasetEdit, DatasetImage
from backend.engines.caption.port import Captioner, CaptionInput, CaptionRequest
from backend.errors import Conflict, Invalid
from backend.jobs import JobCard, Work
from backend.kit.ids import new_id

if TYPE_CHECKING:
    from backend.app import App

KIND = "auto-caption"
"""Of jobs and in the ledger. What needs a processor instead of the network is `auto-caption-local`, to the same end."""
LOCAL = f"{KIND}-local"
CAPTION_RUN_S, CAPTION_S = 0.2, 0.015
"""By what was measured, on two quiet processor cores: a run, and each of its pictures."""
LABELS: dict[str, str] = {"vision": "a vision model", "blip": "BLIP", "template": "measurements"}
_NO_TRIGGER = "Give the dataset a trigger word first, in its settings: every caption begins with it."
_NOTHING = "There is no caption to write: none of these pictures is without one. Choose to replace captions, or other pictures."
Captioners = Mapping[str, Captioner]


def start_captioning(
    tx: Session, order: CaptionOrder, *, captioners: Captioners, request_key: str, preview: bool = False
) -> JobCard:
    """The job that captions; `preview`: it only shows what it would write for the first few. The same key: the first job.

    Raises NotFound, Invalid (no trigger word, nothing to do, no such captioner), Conflict (already under way).
    """
    row = locked(tx, order.dataset_id)
    if first := jobs.find_by_key(tx, request_key):
        return first
    captioner = able(captioners, order)
    if not row.trigger_word:
        raise Invalid(_NO_TRIGGER)
    if not preview and active_run(tx, row.id):
        raise Conflict("This dataset is being captioned already. Wait for it to end, or cancel it.")
    n, _ = counted(tx, order)
    if not n:
        raise Invalid(_NOTHING)
    run = CaptionRun(id=new_id("crun"), dataset_id=row.id, edit_id=new_id("edit"), captioner=captioner.name, preview=preview)
    run.rules, run.created_by = order.model_dump(mode="json"), tx.info.get("user_id")
    run.total = min(n, PREVIEWED) if preview else n
    of = "1 picture" if run.total == 1 else f"{run.total:,} pictures"
    title = f"Preview captions of {row.name}" if preview else f"Caption {of} of {row.name}"
    payload = CaptionPayload(dataset_id=row.id, run_id=run.id)
    kind = KIND if captioner.paid else LOCAL
    subject = ("caption-preview", run.id) if preview else ("dataset", row.id)
    card = jobs.enqueue(tx, kind=kind, payload=payload, title=title, request_key=request_key, subject=subject)
    run.job_id = card.id
    tx.add(run)
    tx.flush()
    return card


def foretell_captioning(app: App, tx: Session, order: CaptionOrder) -> CaptionPlan:
    """Starts nothing. Raises NotFound, Invalid, and what a quote raises (Unsupported: no price known)."""
    captioner = able(app.engines.captioners, order)
    rules = CaptionRules(get(tx, order.dataset_id).trigger_word, prefix=order.prefix, suffix=order.suffix)
    n, kept = counted(tx, order)
    takes, around = jobs.estimate(tx, work(captioner, n)), caption_rules.around(rules)
    seconds = takes.seconds if takes else None
    asked = captioner.question(CaptionRequest((CaptionInput(),), order.form, look=order.look, avoid=("x" * 400,)))
    if asked is None:
        return CaptionPlan(captioner.name, captioner.status().version, n, kept, Decimal(0), Decimal(0), None, seconds, around)
    quote, usual = app.engines.text.quote(asked), budgets.mean_usd(tx, KIND)
    left = budgets.remaining_usd(budgets.costs(tx, app.settings))
    each = None if usual is None else usual * n
    return CaptionPlan(captioner.name, ", ".join(quote.models), n, kept, each, quote.most_usd * n, left, seconds, around)


def able(captioners: Captioners, order: CaptionOrder) -> Captioner:
    """The one that is to do it. Raises Invalid when there is none, it does not write in this form, or lacks something."""
    captioner = chosen(captioners, order.captioner)
    if order.form not in captioner.forms:
        raise Invalid("BLIP writes sentences only. Choose sentences, or another captioner.")
    if not (state := captioner.status()).ok:
        raise Invalid(state.detail)
    return captioner


def chosen(captioners: Captioners, name: str) -> Captioner:
    """`name` "": the first. Raises Invalid with those there are."""
    if not captioners:
        raise Invalid("Nothing here can write captions. Set CAPTION_ENGINE to auto.")
    if name and name not in captioners:
        raise Invalid(f"Captions by {LABELS.get(name, name)} are not set up here. There are: {', '.join(captioners)}.")
    return captioners[name or next(iter(captioners))]


def counted(tx: Session, order: CaptionOrder) -> tuple[int, int]:
    """(pictures to caption, pictures whose captions the rule keeps)."""
    mine, free = concerned(order), replaceable(order)
    n = func.count().filter(free)
    wanted, all_of_them = tx.execute(select(n, func.count()).select_from(DatasetImage).where(*mine)).one()
    return wanted, all_of_them - wanted


def concerned(order: CaptionOrder) -> list[ColumnElement[bool]]:
    """The pictures that the wish is about, whatever their captions are."""
    where: list[ColumnElement[bool]] = [DatasetImage.dataset_id == order.dataset_id]
    if order.image_ids:
        where.append(DatasetImage.id.in_(order.image_ids))
    if order.included_only:
        where.append(DatasetImage.included.is_(True))
    return where


def replaceable(order: CaptionOrder) -> ColumnElement[bool]:
    """As `caption_rules.replaces`, for Postgres."""
    empty: ColumnElement[bool] = func.btrim(DatasetImage.caption, " \t\n\r") == ""
    if order.replace == "all":
        return or_(empty, DatasetImage.caption != "")
    return or_(empty, DatasetImage.caption_source.in_(caption_rules.MACHINES)) if order.replace == "machine" else empty


def after_ingest(tx: Session, dataset_id: str, *, captioners: Captioners, request_key: str) -> JobCard | None:
    """Captions for new pictures that came without one, where they cost nothing; paid ones are only offered (by the page)."""
    order = CaptionOrder(dataset_id=dataset_id)
    row = locked(tx, dataset_id)
    if not captioners or chosen(captioners, "").paid or not row.trigger_word or active_run(tx, dataset_id):
        return None
    n, _ = counted(tx, order)
    return start_captioning(tx, order, captioners=captioners, request_key=request_key) if n else None


def take_back(tx: Session, row: DatasetEdit) -> int:
    """Puts back what the run replaced, where nobody has changed it since. Returns how many. Raises Conflict (it still runs)."""
    run = tx.scalars(select(CaptionRun).where(CaptionRun.edit_id == row.id)).one()
    if active_run(tx, row.dataset_id) == run.id:
        raise Conflict("This is still being captioned. Cancel it first, then take it back.")
    before = select(CaptionResult.image_id, CaptionResult.before, CaptionResult.before_source).join(
        DatasetImage, (DatasetImage.id == CaptionResult.image_id) & (DatasetImage.caption_version == CaptionResult.version)
    )
    same = before.where(CaptionResult.run_id == run.id, CaptionResult.outcome == "written").order_by(CaptionResult.image_id)
    by_source: dict[str, dict[str, str]] = {}
    for image_id, caption, source in tx.execute(same.with_for_update(of=DatasetImage)):
        # what a machine wrote may be replaced again, what somebody wrote may not
        by_source.setdefault(source if source in caption_rules.MACHINES else "undo", {})[image_id] = caption
    return sum(len(write(tx, row.dataset_id, texts, source=source)) for source, texts in by_source.items())


def work(captioner: Captioner, n: int) -> Work:
    """Captioning `n` pictures, for estimates."""
    if captioner.needs_pixels or captioner.paid:
        return Work("caption", captioner.name, float(n), measured=False)
    return Work("caption", captioner.name, CAPTION_RUN_S + CAPTION_S * n)
