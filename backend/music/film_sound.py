"""A track as a film hears it."""

from __future__ import annotations

from pathlib import Path

from backend import assets
from backend.jobs.context import JobContext
from backend.media.ffmpeg.sound_mix import SoundClip
from backend.music.pieces import pieces
from backend.music.schemas import UsedTrack


def fetch(ctx: JobContext, track: UsedTrack, folder: Path, *, volume_db: float) -> SoundClip:
    """The track on this machine, `volume_db` louder or quieter than all tracks are brought to. The pieces that come along
    repeat as they are; of others the end fades over into the beginning. Raises NotFound, Unavailable."""
    gain_db = track.gain_db + volume_db
    if track.asset_id is None:
        return SoundClip(Path(str(pieces()[track.id].path)), gain_db=gain_db)
    with ctx.transaction() as tx:
        file = assets.get(tx, track.asset_id)
    path = folder / f"music{Path(file.key).suffix}"
    assets.fetch_file(ctx, file.key, path)
    return SoundClip(path, gain_db=gain_db, repeat_s=track.seconds)
