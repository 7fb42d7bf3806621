"""How every server and engine is, which versions run, who works, what room is left."""

from studio.shell.frame import frame
from studio.system import system

page = frame("System", icon=":material/monitor_heart:")
with page.guard():
    system.parts(page)
    system.workers(page)
    system.devices(page)
