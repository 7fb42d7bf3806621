"""Influencers, LoRAs, datasets and pictures as rows (and bytes where a storage is given)."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import influencers, loras
from backend.db.tables import Asset, AssetUse, Dataset, DatasetImage, Generation, Job, Picture, PictureLora
from backend.influencers import InfluencerCard, InfluencerDraft
from backend.kit.ids import first_id, new_id
from backend.loras import LoraCard
from tests.fakes.engines import write_lora


def jpeg(colour: tuple[int, int, int] = (200, 80, 40), side: int = 96) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "JPEG")
    return out.getvalue()


def make_asset(tx: Session, *, kind: str = "image", key: str = "", data: bytes = b"", storage: Any = None, **more: Any) -> str:
    """A stored asset; its bytes are in `storage` when that is given. Returns its id."""
    asset_id = new_id("ast")
    key = key or f"tests/{tx.info['tenant_id']}/{asset_id}"
    if storage is not None:
        storage.put_bytes(key, data, "application/octet-stream")
    fields = {"content_type": "image/jpeg", **({"width": 96, "height": 96} if kind == "image" else {}), **more}
    row = Asset(id=asset_id, kind=kind, state="stored", key=key, sha256=hashlib.sha256(data).hexdigest(), **fields)
    row.size_bytes = len(data)
    tx.add(row)
    tx.flush()
    return asset_id


def make_influencer(tx: Session, name: str = "Bella", **values: Any) -> InfluencerCard:
    return influencers.create(tx, InfluencerDraft(name=name, **values))


def make_lora(tx: Session, name: str = "bella-v1", *, storage: Any = None, **values: Any) -> LoraCard:
    with tempfile.TemporaryDirectory() as folder:
        data = write_lora(Path(folder) / "x.safetensors", 1).read_bytes()
    asset_id = make_asset(tx, kind="lora", data=data, storage=storage)
    return loras.add_trained(
        tx, **{"name": name, "asset_id": asset_id, "base": "starter-128", "dim": 4, "alpha": 4.0, **values}
    )


def make_dataset(tx: Session, *, images: int = 6, storage: Any = None, rights: str = "I made these.", **values: Any) -> str:
    """A dataset with captioned pictures of different colours. Returns its id."""
    row = Dataset(id=new_id("ds"), **{"name": "Bella set", "trigger_word": "bella", "status": "ready", **values})
    row.rights_statement = rights
    tx.add(row)
    tx.flush()
    for n in range(images):
        colour = (n * 37 % 256, 255 - n * 20, n * 11 % 256)
        asset_id = make_asset(tx, storage=storage, data=jpeg(colour), key=f"datasets/{tx.info['tenant_id']}/{row.id}/{n}.jpg")
        image = DatasetImage(id=new_id("img"), dataset_id=row.id, asset_id=asset_id, filename=f"{n}.jpg", sha256=f"{n:064x}")
        image.width = image.height = 512
        image.measured, image.dhash, image.sharpness, image.caption = (
            1,
            f"{n * 0x1111_1111_1111:016x}",
            900.0,
            f"portrait of bella, number {n}",
        )
        tx.add(image)
        tx.add(AssetUse(asset_id=asset_id, noun="dataset", noun_id=row.id))
    tx.flush()
    return row.id


def make_pictures(
    tx: Session, count: int, *, lora_id: str | None = None, influencer_id: str | None = None, **values: Any
) -> list[str]:
    """A finished request with `count` pictures. Returns their ids, oldest first."""
    prompt = values.pop("prompt", "portrait of bella at the beach")
    job = Job(id=new_id("job"), kind="image-generation", queue="gpu", title="x", payload={}, request_key=new_id("key"))
    job.state = "completed"
    loras_used = [{"lora_id": lora_id, "name": "bella-v1", "weight": 0.8}] if lora_id else []
    recipe = {
        "asked": prompt,
        "prompt": prompt,
        "negative_asked": "",
        "negative_prompt": "",
        "with_look": True,
        "model": "tiny",
        "size": "square",
        "width": 64,
        "height": 64,
        "steps": 4,
        "cfg": 3.0,
        "sampler": "ddim",
        "seeds": list(range(100, 100 + count)),
        "loras": loras_used,
    }
    tx.add(job)
    tx.flush()
    request = Generation(id=new_id("gen"), influencer_id=influencer_id, job_id=job.id, recipe=recipe)
    tx.add(request)
    tx.flush()
    pictures = []
    for n in range(count):
        made_id = first_id("pic", values["created_at"])[:-6] + new_id("x")[-6:] if "created_at" in values else new_id("pic")
        row = Picture(id=made_id, generation_id=request.id, n=n, asset_id=make_asset(tx), influencer_id=influencer_id)
        row.seed, row.prompt, row.model = 100 + n, prompt, "tiny"
        for name, value in values.items():
            setattr(row, name, value)
        tx.add(row)
        tx.flush()
        tx.add(AssetUse(asset_id=row.asset_id, noun="picture", noun_id=row.id))
        if lora_id:
            tx.add(PictureLora(picture_id=row.id, lora_id=lora_id, weight=0.8))
        pictures.append(row.id)
    tx.flush()
    return pictures


def end_job(tx: Session, job_id: str, state: str) -> None:
    """Ends the job as a worker does."""
    tx.execute(update(Job).where(Job.id == job_id).values(state=state))
