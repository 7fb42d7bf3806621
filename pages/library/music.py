"""Music: tracks to listen to, what allows their use, and new ones."""

from studio.music import library
from studio.shell.frame import frame

page = frame("library/music", needs="viewer")
with page.guard():
    library.draw(page)
