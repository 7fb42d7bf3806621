"""What still keeps posts from going out and engines from working, with the next step."""

from studio.connections import connections
from studio.shell.frame import frame

page = frame("settings/connections")
with page.guard():
    connections.show(page)
