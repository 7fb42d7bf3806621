"""Write: texts for posts, ideas for days, a chat, and what was written so far."""

from studio.shell.frame import frame
from studio.writing import writing

page = frame("create/texts", needs="viewer")
with page.guard():
    writing.writing(page)
