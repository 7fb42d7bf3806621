"""A dataset, a finished training and its LoRA for an influencer, and a training that failed."""

from __future__ import annotations

import json
import math
import random
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend import assets, datasets, loras
from backend.app import App
from backend.db.tables import DatasetImage, Job, JobState, TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.engines.local import starter_model
from backend.engines.ports.trainer import TrainParams
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.loras import LoraCard
from ops.seed import drawings, workspace
from ops.seed.drawings import HEIGHT, WIDTH
from ops.seed.pictures import StoredDrawing, store_drawings

IMAGES, STEPS, DIM = 12, 150, 4
_BASE = "starter-128"
_SAMPLES = (50, 100, 150)
_DAYS_AGO = 62
_RIGHTS = "They show a made-up person, and I may use these pictures."
_FAILED = tr_lazy("The engine ran out of memory. Choose a smaller size, batch or model.")
_PARAMS = TrainParams(
    steps=STEPS, batch=4, resolution=128, network_dim=DIM, network_alpha=DIM, unet_lr=1e-3, text_encoder_lr=0.0,
    scheduler="constant", warmup_steps=0, repeats=1, seed=42, save_every=50, sample_every=50,
)  # fmt: skip


def add_models(
    app: App, n: int, influencer: InfluencerCard, dice: random.Random, *, hair: str, skin: str, user_id: str
) -> LoraCard:
    """The LoRA, whose weights change nothing: it fits the starter model, and pictures drawn with it look as without."""
    chosen = [drawings.choose_drawing(dice, hair=hair, skin=skin) for _ in range(IMAGES + len(_SAMPLES))]
    stored = store_drawings(app, n, chosen, user_id=user_id)
    images, samples = stored[:IMAGES], stored[IMAGES:]
    name = loras.lora_name(f"{influencer.trigger_word}-v1")
    with tempfile.TemporaryDirectory(prefix="seed-") as folder:
        path = Path(folder) / f"{name}.safetensors"
        write_neutral_lora(path)
        file = assets.store(
            lambda: workspace.acting(app, n, user_id),
            app.storage,
            path=path,
            kind="lora",
            key=assets.key_for("lora", tenant_id=workspace.workspace_id(n), lora_id=new_id("seed"), name=path.name),
            content_type="application/octet-stream",
            filename=path.name,
        )
    with workspace.acting(app, n, user_id) as tx:
        dataset_id = _add_dataset(tx, influencer, images)
        run_id = _add_run(tx, name, dataset_id, influencer, images, JobState.COMPLETED, user_id)
        _add_run(tx, f"{name}-large", dataset_id, influencer, images, JobState.FAILED, user_id)
        _add_progress(tx, run_id, influencer, samples, file.id)
        lora = loras.add_trained(
            tx,
            name=name,
            asset_id=file.id,
            base=_BASE,
            dim=DIM,
            alpha=DIM,
            trigger_word=influencer.trigger_word,
            influencer_id=influencer.id,
            run_id=run_id,
            step=STEPS,
        )
        tx.get_one(TrainingRun, run_id).lora_id = lora.id
        assets.use_all(tx, "training", [(drawing.asset_id, run_id) for drawing in samples])
    return lora


def write_neutral_lora(path: Path) -> None:
    """A LoRA in kohya's layout for the attention of the starter model; its up weights are zeros."""
    header: dict[str, object] = {"__metadata__": {"ss_base_model_version": _BASE, "ss_network_dim": str(DIM)}}
    body = b""
    dice = np.random.default_rng(42)
    for layer, (outputs, inputs) in _attention_layers():
        down = dice.normal(0, 0.02, (DIM, inputs)).astype("<f2")
        tensors = {"lora_down.weight": down, "lora_up.weight": np.zeros((outputs, DIM), "<f2"), "alpha": np.array(DIM, "<f2")}
        for part, tensor in tensors.items():
            offsets = [len(body), len(body) + tensor.nbytes]
            header[f"{layer}.{part}"] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": offsets}
            body += tensor.tobytes()
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)


def _attention_layers() -> Iterator[tuple[str, tuple[int, int]]]:
    """kohya's name and (outputs, inputs) of each query layer, from the headers of the model's files."""
    for file in sorted((Path(starter_model.__file__).parent / "weights" / "unet").glob("*.safetensors")):
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = json.loads(opened.read(length))
        for name, tensor in sorted(header.items()):
            if name.endswith("to_q.weight"):
                outputs, inputs = tensor["shape"]
                yield "lora_unet_" + name.removesuffix(".weight").replace(".", "_"), (outputs, inputs)


def _add_dataset(tx: Session, influencer: InfluencerCard, images: list[StoredDrawing]) -> str:
    dataset = datasets.create(tx, name=influencer.name, influencer_id=influencer.id, trigger_word=influencer.trigger_word)
    datasets.declare_rights(tx, dataset.id, _RIGHTS)
    rows = [
        {
            "id": new_id("img"),
            "dataset_id": dataset.id,
            "asset_id": image.asset_id,
            "filename": f"{influencer.trigger_word}-{position:02}.webp",
            "sha256": f"{position:064x}",
            "width": WIDTH,
            "height": HEIGHT,
            "dhash": image.dhash,
            "measured": 1,
            "sharpness": 420.0,
            "included": position != IMAGES - 1,
            "caption": _caption(influencer, image),
        }
        for position, image in enumerate(images)
    ]
    tx.execute(insert(DatasetImage), rows)
    assets.use_all(tx, "dataset", [(image.asset_id, dataset.id) for image in images])
    return dataset.id


def _caption(influencer: InfluencerCard, image: StoredDrawing) -> str:
    return f"portrait of {influencer.trigger_word}, {image.drawing.words}"


def _add_run(
    tx: Session,
    name: str,
    dataset_id: str,
    influencer: InfluencerCard,
    images: list[StoredDrawing],
    state: JobState,
    user_id: str,
) -> str:
    """A training that ended. Returns its id."""
    run_id, at = new_id("run"), now() - timedelta(days=_DAYS_AGO, minutes=0 if state is JobState.COMPLETED else 90)
    job = Job(
        id=new_id("job"), kind="lora-training", type="lora-training", queue="gpu", state=state, request_key=new_id("seed")
    )
    job.title, job.payload = tr_lazy("Train {name}", name=name), {"run_id": run_id}
    job.subject_noun, job.subject_id, job.created_by = "training", run_id, user_id
    job.created_at = job.not_before = job.started_at = at
    job.finished_at = at + timedelta(minutes=14 if state is JobState.COMPLETED else 1)
    if state is JobState.FAILED:
        job.dead_letter, job.error_code, job.error_message = True, "out_of_memory", _FAILED
    tx.add(job)
    tx.flush()
    run = TrainingRun(id=run_id, name=name, dataset_id=dataset_id, influencer_id=influencer.id, job_id=job.id, model="starter")
    run.preset, run.params = "quick", {**asdict(_PARAMS), "base": _BASE}
    run.trigger_word, run.created_at = influencer.trigger_word, at
    run.snapshot = [{"asset_id": image.asset_id, "caption": _caption(influencer, image)} for image in images]
    run.sample_prompts = [f"portrait of {influencer.trigger_word}"]
    if state is JobState.COMPLETED:
        run.loss_first, run.loss_last = 0.31, 0.12
    tx.add(run)
    tx.flush()
    return run_id


def _add_progress(tx: Session, run_id: str, influencer: InfluencerCard, samples: list[StoredDrawing], file_id: str) -> None:
    """The curve of its loss, its samples and its checkpoint."""
    losses = [0.12 + 0.2 * math.exp(-step / 40) + 0.03 * math.sin(step * 12.9898) for step in range(1, STEPS + 1)]
    tx.execute(
        insert(TrainingPoint), [{"run_id": run_id, "step": n, "loss": loss, "lr": 1e-3} for n, loss in enumerate(losses, 1)]
    )
    prompt = f"portrait of {influencer.trigger_word}"
    tx.execute(
        insert(TrainingSample),
        [
            {"run_id": run_id, "step": step, "n": 0, "prompt": prompt, "asset_id": sample.asset_id}
            for step, sample in zip(_SAMPLES, samples, strict=True)
        ],
    )
    tx.add(TrainingCheckpoint(run_id=run_id, step=STEPS, asset_id=file_id, final=True))
    assets.use(tx, file_id, "training", run_id)
