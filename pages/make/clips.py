"""Videos: pictures that were made to move."""

from studio.frame import frame
from studio.widgets import clips

page = frame("Videos", icon=":material/movie:", needs="viewer")
with page.guard():
    clips.browse(page)
