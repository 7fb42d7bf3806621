"""FFmpeg as a child of ours: which binary, one run with its progress, what a film is, films ready to be given away."""

from backend.tools.ffmpeg.binary import program, version
from backend.tools.ffmpeg.films import deliver, encoded, frame, refit
from backend.tools.ffmpeg.outgoing import Cut, recut, rewrap
from backend.tools.ffmpeg.probing import Film, probe
from backend.tools.ffmpeg.running import render

__all__ = ["Cut", "Film", "deliver", "encoded", "frame", "probe", "program", "recut", "refit", "render", "rewrap", "version"]
