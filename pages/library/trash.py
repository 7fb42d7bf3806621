"""The trash: what was deleted, brought back or deleted for good."""

from studio.shell.frame import frame
from studio.trash import trash

page = frame("library/trash", needs="viewer")
with page.guard():
    trash.trash(page)
