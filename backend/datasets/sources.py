"""Where the pictures of an ingest come from: a bundled character, uploaded files, what is inside uploaded archives."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select

from backend.assets import UploadCard, uploads
from backend.datasets import folders
from backend.datasets.schemas import MAX_CAPTION_CHARS
from backend.db.tables import Dataset, DatasetImage, Upload
from backend.engines.local import starter_model
from backend.errors import Refused
from backend.jobs.context import JobContext
from backend.language import messages, tr_lazy
from backend.media.documents import caption_files
from backend.media.documents import zip as archives

SAMPLE = "sample"
_DOWNLOAD_THREADS = 3
_DOWNLOADS_AHEAD = 24
_MAX_NAME_CHARS = 300
_MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file. `path` None: no picture; it is refused for `reason`, or, when `reason` is "", the archive `upload` has ended.

    `in_archive`: it is an entry of the archive `upload`. `caption`: from the text file beside it. `notes` (`coded`)
    about caption and folder. `excluded`: it is added, but not trained on. `repeats`: how often an epoch shows it.
    """

    filename: str
    upload: UploadCard | None = None
    path: Path | None = None
    caption: str = ""
    reason: str = ""
    in_archive: bool = False
    notes: tuple[dict[str, Any], ...] = ()
    excluded: bool = False
    repeats: int = 1

    @property
    def client_key(self) -> str:
        """Key of the row that records the refusal of a file which is no upload of its own."""
        name = hashlib.sha256(self.filename.encode()).hexdigest()[:24]
        return f"{self.upload.id}:{name}" if self.upload else f"{SAMPLE}:{name}"


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A caption that was uploaded as a file of its own. `notes`: `language.messages.coded` about it."""

    upload: UploadCard
    caption: str
    notes: tuple[dict[str, Any], ...]


class SourceFiles:
    """Iterate once. `total` grows as archives are opened; captions uploaded as files are collected in `caption_files`."""

    def __init__(self, ctx: JobContext, dataset_id: str, character: str) -> None:
        self._ctx, self._dataset_id, self._character = ctx, dataset_id, character
        self._handled_ids: set[str] = set()
        self._sibling_folders: set[str] = set()
        self._trigger_word = ""
        self._folder = ctx.workdir / "arrived"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.caption_files: list[CaptionFile] = []
        self.total = 0

    def __iter__(self) -> Iterator[SourceFile]:
        if self._character:
            yield from self._sample_files()
        self._trigger_word = self._read_trigger_word()
        while new_uploads := self._new_uploads():
            self.total += len(new_uploads)
            yield from self._upload_files([upload for upload in new_uploads if not uploads.is_zip(upload.filename)])
            for upload in new_uploads:
                if uploads.is_zip(upload.filename):
                    yield from self._archive_files(upload)

    def _sample_files(self) -> Iterator[SourceFile]:
        folder = next(character.folder for character in starter_model.characters() if character.name == self._character)
        pictures = sorted(folder.glob("*.jpg"))
        self.total += len(pictures)
        processed, trigger_word = self._processed_names(None), self._read_trigger_word() or self._character
        for path in pictures:
            name = f"{self._character}/{path.name}"
            if name not in processed:
                caption_path = path.with_suffix(".txt")
                text = caption_path.read_text("utf-8").strip() if caption_path.exists() else ""
                yield SourceFile(name, None, path, re.sub(rf"\b{self._character}\b", trigger_word, text))

    def _read_trigger_word(self) -> str:
        """The dataset's trigger word, which replaces the name of a sample character in its captions."""
        with self._ctx.transaction() as tx:
            return tx.scalar(select(Dataset.trigger_word).where(Dataset.id == self._dataset_id)) or ""

    def _new_uploads(self) -> list[UploadCard]:
        with self._ctx.transaction() as tx:
            stored = uploads.listing(tx, "dataset", self._dataset_id, states=("stored",))
            conditions = Upload.noun == "dataset", Upload.noun_id == self._dataset_id, Upload.state.in_(("stored", "taken"))
            names = tx.scalars(select(Upload.filename).where(*conditions, Upload.filename.contains("/")))
            self._sibling_folders = {str(PurePosixPath(name).parent) for name in names}
        new_uploads = [upload for upload in stored if upload.id not in self._handled_ids]
        self._handled_ids |= {upload.id for upload in new_uploads}
        return new_uploads

    def _upload_files(self, uploads_to_read: list[UploadCard]) -> Iterator[SourceFile]:
        """Downloads a few files ahead and yields them in order."""
        with ThreadPoolExecutor(_DOWNLOAD_THREADS, thread_name_prefix="fetch") as pool:
            pending: deque[tuple[UploadCard, Future[Path]]] = deque()
            for upload in uploads_to_read:
                pending.append((upload, pool.submit(self._fetch, upload)))
                if len(pending) >= _DOWNLOADS_AHEAD:
                    yield from self._upload_file(*pending.popleft())
            while pending:
                yield from self._upload_file(*pending.popleft())

    def _upload_file(self, upload: UploadCard, download: Future[Path]) -> Iterator[SourceFile]:
        path = download.result()
        if not caption_files.is_caption(upload.filename):
            notes, left_out = folders.folder_notes(upload.filename, self._sibling_folders, self._trigger_word, captioned=True)
            repeats = folders.repeats_of(upload.filename)
            yield SourceFile(upload.filename, upload, path, notes=tuple(notes), excluded=left_out, repeats=repeats)
        elif upload.size_bytes > caption_files.MAX_BYTES:
            yield SourceFile(upload.filename, upload, reason=caption_files.TOO_LONG)
        else:
            try:
                caption, note = caption_files.read_caption(path.read_bytes())
            except caption_files.UnreadableCaption as error:
                yield SourceFile(upload.filename, upload, reason=str(error))
            else:
                self.caption_files.append(CaptionFile(upload, *_shorten(caption, note)))

    def _fetch(self, upload: UploadCard) -> Path:
        path = self._folder / f"{upload.id}{_safe_suffix(upload.filename)}"
        self._ctx.app.storage.get_file(upload.key, path)
        return path

    def _archive_files(self, upload: UploadCard) -> Iterator[SourceFile]:
        """The pictures of an archive, then a SourceFile without path for its end. When it turns out to be damaged, the pictures
        before the damage are kept."""
        self._ctx.progress(0, 0, tr_lazy("fetching {filename}", filename=upload.filename[:90]))
        path = self._fetch(upload)
        processed = self._processed_names(upload.id)
        try:
            yield from self._archive_entries(upload, path, processed)
        except Refused as error:
            yield SourceFile(upload.filename, upload, reason=error.message)
        else:
            yield SourceFile(upload.filename, upload)
        finally:
            path.unlink(missing_ok=True)

    def _archive_entries(self, upload: UploadCard, path: Path, processed: set[str]) -> Iterator[SourceFile]:
        folder = self._folder / upload.id
        folder.mkdir(exist_ok=True)
        settings = self._ctx.app.settings
        limits = archives.ZipLimits(_MAX_ENTRIES, settings.uploads.max_picture_size, 4 * settings.uploads.max_archive_size)
        for n, entry in enumerate(archives.entries(path, folder, limits)):
            self._ctx.check()
            if n == 0:
                self.total += entry.total - len(processed) - 1  # in place of the archive itself
            name = f"{upload.filename}/{entry.name}"[-_MAX_NAME_CHARS:]
            if name in processed:
                continue
            picture_path = None
            if entry.path:  # the archive removes its own copy when the next entry is asked for
                picture_path = entry.path.rename(self._folder / f"{upload.id}-{n}{_safe_suffix(entry.name)}")
            caption, notes = _shorten(entry.caption or "", entry.note)
            folder_notes, left_out = folders.folder_notes(
                entry.name, entry.folders, self._trigger_word, captioned=bool(caption)
            )
            yield SourceFile(
                name,
                upload,
                picture_path,
                caption,
                entry.reason,
                in_archive=True,
                notes=(*notes, *folder_notes),
                excluded=left_out,
                repeats=folders.repeats_of(entry.name),
            )

    def _processed_names(self, upload_id: str | None) -> set[str]:
        """Names of the files that an earlier attempt already accepted or refused."""
        with self._ctx.transaction() as tx:
            from_same_source = DatasetImage.upload_id == upload_id if upload_id else DatasetImage.upload_id.is_(None)
            accepted = tx.scalars(
                select(DatasetImage.filename).where(DatasetImage.dataset_id == self._dataset_id, from_same_source)
            ).all()
            conditions = Upload.noun == "dataset", Upload.noun_id == self._dataset_id
            prefix = Upload.client_key.startswith(f"{upload_id or SAMPLE}:", autoescape=True)
            refused = tx.scalars(select(Upload.filename).where(*conditions, prefix)).all()
        return {*accepted, *refused}


def _shorten(caption: str, note: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    """(caption, cut to the allowed length; notes about its encoding and the cut)."""
    notes = [messages.coded("caption_encoding", note)] if note else []
    if len(caption) > MAX_CAPTION_CHARS:
        cut = tr_lazy(
            "Its caption had {n:,} characters and was cut to {most:,}. Look whether the rest matters.",
            n=len(caption),
            most=MAX_CAPTION_CHARS,
        )
        notes.append(messages.coded("caption_cut", cut))
    return caption[:MAX_CAPTION_CHARS], tuple(notes)


def _safe_suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if len(suffix) <= 6 and suffix[1:].isalnum() else ""
