"""The ZIP itself: pictures one after the other straight into storage, then a manifest that says what each is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from backend import assets, generation
from backend.assets import AssetCard, NewFile, Sent
from backend.boards.packing import file_of
from backend.boards.queries import get
from backend.boards.schemas import ArchivePayload
from backend.errors import Invalid, NotFound
from backend.generation import GalleryFilters, PictureCard
from backend.jobs.context import JobContext
from backend.kit.clock import now
from backend.tools import zip as archives

_BATCH = 200
_MOST = 20_000


def make(ctx: JobContext, payload: ArchivePayload) -> dict[str, Any]:
    """`asset_id`, `pictures`, `bytes`, and `left_out`: how many had no file any more."""
    with ctx.transaction() as tx:
        board = get(tx, payload.board_id) if payload.board_id else None
        ordered = GalleryFilters(board_id=payload.board_id, order="board", gate="any")
        ids = generation.ids(tx, filters=ordered, most=_MOST) if board else payload.picture_ids
    about = {"id": board.id, "name": board.name, "notes": board.notes, "cover": board.cover_id} if board else None
    walk = _Walk(ctx, ids, payload.with_recipe, about)
    key = assets.key_for("archive", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    file = NewFile(Path(), "archive", key, "application/zip", f"{payload.filename}.zip", meta={"pictures": len(ids)})
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    counted = _Counted(archives.stream(walk.files()))
    ctx.app.storage.put_stream(key, counted, -1, "application/zip")
    if not walk.packed:
        raise Invalid("None of these pictures has a file any more. Choose others.")
    with ctx.transaction() as tx:
        assets.confirm(tx, {asset_id: Sent(file, counted.size, counted.sha256)})
    return {"asset_id": asset_id, "pictures": walk.packed, "left_out": len(ids) - walk.packed, "bytes": counted.size}


class _Walk:
    """Rows are read a batch at a time, bytes a picture at a time: memory stays flat."""

    def __init__(self, ctx: JobContext, ids: list[str], with_recipe: bool, board: dict[str, Any] | None) -> None:
        self._ctx, self._ids, self._with_recipe = ctx, ids, with_recipe
        self._said: list[dict[str, Any]] = []
        self._about = {"format": "influencerai-pictures/1", "board": board, "exportedAt": now().isoformat()}
        self.packed = 0

    def files(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        for n, (card, asset) in enumerate(self._cards(), 1):
            self._ctx.check()
            self._ctx.progress(n - 1, len(self._ids), "packing pictures")
            try:
                data = self._bytes(card, asset)
            except NotFound:
                self._ctx.log(f"{card.id} has no file any more and was left out", level="warning")
                continue
            self.packed += 1
            name = f"{self.packed:04d}-{card.id}{PurePosixPath(asset.key).suffix}"
            self._said.append(_entry(name, card, asset, data))
            yield name, (data,)
        self._ctx.progress(len(self._ids), len(self._ids), "packing pictures")
        yield "manifest.json", (json.dumps({**self._about, "pictures": self._said}, indent=1, ensure_ascii=False).encode(),)

    def _bytes(self, card: PictureCard, asset: AssetCard) -> bytes:
        storage = self._ctx.app.storage
        try:
            return file_of(card, asset, with_recipe=self._with_recipe).read(storage)
        except Invalid as error:
            self._ctx.log(f"{card.id} is packed without its recipe inside; the manifest has it. {error.message}")
            return file_of(card, asset).read(storage)

    def _cards(self) -> Iterator[tuple[PictureCard, AssetCard]]:
        for at in range(0, len(self._ids), _BATCH):
            with self._ctx.transaction() as tx:
                cards = generation.pictures(tx, self._ids[at : at + _BATCH])
                files = assets.get_many(tx, [card.asset_id for card in cards])
            yield from ((card, files[card.asset_id]) for card in cards if card.asset_id in files)


def _entry(name: str, card: PictureCard, asset: AssetCard, data: bytes) -> dict[str, Any]:
    recipe = card.recipe
    return {
        "file": name, "id": card.id, "sha256": hashlib.sha256(data).hexdigest(), "width": card.width, "height": card.height,
        "contentType": asset.content_type, "aiMade": recipe.ai_mark, "source": card.source,
        "createdAt": card.created_at.isoformat(), "rating": card.rating, "favourite": card.favourite,
        "influencer": card.influencer_name, "seed": card.seed, "prompt": recipe.prompt,
        "negativePrompt": recipe.negative_prompt, "model": recipe.model, "steps": recipe.steps,
        "cfg": recipe.cfg, "sampler": recipe.sampler,
        "loras": [{"id": ref.lora_id, "name": ref.name, "weight": ref.weight} for ref in recipe.loras],
    }  # fmt: skip


class _Counted:
    """Chunks as they pass, hashed and counted."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._hash, self.size = chunks, hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk
