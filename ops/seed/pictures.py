"""Pictures of an influencer, with the requests and jobs that made them, spread over the last weeks."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from backend import assets, generation
from backend.app import App
from backend.assets import NewFile, ThumbFile
from backend.db.tables import Generation, Job, JobState, Picture, PictureLora
from backend.generation import LoraRef, PictureRecipe
from backend.kit.clock import now
from backend.kit.ids import first_id, new_id
from backend.language import tr_lazy
from backend.media.images import pictures as picture_files
from backend.media.images.picture_hash import bands, dhash
from ops.seed import drawings, workspace
from ops.seed.drawings import HEIGHT, WIDTH, Drawing

DAYS = 60
"""Over which they are spread."""
_A_REQUEST, _A_BATCH = 4, 100
_THREADS = 4
_UNFINISHED_EVERY = 9
"""After so many requests one failed, and one was cancelled."""
_THRESHOLD = 0.6
_FAILED = tr_lazy("The engine ran out of memory. Choose a smaller size, batch or model.")


@dataclass(frozen=True, slots=True)
class SeedInfluencer:
    """Whom pictures show, and with which LoRA. `user_id`: who ordered them."""

    id: str
    trigger_word: str
    hair: str
    skin: str
    lora: LoraRef
    user_id: str


@dataclass(frozen=True, slots=True)
class StoredDrawing:
    """A drawing that is in the storage. `dhash`: how it looks."""

    asset_id: str
    drawing: Drawing
    dhash: str


def id_at(prefix: str, at: datetime, dice: random.Random) -> str:
    """An id that sorts as if it had been made then."""
    return first_id(prefix, at)[:-16] + "".join(dice.choices("0123456789abcdefghjkmnpqrstvwxyz", k=16))


def store_drawings(app: App, n: int, chosen: Sequence[Drawing], *, user_id: str = "") -> list[StoredDrawing]:
    """Draws them and stores them with thumbnails, in order. Nothing uses them yet."""
    batch = new_id("seed")
    with tempfile.TemporaryDirectory(prefix="seed-") as folder, ThreadPoolExecutor(_THREADS) as pool:

        def make(position: int) -> tuple[NewFile, str]:
            path = Path(folder) / f"{position}.webp"
            picture = drawings.draw(chosen[position], path)
            thumbs = tuple(
                ThumbFile(width, thumb) for width, thumb in picture_files.write_thumbs(picture, Path(folder), str(position))
            )
            key = assets.key_for(
                "image", tenant_id=workspace.workspace_id(n), job_id=batch, attempt_id=batch, n=position, ext="webp"
            )
            file = NewFile(
                path, "image", key, "image/webp", filename=f"{position:03}.webp", width=WIDTH, height=HEIGHT, thumbs=thumbs
            )
            return file, dhash(picture)

        files = list(pool.map(make, range(len(chosen))))
        with workspace.acting(app, n, user_id) as tx:
            asset_ids = assets.intend(tx, [file for file, _ in files])
        uploaded = list(pool.map(lambda pair: assets.upload_file(app.storage, pair[0]), files))
        with workspace.acting(app, n, user_id) as tx:
            assets.confirm(tx, dict(zip(asset_ids, uploaded, strict=True)))
    return [
        StoredDrawing(asset_id, drawing, looks) for asset_id, drawing, (_, looks) in zip(asset_ids, chosen, files, strict=True)
    ]


def add_pictures(
    app: App, n: int, influencer: SeedInfluencer, count: int, dice: random.Random, *, report: Callable[[int], None]
) -> list[str]:
    """Asset ids of `count` pictures, oldest first. `report` is told how many there are, batch by batch."""
    asset_ids: list[str] = []
    while len(asset_ids) < count:
        size = min(_A_BATCH, count - len(asset_ids))
        chosen = [drawings.choose_drawing(dice, hair=influencer.hair, skin=influencer.skin) for _ in range(size)]
        stored = store_drawings(app, n, chosen, user_id=influencer.user_id)
        _add_rows(app, n, influencer, stored, len(asset_ids) / count, size / count, dice)
        asset_ids += [drawing.asset_id for drawing in stored]
        report(size)
    return asset_ids


def _add_rows(
    app: App,
    n: int,
    influencer: SeedInfluencer,
    stored: Sequence[StoredDrawing],
    first_share: float,
    share: float,
    dice: random.Random,
) -> None:
    """Of pictures between these shares of the time over which all are spread: jobs, requests, pictures."""
    rows: dict[str, list[dict[str, Any]]] = {"jobs": [], "requests": [], "pictures": [], "loras": []}
    requests = [stored[first : first + _A_REQUEST] for first in range(0, len(stored), _A_REQUEST)]
    start = now() - timedelta(days=DAYS) + timedelta(days=DAYS) * first_share
    for position, of_request in enumerate(requests):
        at = start + timedelta(days=DAYS) * (share * position / len(requests)) + timedelta(minutes=dice.randint(1, 30))
        at = min(at, now() - timedelta(minutes=5))
        _add_request(rows, n, influencer, of_request, at, dice)
        if position % _UNFINISHED_EVERY == _UNFINISHED_EVERY // 2:
            state = JobState.FAILED if position // _UNFINISHED_EVERY % 2 == 0 else JobState.CANCELLED
            _add_unfinished(rows, influencer, at + timedelta(seconds=90), state, dice)
    with workspace.acting(app, n, influencer.user_id) as tx:
        tx.execute(insert(Job), rows["jobs"])
        tx.execute(insert(Generation), rows["requests"])
        tx.execute(insert(Picture), rows["pictures"])
        tx.execute(insert(PictureLora), rows["loras"])
        assets.use_all(tx, "picture", [(row["asset_id"], row["id"]) for row in rows["pictures"]])


def _add_request(
    rows: Mapping[str, list[dict[str, Any]]],
    n: int,
    influencer: SeedInfluencer,
    stored: Sequence[StoredDrawing],
    at: datetime,
    dice: random.Random,
) -> None:
    words = stored[0].drawing.words
    recipe = _recipe(influencer, words, [drawing.drawing.seed for drawing in stored])
    request_id, job_id = id_at("gen", at, dice), id_at("job", at, dice)
    for position, drawing in enumerate(stored):
        picture_id = id_at("pic", at + timedelta(seconds=4 * position), dice)
        score = round(dice.uniform(0.68, 0.97), 3) if dice.random() > 0.03 else round(dice.uniform(0.31, 0.55), 3)
        rows["pictures"].append(
            {
                "id": picture_id,
                "generation_id": request_id,
                "n": position,
                "asset_id": drawing.asset_id,
                "influencer_id": influencer.id,
                "seed": drawing.drawing.seed,
                "prompt": f"{influencer.trigger_word}, portrait, {drawing.drawing.words}",
                "rating": dice.choices((0, 1, 2, 3, 4, 5), (60, 2, 5, 11, 14, 8))[0],
                "favourite": dice.random() < 0.06,
                "identity_score": score,
                "identity_line": _THRESHOLD,
                "gate": "open" if score >= _THRESHOLD else "held",
                "model": "starter",
                "shape": generation.shape_of(WIDTH, HEIGHT),
                "dhash": drawing.dhash,
                "bands": bands(drawing.dhash, workspace.workspace_id(n)),
                "created_at": at + timedelta(seconds=4 * position),
            }
        )
        rows["loras"].append({"picture_id": picture_id, "lora_id": influencer.lora.lora_id, "weight": influencer.lora.weight})
    files = [{"pictureId": row["id"], "assetId": row["asset_id"]} for row in rows["pictures"][-len(stored) :]]
    result = {"pictures": len(stored), "assets": files}
    job = _job(influencer, at, recipe, request_id) | {"id": job_id, "state": JobState.COMPLETED, "result": result}
    rows["jobs"].append(job)
    rows["requests"].append(_request(influencer, at, recipe, request_id, job_id))


def _add_unfinished(
    rows: Mapping[str, list[dict[str, Any]]], influencer: SeedInfluencer, at: datetime, state: JobState, dice: random.Random
) -> None:
    drawing = drawings.choose_drawing(dice, hair=influencer.hair, skin=influencer.skin)
    recipe = _recipe(influencer, drawing.words, [dice.getrandbits(32) for _ in range(16)])
    request_id, job_id = id_at("gen", at, dice), id_at("job", at, dice)
    failed = {"dead_letter": True, "error_code": "out_of_memory", "error_message": _FAILED} if state is JobState.FAILED else {}
    nothing = {"result": None, "dead_letter": False, "error_code": None, "error_message": None}
    rows["jobs"].append(_job(influencer, at, recipe, request_id) | nothing | {"id": job_id, "state": state} | failed)
    rows["requests"].append(_request(influencer, at, recipe, request_id, job_id))


def _recipe(influencer: SeedInfluencer, words: str, seeds: list[int]) -> PictureRecipe:
    return PictureRecipe(
        asked=f"portrait, {words}",
        prompt=f"{influencer.trigger_word}, portrait, {words}",
        negative_asked="",
        negative_prompt="blurry",
        with_look=True,
        model="starter",
        size="portrait",
        width=WIDTH,
        height=HEIGHT,
        steps=20,
        cfg=3,
        sampler="ddim",
        seeds=seeds,
        loras=[influencer.lora],
    )


def _job(influencer: SeedInfluencer, at: datetime, recipe: PictureRecipe, request_id: str) -> dict[str, Any]:
    n = len(recipe.seeds)
    return {
        "kind": "image-generation",
        "type": "image-generation",
        "queue": "gpu",
        "title": f"{n} × {recipe.prompt}",
        "payload": {"generation_id": request_id, "model": recipe.model},
        "request_key": new_id("seed"),
        "subject_noun": "generation",
        "subject_id": request_id,
        "created_by": influencer.user_id,
        "created_at": at,
        "not_before": at,
        "started_at": at + timedelta(seconds=2),
        "finished_at": at + timedelta(seconds=2 + 4 * n),
        "dead_letter": False,
        "error_code": None,
        "error_message": None,
    }


def _request(influencer: SeedInfluencer, at: datetime, recipe: PictureRecipe, request_id: str, job_id: str) -> dict[str, Any]:
    return {
        "id": request_id,
        "influencer_id": influencer.id,
        "job_id": job_id,
        "recipe": recipe.model_dump(),
        "created_by": influencer.user_id,
        "created_at": at,
    }
