"""The job that renders a reel: voice, pictures, clips, film. Each is a step, so that one that was interrupted neither pays nor
draws twice; when one fails the job fails, and nothing half-made is shown."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend import assets, generation, music
from backend.assets import AssetCard, NewFile, ThumbFile, UploadedFile
from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.generation import GenerationDraft
from backend.influencers import BrandKit
from backend.jobs.context import JobContext, no_work, run_steps
from backend.language import tr_lazy
from backend.media import ffmpeg
from backend.media.ffmpeg.film_order import FORMATS
from backend.media.ffmpeg.sound_mix import SoundClip
from backend.media.ffmpeg.subtitles import lines_of, srt
from backend.media.images import ai_mark, pictures
from backend.music import UsedTrack
from backend.reels import brand_look, clips, narration, orchestrator, queries, service, shared_folder
from backend.reels.brand_look import Logo
from backend.reels.clips import Canvas, Clip
from backend.reels.film import join, write_voiceover
from backend.reels.focus import with_focus
from backend.reels.recording_import import run_recording
from backend.reels.schemas import ReelCard, ReelStyle, RenderPayload, SceneCard, ScenePreviewPayload
from backend.reels.timeline import FPS, TimedScene, film_frames, film_parts, timeline
from backend.reels.topic_scripts import run_script

__all__ = ["run_preview", "run_recording", "run_render", "run_script"]
T = TypeVar("T")
_PREVIEW_WIDTH = 540
_PICTURE_SIZES = {True: "story", False: "landscape"}


def run_render(ctx: JobContext, payload: RenderPayload) -> dict[str, Any]:
    """Result: {reelId, assetId, s3Key, seconds, files: {name: asset id}}."""
    with ctx.transaction() as tx:
        orchestrator.announce_end(ctx.app.settings, tx, payload.reel_id, ctx.job_id)
    reel, kit = _frozen(ctx, payload.reel_id)
    speech = narration.speak_scenes(ctx, reel)
    drawn = _draw(ctx, reel)
    scenes = [replace(scene, asset_id=drawn.get(scene.id, scene.asset_id)) for scene in reel.scenes]
    film_format = FORMATS[reel.format]
    timed = timeline(scenes, {n: part.speech for n, part in speech.items()}, max_seconds=film_format.max_seconds)
    canvas = _canvas(reel, film_format.width, film_format.height, "medium", brand_look.fetch_logo(ctx, kit))
    files = _fetch(ctx, scenes, timed)
    scenes = with_focus(ctx, scenes, files)
    pictures_by_n = {n: card for n, (card, _) in files.items()}
    parts = [clips.plan_clip(part, scenes, pictures_by_n, canvas) for part in film_parts(timed)]
    clip_ids = _film_clips(ctx, parts, scenes, files, canvas)
    own_sounds = narration.own_sounds(ctx, timed, scenes, files)
    return _store_film(ctx, reel, scenes, parts, clip_ids, timed, speech, own_sounds, canvas)


def run_preview(ctx: JobContext, payload: ScenePreviewPayload) -> dict[str, Any]:
    """One scene at a quarter of the size, with its voice. Result: {assetId, s3Key}."""
    with ctx.transaction() as tx:
        reel = queries.get(tx, payload.reel_id)
        kit = brand_look.kit_of(tx, reel)
    scenes = [scene for scene in reel.scenes if scene.id == payload.scene_id]
    if not scenes:
        raise Invalid(tr_lazy("This scene was removed meanwhile."))
    if not scenes[0].asset_id:
        raise Invalid(tr_lazy("This scene has no picture yet. Choose one, or render the reel: then one is created."))
    outer = kit.model_copy(update={"intro_asset_id": None, "outro_asset_id": None})
    reel = brand_look.branded(replace(reel, scenes=(replace(scenes[0], transition="cut"),)), outer)
    speech = narration.speak_scenes(ctx, reel)
    timed = timeline(reel.scenes, {n: part.speech for n, part in speech.items()}, max_seconds=None)
    film_format = FORMATS[reel.format]
    width = min(_PREVIEW_WIDTH, film_format.width // 2)
    height = round(width * film_format.height / film_format.width / 2) * 2
    canvas = _canvas(reel, width, height, "veryfast", brand_look.fetch_logo(ctx, kit))
    files = _fetch(ctx, reel.scenes, timed)
    shown = with_focus(ctx, reel.scenes, files)
    clip = clips.plan_clip(film_parts(timed)[0], shown, {n: card for n, (card, _) in files.items()}, canvas)
    silent, out = ctx.workdir / "scene.mp4", ctx.workdir / "preview.mp4"
    steps = clips.render_clip(ctx, clip, shown, files, canvas, silent)
    run_steps(ctx, steps, lambda frames: ctx.progress(frames, clip.frames, tr_lazy("making the scene")))
    own_sounds = narration.own_sounds(ctx, timed, reel.scenes, files)
    sound = narration.sound_of(ctx, timed, speech, effects=own_sounds)
    _run(ctx, join([silent], sound, out, source_type=None, settings=ctx.app.settings), tr_lazy("mixing the sound"))
    file = _video_file(ctx, out, 0, canvas, clip.frames, "preview.mp4", None)
    stored = ctx.write_step("preview", lambda: _upload(ctx, [file]), lambda tx, sent: _confirm(tx, sent))
    return {"assetId": (stored or {})["ids"][0], "s3Key": file.key}


def _frozen(ctx: JobContext, reel_id: str) -> tuple[ReelCard, BrandKit]:
    """The reel, in its brand kit, and that kit as they were when its render began: what is changed meanwhile belongs to the
    next one."""

    def write(tx: Session, _: None) -> dict[str, Any]:
        card = queries.get(tx, reel_id)
        track = music.usable(tx, card.music_track_id).model_dump() if card.music_track_id else None
        return {
            "track": track,
            "brand": brand_look.kit_of(tx, card).model_dump(exclude_defaults=True),
            "revision": card.revision,
            "scenes": [asdict(scene) for scene in card.scenes],
            "style": card.style.model_dump(),
        } | {name: getattr(card, name) for name in ("format", "voice_id", "speed", "influencer_id", "title", "music_db")}

    frozen = ctx.write_step("storyboard", no_work, write) or {}
    with ctx.transaction() as tx:
        card = queries.get(tx, reel_id)
    scenes = tuple(SceneCard(**scene) for scene in frozen["scenes"])
    track = UsedTrack(**frozen["track"]) if frozen.get("track") else None
    values = {name: value for name, value in frozen.items() if name not in ("scenes", "style", "track", "brand")}
    kit = BrandKit(**frozen.get("brand", {}))
    reel = replace(card, scenes=scenes, style=ReelStyle(**frozen["style"]), track=track, **values)
    return brand_look.branded(reel, kit), kit


def _draw(ctx: JobContext, reel: ReelCard) -> dict[str, str]:
    """Has the missing pictures drawn by children of this job: scene id -> asset id."""
    missing = [scene for scene in reel.scenes if not scene.asset_id]
    if not missing:
        return {}
    ctx.progress(0, 0, tr_lazy("creating the pictures"))
    started = ctx.write_step(
        "pictures", ctx.app.engines.image.models, lambda tx, models: _start_pictures(tx, ctx, reel, missing, models)
    )
    ctx.wait_for_children()

    def write(tx: Session, _: None) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        for scene_id, generation_id in (started or {}).items():
            drawn_pictures = generation.pictures_of(tx, generation_id)
            if not drawn_pictures:
                raise Invalid(tr_lazy("The picture of a scene was deleted while the reel was made. Render it again."))
            drawn[scene_id] = drawn_pictures[0].asset_id
        service.set_pictures(tx, reel.id, drawn)
        return drawn

    return ctx.write_step("drawn", no_work, write) or {}


def _start_pictures(
    tx: Session, ctx: JobContext, reel: ReelCard, missing: Sequence[SceneCard], models: list[ModelCard]
) -> dict[str, Any]:
    size = generation.default_size(models, _PICTURE_SIZES[FORMATS[reel.format].height > FORMATS[reel.format].width])
    if FORMATS[reel.format].height == FORMATS[reel.format].width:
        size = "square"
    started: dict[str, Any] = {}
    for scene in missing:
        draft = GenerationDraft(
            prompt=scene.prompt or scene.words or reel.title, influencer_id=reel.influencer_id, n=1, size=size
        )
        key = f"{ctx.job_id}/picture/{scene.id}"
        started[scene.id] = generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id).id
    return started


def _canvas(reel: ReelCard, width: int, height: int, preset: str, logo: Logo | None) -> Canvas:
    return Canvas(width, height, preset, reel.style, FORMATS[reel.format].safe, logo)


def _fetch(ctx: JobContext, scenes: Sequence[SceneCard], timed: Sequence[TimedScene]) -> dict[int, tuple[AssetCard, Path]]:
    """Number of a scene -> its file, and where it lies now."""
    ctx.progress(0, 0, tr_lazy("fetching the pictures"))
    ids = {scene.n: str(scenes[scene.n].asset_id) for scene in timed}
    with ctx.transaction() as tx:
        cards = assets.get_many(tx, list(ids.values()))
    paths: dict[str, Path] = {}
    for asset_id, card in cards.items():
        paths[asset_id] = ctx.workdir / f"{asset_id}{Path(card.key).suffix}"
        assets.fetch_file(ctx, card.key, paths[asset_id])
    if gone := [n for n, asset_id in ids.items() if asset_id not in cards]:
        raise Invalid(
            tr_lazy(
                "The picture of scene {gone} was deleted. Choose another one, or remove it: then one is created.",
                gone=gone[0] + 1,
            )
        )
    return {n: (cards[asset_id], paths[asset_id]) for n, asset_id in ids.items()}


def _film_clips(
    ctx: JobContext,
    parts: Sequence[Clip],
    scenes: Sequence[SceneCard],
    files: Mapping[int, tuple[AssetCard, Path]],
    canvas: Canvas,
) -> list[str]:
    """The asset id of each clip; those that were never rendered before are rendered now, each as a step."""
    total, done, ids = sum(part.frames for part in parts), 0, list[str]()
    for part in parts:
        with ctx.transaction() as tx:
            earlier_id = clips.find(tx, part.digest)
        ids.append(earlier_id or _film_clip(ctx, part, scenes, files, canvas, done, total))
        done += part.frames
        ctx.progress(done, total, tr_lazy("making the scenes"))
    return ids


def _film_clip(
    ctx: JobContext,
    part: Clip,
    scenes: Sequence[SceneCard],
    files: Mapping[int, tuple[AssetCard, Path]],
    canvas: Canvas,
    done: int,
    total: int,
) -> str:
    def work() -> Uploads:
        out = ctx.workdir / f"{part.digest[:16]}.mp4"
        steps = clips.render_clip(ctx, part, scenes, files, canvas, out)
        run_steps(ctx, steps, lambda frames: ctx.progress(done + frames, total, tr_lazy("making the scenes")))
        key = _key(ctx, f"{part.digest[:16]}.mp4")
        file = NewFile(out, "clip", key, "video/mp4", "clip.mp4", canvas.width, canvas.height)
        return _upload(ctx, [file])

    def write(tx: Session, sent: Uploads) -> dict[str, Any]:
        stored = _confirm(tx, sent)
        clips.keep(tx, part.digest, stored["ids"][0])
        return stored

    return str((ctx.write_step(f"clip-{part.digest[:16]}", work, write) or {})["ids"][0])


Uploads = dict[str, UploadedFile]
"""Intended asset id -> the file, whose bytes are stored."""


def _store_film(
    ctx: JobContext,
    reel: ReelCard,
    scenes: Sequence[SceneCard],
    parts: Sequence[Clip],
    clip_ids: Sequence[str],
    timed: Sequence[TimedScene],
    speech: Mapping[int, narration.SpokenScene],
    own_sounds: Sequence[SoundClip],
    canvas: Canvas,
) -> dict[str, Any]:
    """Joins the clips, adds the sound, stores film, voice-over and subtitles, and writes the result: as `run_render`."""
    frames = film_frames(timed)

    def work() -> Uploads:
        paths = _fetch_clips(ctx, clip_ids)
        sound = narration.sound_of(ctx, timed, speech, narration.music_of(ctx, reel), own_sounds)
        out = ctx.workdir / "stitched_subtitled.mp4"
        source_type = ai_mark.SOURCE_TYPE
        finished = _run(
            ctx, join(paths, sound, out, source_type=source_type, settings=ctx.app.settings), tr_lazy("putting it together")
        )
        new = [_video_file(ctx, out, 0, canvas, frames, f"{reel.title[:60]}.mp4", source_type)]
        words = [word for scene in timed for word in scene.words]
        if words:
            lines = lines_of(words, max_characters=42)
            new.append(_text_file(ctx, "subtitles.srt", srt(lines), "application/x-subrip"))
            new.append(_text_file(ctx, "subtitles.ass", clips.subtitles_of(words, canvas), "text/x-ssa"))
        if sound.voice:
            voiceover = ctx.workdir / "voiceover.mp3"
            spoken_only = replace(sound, music=None, effects=())
            _run(ctx, write_voiceover(spoken_only, voiceover, settings=ctx.app.settings), tr_lazy("saving the voice"))
            new.append(NewFile(voiceover, "audio", _key(ctx, "voiceover.mp3"), "audio/mpeg", "voiceover.mp3"))
        voice = narration.waveforms(ctx, timed, speech)
        manifest = orchestrator.manifest(reel, parts, timed, speech, finished, voice)
        new.append(_text_file(ctx, "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1), "application/json"))
        ctx.progress(0, 0, tr_lazy("saving the video"))
        return _upload(ctx, new)

    def write(tx: Session, sent: Uploads) -> dict[str, Any]:
        stored = assets.confirm(tx, sent)
        names: dict[str, Any] = {card.filename: card.id for card in stored[1:]}
        service.set_result(tx, reel.id, stored[0].id, names, revision=reel.revision)
        return {"reelId": reel.id, **stored[0].names, "seconds": round(frames / FPS, 3), "files": names} | {
            "videoFiles": [f"vid_{n:03}.mp4" for n in range(1, len(parts) + 1)],
            "imageFiles": [f"img_{n:03}.png" for n in range(1, len(timed) + 1)],
        }

    result = ctx.write_step("film", work, write) or {}
    _copy_to_shared_folder(ctx, reel, result, clip_ids, [scenes[scene.n] for scene in timed])
    return result


def _copy_to_shared_folder(
    ctx: JobContext, reel: ReelCard, result: dict[str, Any], clip_ids: Sequence[str], scenes: Sequence[SceneCard]
) -> None:
    folder = shared_folder.run_folder(ctx.app.settings, ctx.tenant_id, reel.run_id) if reel.run_id else None
    if folder is None:
        return
    with ctx.transaction() as tx:
        files: dict[str, str] = result["files"]
        ids = [result["assetId"], *files.values(), *clip_ids, *(str(scene.asset_id) for scene in scenes)]
        cards = assets.get_many(tx, ids)
    ctx.step(
        "shared",
        lambda: shared_folder.write_run(
            ctx,
            folder,
            film=cards[result["assetId"]],
            files={name: cards[asset_id] for name, asset_id in files.items()},
            clips=[cards[asset_id] for asset_id in clip_ids],
            stills=[cards[str(scene.asset_id)] for scene in scenes],
        ),
    )


def _fetch_clips(ctx: JobContext, clip_ids: Sequence[str]) -> list[Path]:
    with ctx.transaction() as tx:
        cards = assets.get_many(tx, clip_ids)
    paths = []
    for n, asset_id in enumerate(clip_ids):
        paths.append(ctx.workdir / f"clip-{n:03}.mp4")
        assets.fetch_file(ctx, cards[asset_id].key, paths[-1])
    return paths


def _video_file(
    ctx: JobContext, path: Path, n: int, canvas: Canvas, frames: int, filename: str, source_type: str | None
) -> NewFile:
    """The film with its poster's thumbnails."""
    poster = path.with_suffix(".png")
    run_steps(ctx, ffmpeg.first_frame(path, poster, settings=ctx.app.settings))
    folder = ctx.workdir / f"thumbs-{path.stem}"
    folder.mkdir(exist_ok=True)
    _, thumb_paths = pictures.make_thumbnails(poster, folder)
    thumbs = tuple(ThumbFile(width, thumb) for width, thumb in thumb_paths)
    meta: dict[str, Any] = {"fps": float(FPS), "duration_s": frames / FPS}
    if source_type:
        meta[ai_mark.SOURCE_META] = source_type
    key = assets.key_for("video", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=n)
    return NewFile(path, "video", key, "video/mp4", filename, canvas.width, canvas.height, thumbs, meta)


def _text_file(ctx: JobContext, name: str, text: str, content_type: str) -> NewFile:
    path = ctx.workdir / name
    path.write_text(text)
    return NewFile(path, "text", _key(ctx, name), content_type, name)


def _key(ctx: JobContext, name: str) -> str:
    return assets.key_for("reel", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, name=name)


def _upload(ctx: JobContext, files: Sequence[NewFile]) -> Uploads:
    with ctx.transaction() as tx:
        ids = assets.intend(tx, files, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return {asset_id: assets.send_file(ctx, file) for asset_id, file in zip(ids, files, strict=True)}


def _confirm(tx: Session, sent: Uploads) -> dict[str, Any]:
    return {"ids": [card.id for card in assets.confirm(tx, sent)]}


def _run(ctx: JobContext, steps: Generator[None, None, T], phase: str) -> T:
    """Runs ffmpeg to its end, stopping it when the job is to stop; returns what the generator returned."""
    ctx.progress(0, 0, phase)
    return run_steps(ctx, steps)
