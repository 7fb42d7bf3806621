"""A video gets music, subtitles and the size of a platform."""

from studio.shell.frame import frame
from studio.videos import finish_video

page = frame("library/finish", needs="editor")
with page.guard():
    finish_video.form(page)
