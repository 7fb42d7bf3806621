"""A workspace in use: an influencer with cover and LoRA, a dataset, a finished run, pictures, jobs in every state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from backend import assets
from backend.db.tables import (
    Asset,
    Clip,
    Dataset,
    DatasetImage,
    Generation,
    Influencer,
    Job,
    Lora,
    Picture,
    PictureLora,
    Track,
    TrainingCheckpoint,
    TrainingPoint,
    TrainingRun,
    TrainingSample,
)
from backend.db.transactions import Database, SystemCaller
from backend.engines.ports.trainer import TrainParams
from backend.generation import LoraRef, PictureRecipe
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.account import Tenant

PARAMS = TrainParams(
    steps=150,
    batch=4,
    resolution=128,
    network_dim=16,
    network_alpha=16,
    unet_lr=1e-3,
    text_encoder_lr=0.0,
    scheduler="constant",
    warmup_steps=0,
    repeats=1,
    seed=42,
    save_every=50,
    sample_every=50,
)
PLACES = ("at the beach", "in a city at night", "in the snowy mountains", "in a forest", "in a studio", "at sunset")


@dataclass(frozen=True, slots=True)
class Rows:
    """Ids of the rows; `keys`: S3 keys of the image assets, in order of creation."""

    influencer_id: str
    dataset_id: str
    run_id: str
    lora_id: str
    generation_id: str
    picture_ids: list[str]
    job_ids: dict[str, str]
    keys: list[str]


def fill_workspace(db: Database, tenant: Tenant, *, pictures: int = 8, name: str = "Bella") -> Rows:
    """Rows only: tests that show the images store bytes under `keys` (and `<key>.w320.webp`)."""
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        keys: list[str] = []
        influencer = Influencer(id=new_id("inf"), name=name, trigger_word=name.lower(), setup={"step": 5, "done": True})
        influencer.persona = {"bio": "A travel vlogger who loves old trams and street food.", "tone": "warm"}
        tx.add(influencer)
        tx.flush()
        dataset = Dataset(id=new_id("ds"), name=name, trigger_word=name.lower(), influencer_id=influencer.id, status="ready")
        dataset.rights_statement = "They show a made-up person, and I may use these pictures."
        tx.add(dataset)
        tx.flush()
        images = _images(tx, dataset.id, keys)
        jobs = _jobs(tx)
        run, lora_asset = _run(tx, dataset.id, influencer.id, jobs["training"], images, keys)
        lora = Lora(
            id=new_id("lora"),
            name=f"{name.lower()}-v1",
            base="starter-128",
            dim=16,
            alpha=16,
            source="trained",
            asset_id=lora_asset,
            influencer_id=influencer.id,
            run_id=run.id,
            step=150,
            trigger_word=name.lower(),
        )
        tx.add(lora)
        tx.flush()
        run.lora_id = influencer.default_lora_id = lora.id
        drawn_pictures = draw_pictures(tx, influencer.id, jobs["generation"], lora, pictures, keys)
        influencer.cover_asset_id = drawn_pictures[0].asset_id
        return Rows(
            influencer.id,
            dataset.id,
            run.id,
            lora.id,
            drawn_pictures[0].generation_id,
            [picture.id for picture in drawn_pictures],
            jobs,
            keys,
        )


def image_asset(tx: Session, keys: list[str], *, side: int = 512) -> str:
    asset_id = new_id("ast")
    key = f"images/{tx.info['tenant_id']}/{asset_id}.jpg"
    tx.add(
        Asset(
            id=asset_id,
            kind="image",
            state="stored",
            key=key,
            content_type="image/jpeg",
            filename=f"{asset_id}.jpg",
            size_bytes=20_000,
            sha256=sha256(key.encode()).hexdigest(),
            width=side,
            height=side,
            thumbs=[160, 320],
        )
    )
    keys.append(key)
    return asset_id


def make_clip(tx: Session, picture_id: str, *, keys: list[str] | None = None, **values: object) -> str:
    """A finished video of a picture (rows only; `keys` gets the key of its file). Returns its id."""
    job = Job(id=new_id("job"), kind="video-generation", queue="cpu", title="Push in", payload={}, request_key=new_id("req"))
    job.state = "completed"
    file = Asset(id=new_id("ast"), kind="video", state="stored", key=f"videos/{job.id}/0.mp4", content_type="video/mp4")
    file.size_bytes, file.width, file.height, file.thumbs, file.filename = 900_000, 720, 1280, [160, 320], "clip.mp4"
    if keys is not None:
        keys.append(file.key)
    tx.add_all([job, file])
    tx.flush()
    picture = tx.get_one(Picture, picture_id)
    recipe = {"model": "push-in", "title": "Push in", "format": "9:16", "width": 720, "height": 1280, "frames": 150, "fps": 30}
    clip = Clip(id=new_id("clip"), job_id=job.id, picture_id=picture_id, asset_id=file.id, format="9:16", frames=150, fps=30)
    clip.influencer_id, clip.recipe = picture.influencer_id, recipe | {"movement": 0.5}
    for name, value in values.items():
        setattr(clip, name, value)
    tx.add(clip)
    tx.flush()
    return clip.id


def make_track(tx: Session, *, title: str = "Sunrise", keys: list[str] | None = None) -> str:
    """Music of the workspace (rows only; `keys` gets the key of its file). Returns its id."""
    job = Job(id=new_id("job"), kind="music-import", queue="cpu", title=title, payload={}, request_key=new_id("req"))
    job.state = "completed"
    file = Asset(id=new_id("ast"), kind="audio", state="stored", key=f"audio/{job.id}/0.m4a", content_type="audio/mp4")
    file.size_bytes, file.filename = 700_000, f"{title}.m4a"
    if keys is not None:
        keys.append(file.key)
    tx.add_all([job, file])
    tx.flush()
    track = Track(id=new_id("trk"), job_id=job.id, asset_id=file.id, title=title, licence="CC-BY-4.0", credit=f"{title} by Ada")
    track.source, track.seconds, track.lufs = "https://example.org/sunrise", 42.5, -14.2
    track.peaks = [round(50 + 40 * math.sin(n / 7) * math.sin(n / 31)) for n in range(240)]
    tx.add(track)
    tx.flush()
    assets.use(tx, file.id, "track", track.id)
    return track.id


def _images(tx: Session, dataset_id: str, keys: list[str]) -> list[DatasetImage]:
    images = []
    for n in range(14):
        asset_id = image_asset(tx, keys)
        tx.flush()
        images.append(
            DatasetImage(
                id=new_id("img"),
                dataset_id=dataset_id,
                asset_id=asset_id,
                filename=f"{n:02}.jpg",
                sha256=keys[-1],
                width=512,
                height=512,
                dhash="0" * 16,
                measured=1,
                sharpness=12.0 if n == 3 else 400.0,
                included=n != 5,
                caption=f"portrait of bella, {PLACES[n % 6]}",
            )
        )
        tx.add(images[-1])
    tx.flush()
    return images


def _jobs(tx: Session) -> dict[str, str]:
    """One job of each state, besides the finished ones of the run and the pictures."""
    at = now()
    job_ids: dict[str, str] = {}
    for word, kind, queue, title, state in (
        ("training", "lora-training", "gpu", "Train bella-v1", "completed"),
        ("generation", "image-generation", "gpu", "4 × bella at the beach", "completed"),
        ("waiting", "image-generation", "gpu", "4 × bella in a forest", "pending"),
        ("failed", "dataset-ingest", "cpu", "Check 12 files", "failed"),
        ("cancelled", "image-generation", "gpu", "16 × bella", "cancelled"),
    ):
        job = Job(id=new_id("job"), kind=kind, queue=queue, title=title, state=state, payload={}, request_key=new_id("req"))
        if state not in ("pending", "processing"):
            job.started_at, job.finished_at = at - timedelta(minutes=3), at - timedelta(minutes=2)
        if state == "failed":
            job.dead_letter, job.error_code = True, "unavailable"
            job.error_message = "The storage does not answer right now. Nothing was lost; try again in a moment."
        tx.add(job)
        job_ids[word] = job.id
    tx.flush()
    return job_ids


def _run(
    tx: Session, dataset_id: str, influencer_id: str, job_id: str, images: Sequence[DatasetImage], keys: list[str]
) -> tuple[TrainingRun, str]:
    run = TrainingRun(
        id=new_id("run"),
        name="bella-v1",
        dataset_id=dataset_id,
        influencer_id=influencer_id,
        job_id=job_id,
        model="starter",
        preset="quick",
        params={**asdict(PARAMS), "base": "starter-128"},
        trigger_word="bella",
        loss_first=0.31,
        loss_last=0.12,
        snapshot=[{"asset_id": image.asset_id, "caption": image.caption} for image in images],
        sample_prompts=["portrait of bella"],
    )
    tx.add(run)
    tx.flush()
    for step in range(1, 151):
        wobble = 0.03 * math.sin(step * 12.9898)
        tx.add(TrainingPoint(run_id=run.id, step=step, loss=0.12 + 0.2 * math.exp(-step / 40) + wobble, lr=1e-3))
    file = Asset(id=new_id("ast"), kind="lora", state="stored", key=f"loras/{run.id}", content_type="application/octet-stream")
    file.size_bytes, file.filename = 4_200_000, "bella-v1.safetensors"
    tx.add(file)
    samples = {step: image_asset(tx, keys, side=128) for step in (50, 100, 150)}
    tx.flush()
    for step, asset_id in samples.items():
        tx.add(TrainingSample(run_id=run.id, step=step, n=0, prompt="portrait of bella", asset_id=asset_id))
        tx.add(TrainingCheckpoint(run_id=run.id, step=step, asset_id=file.id, final=step == 150))
    return run, file.id


def draw_pictures(tx: Session, influencer_id: str, job_id: str, lora: Lora, n: int, keys: list[str]) -> list[Picture]:
    """One request with `n` pictures."""
    prompt = "bella, portrait, at the beach, smiling"
    recipe = PictureRecipe(
        asked="portrait, at the beach, smiling",
        prompt=prompt,
        negative_asked="",
        negative_prompt="",
        with_look=True,
        model="starter",
        size="square",
        width=128,
        height=128,
        steps=20,
        cfg=3,
        sampler="ddim",
        seeds=list(range(n)),
        loras=[LoraRef(lora_id=lora.id, name=lora.name, weight=1.0)],
    )
    request = Generation(id=new_id("gen"), influencer_id=influencer_id, job_id=job_id, recipe=recipe.model_dump())
    tx.add(request)
    tx.flush()
    assets = [image_asset(tx, keys, side=128) for _ in range(n)]
    tx.flush()
    picture_rows = [
        Picture(
            id=new_id("pic"),
            generation_id=request.id,
            n=i,
            asset_id=asset_id,
            influencer_id=influencer_id,
            seed=i,
            prompt=prompt,
            rating=i % 6,
        )
        for i, asset_id in enumerate(assets)
    ]
    tx.add_all(picture_rows)
    tx.flush()
    tx.add_all(PictureLora(picture_id=picture.id, lora_id=lora.id, weight=1.0) for picture in picture_rows)
    tx.flush()
    return picture_rows
