"""Where the pictures of an ingest come from: a bundled character, uploaded files, what is inside uploaded archives."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import select

from backend.assets import UploadCard, uploads
from backend.datasets import folders
from backend.datasets.schemas import LONGEST_CAPTION
from backend.db.tables import Dataset, DatasetImage, Upload
from backend.engines import starter_model
from backend.errors import Refused
from backend.jobs.context import JobContext
from backend.media.documents import caption_files
from backend.media.documents import zip as archives

SAMPLE = "sample"
_FETCHERS = 3
_AHEAD = 24
_LONGEST_NAME = 300
_MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file. `path` None: not a picture to look at; then it is refused for `reason`, or (`reason` empty) it ends `upload`.

    `inside`: it came out of the archive `upload`. `caption`: what came beside it. `notes`: {"code", "sentence"} about caption
    and folder. `left_out`: it is kept, but not trained on.
    """

    filename: str
    upload: UploadCard | None = None
    path: Path | None = None
    caption: str = ""
    reason: str = ""
    inside: bool = False
    notes: tuple[dict[str, str], ...] = ()
    left_out: bool = False

    @property
    def client_key(self) -> str:
        """Under which the refusal of a file that is no upload of its own is kept."""
        name = hashlib.sha256(self.filename.encode()).hexdigest()[:24]
        return f"{self.upload.id}:{name}" if self.upload else f"{SAMPLE}:{name}"


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A caption that was uploaded as a file of its own. `notes`: what to know of it."""

    upload: UploadCard
    caption: str
    notes: tuple[dict[str, str], ...]


class SourceFiles:
    """Iterate once. `total` grows as more comes to light; captions sent as files of their own gather in `texts`."""

    def __init__(self, ctx: JobContext, dataset_id: str, character: str) -> None:
        self._ctx, self._dataset_id, self._character = ctx, dataset_id, character
        self._seen: set[str] = set()
        self._beside: set[str] = set()
        self._word = ""
        self._folder = ctx.workdir / "arrived"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.texts: list[CaptionFile] = []
        self.total = 0

    def __iter__(self) -> Iterator[SourceFile]:
        if self._character:
            yield from self._sample()
        self._word = self._trigger_word()
        while fresh := self._fresh():
            self.total += len(fresh)
            yield from self._files([one for one in fresh if not uploads.is_zip(one.filename)])
            for upload in fresh:
                if uploads.is_zip(upload.filename):
                    yield from self._archive(upload)

    def _sample(self) -> Iterator[SourceFile]:
        folder = next(one.folder for one in starter_model.characters() if one.name == self._character)
        pictures = sorted(folder.glob("*.jpg"))
        self.total += len(pictures)
        done, word = self._names(None), self._trigger_word() or self._character
        for path in pictures:
            name = f"{self._character}/{path.name}"
            if name not in done:
                caption = path.with_suffix(".txt")
                said = caption.read_text("utf-8").strip() if caption.exists() else ""
                yield SourceFile(name, None, path, re.sub(rf"\b{self._character}\b", word, said))

    def _trigger_word(self) -> str:
        """A borrowed character answers to the dataset's word, not to its own name."""
        with self._ctx.transaction() as tx:
            return tx.scalar(select(Dataset.trigger_word).where(Dataset.id == self._dataset_id)) or ""

    def _fresh(self) -> list[UploadCard]:
        with self._ctx.transaction() as tx:
            stored = uploads.listing(tx, "dataset", self._dataset_id, states=("stored",))
            mine = Upload.noun == "dataset", Upload.noun_id == self._dataset_id, Upload.state.in_(("stored", "taken"))
            names = tx.scalars(select(Upload.filename).where(*mine, Upload.filename.contains("/")))
            self._beside = {str(PurePosixPath(name).parent) for name in names}
        fresh = [one for one in stored if one.id not in self._seen]
        self._seen |= {one.id for one in fresh}
        return fresh

    def _files(self, cards: list[UploadCard]) -> Iterator[SourceFile]:
        """Fetched a few ahead, in order."""
        with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch") as pool:
            coming: deque[tuple[UploadCard, Future[Path]]] = deque()
            for card in cards:
                coming.append((card, pool.submit(self._fetch, card)))
                if len(coming) >= _AHEAD:
                    yield from self._file(*coming.popleft())
            while coming:
                yield from self._file(*coming.popleft())

    def _file(self, card: UploadCard, coming: Future[Path]) -> Iterator[SourceFile]:
        path = coming.result()
        if not caption_files.is_caption(card.filename):
            notes, left_out = folders.notes(card.filename, self._beside, self._word, captioned=True)
            yield SourceFile(card.filename, card, path, notes=tuple(notes), left_out=left_out)
        elif card.size_bytes > caption_files.LONGEST_BYTES:
            yield SourceFile(card.filename, card, reason=caption_files.TOO_LONG)
        else:
            try:
                caption, note = caption_files.read(path.read_bytes())
            except caption_files.Unreadable as error:
                yield SourceFile(card.filename, card, reason=str(error))
            else:
                self.texts.append(CaptionFile(card, *_shortened(caption, note)))

    def _fetch(self, card: UploadCard) -> Path:
        path = self._folder / f"{card.id}{_suffix(card.filename)}"
        self._ctx.app.storage.get_file(card.key, path)
        return path

    def _archive(self, card: UploadCard) -> Iterator[SourceFile]:
        """Its pictures one after the other, then its end. An archive that turns out bad keeps what came before."""
        self._ctx.progress(0, 0, f"fetching {card.filename}"[:100])
        path = self._fetch(card)
        done = self._names(card.id)
        try:
            yield from self._inside(card, path, done)
        except Refused as error:
            yield SourceFile(card.filename, card, reason=error.message)
        else:
            yield SourceFile(card.filename, card)
        finally:
            path.unlink(missing_ok=True)

    def _inside(self, card: UploadCard, path: Path, done: set[str]) -> Iterator[SourceFile]:
        out = self._folder / card.id
        out.mkdir(exist_ok=True)
        settings = self._ctx.app.settings
        limits = archives.ZipLimits(_MOST_ENTRIES, settings.max_upload_size, 4 * settings.max_archive_size)
        for number, entry in enumerate(archives.entries(path, out, limits)):
            self._ctx.check()
            if number == 0:
                self.total += entry.total - len(done) - 1  # in place of the archive itself
            name = f"{card.filename}/{entry.name}"[-_LONGEST_NAME:]
            if name in done:
                continue
            kept = None
            if entry.path:  # the archive removes its own copy when the next entry is asked for
                kept = entry.path.rename(self._folder / f"{card.id}-{number}{_suffix(entry.name)}")
            caption, notes = _shortened(entry.caption or "", entry.note)
            said, left_out = folders.notes(entry.name, entry.folders, self._word, captioned=bool(caption))
            yield SourceFile(name, card, kept, caption, entry.reason, inside=True, notes=(*notes, *said), left_out=left_out)

    def _names(self, upload_id: str | None) -> set[str]:
        """What an earlier attempt already took or refused."""
        with self._ctx.transaction() as tx:
            came = DatasetImage.upload_id == upload_id if upload_id else DatasetImage.upload_id.is_(None)
            taken = tx.scalars(select(DatasetImage.filename).where(DatasetImage.dataset_id == self._dataset_id, came)).all()
            mine = Upload.noun == "dataset", Upload.noun_id == self._dataset_id
            prefix = Upload.client_key.startswith(f"{upload_id or SAMPLE}:", autoescape=True)
            refused = tx.scalars(select(Upload.filename).where(*mine, prefix)).all()
        return {*taken, *refused}


def _shortened(caption: str, note: str) -> tuple[str, tuple[dict[str, str], ...]]:
    """At most as long as captions may be; the notes say what was done to it."""
    notes = [{"code": "caption_encoding", "sentence": note}] if note else []
    if len(caption) > LONGEST_CAPTION:
        text = f"Its caption had {len(caption):,} characters and was cut to {LONGEST_CAPTION:,}. Look whether the rest matters."
        notes.append({"code": "caption_cut", "sentence": text})
    return caption[:LONGEST_CAPTION], tuple(notes)


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if len(suffix) <= 6 and suffix[1:].isalnum() else ""
