"""The state of every server and engine, their versions, the workers, the free disk space."""

from studio.shell.frame import frame
from studio.system import system

page = frame("System", icon=":material/monitor_heart:")
with page.guard():
    system.parts(page)
    system.workers(page)
    system.devices(page)
