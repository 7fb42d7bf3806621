"""Create pictures: prompt in, pictures out, one by one."""

from studio.frame import frame
from studio.widgets import generation

page = frame("Create", icon=":material/brush:", needs="viewer")
with page.guard():
    generation.create(page)
