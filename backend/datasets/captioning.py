"""Automatic captions: the estimate, starting the job, and undoing a whole run."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from backend import budgets, jobs
from backend.datasets import caption_rules
from backend.datasets.caption_cards import PREVIEW_PICTURES, CaptionOrder, CaptionPayload, CaptionPlan
from backend.datasets.caption_rules import CaptionRules
from backend.datasets.caption_runs import active_run
from backend.datasets.captions import write_captions
from backend.datasets.queries import get
from backend.datasets.service import lock_dataset
from backend.db.tables import CaptionResult, CaptionRun, DatasetEdit, DatasetImage
from backend.engines.ports.caption import Captioner, CaptionInput, CaptionRequest
from backend.errors import Conflict, Invalid
from backend.jobs import JobCard, Work
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural

if TYPE_CHECKING:
    from backend.app import App

KIND = "auto-caption"
"""Kind of the job and of its AI calls. Captioners that compute here instead of calling an API run as LOCAL_KIND."""
LOCAL_KIND = f"{KIND}-local"
CAPTION_RUN_S, CAPTION_S = 0.2, 0.015
"""Seconds for a run and for each of its pictures with the template captioner, measured on two idle CPU cores."""
LABELS: dict[str, str] = {"vision": tr_lazy("a vision model"), "blip": "BLIP", "template": tr_lazy("measurements")}
_NO_TRIGGER = tr_lazy("Give the dataset a trigger word first, in its settings: every caption begins with it.")
_NOTHING_TO_DO = tr_lazy(
    "There is no caption to write: all of these pictures have one. Choose to replace captions, or other pictures."
)
Captioners = Mapping[str, Captioner]


def start_captioning(
    tx: Session, order: CaptionOrder, *, captioners: Captioners, request_key: str, preview: bool = False
) -> JobCard:
    """Starts the captioning job. `preview`: it only proposes captions for the first few pictures. A known `request_key`
    returns the job it started.

    Raises NotFound, Invalid (no trigger word, nothing to do, no such captioner), Conflict (already under way).
    """
    row = lock_dataset(tx, order.dataset_id)
    if existing_job := jobs.find_by_key(tx, request_key):
        return existing_job
    order = _in_style(order, get(tx, row.id).metadata.caption_style)
    captioner = usable_captioner(captioners, order)
    if not row.trigger_word:
        raise Invalid(_NO_TRIGGER)
    if not preview and active_run(tx, row.id):
        raise Conflict(tr_lazy("This dataset is being captioned already. Wait for it to end, or cancel it."))
    n, _ = count_pictures(tx, order)
    if not n:
        raise Invalid(_NOTHING_TO_DO)
    run = CaptionRun(id=new_id("crun"), dataset_id=row.id, edit_id=new_id("edit"), captioner=captioner.name, preview=preview)
    run.rules, run.created_by = order.model_dump(mode="json"), tx.info.get("user_id")
    run.total = min(n, PREVIEW_PICTURES) if preview else n
    title = (
        tr_lazy("Preview captions of {name}", name=row.name)
        if preview
        else tr_lazy_plural("Caption {n:,} picture of {name}", "Caption {n:,} pictures of {name}", run.total, name=row.name)
    )
    payload = CaptionPayload(dataset_id=row.id, run_id=run.id)
    kind = KIND if captioner.paid else LOCAL_KIND
    subject = ("caption-preview", run.id) if preview else ("dataset", row.id)
    card = jobs.enqueue(tx, kind=kind, payload=payload, title=title, request_key=request_key, subject=subject)
    run.job_id = card.id
    tx.add(run)
    tx.flush()
    return card


def estimate_captioning(app: App, tx: Session, order: CaptionOrder) -> CaptionPlan:
    """Pictures, cost and time of an order; starts nothing. Raises NotFound, Invalid, and what a quote raises (Unsupported: no
    price known)."""
    dataset = get(tx, order.dataset_id)
    order = _in_style(order, dataset.metadata.caption_style)
    captioner = usable_captioner(app.engines.captioners, order)
    rules = CaptionRules(dataset.trigger_word, prefix=order.prefix, suffix=order.suffix)
    n, kept_count = count_pictures(tx, order)
    duration, around = jobs.estimate(tx, captioning_work(captioner, n)), caption_rules.token_overhead(rules)
    seconds = duration.seconds if duration else None
    question = captioner.question(CaptionRequest((CaptionInput(),), order.form, look=order.look, avoid=("x" * 400,)))
    if question is None:
        return CaptionPlan(
            captioner.name, captioner.status().version, n, kept_count, Decimal(0), Decimal(0), None, seconds, around
        )
    quote, usual_per_picture = app.engines.text.quote(question), budgets.mean_usd(tx, KIND)
    remaining_usd = budgets.remaining_usd(budgets.costs(tx, app.settings))
    usual_usd = None if usual_per_picture is None else usual_per_picture * n
    return CaptionPlan(
        captioner.name, ", ".join(quote.models), n, kept_count, usual_usd, quote.most_usd * n, remaining_usd, seconds, around
    )


def _in_style(order: CaptionOrder, style: str) -> CaptionOrder:
    """The order with the form of the dataset's caption style, unless it names a form itself."""
    if "form" in order.model_fields_set or style != "tags":
        return order
    return order.model_copy(update={"form": "tags"})


def usable_captioner(captioners: Captioners, order: CaptionOrder) -> Captioner:
    """The captioner for this order. Raises Invalid when there is none, it cannot write this form, or it is not ready."""
    captioner = find_captioner(captioners, order.captioner)
    if order.form not in captioner.forms:
        raise Invalid(tr_lazy("BLIP writes sentences only. Choose sentences, or another captioner."))
    if not (status := captioner.status()).ok:
        raise Invalid(status.detail)
    return captioner


def find_captioner(captioners: Captioners, name: str) -> Captioner:
    """`name` "": the first one. Raises Invalid listing the available ones."""
    if not captioners:
        raise Invalid(tr_lazy("Nothing here can write captions. Set CAPTION_ENGINE to auto."))
    if name and name not in captioners:
        raise Invalid(
            tr_lazy(
                "Captions by {captioner} are not set up here. There are: {names}.",
                captioner=LABELS.get(name, name),
                names=", ".join(captioners),
            )
        )
    return captioners[name or next(iter(captioners))]


def count_pictures(tx: Session, order: CaptionOrder) -> tuple[int, int]:
    """(pictures to caption, pictures whose captions the rule keeps)."""
    conditions, may_replace = order_conditions(order), replaceable(order)
    n = func.count().filter(may_replace)
    selected, total = tx.execute(select(n, func.count()).select_from(DatasetImage).where(*conditions)).one()
    return selected, total - selected


def order_conditions(order: CaptionOrder) -> list[ColumnElement[bool]]:
    """Conditions for the pictures of the order, whatever captions they have."""
    where: list[ColumnElement[bool]] = [DatasetImage.dataset_id == order.dataset_id]
    if order.image_ids:
        where.append(DatasetImage.id.in_(order.image_ids))
    if order.included_only:
        where.append(DatasetImage.included.is_(True))
    return where


def replaceable(order: CaptionOrder) -> ColumnElement[bool]:
    """`caption_rules.may_replace` as an SQL condition."""
    empty: ColumnElement[bool] = func.btrim(DatasetImage.caption, " \t\n\r") == ""
    if order.replace == "all":
        return or_(empty, DatasetImage.caption != "")
    return or_(empty, DatasetImage.caption_source.in_(caption_rules.MACHINE_SOURCES)) if order.replace == "machine" else empty


def after_ingest(tx: Session, dataset_id: str, *, captioners: Captioners, request_key: str) -> JobCard | None:
    """Starts captioning new pictures without a caption where that is free; paid captioners are only offered by the page."""
    row = lock_dataset(tx, dataset_id)
    if not captioners or not row.trigger_word or active_run(tx, dataset_id):
        return None
    captioner = find_captioner(captioners, "")
    if captioner.paid:
        return None
    order = _in_style(CaptionOrder(dataset_id=dataset_id), get(tx, dataset_id).metadata.caption_style)
    if order.form not in captioner.forms:
        order = CaptionOrder(dataset_id=dataset_id, form=captioner.forms[0])
    n, _ = count_pictures(tx, order)
    return start_captioning(tx, order, captioners=captioners, request_key=request_key) if n else None


def undo_caption_run(tx: Session, row: DatasetEdit) -> int:
    """Restores the captions that the run replaced, except where somebody changed them since. Returns how many were restored.

    Raises Conflict while the run is active.
    """
    run = tx.scalars(select(CaptionRun).where(CaptionRun.edit_id == row.id)).one()
    if active_run(tx, row.dataset_id) == run.id:
        raise Conflict(tr_lazy("This is still being captioned. Cancel it first, then undo it."))
    replaced = select(CaptionResult.image_id, CaptionResult.before, CaptionResult.before_source).join(
        DatasetImage, (DatasetImage.id == CaptionResult.image_id) & (DatasetImage.caption_version == CaptionResult.version)
    )
    unchanged = replaced.where(CaptionResult.run_id == run.id, CaptionResult.outcome == "written").order_by(
        CaptionResult.image_id
    )
    by_source: dict[str, dict[str, str]] = {}
    for image_id, caption, source in tx.execute(unchanged.with_for_update(of=DatasetImage)):
        # A machine's caption keeps its source, so that it may be replaced again; a person's becomes "undo", which is protected.
        by_source.setdefault(source if source in caption_rules.MACHINE_SOURCES else "undo", {})[image_id] = caption
    return sum(len(write_captions(tx, row.dataset_id, texts, source=source)) for source, texts in by_source.items())


def captioning_work(captioner: Captioner, n: int) -> Work:
    """The work of captioning `n` pictures, for time estimates."""
    if captioner.needs_pixels or captioner.paid:
        return Work("caption", captioner.name, float(n), measured=False)
    return Work("caption", captioner.name, CAPTION_RUN_S + CAPTION_S * n)
