"""What becomes of looked-at files: sorted, sent to storage in the background, then written as rows, a batch at a time."""

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
from backend.datasets.captions import write
from backend.datasets.schemas import CaptionDraft
from backend.datasets.service import locked
from backend.datasets.sources import CaptionFile, SourceFile
from backend.db.tables import DatasetCaption, DatasetImage, Upload
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.media.documents import caption_files
from backend.media.images.pictures import Inspected, Measures

_SENDERS = 3
Looked = tuple[SourceFile, Inspected | None]
Picture = tuple[str, dict[str, Any], SourceFile]


@dataclass(slots=True)
class Batch:
    """Pictures on their way to storage (asset id, the row to be), refusals, and uploads that are done with."""

    pictures: list[Picture] = field(default_factory=list)
    refused: list[tuple[SourceFile, str]] = field(default_factory=list)
    ended: list[SourceFile] = field(default_factory=list)
    sending: list[Future[UploadedFile]] = field(default_factory=list)


class ImageWriter:
    """For one attempt at one dataset. `taken` and `refused` count this attempt's."""

    def __init__(self, ctx: JobContext, dataset_id: str) -> None:
        self._ctx, self._dataset_id = ctx, dataset_id
        self._most = ctx.app.settings.max_dataset_images
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="send")
        self.taken = self.refused = 0
        with ctx.transaction() as tx:
            query = select(DatasetImage.filename, DatasetImage.sha256).where(DatasetImage.dataset_id == dataset_id)
            self._named = {row.sha256: row.filename for row in tx.execute(query)}

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def send(self, looked: Sequence[Looked]) -> Batch:
        """Decides about each file and starts sending what is kept."""
        batch, files = Batch(), []
        rows: list[tuple[dict[str, Any], SourceFile]] = []
        for arrival, seen in looked:
            if arrival.path is None and not arrival.reason:
                batch.ended.append(arrival)
            elif reason := self._why_not(arrival, seen):
                batch.refused.append((arrival, reason))
            else:
                assert seen
                files.append(self._file(arrival, seen))
                rows.append((self._row(arrival, seen), arrival))
        with self._ctx.transaction() as tx:
            ids = assets.intend(tx, files, job_id=self._ctx.job_id, attempt_id=self._ctx.attempt_id)
        batch.pictures = [(asset_id, row, arrival) for asset_id, (row, arrival) in zip(ids, rows, strict=True)]
        batch.sending = [self._pool.submit(assets.upload_file, self._ctx.app.storage, file) for file in files]
        return batch

    def record(self, batch: Batch) -> None:
        """Waits for the bytes, then writes it all in one transaction."""
        sent = {asset_id: future.result() for (asset_id, _, _), future in zip(batch.pictures, batch.sending, strict=True)}
        with self._ctx.transaction() as tx:
            locked(tx, self._dataset_id)
            assets.confirm(tx, sent)
            plain = [arrival.upload.id for _, _, arrival in batch.pictures if arrival.upload and not arrival.inside]
            too_many = self._write(tx, batch.pictures)
            uploads.accept(tx, plain + [arrival.upload.id for arrival in batch.ended if arrival.upload])
            self._refuse(tx, batch.refused + [(arrival, self._full()) for arrival in too_many])
        self.taken += len(batch.pictures) - len(too_many)
        self.refused += len(batch.refused) + len(too_many)
        self._tidy(batch)

    def captions(self, texts: Sequence[CaptionFile]) -> None:
        """Captions that came as files of their own go to the pictures of the same name that have none."""
        with self._ctx.transaction() as tx:
            locked(tx, self._dataset_id)
            by_key: dict[str, dict[str, str]] = {}
            known = select(DatasetImage.id, DatasetImage.filename, DatasetImage.caption)
            for image_id, filename, caption in tx.execute(known.where(DatasetImage.dataset_id == self._dataset_id)):
                by_key.setdefault(caption_files.key(filename), {})[image_id] = caption
            fresh: dict[str, str] = {}
            for text in texts:
                images = by_key.get(caption_files.key(text.upload.filename), {})
                caption = CaptionDraft(caption=text.caption).caption
                bare = [image_id for image_id, before in images.items() if not before]
                if reason := _why_no_caption(caption, images):
                    uploads.reject(tx, {text.upload.id: reason})
                    self.refused += 1
                    continue
                images.update(dict.fromkeys(bare, caption))
                fresh |= dict.fromkeys(bare, caption)
                _note(tx, bare, text.notes)
                uploads.accept(tx, [text.upload.id])
            write(tx, self._dataset_id, fresh, source="file")
            tx.flush()
        self._ctx.app.storage.delete([text.upload.key for text in texts])

    def _why_not(self, arrival: SourceFile, seen: Inspected | None) -> str:
        if seen is None or not seen.ok:
            return arrival.reason or (seen.reason if seen else "This file could not be read. Upload it again.")
        if twin := self._named.get(seen.sha256):
            return f"The same picture is already in this dataset, as {twin}."
        return self._full() if len(self._named) >= self._most else ""

    def _full(self) -> str:
        return f"The dataset is full: it may have {self._most:,} pictures. Remove some, or start another dataset."

    def _file(self, arrival: SourceFile, seen: Inspected) -> NewFile:
        key = assets.key_for("dataset", tenant_id=self._ctx.tenant_id, dataset_id=self._dataset_id, ext=seen.extension)
        thumbs = [ThumbFile(width, path) for width, path in seen.thumbs]
        name = f"{PurePosixPath(arrival.filename).stem or 'picture'}.{seen.extension}"
        use = ("dataset", self._dataset_id)
        return NewFile(seen.picture, "image", key, seen.content_type, name, seen.width, seen.height, thumbs, {}, (use,))

    def _row(self, arrival: SourceFile, seen: Inspected) -> dict[str, Any]:
        self._named[seen.sha256] = arrival.filename
        caption = CaptionDraft(caption=arrival.caption).caption
        source = ("file" if arrival.upload else "sample") if caption else ""
        return {
            "id": new_id("img"),
            "dataset_id": self._dataset_id,
            "upload_id": arrival.upload.id if arrival.upload else None,
            "filename": arrival.filename,
            "sha256": seen.sha256,
            "width": seen.width,
            "height": seen.height,
            "dhash": seen.dhash,
            **measured(seen.measures),
            "caption": caption,
            "caption_source": source,
            "included": not arrival.left_out,
            "notes": [*seen.notes, *arrival.notes],
        }

    def _unsettled(self, tx: Session, arrivals: Sequence[SourceFile]) -> set[str]:
        """Uploads that no other job has settled meanwhile."""
        ids = [arrival.upload.id for arrival in arrivals if arrival.upload]
        return set(tx.scalars(select(Upload.id).where(Upload.id.in_(ids), Upload.state == "stored")))

    def _write(self, tx: Session, pictures: Sequence[Picture]) -> list[SourceFile]:
        """Returns those for which another job, meanwhile, left no room."""
        free = self._unsettled(tx, [arrival for _, _, arrival in pictures])
        mine = DatasetImage.dataset_id == self._dataset_id
        here = set(tx.scalars(select(DatasetImage.sha256).where(mine)))
        ours = [one for one in pictures if one[2].upload is None or one[2].upload.id in free]
        fresh = [one for one in ours if one[1]["sha256"] not in here]
        kept = fresh[: max(self._most - len(here), 0)]
        if kept:
            tx.execute(insert(DatasetImage).values([row | {"asset_id": asset_id} for asset_id, row, _ in kept]))
        if said := [_first(row) for _, row, _ in kept if row["caption"]]:
            tx.execute(insert(DatasetCaption).values(said))
        stays = {asset_id for asset_id, _, _ in kept}
        assets.delete(tx, [asset_id for asset_id, _, _ in pictures if asset_id not in stays], force=True)
        return [arrival for _, _, arrival in fresh[len(kept) :]]

    def _refuse(self, tx: Session, refused: Sequence[tuple[SourceFile, str]]) -> None:
        uploads.reject(tx, {one.upload.id: reason for one, reason in refused if one.upload and not one.inside})
        rows = [self._entry(one, reason) for one, reason in refused if one.inside or not one.upload]
        if rows:
            new = insert(Upload).values(rows)
            tx.execute(
                new.on_conflict_do_update(
                    index_elements=["tenant_id", "noun", "noun_id", "client_key"], set_={"reason": new.excluded.reason}
                )
            )

    def _entry(self, one: SourceFile, reason: str) -> dict[str, Any]:
        """A file that was never an upload of its own is listed among the refused all the same."""
        key = f"{one.upload.key if one.upload else 'none'}#"  # no bytes of its own
        base = {"id": new_id("up"), "noun": "dataset", "noun_id": self._dataset_id, "client_key": one.client_key, "key": key}
        return base | {"filename": one.filename, "size_bytes": 0, "state": "refused", "reason": reason}

    def _tidy(self, batch: Batch) -> None:
        """Local files, and the bytes in `incoming/` that nothing will ask for again."""
        arrivals = [one for _, _, one in batch.pictures] + [one for one, _ in batch.refused] + batch.ended
        for one in arrivals:
            if one.path and one.path.is_relative_to(self._ctx.workdir):
                one.path.unlink(missing_ok=True)
        self._ctx.app.storage.delete([one.upload.key for one in arrivals if one.upload and not one.inside])


def measured(found: Measures) -> dict[str, Any]:
    """Columns of dataset_images."""
    box = found.face_box
    return {
        "measured": found.version,
        "sharpness": found.sharpness,
        "brightness": found.brightness,
        "contrast": found.contrast,
        "clipped": found.clipped,
        "colours": found.colours,
        "faces": found.faces,
        "face_height": box[3] if box else None,
        "face_box": list(box) if box else None,
    }


def _first(row: dict[str, Any]) -> dict[str, Any]:
    """The caption's first version, as it came with its picture."""
    return {"image_id": row["id"], "version": 0, "caption": row["caption"], "source": row["caption_source"]}


def _why_no_caption(caption: str, images: Mapping[str, str]) -> str:
    """Why a text is given to no picture; "" when it is. `images`: id -> caption of those of its name."""
    if not images:
        return caption_files.NO_PICTURE
    if not caption:
        return "This text is empty. Write the caption in the dataset, or upload the text again."
    if all(before not in ("", caption) for before in images.values()):
        return "The picture of this name has a caption already. Change it in the dataset if this one is better."
    return ""


def _note(tx: Session, image_ids: Sequence[str], notes: Sequence[dict[str, str]]) -> None:
    if notes and image_ids:
        added = DatasetImage.notes + literal(list(notes), JSONB)  # jsonb || jsonb
        tx.execute(update(DatasetImage).where(DatasetImage.id.in_(image_ids)).values(notes=added))
