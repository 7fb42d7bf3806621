"""Requests to finish videos: each becomes a job, and a video of its own beside the first one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import assets, jobs, music
from backend.db.tables import Clip
from backend.errors import Invalid
from backend.jobs import Work
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.media.ffmpeg.film_order import FORMATS, FilmFormat
from backend.media.ffmpeg.subtitle_times import words_of
from backend.media.ffmpeg.subtitles import SubtitleStyle, lines_of, srt
from backend.music import UsedTrack
from backend.videos.finish_schemas import FinishDraft, FinishPayload, FinishRecipe, VideoFinishOrder
from backend.videos.queries import get, get_by_job
from backend.videos.schemas import VideoCard, VideoRecipe

FINISH_PRESETS = {
    **{
        name: tr_lazy(
            "{title} ({width} × {height})", title=film_format.title, width=film_format.width, height=film_format.height
        )
        for name, film_format in FORMATS.items()
    },
    "as-is": tr_lazy("As the video"),
}
"""Preset -> title."""
_SHAPES = {(9, 16): "9:16", (1, 1): "1:1", (16, 9): "16:9"}
_MIN_FPS, _MAX_FPS = 24, 60
"""Frames a second that every platform takes (docs/contracts/instagram.md, 3)."""


def finish(tx: Session, clip_id: str, draft: FinishDraft, *, request_key: str) -> VideoCard:
    """Starts a job that makes a finished video of this one, which stays as it is; the same `request_key` returns the first.

    Raises Invalid (not made yet, finished already, nothing to do, SRT that cannot be read, music that was deleted), NotFound,
    NotPermitted.
    """
    if job := jobs.find_by_key(tx, request_key):
        first = get_by_job(tx, job.id)
        if first is None:
            raise Invalid(tr_lazy("This request key was used for something else. Send a new one."))
        return first
    card = get(tx, clip_id)
    if card.asset_id is None or card.deleted_at:
        raise Invalid(tr_lazy("This video cannot be finished now. Wait until it is made, or restore it."))
    _check(card, draft)
    recipe = _recipe(card, draft, music.usable(tx, draft.music) if draft.music else None)
    row = Clip(id=new_id("clip"), picture_id=card.picture_id, influencer_id=card.influencer_id, format=recipe.format)
    row.recipe, row.created_by = recipe.model_dump(), tx.info.get("user_id")
    job = jobs.enqueue(
        tx,
        kind="video-finishing",
        payload=FinishPayload(clip_id=row.id),
        title=recipe.title,
        request_key=request_key,
        subject=("clip", row.id),
    )
    row.job_id = job.id
    tx.add(row)
    tx.flush()
    assets.use(tx, card.asset_id, "clip", row.id)
    return get(tx, row.id)


def start_finish_order(tx: Session, *, order: VideoFinishOrder, request_key: str) -> VideoCard:
    """As `finish`, as the API asks for it."""
    draft = FinishDraft(**{name: value for name, value in order if name in FinishDraft.model_fields})
    return finish(tx, order.video_id, draft, request_key=request_key)


def srt_of(card: VideoCard) -> str:
    """The subtitles of a finished video as SRT; empty without any."""
    recipe = card.recipe.finish
    if recipe is None or not recipe.draft.subtitles:
        return ""
    style = SubtitleStyle()
    return srt(lines_of(words_of(recipe.draft.subtitles, seconds=card.seconds), max_characters=style.max_characters))


def finish_work(recipe: VideoRecipe) -> Work:
    """The work of finishing one video: the pixels of its frames."""
    return Work("finish", "x264", 2.0 + 0.06 * recipe.frames * recipe.width * recipe.height / 1e6)


def _check(card: VideoCard, draft: FinishDraft) -> None:
    if card.recipe.finish:
        raise Invalid(tr_lazy("This video is finished already. Finish the one that it was made of."))
    if draft.subtitles and not words_of(draft.subtitles, seconds=card.seconds):
        raise Invalid(tr_lazy("All subtitles begin after the end of the video. Correct their times."))
    if draft.preset == "as-is" and not draft.music and not draft.subtitles:
        raise Invalid(tr_lazy("There is nothing to finish. Choose a platform, music or subtitles."))


def _recipe(card: VideoCard, draft: FinishDraft, track: UsedTrack | None) -> VideoRecipe:
    film_format: FilmFormat | None = FORMATS.get(draft.preset)
    width, height = (film_format.width, film_format.height) if film_format else (card.width // 2 * 2, card.height // 2 * 2)
    seconds = min(card.seconds, film_format.max_seconds or card.seconds) if film_format else card.seconds
    fps = min(max(card.fps, _MIN_FPS), _MAX_FPS) if card.fps >= _MIN_FPS else 30
    shape = next((name for (x, y), name in _SHAPES.items() if film_format and width * y == height * x), card.recipe.format)
    return card.recipe.model_copy(
        update={
            "title": f"{card.recipe.title}, {film_format.title if film_format else 'finished'}",
            "format": shape,
            "width": width,
            "height": height,
            "fps": fps,
            "frames": max(1, round(seconds * fps)),
            "finish": FinishRecipe(video_id=card.id, asset_id=card.asset_id or "", draft=draft, track=track),
        }
    )
