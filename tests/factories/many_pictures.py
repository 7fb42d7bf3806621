"""A large gallery: rows by the thousand, thumbnails only where a test looks at them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from backend.generation import LoraRef, PictureRecipe
from backend.kit.ids import first_id
from backend.media.images.picture_hash import bands
from tests.factories.account import Tenant
from tests.factories.studio_rows import PLACES, Rows

MOODS = ("smiling", "laughing", "serious", "looking away", "old tram", "red coat", "rain", "neon light")
_A_REQUEST = 20


def fill_many(owner_url: str, tenant: Tenant, rows: Rows, n: int) -> list[str]:
    """`n` pictures over the last year, beside what `fill` made, oldest first. Returns the S3 keys of the assets.

    As the owner, by COPY, the two inverted indexes built afterwards: minutes become seconds. Ends with fresh statistics.
    """
    dice, first_day = random.Random(7), datetime.now(UTC) - timedelta(days=366)
    pictures = [_one(dice, first_day + timedelta(days=365) * (k / n), tenant.id) for k in range(n)]
    requests: dict[str, str] = {}
    for k, picture in enumerate(pictures):
        if k % _A_REQUEST == 0:
            request = picture["id"].replace("pic_", "gen_")
            requests[request] = _recipe(picture, rows.lora_id)
        picture |= {"generation_id": request, "n": k % _A_REQUEST, "influencer_id": rows.influencer_id, "tenant_id": tenant.id}
    job = rows.job_ids["generation"]
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        index_query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)"
        indexes = owner.execute(index_query, [list(_INVERTED)]).fetchall()
        for name, _ in indexes:
            owner.execute(f"DROP INDEX {name}")
        _copy(
            owner,
            "generations",
            ["id", "influencer_id", "job_id", "recipe", "tenant_id"],
            [(key, rows.influencer_id, job, recipe, tenant.id) for key, recipe in requests.items()],
        )
        _copy(owner, "assets", _ASSET, [_asset(picture) for picture in pictures])
        _copy(owner, "pictures", _PICTURE, [tuple(picture[name] for name in _PICTURE) for picture in pictures])
        styled = [(tenant.id, picture["id"], rows.lora_id, 1) for picture in pictures if picture["styled"]]
        _copy(owner, "picture_loras", ["tenant_id", "picture_id", "lora_id", "weight"], styled)
        for _, definition in indexes:
            owner.execute(definition)
        owner.execute("VACUUM ANALYZE")
    return [picture["key"] for picture in pictures]


_INVERTED = ("ix_pictures_search", "ix_pictures_bands")
_ASSET = ["id", "kind", "state", "key", "content_type", "filename", "size_bytes", "width", "height", "thumbs", "tenant_id"]
_PICTURE = [
    "id",
    "generation_id",
    "n",
    "asset_id",
    "influencer_id",
    "seed",
    "prompt",
    "rating",
    "favourite",
    "model",
    "shape",
    "dhash",
    "bands",
    "created_at",
    "tenant_id",
]


def _copy(owner: Any, table: str, columns: list[str], rows: Sequence[tuple[Any, ...]]) -> None:
    with owner.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _asset(picture: dict[str, Any]) -> tuple[Any, ...]:
    name = f"{picture['asset_id']}.jpg"
    return (
        picture["asset_id"],
        "image",
        "stored",
        picture["key"],
        "image/jpeg",
        name,
        20_000,
        512,
        512,
        "[160, 320]",
        picture["tenant_id"],
    )


def _one(dice: random.Random, at: datetime, tenant_id: str) -> dict[str, Any]:
    tail = "".join(dice.choices("0123456789abcdefghjkmnpqrstvwxyz", k=14))
    asset, look = first_id("ast", at)[:-14] + tail, f"{dice.getrandbits(64):016x}"
    words = ["bella", dice.choice(("portrait", "full body", "close up")), dice.choice(PLACES), dice.choice(MOODS)]
    words += ["unicorn"] if dice.random() < 0.0005 else []
    rating = dice.choices((0, 1, 2, 3, 4, 5), (70, 3, 5, 8, 9, 5))[0]
    return {
        "id": first_id("pic", at)[:-14] + tail,
        "asset_id": asset,
        "key": f"images/{tenant_id}/{asset}.jpg",
        "created_at": at,
        "prompt": ", ".join(words),
        "rating": rating,
        "favourite": dice.random() < 0.02,
        "seed": dice.getrandbits(32),
        "shape": dice.choice(("square", "square", "portrait", "landscape")),
        "dhash": look,
        "bands": bands(look, tenant_id),
        "styled": dice.random() < 0.3,
        "model": "starter",
    }


def _recipe(picture: dict[str, Any], lora_id: str) -> str:
    return PictureRecipe(
        asked=picture["prompt"],
        prompt=picture["prompt"],
        negative_asked="",
        negative_prompt="blurry",
        with_look=True,
        model="starter",
        size="square",
        width=512,
        height=512,
        steps=20,
        cfg=3,
        sampler="ddim",
        seeds=[picture["seed"]] * _A_REQUEST,
        loras=[LoraRef(lora_id=lora_id, name="bella-v1", weight=1.0)],
    ).model_dump_json()
