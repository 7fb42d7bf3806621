"""Everything that was written: texts, ideas, hashtag sets, comment templates."""

from studio.shell.frame import frame
from studio.writing import text_library

page = frame("library/texts", needs="viewer")
with page.guard():
    text_library.text_library(page)
