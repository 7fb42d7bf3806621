"""Changing the LoRA library: adding what training made and what people upload, renaming, deleting."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from backend import assets, events
from backend.assets import UploadCard
from backend.db.tables import Lora
from backend.engines.ports.image import DEFAULT_LORA_WEIGHT, ModelCard
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.loras.queries import get
from backend.loras.rules import check_name, lora_name, next_free
from backend.loras.schemas import LoraCard
from backend.media.model_files import lora_check
from backend.media.model_files.lora_check import CheckedLora
from backend.storage import Storage
from backend.undo import undoable

OpenTx = Callable[[], AbstractContextManager[Session]]
CONTENT_TYPE = "application/octet-stream"


def add_trained(
    tx: Session,
    *,
    name: str,
    asset_id: str,
    base: str,
    dim: int,
    alpha: float,
    trigger_word: str = "",
    influencer_id: str | None = None,
    run_id: str | None = None,
    step: int | None = None,
    meta: dict[str, Any] | None = None,
) -> LoraCard:
    """Puts a finished checkpoint into the library; a taken name gets `-v2`, `-v3` …"""
    row = Lora(id=new_id("lora"), source="trained", asset_id=asset_id, base=base, dim=dim, alpha=alpha, meta=meta or {})
    row.trigger_word, row.influencer_id, row.run_id, row.step = trigger_word, influencer_id, run_id, step
    return _add_row(tx, row, lora_name(name), exact=False)


def take_upload(open_tx: OpenTx, storage: Storage, *, upload_id: str, name: str = "", trigger_word: str = "") -> LoraCard:
    """Checks an uploaded file and puts it into the library. `open_tx` opens an editor's transaction (bytes move between two).

    Raises NotFound, Invalid (not a LoRA; the upload keeps the reason), Conflict (name taken).
    """
    with open_tx() as tx:
        upload = _stored_upload(tx, upload_id)
        tenant_id, key, filename = str(tx.info["tenant_id"]), upload.key, upload.filename
        lora_word = check_name(name.strip().lower()) if name.strip() else lora_name(filename)
        if name.strip():
            _check_free(tx, lora_word)
    lora_id = new_id("lora")
    with tempfile.TemporaryDirectory(prefix="lora-") as folder:
        path = Path(folder) / "uploaded.safetensors"
        storage.get_file(key, path)
        checked = _check_file(open_tx, upload_id, path)
        stored = assets.store(
            open_tx,
            storage,
            path=checked.path,
            kind="lora",
            key=assets.key_for("lora", tenant_id=tenant_id, lora_id=lora_id, name=f"{lora_word}.safetensors"),
            content_type=CONTENT_TYPE,
            filename=f"{lora_word}.safetensors",
        )
    with open_tx() as tx:
        _lock_names(tx)
        _stored_upload(tx, upload_id)  # checked again: another request may have accepted it while its bytes were checked
        row = Lora(id=lora_id, source="uploaded", asset_id=stored.id, base=checked.base, dim=checked.dim, alpha=checked.alpha)
        row.trigger_word, row.meta = trigger_word.strip(), {"uploaded_as": filename, "weight": DEFAULT_LORA_WEIGHT}
        if checked.converted_from:
            row.meta |= {"converted_from": checked.converted_from, "original_sha256": checked.sha256}
            row.notes = f"Converted from the {checked.converted_from} layout to kohya's. {checked.note}".strip()
        assets.uploads.accept(tx, [upload_id])
        return _add_row(tx, row, lora_word, exact=bool(name.strip()))


@undoable("lora.name")
def rename(tx: Session, lora_id: str, name: str) -> LoraCard:
    """Recipes of pictures made with it keep the old word. Raises NotFound, Invalid, Conflict."""
    card, word = get(tx, lora_id), check_name(name.strip().lower())
    if word != card.name:
        _lock_names(tx)
        _check_free(tx, word)
        tx.execute(update(Lora).where(Lora.id == lora_id).values(name=word))
        events.record(tx, "lora.renamed", "lora", lora_id, {"from": card.name, "to": word})
    return get(tx, lora_id)


def check_base(card: LoraCard, model_card: ModelCard) -> None:
    """Raises Invalid when the LoRA was made for another family of checkpoints than the model's."""
    if card.base != model_card.base:
        raise Invalid(
            tr_lazy(
                "{lora} was made for {base} models and does not fit {model} ({model_base}). "
                "Choose a {base} model, or another LoRA.",
                lora=card.name,
                base=card.base,
                model=model_card.title,
                model_base=model_card.base,
            )
        )


def _stored_upload(tx: Session, upload_id: str) -> UploadCard:
    upload = assets.uploads.get(tx, upload_id)
    if upload.noun != "lora":
        raise NotFound(tr_lazy("This upload is not a LoRA. Upload the file again in the LoRA library."))
    if upload.state == "refused":
        reason = upload.reason or tr_lazy("It was refused. Upload another one.")
        raise Invalid(tr_lazy("{filename}: {reason}", filename=upload.filename, reason=reason))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This file is still uploading, or is in the library already. Check the list, then try again."))
    return upload


def _check_file(open_tx: OpenTx, upload_id: str, path: Path) -> CheckedLora:
    """Checks the file in a child process. Raises Invalid, after writing the reason to the upload."""
    try:
        return lora_check.check(path, path.with_name("renamed.safetensors"))
    except Invalid as error:
        with open_tx() as tx:
            assets.uploads.reject(tx, {upload_id: error.message})
            filename = assets.uploads.get(tx, upload_id).filename
        raise Invalid(tr_lazy("{filename}: {reason}", filename=filename, reason=error.message)) from error


def _add_row(tx: Session, row: Lora, name: str, *, exact: bool) -> LoraCard:
    _lock_names(tx)
    if exact:
        _check_free(tx, name)
    row.name = next_free(name, set(tx.scalars(select(Lora.name).where(Lora.deleted_at.is_(None)))))
    tx.add(row)
    tx.flush()
    assets.use(tx, row.asset_id, "lora", row.id)
    events.record(tx, "lora.added", "lora", row.id, {"name": row.name, "source": row.source})
    return get(tx, row.id)


def _lock_names(tx: Session) -> None:
    """Serialises naming within the workspace until the transaction ends: two runs that end at the same time must not both
    become `bella-v2`."""
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('loras'), hashtext(:tenant))"), {"tenant": tx.info["tenant_id"]})


def _check_free(tx: Session, name: str) -> None:
    if tx.scalar(select(Lora.id).where(Lora.name == name, Lora.deleted_at.is_(None))):
        raise Conflict(tr_lazy("There is already a LoRA called {name}. Choose another name.", name=name))
