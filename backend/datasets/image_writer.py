"""Stores inspected files in batches: decides about each, uploads in the background, then writes rows in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import NewFile, ThumbFile, UploadedFile, uploads
from backend.datasets.captions import write_captions
from backend.datasets.schemas import CaptionDraft
from backend.datasets.service import lock_dataset
from backend.datasets.sources import CaptionFile, SourceFile
from backend.db.tables import DatasetCaption, DatasetImage, Upload
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.media.documents import caption_files
from backend.media.images.pictures import InspectedPicture, Measures

_UPLOAD_THREADS = 3
InspectedSource = tuple[SourceFile, InspectedPicture | None]
PendingPicture = tuple[str, dict[str, Any], SourceFile]


@dataclass(slots=True)
class ImageBatch:
    """`pictures`: (asset id, row to insert, source), with `sending`: their uploads to storage, in the same order.

    `refused`: (source, reason). `finished`: archives of which every entry was read.
    """

    pictures: list[PendingPicture] = field(default_factory=list)
    refused: list[tuple[SourceFile, str]] = field(default_factory=list)
    finished: list[SourceFile] = field(default_factory=list)
    sending: list[Future[UploadedFile]] = field(default_factory=list)


class ImageWriter:
    """Writes the pictures of one job attempt into one dataset. `taken` and `refused` count this attempt's files."""

    def __init__(self, ctx: JobContext, dataset_id: str) -> None:
        self._ctx, self._dataset_id = ctx, dataset_id
        self._max_images = ctx.app.settings.uploads.max_dataset_images
        self._pool = ThreadPoolExecutor(_UPLOAD_THREADS, thread_name_prefix="send")
        self.taken = self.refused = 0
        with ctx.transaction() as tx:
            query = select(DatasetImage.filename, DatasetImage.sha256).where(DatasetImage.dataset_id == dataset_id)
            self._names_by_hash = {row.sha256: row.filename for row in tx.execute(query)}

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def send(self, inspected_files: Sequence[InspectedSource]) -> ImageBatch:
        """Decides about each file and starts uploading the accepted ones. `record` must follow."""
        batch, files = ImageBatch(), []
        rows: list[tuple[dict[str, Any], SourceFile]] = []
        for source, inspected in inspected_files:
            if source.path is None and not source.reason:
                batch.finished.append(source)
            elif reason := self._refusal_reason(source, inspected):
                batch.refused.append((source, reason))
            else:
                assert inspected
                files.append(self._file(source, inspected))
                rows.append((self._row(source, inspected), source))
        with self._ctx.transaction() as tx:
            ids = assets.intend(tx, files, job_id=self._ctx.job_id, attempt_id=self._ctx.attempt_id)
        batch.pictures = [(asset_id, row, source) for asset_id, (row, source) in zip(ids, rows, strict=True)]
        batch.sending = [self._pool.submit(assets.upload_file, self._ctx.app.storage, file) for file in files]
        return batch

    def record(self, batch: ImageBatch) -> None:
        """Waits for the uploads, then writes pictures and refusals in one transaction."""
        uploaded = {asset_id: future.result() for (asset_id, _, _), future in zip(batch.pictures, batch.sending, strict=True)}
        with self._ctx.transaction() as tx:
            lock_dataset(tx, self._dataset_id)
            assets.confirm(tx, uploaded)
            accepted_uploads = [source.upload.id for _, _, source in batch.pictures if source.upload and not source.in_archive]
            too_many = self._insert_pictures(tx, batch.pictures)
            uploads.accept(tx, accepted_uploads + [source.upload.id for source in batch.finished if source.upload])
            self._refuse(tx, batch.refused + [(source, self._full_message()) for source in too_many])
        self.taken += len(batch.pictures) - len(too_many)
        self.refused += len(batch.refused) + len(too_many)
        self._clean_up(batch)

    def write_captions(self, files: Sequence[CaptionFile]) -> None:
        """Gives captions that were uploaded as files to the pictures of the same name that have no caption."""
        with self._ctx.transaction() as tx:
            lock_dataset(tx, self._dataset_id)
            by_key: dict[str, dict[str, str]] = {}
            query = select(DatasetImage.id, DatasetImage.filename, DatasetImage.caption)
            for image_id, filename, caption in tx.execute(query.where(DatasetImage.dataset_id == self._dataset_id)):
                by_key.setdefault(caption_files.match_key(filename), {})[image_id] = caption
            new_captions: dict[str, str] = {}
            for file in files:
                images = by_key.get(caption_files.match_key(file.upload.filename), {})
                caption = CaptionDraft(caption=file.caption).caption
                uncaptioned = [image_id for image_id, before in images.items() if not before]
                if reason := _caption_refusal(caption, images):
                    uploads.reject(tx, {file.upload.id: reason})
                    self.refused += 1
                    continue
                images.update(dict.fromkeys(uncaptioned, caption))
                new_captions |= dict.fromkeys(uncaptioned, caption)
                _add_notes(tx, uncaptioned, file.notes)
                uploads.accept(tx, [file.upload.id])
            write_captions(tx, self._dataset_id, new_captions, source="file")
            tx.flush()
        self._ctx.app.storage.delete([file.upload.key for file in files])

    def _refusal_reason(self, source: SourceFile, inspected: InspectedPicture | None) -> str:
        if inspected is None or not inspected.ok:
            return source.reason or (
                inspected.reason if inspected else tr_lazy("This file could not be read. Upload it again.")
            )
        if duplicate := self._names_by_hash.get(inspected.sha256):
            return tr_lazy("The same picture is already in this dataset, as {name}.", name=duplicate)
        return self._full_message() if len(self._names_by_hash) >= self._max_images else ""

    def _full_message(self) -> str:
        return tr_lazy(
            "The dataset is full: it may have {n:,} pictures. Remove some, or start another dataset.", n=self._max_images
        )

    def _file(self, source: SourceFile, inspected: InspectedPicture) -> NewFile:
        key = assets.key_for("dataset", tenant_id=self._ctx.tenant_id, dataset_id=self._dataset_id, ext=inspected.extension)
        thumbs = [ThumbFile(width, path) for width, path in inspected.thumbs]
        name = f"{PurePosixPath(source.filename).stem or 'picture'}.{inspected.extension}"
        use = ("dataset", self._dataset_id)
        return NewFile(
            inspected.picture, "image", key, inspected.content_type, name, inspected.width, inspected.height, thumbs, {}, (use,)
        )

    def _row(self, source: SourceFile, inspected: InspectedPicture) -> dict[str, Any]:
        self._names_by_hash[inspected.sha256] = source.filename
        caption = CaptionDraft(caption=source.caption).caption
        caption_source = ("file" if source.upload else "sample") if caption else ""
        return {
            "id": new_id("img"),
            "dataset_id": self._dataset_id,
            "upload_id": source.upload.id if source.upload else None,
            "filename": source.filename,
            "sha256": inspected.sha256,
            "width": inspected.width,
            "height": inspected.height,
            "dhash": inspected.dhash,
            **measure_columns(inspected.measures),
            "caption": caption,
            "caption_source": caption_source,
            "included": not source.excluded,
            "repeats": source.repeats,
            "notes": [*inspected.notes, *source.notes],
        }

    def _open_uploads(self, tx: Session, sources: Sequence[SourceFile]) -> set[str]:
        """Ids of the uploads that no other job has accepted or refused meanwhile."""
        ids = [source.upload.id for source in sources if source.upload]
        return set(tx.scalars(select(Upload.id).where(Upload.id.in_(ids), Upload.state == "stored")))

    def _insert_pictures(self, tx: Session, pictures: Sequence[PendingPicture]) -> list[SourceFile]:
        """Inserts the pictures and deletes the assets of those that are not inserted (added by another job meanwhile).

        Returns the sources for which the dataset has no room left.
        """
        open_uploads = self._open_uploads(tx, [source for _, _, source in pictures])
        in_dataset = DatasetImage.dataset_id == self._dataset_id
        stored_hashes = set(tx.scalars(select(DatasetImage.sha256).where(in_dataset)))
        candidates = [picture for picture in pictures if picture[2].upload is None or picture[2].upload.id in open_uploads]
        new_pictures = [picture for picture in candidates if picture[1]["sha256"] not in stored_hashes]
        accepted = new_pictures[: max(self._max_images - len(stored_hashes), 0)]
        if accepted:
            tx.execute(insert(DatasetImage).values([row | {"asset_id": asset_id} for asset_id, row, _ in accepted]))
        if first_versions := [_first_caption_version(row) for _, row, _ in accepted if row["caption"]]:
            tx.execute(insert(DatasetCaption).values(first_versions))
        accepted_ids = {asset_id for asset_id, _, _ in accepted}
        assets.delete(tx, [asset_id for asset_id, _, _ in pictures if asset_id not in accepted_ids], force=True)
        return [source for _, _, source in new_pictures[len(accepted) :]]

    def _refuse(self, tx: Session, refused: Sequence[tuple[SourceFile, str]]) -> None:
        uploads.reject(tx, {source.upload.id: reason for source, reason in refused if source.upload and not source.in_archive})
        rows = [self._refused_row(source, reason) for source, reason in refused if source.in_archive or not source.upload]
        if rows:
            statement = insert(Upload).values(rows)
            tx.execute(
                statement.on_conflict_do_update(
                    index_elements=["tenant_id", "noun", "noun_id", "client_key"], set_={"reason": statement.excluded.reason}
                )
            )

    def _refused_row(self, source: SourceFile, reason: str) -> dict[str, Any]:
        """A row of `uploads` that lists a refused file which was no upload of its own (archive entry, sample picture)."""
        key = f"{source.upload.key if source.upload else 'none'}#"  # no bytes of its own
        base = {"id": new_id("up"), "noun": "dataset", "noun_id": self._dataset_id, "client_key": source.client_key, "key": key}
        return base | {"filename": source.filename, "size_bytes": 0, "state": "refused", "reason": reason}

    def _clean_up(self, batch: ImageBatch) -> None:
        """Deletes local files, and the uploads' bytes in `incoming/`."""
        sources = [source for _, _, source in batch.pictures] + [source for source, _ in batch.refused] + batch.finished
        for source in sources:
            if source.path and source.path.is_relative_to(self._ctx.workdir):
                source.path.unlink(missing_ok=True)
        self._ctx.app.storage.delete([source.upload.key for source in sources if source.upload and not source.in_archive])


def measure_columns(measures: Measures) -> dict[str, Any]:
    """The measurements as columns of dataset_images."""
    box = measures.face_box
    return {
        "measured": measures.version,
        "sharpness": measures.sharpness,
        "brightness": measures.brightness,
        "contrast": measures.contrast,
        "clipped": measures.clipped,
        "colours": measures.colours,
        "faces": measures.faces,
        "face_height": box[3] if box else None,
        "face_box": list(box) if box else None,
    }


def _first_caption_version(row: dict[str, Any]) -> dict[str, Any]:
    """The row of dataset_captions for a caption that was imported with its picture."""
    return {"image_id": row["id"], "version": 0, "caption": row["caption"], "source": row["caption_source"]}


def _caption_refusal(caption: str, images: Mapping[str, str]) -> str:
    """Why a caption file is refused; "" when it is used. `images`: image id -> caption of the pictures of the same name."""
    if not images:
        return caption_files.NO_PICTURE
    if not caption:
        return tr_lazy("This text is empty. Write the caption in the dataset, or upload the text again.")
    if all(earlier not in ("", caption) for earlier in images.values()):
        return tr_lazy("The picture of this name has a caption already. Change it in the dataset if this one is better.")
    return ""


def _add_notes(tx: Session, image_ids: Sequence[str], notes: Sequence[dict[str, Any]]) -> None:
    if notes and image_ids:
        added = DatasetImage.notes + literal(list(notes), JSONB)  # jsonb || jsonb
        tx.execute(update(DatasetImage).where(DatasetImage.id.in_(image_ids)).values(notes=added))
