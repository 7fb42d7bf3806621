"""Reels: a script in, a finished video out."""

from studio.reels import reels
from studio.shell.frame import frame

page = frame("create/reels", needs="viewer")
with page.guard():
    reels.draw(page)
