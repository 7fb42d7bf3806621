"""Home: posts of today, what waits for the user, what runs, the week ahead, the latest pictures."""

from studio.home import home
from studio.shell.frame import frame

page = frame("home/home", needs="viewer")
with page.guard():
    home.draw(page)
