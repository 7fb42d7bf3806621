"""FFmpeg as a child of ours: which binary, one run with its progress, what a film is, films ready to be given away."""

from backend.media.ffmpeg.binary import program, version
from backend.media.ffmpeg.films import deliver, encoded, frame, refit
from backend.media.ffmpeg.outgoing import Cut, recut, rewrap
from backend.media.ffmpeg.probing import Film, probe
from backend.media.ffmpeg.running import render

__all__ = ["Cut", "Film", "deliver", "encoded", "frame", "probe", "program", "recut", "refit", "render", "rewrap", "version"]
