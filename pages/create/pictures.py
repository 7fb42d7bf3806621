"""Create pictures: prompt in, pictures out, one by one."""

from studio.generation import generation
from studio.shell.frame import frame

page = frame("create/pictures", needs="viewer")
with page.guard():
    generation.create(page)
