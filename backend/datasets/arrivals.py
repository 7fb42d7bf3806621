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
from backend.datasets.schemas import LONGEST_CAPTION
from backend.engines import starter_model
from backend.errors import Refused
from backend.jobs.context import JobContext
from backend.tables import Dataset, DatasetImage, Upload
from backend.tools import zip as archives

SAMPLE = "sample"
_FETCHERS = 3
_AHEAD = 24
_LONGEST_TEXT = 64 * 1024
_LONGEST_NAME = 300
_MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file. `path` None: not a picture to look at; then it is refused for `reason`, or (`reason` empty) it ends `upload`.

    `inside`: it came out of the archive `upload`. `caption`: what came beside it.
    """

    filename: str
    upload: UploadCard | None = None
    path: Path | None = None
    caption: str = ""
    reason: str = ""
    inside: bool = False

    @property
    def client_key(self) -> str:
        """Under which the refusal of a file that is no upload of its own is kept."""
        name = hashlib.sha256(self.filename.encode()).hexdigest()[:24]
        return f"{self.upload.id}:{name}" if self.upload else f"{SAMPLE}:{name}"


class Arrivals:
    """Iterate once. `total` grows as more comes to light; captions sent as files of their own gather in `texts`."""

    def __init__(self, ctx: JobContext, dataset_id: str, character: str) -> None:
        self._ctx, self._dataset_id, self._character = ctx, dataset_id, character
        self._seen: set[str] = set()
        self._folder = ctx.workdir / "arrived"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.texts: list[tuple[UploadCard, str]] = []
        self.total = 0

    def __iter__(self) -> Iterator[Arrival]:
        if self._character:
            yield from self._sample()
        while fresh := self._fresh():
            self.total += len(fresh)
            yield from self._files([one for one in fresh if not uploads.is_zip(one.filename)])
            for upload in fresh:
                if uploads.is_zip(upload.filename):
                    yield from self._archive(upload)

    def _sample(self) -> Iterator[Arrival]:
        folder = next(one.folder for one in starter_model.characters() if one.name == self._character)
        pictures = sorted(folder.glob("*.jpg"))
        self.total += len(pictures)
        done, word = self._names(None), self._trigger_word() or self._character
        for path in pictures:
            name = f"{self._character}/{path.name}"
            if name not in done:
                caption = path.with_suffix(".txt")
                said = caption.read_text("utf-8").strip() if caption.exists() else ""
                yield Arrival(name, None, path, re.sub(rf"\b{self._character}\b", word, said))

    def _trigger_word(self) -> str:
        """A borrowed character answers to the dataset's word, not to its own name."""
        with self._ctx.transaction() as tx:
            return tx.scalar(select(Dataset.trigger_word).where(Dataset.id == self._dataset_id)) or ""

    def _fresh(self) -> list[UploadCard]:
        with self._ctx.transaction() as tx:
            stored = uploads.listing(tx, "dataset", self._dataset_id, states=("stored",))
        fresh = [one for one in stored if one.id not in self._seen]
        self._seen |= {one.id for one in fresh}
        return fresh

    def _files(self, cards: list[UploadCard]) -> Iterator[Arrival]:
        """Fetched a few ahead, in order."""
        with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="fetch") as pool:
            coming: deque[tuple[UploadCard, Future[Path]]] = deque()
            for card in cards:
                coming.append((card, pool.submit(self._fetch, card)))
                if len(coming) >= _AHEAD:
                    yield from self._file(*coming.popleft())
            while coming:
                yield from self._file(*coming.popleft())

    def _file(self, card: UploadCard, coming: Future[Path]) -> Iterator[Arrival]:
        path = coming.result()
        if path.suffix != ".txt":
            yield Arrival(card.filename, card, path)
        elif card.size_bytes > _LONGEST_TEXT:
            yield Arrival(card.filename, card, reason="This text is too long for a caption. Captions are a sentence or two.")
        else:
            self.texts.append((card, path.read_text("utf-8", errors="replace").strip()[:LONGEST_CAPTION]))

    def _fetch(self, card: UploadCard) -> Path:
        path = self._folder / f"{card.id}{_suffix(card.filename)}"
        self._ctx.app.storage.get_file(card.key, path)
        return path

    def _archive(self, card: UploadCard) -> Iterator[Arrival]:
        """Its pictures one after the other, then its end. An archive that turns out bad keeps what came before."""
        self._ctx.progress(0, 0, f"fetching {card.filename}"[:100])
        path = self._fetch(card)
        done = self._names(card.id)
        try:
            yield from self._inside(card, path, done)
        except Refused as error:
            yield Arrival(card.filename, card, reason=error.message)
        else:
            yield Arrival(card.filename, card)
        finally:
            path.unlink(missing_ok=True)

    def _inside(self, card: UploadCard, path: Path, done: set[str]) -> Iterator[Arrival]:
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
            yield Arrival(name, card, kept, (entry.caption or "")[:LONGEST_CAPTION], entry.reason, inside=True)

    def _names(self, upload_id: str | None) -> set[str]:
        """What an earlier attempt already took or refused."""
        with self._ctx.transaction() as tx:
            came = DatasetImage.upload_id == upload_id if upload_id else DatasetImage.upload_id.is_(None)
            taken = tx.scalars(select(DatasetImage.filename).where(DatasetImage.dataset_id == self._dataset_id, came)).all()
            mine = Upload.noun == "dataset", Upload.noun_id == self._dataset_id
            prefix = Upload.client_key.startswith(f"{upload_id or SAMPLE}:", autoescape=True)
            refused = tx.scalars(select(Upload.filename).where(*mine, prefix)).all()
        return {*taken, *refused}


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if len(suffix) <= 6 and suffix[1:].isalnum() else ""
