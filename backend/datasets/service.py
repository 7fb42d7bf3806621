"""Creates and changes datasets, starts their jobs, includes or excludes pictures, and records edits of many; the same request
key is recorded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend import assets, events, influencers, jobs
from backend.assets import uploads
from backend.datasets import rules
from backend.datasets.edit_cards import EditCard
from backend.datasets.near_duplicates import regroup
from backend.datasets.queries import get, in_training, readiness
from backend.datasets.schemas import (
    DatasetCard,
    DatasetDraft,
    DatasetMetadata,
    IngestPayload,
    ScanPayload,
    Thresholds,
    TriggerWordDraft,
)
from backend.db.tables import AssetUse, Dataset, DatasetEdit, DatasetImage, JobStep, Upload
from backend.engines.local import starter_model
from backend.errors import Conflict, Invalid, NotFound
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy, tr_lazy_plural

MAX_REPEATS = 999
CLOSED = "closed"
"""Step of an ingest job after which it takes no further uploads."""
EditKind = Literal["captions", "included", "crops", "masks", "removed"]
EDIT_CARD_COLUMNS = (
    DatasetEdit.id,
    DatasetEdit.kind,
    DatasetEdit.title,
    DatasetEdit.count,
    DatasetEdit.said_by,
    DatasetEdit.created_at,
    DatasetEdit.undone_at,
)
"""The columns of an EditCard, without `undo`, which can be megabytes."""


def create(tx: Session, *, name: str, influencer_id: str | None = None, trigger_word: str = "") -> DatasetCard:
    """Raises Invalid, Conflict (name taken), NotFound (influencer)."""
    draft = DatasetDraft(name=name, trigger_word=trigger_word)
    if influencer_id:
        influencers.get(tx, influencer_id)
    row = Dataset(id=new_id("ds"), name=draft.name, influencer_id=influencer_id, trigger_word=draft.trigger_word)
    _save_with_unique_name(tx, row)
    events.record(tx, "dataset.created", "dataset", row.id, {"name": row.name})
    return get(tx, row.id)


def rename(tx: Session, dataset_id: str, name: str) -> DatasetCard:
    """Raises Invalid, Conflict (name taken), NotFound."""
    row = lock_dataset(tx, dataset_id)
    if name.strip() == row.name:  # which may be shorter than names are now
        return get(tx, dataset_id)
    row.name, row.updated_at = DatasetDraft(name=name).name, func.clock_timestamp()
    _save_with_unique_name(tx, row)
    return get(tx, dataset_id)


def set_trigger_word(tx: Session, dataset_id: str, trigger_word: str) -> DatasetCard:
    """Captions stay as they are. Raises Invalid, NotFound."""
    row = lock_dataset(tx, dataset_id)
    row.trigger_word = TriggerWordDraft(trigger_word=trigger_word).trigger_word
    refresh_status(tx, dataset_id)
    return get(tx, dataset_id)


def set_influencer(tx: Session, dataset_id: str, influencer_id: str | None) -> DatasetCard:
    """Raises NotFound."""
    row = lock_dataset(tx, dataset_id)
    if influencer_id:
        influencers.get(tx, influencer_id)
    row.influencer_id, row.updated_at = influencer_id, func.clock_timestamp()
    tx.flush()
    return get(tx, dataset_id)


def set_metadata(tx: Session, dataset_id: str, metadata: DatasetMetadata) -> DatasetCard:
    """Raises NotFound."""
    row = lock_dataset(tx, dataset_id)
    row.meta, row.updated_at = metadata.model_dump(mode="json", exclude_defaults=True), func.clock_timestamp()
    tx.flush()
    return get(tx, dataset_id)


def attach_uploads(tx: Session, dataset_id: str, keys: Sequence[str], *, request_key: str) -> JobCard:
    """Gives the dataset uploads that were announced before it existed, and starts their check. `keys`: as the storage has them.

    Raises NotFound (the dataset, or a key that is no such upload), Invalid.
    """
    lock_dataset(tx, dataset_id)
    uploads.give(tx, keys, noun="dataset", noun_id=dataset_id)
    return ingest(tx, dataset_id, request_key=request_key)


def set_thresholds(tx: Session, dataset_id: str, thresholds: Thresholds) -> DatasetCard:
    """Applies other thresholds from now on; no picture is measured again. Raises NotFound."""
    row = lock_dataset(tx, dataset_id)
    regrouped = Thresholds(**row.settings).near_bits != thresholds.near_bits
    row.settings = thresholds.model_dump(exclude_defaults=True)
    tx.flush()
    if regrouped:
        regroup(tx, dataset_id)
    refresh_status(tx, dataset_id)
    return get(tx, dataset_id)


def ingest(tx: Session, dataset_id: str, *, request_key: str) -> JobCard:
    """Starts the job that checks all stored uploads. A running job that is not closed yet takes these too and is returned.

    Raises NotFound, Invalid.
    """
    row = lock_dataset(tx, dataset_id)
    if existing_job := jobs.find_by_key(tx, request_key):
        return existing_job
    latest = jobs.latest(tx, ("dataset", dataset_id), "dataset-ingest")
    if latest and not latest.ended and not latest.cancel_requested and not _is_closed(tx, latest.id):
        return latest
    if not uploads.count(tx, "dataset", dataset_id, states=("stored",)):
        if latest:
            return latest
        raise Invalid(tr_lazy("There are no new pictures to check. Upload some first."))
    return _enqueue(tx, row, IngestPayload(dataset_id=dataset_id), request_key)


def add_sample_character(tx: Session, dataset_id: str, name: str, request_key: str) -> JobCard:
    """Starts a job that adds a bundled character with its captions. Raises NotFound, Invalid (no such character)."""
    row = lock_dataset(tx, dataset_id)
    names = [character.name for character in starter_model.characters()]
    if name not in names:
        raise Invalid(
            tr_lazy("There is no sample character called {name}. There are: {names}.", name=repr(name), names=", ".join(names))
        )
    return _enqueue(tx, row, IngestPayload(dataset_id=dataset_id, character=name), request_key)


def scan(tx: Session, dataset_id: str, *, request_key: str) -> JobCard:
    """Starts the job that measures pictures which an older version measured, or none. Raises NotFound."""
    row = lock_dataset(tx, dataset_id)
    latest = jobs.latest(tx, ("dataset", dataset_id), "dataset-scan")
    if latest and not latest.ended and not latest.cancel_requested:
        return latest
    payload, title = ScanPayload(dataset_id=dataset_id), tr_lazy("Measure the pictures of {name}", name=row.name)
    return jobs.enqueue(
        tx, kind="dataset-scan", payload=payload, title=title, request_key=request_key, subject=("dataset", dataset_id)
    )


def set_included(tx: Session, image_ids: Sequence[str], included: bool, *, title: str = "", request_key: str = "") -> int:
    """Includes pictures in training or excludes them, as an undoable edit. `title`: for the list of changes.

    Returns how many of the ids exist. Raises NotFound when none does.
    """
    if existing_edit := find_edit_by_key(tx, request_key):
        return existing_edit.count
    where = DatasetImage.id.in_(image_ids)
    dataset_ids = sorted(tx.scalars(select(DatasetImage.dataset_id).where(where).distinct()))
    if not dataset_ids:
        raise NotFound(tr_lazy("These pictures are no longer in the dataset. Reload the page."))
    for dataset_id in dataset_ids:
        lock_dataset(tx, dataset_id)
        conditions = where, DatasetImage.dataset_id == dataset_id, DatasetImage.included.is_(not included)
        changed = tx.scalars(update(DatasetImage).where(*conditions).values(included=included).returning(DatasetImage.id)).all()
        if changed:
            undo = {image_id: [not included, included] for image_id in changed}
            entry_title = title or _included_title(len(changed), included)
            record_edit(tx, dataset_id, "included", entry_title, undo, request_key=request_key)
        refresh_status(tx, dataset_id)
    return tx.scalar(select(func.count()).select_from(DatasetImage).where(where)) or 0


def _included_title(n: int, included: bool) -> str:
    if included:
        return tr_lazy_plural("Included {n:,} picture", "Included {n:,} pictures", n)
    return tr_lazy_plural("Left out {n:,} picture", "Left out {n:,} pictures", n)


def set_repeats(tx: Session, image_id: str, repeats: int) -> None:
    """How often an epoch of a training shows the picture. Raises NotFound, Invalid."""
    if not 1 <= repeats <= MAX_REPEATS:
        raise Invalid(tr_lazy("A picture is repeated 1 to {most} times an epoch.", most=MAX_REPEATS))
    dataset_id = tx.scalar(select(DatasetImage.dataset_id).where(DatasetImage.id == image_id))
    if dataset_id is None:
        raise NotFound(tr_lazy("This picture is no longer in the dataset. Reload the page."))
    lock_dataset(tx, dataset_id)
    tx.execute(update(DatasetImage).where(DatasetImage.id == image_id).values(repeats=repeats))
    refresh_status(tx, dataset_id)


def dismiss_refused(tx: Session, dataset_id: str) -> int:
    """Clears the list of refused files. Returns how many there were."""
    where = Upload.noun == "dataset", Upload.noun_id == dataset_id, Upload.state == "refused"
    return len(tx.execute(delete_rows(Upload).where(*where).returning(Upload.id)).all())


def get_locked(tx: Session, dataset_id: str) -> DatasetCard:
    """The dataset as nobody else can change it until `tx` ends. Raises NotFound."""
    lock_dataset(tx, dataset_id)
    return get(tx, dataset_id)


def lock_dataset(tx: Session, dataset_id: str) -> Dataset:
    """The dataset's row, locked until `tx` ends. Raises NotFound."""
    row = tx.scalars(
        select(Dataset).where(Dataset.id == dataset_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row.deleted_at is not None:
        raise NotFound(tr_lazy("This dataset does not exist here. It may have been deleted; open the list of datasets."))
    return row


def refresh_status(tx: Session, dataset_id: str) -> None:
    """Sets the status to draft or ready, by pictures, rights and trigger word; a dataset in training keeps its status."""
    tx.flush()
    status = rules.dataset_status(readiness(tx, dataset_id))
    values: dict[str, Any] = {"updated_at": func.clock_timestamp()}
    tx.execute(update(Dataset).where(Dataset.id == dataset_id).values(**values))
    tx.execute(update(Dataset).where(Dataset.id == dataset_id, ~in_training()).values(status=status))


def release(tx: Session, dataset_id: str, asset_ids: Sequence[str]) -> None:
    """Ends the dataset's uses; files that nothing else uses are deleted."""
    conditions = AssetUse.noun == "dataset", AssetUse.noun_id == dataset_id, AssetUse.asset_id.in_(asset_ids)
    tx.execute(delete_rows(AssetUse).where(*conditions))
    still_used = set(tx.scalars(select(AssetUse.asset_id).where(AssetUse.asset_id.in_(asset_ids))))
    assets.delete(tx, [asset_id for asset_id in asset_ids if asset_id not in still_used])


def _save_with_unique_name(tx: Session, row: Dataset) -> None:
    name = row.name
    try:
        with tx.begin_nested():
            tx.add(row)
            tx.flush()
    except IntegrityError as error:
        raise Conflict(tr_lazy("Dataset with name '{name}' already exists", name=name)) from error


def _enqueue(tx: Session, row: Dataset, payload: IngestPayload, request_key: str) -> JobCard:
    title = tr_lazy("Check new pictures for {name}", name=row.name)
    return jobs.enqueue(
        tx, kind="dataset-ingest", payload=payload, title=title, request_key=request_key, subject=("dataset", row.id)
    )


def _is_closed(tx: Session, job_id: str) -> bool:
    return tx.scalar(select(JobStep.name).where(JobStep.job_id == job_id, JobStep.name == CLOSED)) is not None


def record_edit(
    tx: Session,
    dataset_id: str,
    kind: EditKind,
    title: str,
    undo: Mapping[str, Any],
    *,
    request_key: str = "",
    edit_id: str = "",
) -> EditCard:
    """`undo`: image id -> [value before, version or value after the edit]. The caller holds the dataset's lock."""
    row = DatasetEdit(id=edit_id or new_id("edit"), dataset_id=dataset_id, kind=kind, title=title, count=len(undo))
    row.undo, row.said_by, row.request_key = dict(undo), tx.info.get("user_id") or "", request_key
    tx.add(row)
    tx.flush()
    return EditCard(*tx.execute(select(*EDIT_CARD_COLUMNS).where(DatasetEdit.id == row.id)).one())


def find_edit_by_key(tx: Session, request_key: str) -> EditCard | None:
    """The edit of an earlier call with the same key; None for an empty or new key. Takes a lock on the key that is held until
    `tx` ends, so that a double click waits for the first one."""
    if not request_key:
        return None
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tx.info["tenant_id"] + request_key, 0))))
    row = tx.execute(select(*EDIT_CARD_COLUMNS).where(DatasetEdit.request_key == request_key)).first()
    return EditCard(*row) if row else None
