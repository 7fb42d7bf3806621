"""What works and what this workspace has under way; for operators every server and engine, the workers and the devices."""

from studio.shell.frame import frame
from studio.system import system

page = frame("settings/system")
with page.guard():
    system.show(page)
