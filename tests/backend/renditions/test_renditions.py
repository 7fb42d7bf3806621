"""Files as they go out, on real servers: made once, stripped, marked, kept while somebody asks for them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import av
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from backend import assets, jobs, renditions
from backend.db.tables import Asset, AssetUse, Job, Rendition
from backend.errors import Invalid
from backend.kit.clock import now
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_META, SOURCE_TYPE
from backend.renditions import KIND, MediaPayload, RenditionRecipe, pipeline
from tests.factories.account import Tenant
from tests.support.context import make_context
from tests.support.crashing import crash_at_every_write
from workers.context import Context

PICTURE = RenditionRecipe(kind="picture", ratio=0.8, max_bytes=60_000)


def png(width: int = 200, height: int = 100, *, mode: str = "RGBA") -> bytes:
    """Left half red, right half blue, see-through in its corner; it says what it was drawn from."""
    picture = Image.new(mode, (width, height), (200, 30, 30, 255) if mode == "RGBA" else (200, 30, 30))
    picture.paste((30, 30, 200), (width // 2, 0, width, height))
    if mode == "RGBA":
        picture.putpixel((0, 0), (0, 0, 0, 0))
    exif = Image.Exif()
    exif[0x9286] = "a secret prompt"
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """An MP4's outermost boxes."""
    at = 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        size = struct.unpack_from(">Q", data, at + 8)[0] if size == 1 else size or len(data) - at
        yield name, data[at : at + size]
        at += size


def test_a_picture_goes_out_as_a_plain_marked_jpeg(app: Any, do: Any, keep: Any, prepare: Any) -> None:
    asset_id = keep(png(), width=200, height=100, content_type="image/png", meta={SOURCE_META: EDITED_SOURCE_TYPE})
    requests = [(asset_id, PICTURE)]
    assert do(renditions.ready_files, requests) is None
    job = do(renditions.start_preparation, requests)
    assert do(renditions.start_preparation, requests).id == job.id, "asked twice, made once"
    assert do(jobs.get, job.id).kind == KIND
    result = prepare(do(renditions.request_renditions, requests))
    [prepared] = do(renditions.ready_files, requests)
    assert [(asset["assetId"], asset["s3Key"]) for asset in result.pop("assets")] == [(prepared.id, prepared.key)]
    assert result == {"made": 1, "refused": 0}
    assert do(renditions.start_preparation, requests) is None
    data = b"".join(app.storage.open(prepared.key))
    assert (prepared.content_type, prepared.width, prepared.height, prepared.meta) == (
        "image/jpeg",
        80,
        100,
        {SOURCE_META: EDITED_SOURCE_TYPE},
    )
    assert prepared.size_bytes == len(data) <= 60_000
    assert EDITED_SOURCE_TYPE.encode() in data
    assert b"secret" not in data
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (80, 100))
        assert not opened.getexif()
        assert "progressive" not in opened.info
        red, blue = opened.getpixel((5, 50)), opened.getpixel((75, 50))
    assert red[0] > 150 > blue[0], "the middle was kept"  # type: ignore[index]
    assert do(assets.uses, prepared.id) == [assets.Use("rendition", do(lambda tx: tx.scalars(select(Rendition.id)).one()))]


def test_a_film_is_cut_converted_and_marked_in_one_pass(app: Any, do: Any, keep: Any, prepare: Any, film: Any) -> None:
    source = film(size="640x360", seconds=3)
    asset_id = keep(
        source,
        kind="video",
        content_type="video/mp4",
        width=640,
        height=360,
        meta={"duration_s": 3.0, "fps": 8.0, "codec": "h264", "audio": "aac"},
    )
    recipe = RenditionRecipe(kind="video", ratio=9 / 16, seconds=2, transcode=True)
    requests = [(asset_id, recipe)]
    prepare(do(renditions.request_renditions, requests))
    [prepared] = do(renditions.ready_files, requests)
    expected = renditions.expected_facts_of(do(assets.get, asset_id), recipe)
    assert (
        expected.mime,
        expected.width,
        expected.height,
        expected.duration_s,
        expected.fps,
        expected.codec,
        expected.audio,
    ) == (
        "video/mp4",
        360,
        640,
        2.0,
        30.0,
        "h264",
        "aac",
    )
    data = b"".join(app.storage.open(prepared.key))
    outer = [name for name, _ in boxes(data)]
    assert outer.index(b"moov") < outer.index(b"mdat")
    assert outer[-1] == b"uuid"
    assert SOURCE_TYPE.encode() in data
    assert b"secret" not in data
    assert b"elst" not in data, "no edit list"
    with av.open(io.BytesIO(data), "r") as opened:
        picture, sound = opened.streams.video[0], opened.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (picture.width, picture.height, float(picture.guessed_rate or 0)) == (360, 640, 30.0)
        assert (sound.codec_context.name, sound.rate) == ("aac", 48_000)
        assert float(opened.duration or 0) / av.time_base == pytest.approx(2, abs=0.1)
        assert set(opened.metadata) <= {"major_brand", "minor_version", "compatible_brands", "comment", "encoder"}
        assert opened.metadata["comment"].startswith("AI-generated")
    assert (prepared.width, prepared.height, prepared.meta["codec"]) == (360, 640, "h264")
    assert prepared.meta["fps"] == pytest.approx(30, abs=0.5), "the first frame waits for the sound to begin"


def test_a_film_that_needs_no_change_keeps_its_frames(app: Any, do: Any, keep: Any, prepare: Any, film: Any) -> None:
    source = film(rate=24)
    asset_id = keep(source, kind="video", content_type="video/mp4", width=320, height=180, meta={SOURCE_META: SOURCE_TYPE})
    requests = [(asset_id, RenditionRecipe(kind="video"))]
    prepare(do(renditions.request_renditions, requests))
    [prepared] = do(renditions.ready_files, requests)
    data = b"".join(app.storage.open(prepared.key))
    assert SOURCE_TYPE.encode() in data
    assert b"secret" not in data

    def packets(data: bytes) -> list[int]:
        with av.open(io.BytesIO(data), "r") as opened:
            return [packet.size for packet in opened.demux(video=0) if packet.size]

    assert packets(data) == packets(source)


def test_what_cannot_be_read_says_so_once_asked_for(do: Any, keep: Any, prepare: Any) -> None:
    broken = keep(b"no picture at all", width=100, height=100)
    film = keep(b"no film at all", kind="video", content_type="video/mp4", width=100, height=100)
    for requests in ([(broken, PICTURE)], [(film, RenditionRecipe(kind="video"))]):
        assert prepare(do(renditions.request_renditions, requests)) == {"made": 0, "refused": 1, "assets": []}
        with pytest.raises(Invalid, match=r"cannot be (read|posted)"):
            do(renditions.ready_files, requests)
        [message] = do(renditions.rendition_status, requests).values()
        assert "cannot be" in message, "the form shows it"
        assert do(renditions.start_preparation, requests) is None, "it is not tried again by itself"


def test_a_failed_job_and_a_lost_file_are_asked_for_anew(app: Any, do: Any, keep: Any, prepare: Any) -> None:
    requests = [(keep(png(), width=200, height=100), PICTURE)]
    first = do(renditions.start_preparation, requests)
    do(lambda tx: tx.execute(update(Job).where(Job.id == first.id).values(state="failed")))
    second = do(renditions.start_preparation, requests)
    assert second.id != first.id
    assert do(renditions.start_preparation, requests).id == second.id
    prepare(do(renditions.request_renditions, requests))
    [prepared] = do(renditions.ready_files, requests)
    do(assets.delete, [prepared.id], force=True)
    assert do(renditions.ready_files, requests) is None
    assert do(renditions.start_preparation, requests).id == second.id
    assert len(do(renditions.request_renditions, requests).rendition_ids) == 1


def test_what_nobody_asks_for_goes(do: Any, keep: Any, prepare: Any) -> None:
    old, new = keep(png(), width=200, height=100), keep(png(), width=200, height=100)
    prepare(do(renditions.request_renditions, [(old, PICTURE), (new, PICTURE)]))
    [prepared] = do(renditions.ready_files, [(old, PICTURE)])
    long_ago = {"used_at": now() - timedelta(days=31)}
    do(lambda tx: tx.execute(update(Rendition).where(Rendition.asset_id == old).values(**long_ago)))
    assert do(renditions.delete_unused, days=30) == 1
    assert do(assets.get, prepared.id).state == "deleted"
    assert do(assets.get, old).state == "stored", "the picture itself stays"
    assert do(renditions.ready_files, [(old, PICTURE)]) is None
    assert do(renditions.ready_files, [(new, PICTURE)])


def test_two_jobs_for_one_file_leave_one(app: Any, do: Any, keep: Any, workspace: Tenant) -> None:
    payload = do(renditions.request_renditions, [(keep(png(), width=200, height=100), PICTURE)])
    [rendition_id] = payload.rendition_ids
    first_job, second_job = (make_context(app, workspace, KIND, payload) for _ in range(2))
    late = pipeline._prepare_file(first_job, rendition_id, 0)
    pipeline.run(second_job, payload)
    first_job.write_step(
        rendition_id, lambda: late, lambda tx, outcome: pipeline._write_outcome(tx, first_job, rendition_id, outcome)
    )
    stored_ids = select(Asset.id).where(Asset.state == "stored", Asset.job_id.in_([first_job.job_id, second_job.job_id]))
    assert do(lambda tx: tx.scalars(stored_ids).all()) == [do(lambda tx: tx.scalars(select(Rendition.made_id)).one())]


def test_whenever_its_worker_dies_there_is_exactly_one_file(app: Any, do: Any, keep: Any, workspace: Tenant) -> None:
    def begin() -> Context:
        payload = do(renditions.request_renditions, [(keep(png(), width=200, height=100), PICTURE)])
        return make_context(app, workspace, KIND, payload)

    def run(ctx: Context) -> object:
        return pipeline.run(ctx, MediaPayload.model_validate(ctx.claim.payload))

    def check(ctx: Context) -> None:
        [rendition_id] = ctx.claim.payload["rendition_ids"]
        made_id = do(lambda tx: tx.get_one(Rendition, rendition_id).made_id)
        used = select(func.count()).select_from(AssetUse).where(AssetUse.noun_id == rendition_id)
        assert do(assets.get, made_id).state == "stored"
        assert do(lambda tx: tx.scalar(used)) == 1

    assert crash_at_every_write(begin, run, check) > 3
