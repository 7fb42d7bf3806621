"""Create videos: pictures in, moving pictures out."""

from studio.shell.frame import frame
from studio.videos import create_video

page = frame("create/videos", needs="viewer")
with page.guard():
    create_video.create(page)
