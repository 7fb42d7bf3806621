"""Videos made from pictures."""

from studio.shell.frame import frame
from studio.videos import videos

page = frame("Videos", icon=":material/movie:", needs="viewer")
with page.guard():
    videos.browse(page)
