"""The review queue: approve, change or send back what waits, and who has to review at all."""

from studio.content_plans import review
from studio.shell.frame import frame

page = frame("inbox/review", needs="viewer")
with page.guard():
    review.show(page)
