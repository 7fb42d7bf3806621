"""The jobs of the gallery: a ZIP of many pictures, streamed into the storage one after the other with a manifest that describes
each, and pictures from other programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from backend import assets, generation
from backend.assets import AssetCard, NewFile, UploadedFile
from backend.errors import Invalid, NotFound
from backend.gallery import imports, queries
from backend.gallery.boards import get_board
from backend.gallery.picture_files import to_picture_file
from backend.gallery.schemas import ArchivePayload, GalleryFilters, ImportPayload
from backend.generation import PictureCard
from backend.jobs.context import JobContext
from backend.kit.clock import now
from backend.language import joined, tr_lazy
from backend.media.documents import zip as archives

_BATCH = 200
_MAX_PICTURES = 20_000


def run_archive(ctx: JobContext, payload: ArchivePayload) -> dict[str, Any]:
    """Result: as `_make_archive`."""
    return ctx.step("pack", lambda: _make_archive(ctx, payload)) or {}


def run_import(ctx: JobContext, payload: ImportPayload) -> dict[str, Any]:
    """Result: as `imports.run_import`."""
    return imports.run_import(ctx, payload)


def _make_archive(ctx: JobContext, payload: ArchivePayload) -> dict[str, Any]:
    """Makes the archive. Returns {assetId, s3Key, pictures, bytes, leftOut: how many pictures had no file any more}."""
    with ctx.transaction() as tx:
        board = get_board(tx, payload.board_id) if payload.board_id else None
        board_order = GalleryFilters(board_id=payload.board_id, order="board", gate="any")
        ids = queries.matching_ids(tx, filters=board_order, most=_MAX_PICTURES) if board else payload.picture_ids
    board_entry = {"id": board.id, "name": board.name, "notes": board.notes, "cover": board.cover_id} if board else None
    entries = _ArchiveEntries(ctx, ids, payload.with_recipe, board_entry)
    key = assets.key_for("archive", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    file = NewFile(Path(), "archive", key, "application/zip", f"{payload.filename}.zip", meta={"pictures": len(ids)})
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    chunks = _HashedChunks(archives.stream(entries.files()))
    ctx.app.storage.put_stream(key, chunks, -1, "application/zip")
    if not entries.packed:
        raise Invalid(tr_lazy("None of these pictures has a file any more. Choose others."))
    with ctx.transaction() as tx:
        assets.confirm(tx, {asset_id: UploadedFile(file, chunks.size, chunks.sha256)})
    left_out = len(ids) - entries.packed
    return {"assetId": asset_id, "s3Key": key, "pictures": entries.packed, "leftOut": left_out, "bytes": chunks.size}


class _ArchiveEntries:
    """The files of an archive. Reads rows a batch at a time and bytes a picture at a time, so memory use does not grow."""

    def __init__(self, ctx: JobContext, ids: list[str], with_recipe: bool, board: dict[str, Any] | None) -> None:
        self._ctx, self._ids, self._with_recipe = ctx, ids, with_recipe
        self._manifest_entries: list[dict[str, Any]] = []
        self._manifest_head = {"format": "influencerai-pictures/1", "board": board, "exportedAt": now().isoformat()}
        self.packed = 0

    def files(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """(name, chunks) of each file, the manifest last. Counts the pictures in `packed`."""
        for n, (card, asset) in enumerate(self._cards(), 1):
            self._ctx.check()
            self._ctx.progress(n - 1, len(self._ids), tr_lazy("packing pictures"))
            try:
                data = self._bytes(card, asset)
            except NotFound:
                self._ctx.log(tr_lazy("{picture} has no file any more and was left out.", picture=card.id), level="warning")
                continue
            self.packed += 1
            name = f"{self.packed:04d}-{card.id}{PurePosixPath(asset.key).suffix}"
            self._manifest_entries.append(_entry(name, card, asset, data))
            yield name, (data,)
        self._ctx.progress(len(self._ids), len(self._ids), tr_lazy("packing pictures"))
        manifest = {**self._manifest_head, "pictures": self._manifest_entries}
        yield "manifest.json", (json.dumps(manifest, indent=1, ensure_ascii=False).encode(),)

    def _bytes(self, card: PictureCard, asset: AssetCard) -> bytes:
        storage = self._ctx.app.storage
        try:
            return to_picture_file(card, asset, with_recipe=self._with_recipe).read(storage)
        except Invalid as error:
            left_out = tr_lazy("{picture} is packed without its prompt metadata; the manifest has it.", picture=card.id)
            self._ctx.log(joined(left_out, error.message))
            return to_picture_file(card, asset).read(storage)

    def _cards(self) -> Iterator[tuple[PictureCard, AssetCard]]:
        for start in range(0, len(self._ids), _BATCH):
            with self._ctx.transaction() as tx:
                cards = generation.pictures(tx, self._ids[start : start + _BATCH])
                files = assets.get_many(tx, [card.asset_id for card in cards])
            yield from ((card, files[card.asset_id]) for card in cards if card.asset_id in files)


def _entry(name: str, card: PictureCard, asset: AssetCard, data: bytes) -> dict[str, Any]:
    recipe = card.recipe
    return {
        "file": name,
        "id": card.id,
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": card.width,
        "height": card.height,
        "contentType": asset.content_type,
        "aiMade": recipe.ai_mark,
        "source": card.source,
        "createdAt": card.created_at.isoformat(),
        "rating": card.rating,
        "favourite": card.favourite,
        "influencer": card.influencer_name,
        "seed": card.seed,
        "prompt": recipe.prompt,
        "negativePrompt": recipe.negative_prompt,
        "model": recipe.model,
        "steps": recipe.steps,
        "cfg": recipe.cfg,
        "sampler": recipe.sampler,
        "loras": [{"id": ref.lora_id, "name": ref.name, "weight": ref.weight} for ref in recipe.loras],
    }


class _HashedChunks:
    """Passes chunks on; counts their bytes (`size`) and hashes them."""

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
