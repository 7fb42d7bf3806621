"""Camera moves as an input of an ffmpeg graph: a child draws the frames, ffmpeg reads them from a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import ffmpeg

from backend.media.ffmpeg.camera_moves import FilmedStill

CHILD = "backend.media.ffmpeg.child_camera"


def still_streams(stills: Sequence[FilmedStill]) -> list[Any]:
    """A stream for each still, in this order, for a graph that is rendered with `stills`; all of one size and rate."""
    if not stills:
        return []
    width, height = stills[0].size
    options = {"format": "rawvideo", "pix_fmt": "yuv420p", "video_size": (width, height), "framerate": stills[0].fps}
    frames = ffmpeg.input("pipe:0", **options).video
    # pipes carry no colour tags: without them ffmpeg takes the frames for bt601
    frames = frames.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    frames = frames.filter("setsar", 1)
    if len(stills) == 1:
        return [frames]
    copies, streams, first = frames.filter_multi_output("split", len(stills)), list[Any](), 0
    for n, still in enumerate(stills):
        part = copies[n].filter("trim", start_frame=first, end_frame=first + still.frames)
        streams.append(part.filter("setpts", "PTS-STARTPTS"))
        first += still.frames
    return streams


def camera_argv(stills: Sequence[FilmedStill], threads: int) -> list[str]:
    """The program that draws the frames of all stills, one after the other."""
    return [sys.executable, "-m", CHILD, str(threads), json.dumps([still.as_json() for still in stills])]
