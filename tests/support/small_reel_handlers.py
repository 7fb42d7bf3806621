"""This release, but videos for posts on Instagram are 270 px wide: `--handlers tests.support.small_reel_handlers`."""

from __future__ import annotations

from dataclasses import replace

from backend.media.ffmpeg.film_order import FORMATS
from workers import main

FORMATS["instagram-post"] = replace(FORMATS["instagram-post"], width=270, height=270)
HANDLERS = main.load_handlers()
