"""Overview: what runs, what needs the user, the latest pictures."""

from studio.overview import overview
from studio.shell.frame import frame

page = frame("home/home", needs="viewer")
with page.guard():
    overview.draw(page)
