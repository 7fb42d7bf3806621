"""Help: the chapters, a search over them, and the tour."""

from studio.help import help
from studio.shell.frame import frame

page = frame("home/help", needs="viewer")
with page.guard():
    help.draw(page)
