"""Overview: running, needs you, latest."""

from studio.frame import frame
from studio.widgets import overview

page = frame("Overview", icon=":material/space_dashboard:", needs="viewer")
with page.guard():
    overview.draw(page)
