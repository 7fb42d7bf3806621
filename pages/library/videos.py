"""Videos made from pictures."""

from studio.shell.frame import frame
from studio.videos import videos

page = frame("library/videos", needs="viewer")
with page.guard():
    videos.browse(page)
