"""The job that finishes a video: its file is fetched, finished in one pass, uploaded, then its row is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend import assets, music, videos
from backend.assets import AssetCard
from backend.jobs.context import JobContext, run_steps
from backend.language import tr_lazy
from backend.media import ffmpeg, fonts
from backend.media.ffmpeg.film_order import FORMATS, FilmScene, FinishOrder
from backend.media.ffmpeg.finishing import FinishProgress, finish
from backend.media.ffmpeg.sound_mix import SoundClip, SoundMix
from backend.media.ffmpeg.soundtrack import FinishedSound
from backend.media.ffmpeg.subtitle_times import words_of
from backend.media.ffmpeg.subtitles import SafeArea, SubtitleStyle, ass, lines_of
from backend.media.images.ai_mark import SOURCE_META
from backend.music import UsedTrack
from backend.videos import finish_requests
from backend.videos.finish_schemas import FinishDraft, FinishPayload
from backend.videos.schemas import VideoCard
from backend.videos.video_writer import WriteVideo, store_video


def run(ctx: JobContext, payload: FinishPayload) -> dict[str, Any]:
    """Result: {videoId, assetId, s3Key}."""
    with ctx.transaction() as tx:
        card = videos.get(tx, payload.clip_id)
        if card.asset_id:
            return {"videoId": card.id, **assets.get(tx, card.asset_id).names}
        assert card.recipe.finish is not None
        source = assets.get(tx, card.recipe.finish.asset_id)
    ctx.start_timing(finish_requests.finish_work(card.recipe))
    result = ctx.write_step(
        "film",
        lambda: _make(ctx, card, source),
        lambda tx, write: write(tx),
    )
    return result or {}


def _make(ctx: JobContext, card: VideoCard, source: AssetCard) -> WriteVideo:
    """Finishes and uploads the video; returns what writes its row."""
    folder, source_type = ctx.workdir / "out", str(source.meta.get(SOURCE_META) or "") or None
    folder.mkdir(parents=True, exist_ok=True)
    video, out = folder / f"source{Path(source.key).suffix}", folder / "film.mp4"
    ctx.progress(0, 0, tr_lazy("fetching the video"))
    assets.fetch_file(ctx, source.key, video)
    order = _order(ctx, card, video, source_type)
    sound = _run_finish(ctx, order, out)
    size = card.recipe.width, card.recipe.height
    return store_video(
        ctx, card, out, size=size, frames=order.frames, fps=order.fps, source_type=source_type, meta=_sound_meta(sound)
    )


def _order(ctx: JobContext, card: VideoCard, video: Path, source_type: str | None) -> FinishOrder:
    recipe, settings = card.recipe, ctx.app.settings
    assert recipe.finish is not None
    draft = recipe.finish.draft
    info = run_steps(ctx, ffmpeg.probe(video))
    film_format = FORMATS.get(draft.preset)
    own_sound = (SoundClip(video),) if draft.keep_sound and info.sound else ()
    track = _music(ctx, recipe.finish.track, draft, video.parent)
    scene = FilmScene(video, "video", (info.width, info.height), recipe.seconds, focus=draft.focus)
    return FinishOrder(
        (scene,),
        (recipe.width, recipe.height),
        SoundMix(recipe.seconds, effects=own_sound, music=track),
        fps=recipe.fps,
        subtitles=_subtitles(draft, card, video.with_name("words.ass"), film_format.safe if film_format else SafeArea()),
        fonts=fonts.FOLDER,
        preset=settings.engines.local.x264_preset,
        source_type=source_type,
    )


def _music(ctx: JobContext, track: UsedTrack | None, draft: FinishDraft, folder: Path) -> SoundClip | None:
    if track is None:
        return None
    return music.fetch(ctx, track, folder, volume_db=draft.music_db)


def _subtitles(draft: FinishDraft, card: VideoCard, path: Path, safe: SafeArea) -> Path | None:
    if not draft.subtitles:
        return None
    style = SubtitleStyle(karaoke=draft.karaoke, position=draft.position)
    lines = lines_of(words_of(draft.subtitles, seconds=card.recipe.seconds), max_characters=style.max_characters)
    path.write_text(ass(lines, style=style, width=card.recipe.width, height=card.recipe.height, safe=safe), "utf-8")
    return path


def _run_finish(ctx: JobContext, order: FinishOrder, out: Path) -> FinishedSound | None:
    def report(state: FinishProgress) -> None:
        ctx.progress(state.frames, state.total, state.phase)

    return run_steps(ctx, finish(order, out, settings=ctx.app.settings), report)


def _sound_meta(sound: FinishedSound | None) -> dict[str, Any]:
    """What is kept of the sound: its loudness in the file and how it was corrected."""
    if sound is None:
        return {}
    after = sound.after
    return {"loudness": {"lufs": after.integrated, "dbtp": after.true_peak, "correction": sound.correction}}
