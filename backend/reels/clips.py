"""Clips: the rendered parts of a reel (scenes, and the transitions between them), each made once. One is found again by the
hash of everything that it was made of, so a reel of which one scene was changed, and one that was interrupted, render only what
is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard
from backend.db.tables import Asset, ReelClip
from backend.jobs.context import JobContext
from backend.media import fonts
from backend.media.ffmpeg.film_order import CornerLogo, FilmScene, FinishOrder
from backend.media.ffmpeg.finishing import finish
from backend.media.ffmpeg.sound_mix import SoundMix
from backend.media.ffmpeg.subtitles import SafeArea, SubtitleStyle, ass, lines_of
from backend.reels.brand_look import Logo
from backend.reels.schemas import ReelStyle, SceneCard
from backend.reels.timeline import FPS, TRANSITION_S, FilmPart, ScenePart, shifted

_USE = "reel-clip"
_VERSION = 2
"""Goes up when the same scenes would look different."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size in px, encoder preset, and how subtitles look. `safe`: what the platform's own buttons and texts cover."""

    width: int
    height: int
    preset: str
    style: ReelStyle
    safe: SafeArea
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of the film and the hash of all that it is made of. `subtitles`: an ASS file's text, "" without; its times begin
    with the clip."""

    digest: str
    part: FilmPart
    subtitles: str

    @property
    def frames(self) -> int:
        return self.part.frames


def plan_clip(part: FilmPart, scenes: Sequence[SceneCard], pictures: Mapping[int, AssetCard], canvas: Canvas) -> Clip:
    """`pictures`: number of a scene -> its file."""
    words = shifted(part.words, -part.start_frame / FPS)
    subtitles = subtitles_of(words, canvas) if canvas.style.subtitles and words else ""
    shown = [
        {
            "file": pictures[scene_part.scene.n].sha256,
            "movement": scenes[scene_part.scene.n].movement,
            "strength": scenes[scene_part.scene.n].strength,
            "transition": scenes[scene_part.scene.n].transition if scene_part is not part.shown[0] else "cut",
            "frames": scene_part.scene.frames,
        }
        | _cut_out(scene_part)
        | _focus_json(scenes[scene_part.scene.n])
        for scene_part in part.shown
    ]
    made_of: list[Any] = [_VERSION, canvas.width, canvas.height, canvas.preset, FPS, TRANSITION_S, shown, subtitles]
    if canvas.logo:
        made_of.append([canvas.logo.sha256, canvas.logo.corner])
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return Clip(digest, part, subtitles)


def _cut_out(shown: ScenePart) -> dict[str, list[int]]:
    """Which frames of the scene; {} for all of them."""
    return {} if shown.frames == shown.scene.frames else {"shown": [shown.first, shown.frames]}


def _focus_json(scene: SceneCard) -> dict[str, list[float]]:
    """What a crop keeps; {} for the middle."""
    return {"focus": scene.focus} if scene.focus else {}


def subtitles_of(words: Sequence[Any], canvas: Canvas) -> str:
    """An ASS file's text of words with their times."""
    style = canvas.style
    names = ("font", "size", "color", "highlight", "position", "karaoke", "upper_case")
    look = SubtitleStyle(**{name: getattr(style, name) for name in names})
    lines = lines_of(words, max_characters=look.max_characters)
    return ass(lines, style=look, width=canvas.width, height=canvas.height, safe=canvas.safe)


def render_clip(
    ctx: JobContext,
    clip: Clip,
    scenes: Sequence[SceneCard],
    files: Mapping[int, tuple[AssetCard, Path]],
    canvas: Canvas,
    out: Path,
) -> Generator[int, None, None]:
    """Writes the clip, without sound. `files`: number of a scene -> its file, and where it lies. Yields finished frames."""
    subtitles = out.with_suffix(".ass")
    if clip.subtitles:
        subtitles.write_text(clip.subtitles)
    order = FinishOrder(
        scenes=tuple(
            _film_scene(shown, scenes[shown.scene.n], *files[shown.scene.n], first=shown is clip.part.shown[0])
            for shown in clip.part.shown
        ),
        size=(canvas.width, canvas.height),
        sound=SoundMix(clip.frames / FPS),
        fps=FPS,
        subtitles=subtitles if clip.subtitles else None,
        fonts=fonts.FOLDER,
        preset=canvas.preset,  # type: ignore[arg-type]
        logo=CornerLogo(canvas.logo.path, canvas.logo.corner, canvas.safe) if canvas.logo else None,
    )
    for progress in finish(order, out, settings=ctx.app.settings):
        yield progress.frames


def find(tx: Session, digest: str) -> str | None:
    """The asset id of a clip that was rendered before, or None; it is kept from now on as if it were new."""
    used_now = update(ReelClip).where(ReelClip.digest == digest, ReelClip.asset_id.in_(_stored()))
    return tx.scalar(used_now.values(used_at=func.clock_timestamp()).returning(ReelClip.asset_id))


def keep(tx: Session, digest: str, asset_id: str) -> None:
    """Remembers a clip that was rendered; a second one of the same digest takes its place."""
    row = insert(ReelClip).values(digest=digest, asset_id=asset_id)
    replaced = {"asset_id": asset_id, "used_at": func.clock_timestamp()}
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "digest"], set_=replaced))
    assets.unuse_all(tx, _USE, [digest])
    assets.use(tx, asset_id, _USE, digest)


def purge_old(tx: Session, *, days: float) -> int:
    """Lets go clips that no render has used for so long. Returns how many."""
    old = ReelClip.used_at < func.clock_timestamp() - timedelta(days=days)
    digests = list(tx.scalars(delete(ReelClip).where(old).returning(ReelClip.digest)))
    if digests:
        assets.unuse_all(tx, _USE, digests)
    return len(digests)


def _stored() -> Any:
    return select(Asset.id).where(Asset.state == "stored")


def _film_scene(shown: ScenePart, scene: SceneCard, file: AssetCard, path: Path, *, first: bool) -> FilmScene:
    return FilmScene(
        path=path,
        kind="video" if file.kind == "video" else "picture",
        size=(file.width or 0, file.height or 0),
        seconds=shown.frames / FPS,
        first_frame=shown.first,
        whole_frames=shown.scene.frames,
        move=scene.movement,
        movement=scene.strength,
        point=(scene.focus[0], scene.focus[1]) if scene.focus else None,
        transition="cut" if first else scene.transition,
        transition_s=TRANSITION_S,
    )
