"""Files of a job: uploads the pictures it made, and downloads the pictures it needs in the smallest sufficient size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from sqlalchemy.orm import Session

from backend.assets.keys import key_for, thumb_key
from backend.assets.queries import get_many
from backend.assets.schemas import AssetCard, NewFile, ThumbFile
from backend.assets.service import UploadedFile, confirm, confirm_stmt, intend, sha256_of, upload_file
from backend.db.pipelining import execute_pipelined, insert_stmt
from backend.db.tables import AssetUse, Base
from backend.errors import Cancelled
from backend.jobs.context import JobContext, run_steps
from backend.kit.background import wait_for
from backend.language import tr_lazy
from backend.media.images import pictures

T = TypeVar("T")
_FETCH_THREADS = 6
_CHECK_S = 0.25
"""How often a transfer looks whether its job is to stop."""


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """A picture whose bytes are stored. `confirm` or `write_output` makes it an asset."""

    asset_id: str
    uploaded: UploadedFile

    def confirm(self, tx: Session) -> AssetCard:
        """Makes it an asset, in the caller's transaction."""
        return confirm(tx, {self.asset_id: self.uploaded})[0]


def write_output(tx: Session, output: StoredOutput, rows: Sequence[Base], *, noun: str, noun_id: str) -> None:
    """Makes the output an asset, records (`noun`, `noun_id`) as its first use and inserts `rows`, in one round trip.

    `rows`: new ORM objects, those that others refer to first; `tx` does not track them. `noun_id` must be new, because the use
    is inserted. After a crash before the commit the asset is still an intent, whose bytes are swept later.
    """
    tx.flush()
    use = AssetUse(asset_id=output.asset_id, noun=noun, noun_id=noun_id)
    execute_pipelined(tx, [confirm_stmt(output.asset_id, output.uploaded), *map(insert_stmt, [use, *rows])])


def intend_outputs(tx: Session, ctx: JobContext, numbers: Sequence[int]) -> dict[int, str]:
    """Writes the intents of pictures that `send_outputs` will upload: picture number -> asset id. Calling it while the engine
    works saves the time later."""
    files = [NewFile(Path(), "image", _key(ctx, n), "image/png", "", None, None, (), {}, ()) for n in numbers]
    return dict(zip(numbers, intend(tx, files, job_id=ctx.job_id, attempt_id=ctx.attempt_id), strict=True))


def send_outputs(
    ctx: JobContext,
    path: Path,
    *,
    filename: str,
    n: int = 0,
    thumbs: bool = True,
    meta: Mapping[str, Any] | None = None,
    picture: Image.Image | None = None,
    asset_id: str | None = None,
) -> StoredOutput:
    """Uploads picture `n` of this attempt, a PNG as `ai_mark.deliver_png` leaves it, with its thumbnails.

    `picture`: the same picture decoded, if the caller has it. `asset_id`: from `intend_outputs`. Thumbnails are made while the
    picture is uploaded; no upload begins before the intent is written. Raises Unavailable, Conflict.
    """
    key, storage = _key(ctx, n), ctx.app.storage
    file = NewFile(path, "image", key, "image/png", filename, None, None, (), meta or {}, ())
    thumb_files: list[ThumbFile] = []
    with ThreadPoolExecutor(2 + len(pictures.THUMB_WIDTHS)) as pool:
        intent = pool.submit(lambda: asset_id or _intend(ctx, n))

        def send(key: str, path: Path, content_type: str, thumbnail: Image.Image | None = None) -> None:
            if thumbnail:
                pictures.write_thumb(thumbnail, path)
            intent.result()
            storage.put_file(key, path, content_type)

        transfers = [pool.submit(send, key, path, "image/png")]
        if thumbs:
            picture = picture or pictures.open_rgb(path)
            file = replace(file, width=picture.width, height=picture.height)
            for width, thumbnail in pictures.iter_thumbs(picture):
                thumb_files.append(ThumbFile(width, path.with_name(f"{path.stem}.w{width}.webp")))
                transfers.append(pool.submit(send, thumb_key(key, width), thumb_files[-1].path, "image/webp", thumbnail))
        sha256, intended_id = sha256_of(path), intent.result()
        for transfer in transfers:
            transfer.result()
    for thumb_file in thumb_files:
        thumb_file.path.unlink()
    file = replace(file, thumbs=tuple(reversed(thumb_files)))
    return StoredOutput(intended_id, UploadedFile(file, path.stat().st_size, sha256))


def _key(ctx: JobContext, n: int) -> str:
    return key_for("image", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=n)


def _intend(ctx: JobContext, n: int) -> str:
    with ctx.transaction() as tx:
        return intend_outputs(tx, ctx, [n])[n]


def store_outputs(ctx: JobContext, path: Path, *, filename: str, thumbs: bool = True) -> AssetCard:
    """Uploads a picture (`send_outputs`) and makes it an asset at once."""
    output = send_outputs(ctx, path, filename=filename, thumbs=thumbs)
    with ctx.transaction() as tx:
        return output.confirm(tx)


def fetch_small(ctx: JobContext, asset_ids: Sequence[str], side: int) -> dict[str, Path]:
    """Downloads each picture in its smallest size that is at least `side` px wide: asset id -> file in the workdir. Missing
    assets are left out.

    Reports progress and stops when the job is to stop. Raises Unavailable.
    """
    with ctx.transaction() as tx:
        keys = {asset_id: smallest_key(asset, side) for asset_id, asset in get_many(tx, asset_ids).items()}
    paths = {asset_id: ctx.workdir / f"{asset_id}{Path(key).suffix}" for asset_id, key in keys.items()}
    with ThreadPoolExecutor(_FETCH_THREADS) as pool:
        fetched = pool.map(lambda asset_id: ctx.app.storage.get_file(keys[asset_id], paths[asset_id]), keys)
        for done, _ in enumerate(fetched, 1):
            ctx.progress(done, len(keys), tr_lazy("fetching pictures"))
            ctx.check()
    return paths


def smallest_key(asset: AssetCard, side: int) -> str:
    """The key of the picture's smallest size that is at least `side` px wide."""
    width = min((width for width in asset.thumbs if width >= side), default=0)
    return thumb_key(asset.key, width) if width else asset.key


def fetch_file(ctx: JobContext, key: str, path: Path) -> None:
    """Downloads the object `key` to `path`. However slow the storage is, the job stops within a quarter of a second when it is
    to stop. Raises Unavailable, NotFound."""
    run_steps(ctx, _stoppable(lambda check: ctx.app.storage.get_file(key, path, check=check)))


def send_file(ctx: JobContext, file: NewFile) -> UploadedFile:
    """As `upload_file`. However slow the storage is, the job stops within a quarter of a second when it is to stop; what was
    sent until then is swept."""
    return run_steps(ctx, _stoppable(lambda check: upload_file(ctx.app.storage, file, check=check)))


def _stoppable(transfer: Callable[[Callable[[], None]], T]) -> Generator[None, None, T]:
    """Runs `transfer` in a thread; gives it a function that raises once the generator is closed."""
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Cancelled(tr_lazy("The job that needed this file has ended."))

    return wait_for(lambda: transfer(check), stop=stopped.set, every_s=_CHECK_S)
