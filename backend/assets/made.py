"""Files of a job: pictures it drew, on their way out; and pictures it needs, as small as will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from backend.assets.keys import key_for, thumb_key
from backend.assets.queries import get_many
from backend.assets.schemas import AssetCard, NewFile, ThumbFile
from backend.assets.service import Sent, confirm, confirming, digest, intend
from backend.jobs.context import JobContext
from backend.kit.trips import Call, inserting
from backend.tables import AssetUse
from backend.tools import pictures

_FETCHERS = 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture whose bytes are there. Called, or through `calls`, it becomes an asset in the transaction of what needs it."""

    asset_id: str
    sent: Sent

    def __call__(self, tx: Session) -> AssetCard:
        return confirm(tx, {self.asset_id: self.sent})[0]

    def calls(self, noun: str, noun_id: str) -> list[Call]:
        """The same with its first use, for a trip with other statements. `noun_id`: something new."""
        return [confirming(self.asset_id, self.sent), inserting(AssetUse(asset_id=self.asset_id, noun=noun, noun_id=noun_id))]


def intend_drawn(tx: Session, ctx: JobContext, numbers: Sequence[int]) -> dict[int, str]:
    """Says that `send_drawn` will send these pictures of this attempt: number -> asset id. Call it while there is time."""
    files = [NewFile(Path(), "image", _key(ctx, n), "image/png", "", None, None, (), {}, ()) for n in numbers]
    return dict(zip(numbers, intend(tx, files, job_id=ctx.job_id, attempt_id=ctx.attempt_id), strict=True))


def send_drawn(
    ctx: JobContext,
    path: Path,
    *,
    filename: str,
    n: int = 0,
    thumbs: bool = True,
    meta: Mapping[str, Any] | None = None,
    picture: Image.Image | None = None,
    asset_id: str | None = None,
) -> Drawn:
    """Sends picture `n` of this attempt, a PNG as `ai_mark.deliver_png` leaves it, with its thumbnails.

    `picture`: the same decoded, where somebody has it. `asset_id`: of `intend_drawn`. Thumbnails are drawn while the picture
    travels; nothing travels before its intent is written. Raises Unavailable, Conflict.
    """
    key, storage = _key(ctx, n), ctx.app.storage
    new = NewFile(path, "image", key, "image/png", filename, None, None, (), meta or {}, ())
    small: list[ThumbFile] = []
    with ThreadPoolExecutor(2 + len(pictures.WIDTHS)) as aside:
        intending = aside.submit(lambda: asset_id or _intend(ctx, n))

        def send(key: str, path: Path, content_type: str, drawn: Image.Image | None = None) -> None:
            if drawn:
                pictures.write_thumb(drawn, path)
            intending.result()
            storage.put_file(key, path, content_type)

        sending = [aside.submit(send, key, path, "image/png")]
        if thumbs:
            picture = picture or pictures.decoded(path)
            new = replace(new, width=picture.width, height=picture.height)
            for width, drawn in pictures.smaller(picture):
                small.append(ThumbFile(width, path.with_name(f"{path.stem}.w{width}.webp")))
                sending.append(aside.submit(send, thumb_key(key, width), small[-1].path, "image/webp", drawn))
        sha256, intended = digest(path), intending.result()
        for one in sending:
            one.result()
    for thumb in small:
        thumb.path.unlink()
    return Drawn(intended, Sent(replace(new, thumbs=tuple(reversed(small))), path.stat().st_size, sha256))


def _key(ctx: JobContext, n: int) -> str:
    return key_for("image", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=n)


def _intend(ctx: JobContext, n: int) -> str:
    with ctx.transaction() as tx:
        return intend_drawn(tx, ctx, [n])[n]


def store_drawn(ctx: JobContext, path: Path, *, filename: str, thumbs: bool = True) -> AssetCard:
    """`send_drawn`, as an asset at once."""
    sent = send_drawn(ctx, path, filename=filename, thumbs=thumbs)
    with ctx.transaction() as tx:
        return sent(tx)


def fetch_small(ctx: JobContext, asset_ids: Sequence[str], side: int) -> dict[str, Path]:
    """Asset -> a file of it in the workdir, the smallest that is `side` px wide; those that are gone are left out.

    Reports progress and stops when the job is to stop. Raises Unavailable.
    """
    with ctx.transaction() as tx:
        keys = {asset_id: _small(asset, side) for asset_id, asset in get_many(tx, asset_ids).items()}
    paths = {asset_id: ctx.workdir / f"{asset_id}{Path(key).suffix}" for asset_id, key in keys.items()}
    with ThreadPoolExecutor(_FETCHERS) as pool:
        fetched = pool.map(lambda asset_id: ctx.app.storage.get_file(keys[asset_id], paths[asset_id]), keys)
        for done, _ in enumerate(fetched, 1):
            ctx.progress(done, len(keys), "fetching pictures")
            ctx.check()
    return paths


def _small(asset: AssetCard, side: int) -> str:
    width = min((width for width in asset.thumbs if width >= side), default=0)
    return thumb_key(asset.key, width) if width else asset.key
